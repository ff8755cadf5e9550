"""A failure has a radius of one: what else there is stays as it was, to the byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from project_builder import COLUMNS, DEALS, ProjectFolder, day, files_source, keep, reach

Break = Callable[[ProjectFolder], object]


def two_sources(root: Path) -> ProjectFolder:
    folder = ProjectFolder(root)
    folder.sources["ops"] = files_source({"tickets": {"key": ["id"]}}, name="ops")
    folder.metrics["ops"] = {
        "sum": {
            "dataset": "ops.tickets",
            "value": "sum(amount)",
            "where": "won IS NOT FALSE",
            "time": "closed_on",
        }
    }
    folder.key_results = {"won": reach("crm.won"), "open": reach("crm.open"), "ops": reach("ops.sum")}
    folder.csv("ops/tickets", DEALS)
    return folder


def lines(*extra: str, header: str = DEALS[0]) -> Break:
    return lambda folder: folder.csv("ops/tickets", [header, *DEALS[1:], *extra])


def declare(**declared: Any) -> Break:
    return lambda folder: folder.sources["ops"]["datasets"]["tickets"].update(declared)


def sql(url: str) -> Break:
    dataset = {"table": "tickets", "key": ["id"], "columns": COLUMNS}
    source = {"connector": "sql", "connection": {"url": url}, "datasets": {"tickets": dataset}}
    return lambda folder: folder.sources["ops"].update(source)


def checked(step: Break, **checks: Any) -> Break:
    return lambda folder: [declare(checks=checks)(folder), step(folder)]


def cut_to(count: int) -> Break:
    return lambda folder: folder.csv("ops/tickets", DEALS[: count + 1])


def rubbish(folder: ProjectFolder) -> None:
    (folder.root / "data/ops/tickets.csv").write_bytes(bytes(range(256)) * 9)


BAD: dict[str, tuple[Break, str]] = {
    "missing file": (lambda folder: (folder.root / "data/ops/tickets.csv").unlink(), "no file"),
    "empty file": (lambda folder: folder.csv("ops/tickets", []), "empty"),
    "folder, no file": (declare(path="ops", format="csv"), "ops"),
    "vanished column": (lines(header="id,amuont,won,closed_on"), "amount"),
    "text for a number": (lines("x,abc,true,2026-08-09"), "amount"),
    "number in another locale": (lines('x,"1.234,50",true,2026-08-09'), "amount"),
    "not a number": (lines("x,NaN,true,2026-08-09"), "amount"),
    "no such day": (lines("x,1,true,2026-02-30"), "closed_on"),
    "ragged line": (lines("x,1"), "ops/tickets.csv"),
    "doubled key": (lines("a,1,true,2026-08-09"), "check key(id) failed: 1 row without a key of its own"),
    "empty key": (lines(",1,true,2026-08-09"), "check key(id) failed: 1 row without a key of its own"),
    "not_null": (checked(lines("x,1,,2026-08-09"), not_null=["won"]), "not_null(won) failed: 1 empty"),
    "unique": (checked(lines("x,50,true,2026-08-09"), unique=["amount"]), "unique(amount) failed: 1 repeat"),
    "min_rows": (checked(cut_to(1), min_rows=4), "check min_rows failed: 1 row"),
    "max_change": (checked(cut_to(2), max_change="30%"), "check max_change failed: 2 rows"),
    "suddenly no rows": (checked(cut_to(0), min_rows=1), "check min_rows failed: 0 rows"),
    "binary rubbish": (rubbish, "ops/tickets.csv"),
    "no such database": (sql("sqlite:///none.db"), "ops.tickets"),
    "missing secret": (sql("env:NOWHERE"), "NOWHERE"),
    "no such server": (sql("postgresql://u@127.0.0.1:9/x"), "ops.tickets"),
}


Others = tuple[str, dict[Any, Any]]


def others(folder: ProjectFolder) -> Others:
    """Return what is published of every other key result, and what the ledger says of it."""
    report = json.loads((folder.root / ".okr/latest.json").read_text(encoding="utf-8"))["report"]
    rows = [row for row in report["objectives"][0]["key_results"] if row["id"] != "grow.ops"]
    said = {place: says for place, says in folder.history().items() if place[0] != "grow.ops"}
    return json.dumps(rows), said


@pytest.fixture(scope="module", name="before")
def _before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Others]:
    """A project synced on day 9, and what all but `ops` come to on day 10."""
    root = tmp_path_factory.mktemp("radius")
    folder = two_sources(root / "day_9")
    folder.sync_at(day(9))
    well = two_sources(Path(shutil.copytree(folder.root, root / "well")))
    well.sync_at(day(10))
    return folder.root, others(well)


@pytest.mark.parametrize("fault", BAD)
def test_a_failing_source_leaves_every_other_key_result_alone(
    fault: str, before: tuple[Path, Others], tmp_path: Path
) -> None:
    """The others are byte-equal to a run without the fault, in ledger and file; its own is stale."""
    spoil, reason = BAD[fault]
    folder = two_sources(Path(shutil.copytree(before[0], tmp_path / "ill")))
    spoil(folder)
    found = folder.seen_at(day(10))["ops"]
    assert others(folder) == before[1]
    assert (found.state, found.status, str(found.value)) == ("stale", "stale", "450.400000000")
    # From the last read, not from the end of that day: nobody knows what the afternoon held.
    assert (found.carried_from, reason in str(found.reason)) == (day(9), True)
    assert str(found.reason).count("ops.tickets") == 1


def test_what_is_accepted_lands(tmp_path: Path) -> None:
    """In the same run or the next at the same as-of; the record says that a check failed."""
    folder = two_sources(tmp_path)
    folder.sources["ops"]["datasets"]["tickets"]["checks"] = {"min_rows": 9}
    assert folder.seen_at(day(9))["ops"].state == "no_data"
    assert folder.seen_at(day(9), accept=["ops.tickets"])["ops"].state == "ok"
    assert [e.body["verdict"] for e in folder.entries("load") if e.subject == "ops.tickets"] == [
        "quarantined",
        "landed",
    ]


def test_a_doubled_key_is_never_accepted(tmp_path: Path) -> None:
    """Rows that cannot be told apart would count twice, and stay when they go."""
    folder = two_sources(tmp_path)
    folder.csv("ops/tickets", [*DEALS, "a,1,true,2026-08-09"])
    assert folder.seen_at(day(9), accept=["ops.tickets"])["ops"].state == "no_data"


@pytest.mark.parametrize(("number", "state"), [(11, "ok"), (12, "stale"), (20, "stale")])
def test_freshness_is_the_age_of_the_newest_row(tmp_path: Path, number: int, state: str) -> None:
    """The newest row is of the 9th; a plan for next year makes it no fresher."""
    folder = two_sources(tmp_path)
    folder.sources["ops"]["datasets"]["tickets"]["freshness"] = {"column": "closed_on", "within": "2d"}
    folder.csv("ops/tickets", [*DEALS, "plan,1,true,2027-01-01"])
    found = folder.seen_at(day(number, hour=9))
    assert (found["ops"].state, found["won"].state) == (state, "ok")


def test_a_source_that_comes_back_is_fresh_again(tmp_path: Path) -> None:
    """The days it was away for are measured after all."""
    folder = two_sources(tmp_path)
    path = folder.root / "data/ops/tickets.csv"
    folder.sync_at(day(8))
    path.rename(path.with_suffix(".away"))
    assert folder.seen_at(day(10))["ops"].state == "stale"
    path.with_suffix(".away").rename(path)
    assert folder.seen_at(day(11))["ops"].state == "ok"
    ends = [
        said["state"] for (id, at), said in folder.history().items() if id == "grow.ops" and at.hour == 22
    ]
    assert ends == ["ok"] * 10


def test_an_edited_metric_carries_no_value_of_the_old_one(tmp_path: Path) -> None:
    """When its source fails right after the edit, the last full day is measured anew."""
    folder = two_sources(tmp_path)
    folder.sync_at(day(10, hour=6))
    folder.metrics["ops"]["sum"]["value"] = "count(*)"
    (folder.root / "data/ops/tickets.csv").unlink()
    found = folder.seen_at(day(10))["ops"]
    assert (found.state, found.value, found.carried_from) == ("stale", 3, day(9, hour=22))


def test_a_source_that_was_never_read(tmp_path: Path) -> None:
    """No data, no progress, and the reason; nothing is 0."""
    folder = two_sources(tmp_path)
    (folder.root / "data/ops/tickets.csv").unlink()
    found = folder.seen_at()["ops"]
    assert (found.state, found.value, found.progress, found.status) == ("no_data", None, None, "no_data")


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("sum(amount / (amount - 50))", "invalid"),
        ("sum(amount) / (count(*) - 3)", "no_data"),
        ("max(amount) FILTER (WHERE amount > 999)", "no_data"),
    ],
)
def test_arithmetic_without_an_answer_stops_itself_alone(tmp_path: Path, value: str, state: str) -> None:
    """A row that divides by zero, a denominator of zero, and no rows: the other key results are measured."""
    folder = two_sources(tmp_path)
    folder.metrics["ops"]["sum"]["value"] = value
    found = folder.seen_at()
    assert (found["ops"].state, found["ops"].value, found["won"].state) == (state, None, "ok")


def test_a_number_too_large_stops_itself_alone(tmp_path: Path) -> None:
    """25 digits in one cell once ended the run of all."""
    folder = two_sources(tmp_path)
    folder.sources["ops"]["datasets"]["tickets"]["columns"]["amount"] = "decimal(38,2)"
    folder.csv("ops/tickets", [*DEALS, f"x,{'9' * 25},true,2026-08-09"])
    found = folder.seen_at()
    assert (found["ops"].progress, found["won"].state) == (None, "ok")


def test_a_project_without_objectives_or_sources(tmp_path: Path) -> None:
    """There is nothing to say, and it is said without an error."""
    folder = ProjectFolder(tmp_path)
    folder.sources, folder.metrics, folder.objectives = {}, {}, {}
    assert folder.sync_at().report.objectives == ()


def test_a_key_result_without_a_metric_is_not_ready(tmp_path: Path) -> None:
    """It is listed, not counted, and no error."""
    folder = two_sources(tmp_path)
    folder.key_results["later"] = {"title": "later", "indicator": "leading", "from": 0, "to": 1}
    report = folder.sync_at().report
    assert (report.not_ready, report.objectives[0].declared) == (("grow.later",), 3)


def test_contributions_roll_up_through_levels(tmp_path: Path) -> None:
    """Two teams contribute to the company's objective, beside its own key result."""
    folder = two_sources(tmp_path)
    team = {"title": "T", "contributes_to": "top", "key_results": {"k": keep("crm.won", ">= 1")}}
    folder.objectives = {
        "one": team,
        "two": {**team, "key_results": {"k": keep("crm.won", "< 1")}},
        "top": {"title": "Top", "key_results": {"own": reach("crm.won", to="450.40")}},
    }
    found = {
        o.objective: (str(o.progress), o.declared, o.status) for o in folder.sync_at().snapshot.objectives
    }
    assert found["top"] == ("0.666666667", 3, "off_track")
