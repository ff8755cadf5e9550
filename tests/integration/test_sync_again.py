"""Syncing again: twice, day by day, from nothing, and after the data or its meaning changed."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from project_builder import DEALS, NOON, ProjectFolder, day, files_source, keep, reach, seen

from okr_pipeline.warehouse.database import Database, Settings

CURSOR = {
    "columns": {"id": "string", "amount": "decimal(18,2)", "made": "date", "moved": "date"},
    "key": ["id"],
}
HEADER = "id,amount,made,moved"


@pytest.fixture(name="tiny")
def _tiny(tmp_path: Path) -> ProjectFolder:
    return ProjectFolder(tmp_path)


@pytest.fixture(name="growing")
def _growing(tmp_path: Path) -> ProjectFolder:
    """A dataset that is read by its cursor `made`."""
    folder = ProjectFolder(tmp_path)
    folder.sources = {"crm": files_source({"deals": {**deepcopy(CURSOR), "cursor": "made"}})}
    folder.metrics = {"crm": {"total": {"dataset": "crm.deals", "value": "sum(amount)", "time": "made"}}}
    folder.key_results = {"total": reach("crm.total")}
    return folder


def landed(folder: ProjectFolder) -> list[tuple[Any, ...]]:
    with Database(folder.root / ".okr/warehouse.duckdb", settings=Settings(), read_only=True) as db:
        rows = db.rows('SELECT * FROM landing."crm.deals"')
    return sorted((tuple(row.values()) for row in rows), key=str)


@pytest.mark.parametrize("name", ["tiny", "growing"])
def test_the_same_sync_twice_appends_nothing(name: str, request: pytest.FixtureRequest) -> None:
    """The ledger's head is the same, whether the dataset is read whole or by its cursor."""
    folder: ProjectFolder = request.getfixturevalue(name)
    folder.csv(
        "crm/deals",
        DEALS if name == "tiny" else [HEADER, "a,1,2026-08-01,2026-08-01", "b,2,2026-08-02,2026-08-02"],
    )
    folder.sync_at()
    head = folder.head()
    folder.sync_at(recorded_at=NOON + timedelta(hours=9))
    assert folder.head() == head


def test_the_published_file_is_the_same_bytes_again(tiny: ProjectFolder) -> None:
    """Nothing in it tells that the run was made twice."""
    tiny.sync_at()
    first = (tiny.root / ".okr/latest.json").read_bytes()
    tiny.sync_at(recorded_at=NOON + timedelta(hours=9))
    assert (tiny.root / ".okr/latest.json").read_bytes() == first


def test_forward_or_at_once_or_from_nothing_is_one_history(tmp_path: Path) -> None:
    """Day by day, in one sync at the end, and with the warehouse deleted between: the same digits."""
    histories = []
    for name in ("forward", "at_once", "deleted"):
        folder = ProjectFolder(tmp_path / name)
        folder.key_results["some"] = keep("crm.won", ">= 200")
        for number in (2, 3, 5, 8, 11):
            dated = [line for line in DEALS[1:] if line[-2:] < f"{number:02}"]
            folder.csv("crm/deals", [DEALS[0], *dated])
            if name != "at_once" or number == 11:
                folder.sync_at(day(number))
            if name == "deleted":
                (folder.root / ".okr/warehouse.duckdb").unlink()
        ends = {place: says for place, says in folder.history().items() if place[1].hour == 22}
        histories.append(
            {place: {k: v for k, v in says.items() if k != "definition"} for place, says in ends.items()}
        )
    assert len(histories[0]) == 20
    assert histories[0] == histories[1] == histories[2]


def test_an_emptied_warehouse_is_built_again_row_for_row(growing: ProjectFolder) -> None:
    """Full, incremental, amended and deleted rows with their versions; and the same measurement."""
    growing.dataset["full_read"] = "3d"
    for number, rows in [(2, "ab"), (3, "abc"), (4, "abcd"), (6, "bd"), (7, "abd")]:
        lines = [
            f"{row},{number if row == 'b' else 1},2026-08-0{'abcd'.index(row) + 1},2026-08-01" for row in rows
        ]
        growing.csv("crm/deals", [HEADER, *lines])
        before = growing.seen_at(day(number))["total"]
    rows = landed(growing)
    (growing.root / ".okr/warehouse.duckdb").unlink()
    assert growing.seen_at(day(7))["total"] == before
    assert landed(growing) == rows


def test_late_rows_restate_beside_the_old_entry(tiny: ProjectFolder) -> None:
    """The days they lie in get a second entry that says they came late; the first stays."""
    tiny.sync_at(day(10))
    tiny.csv("crm/deals", [*DEALS, "late,1,true,2026-08-05"])
    tiny.sync_at(day(11))
    entries = [e for e in tiny.entries("observation") if e.valid_at == day(5, hour=22)]
    said = [(e.body["says"]["value"], e.body["cause"]) for e in entries]  # type: ignore[index]
    assert said == [("400.4", "first"), ("401.4", "late_data")]


def test_an_edited_metric_keeps_the_days_before(tiny: ProjectFolder) -> None:
    """Old days keep the old definition's numbers; the new as-of says that the definition changed."""
    tiny.sync_at(day(10))
    old = tiny.history()
    tiny.metrics["crm"]["won"]["value"] = "count(*)"
    tiny.sync_at(day(10))
    changed = {place: says["value"] for place, says in tiny.history().items() if says != old[place]}
    assert changed == {("grow.won", day(10)): "3"}
    assert tiny.entries("observation")[-1].body["cause"] == "definition"


def test_a_retyped_column_is_another_definition(tiny: ProjectFolder) -> None:
    """A text of old rows that is no number stops nothing, and restates no old day."""
    tiny.dataset["columns"]["amount"] = "string"
    tiny.metrics["crm"] = {"won": {"dataset": "crm.deals", "value": "count(amount)"}}
    tiny.csv("crm/deals", [*DEALS, "e,n/a,true,2026-08-09"])
    tiny.sync_at(day(9))
    tiny.csv("crm/deals", DEALS)
    tiny.dataset["columns"]["amount"] = "decimal(18,2)"
    assert tiny.seen_at(day(11))["won"].value == 4
    assert tiny.history()["grow.won", day(9)]["value"] == "5"


@pytest.mark.parametrize("change", ["added", "dropped", "renamed key"])
def test_changed_columns_land_again(tiny: ProjectFolder, change: str) -> None:
    """A column more, a column less, another key: the sum stays, nothing stops."""
    tiny.sync_at(day(10))
    tiny.metrics["crm"].pop("open")
    tiny.csv("crm/deals", [f"{DEALS[0]},region", *(f"{line},eu" for line in DEALS[1:])])
    if change == "dropped":
        tiny.metrics["crm"]["won"].pop("where")
        del tiny.dataset["columns"]["won"]
    else:
        tiny.dataset["columns"]["region"] = "string"
        tiny.dataset["key"] = ["id"] if change == "added" else ["id", "region"]
    value = tiny.seen_at(day(11))["won"].value
    assert value == Decimal("650.60" if change == "dropped" else "450.40")


def test_a_measured_baseline_is_frozen(tiny: ProjectFolder) -> None:
    """Data that arrives later for its day moves the value, not the baseline, nor the target on top of it."""
    tiny.key_results = {"won": reach("crm.won", start="auto", to="x10")}
    first = tiny.seen_at(day(10))["won"]
    tiny.csv("crm/deals", [*DEALS, "late,50,true,2026-08-01"])
    later = tiny.seen_at(day(11))["won"]
    assert (
        (first.baseline, first.target) == (later.baseline, later.target) == (Decimal("100.1"), Decimal(1001))
    )
    assert later.value == first.value + 50  # type: ignore[operator]


def test_another_metric_has_another_baseline(tiny: ProjectFolder) -> None:
    """Counting deals from a baseline in money once gave a progress of nothing."""
    tiny.key_results = {"won": reach("crm.won", start="auto", to=10)}
    tiny.sync_at(day(10))
    tiny.metrics["crm"]["won"]["value"] = "count(*)"
    found = tiny.seen_at(day(11))["won"]
    assert (found.baseline, found.value) == (1, 3)


def test_a_baseline_waits_for_its_day(tiny: ProjectFolder) -> None:
    """Until the first day is over there is none, and no progress; then it is frozen once."""
    tiny.key_results = {"won": reach("crm.won", start="auto")}
    before, after = tiny.seen_at(day(1))["won"], tiny.seen_at(day(2))["won"]
    assert (before.baseline, before.progress, before.reason) == (
        None, None, "the baseline is measured when 2026-08-01 is over",
    )  # fmt: skip
    assert (after.baseline, len(tiny.entries("baseline"))) == (Decimal("100.1"), 1)


def test_when_the_cycle_is_over_the_number_stands_still(tiny: ProjectFolder) -> None:
    """Rows after its last day change nothing, and a later sync says nothing new of it."""
    last = tiny.seen_at(day(32))["won"]
    tiny.csv("crm/deals", [*DEALS, "after,999,true,2026-09-02"])
    later = tiny.seen_at(day(40))["won"]
    assert (later.value, later.as_of, later.status) == (last.value, day(31, hour=22), last.status)


def test_before_the_cycle_nothing_has_started(tiny: ProjectFolder) -> None:
    """The status says so, whatever the value is."""
    assert tiny.seen_at(day(-3))["won"].status == "not_started"


def test_a_day_is_the_projects_day(tiny: ProjectFolder) -> None:
    """At 22:30 UTC it is tomorrow in Berlin: a date of tomorrow counts, and a day more has elapsed."""
    tiny.csv("crm/deals", [*DEALS, "t,7,true,2026-08-11"])
    before, after = (tiny.seen_at(day(10, hour=hour))["won"] for hour in (21, 23))
    assert (after.value - before.value, before.expected, after.expected) == (  # type: ignore[operator]
        7, Decimal("0.322580645"), Decimal("0.35483871"),
    )  # fmt: skip


def test_another_zone_moves_no_old_day(growing: ProjectFolder) -> None:
    """The new as-of is measured in the new zone, cubes and all."""
    growing.dataset["columns"]["made"] = "timestamp"
    growing.csv("crm/deals", [HEADER, *(f"{n},1,2026-08-0{n}T22:30:00Z,2026-08-01" for n in range(1, 8))])
    berlin = growing.seen_at(day(8))["total"]
    growing.okr["timezone"] = "UTC"
    growing.metrics["crm"]["total"]["window"] = "day to date"
    growing.metrics["crm"]["days"] = {"formula": "total * 1"}
    assert berlin.value == 7
    assert growing.seen_at(day(7, hour=23))["total"].value == 1


def test_other_rows_order_is_the_same_extract(tiny: ProjectFolder) -> None:
    """A file written in another order changes no number."""
    first = tiny.seen_at(day(10))["won"]
    tiny.csv("crm/deals", [DEALS[0], *reversed(DEALS[1:])])
    assert tiny.seen_at(day(10))["won"].value == first.value


@pytest.mark.fault(24, on="files")
def test_a_shrunken_source_is_seen_by_a_full_read(growing: ProjectFolder) -> None:
    """A full read that equals the last increment once passed for unchanged, and deleted rows stayed."""
    growing.dataset["full_read"] = "2d"
    growing.csv("crm/deals", [HEADER, "a,1,2026-08-01,2026-08-01", "b,2,2026-08-02,2026-08-01"])
    growing.sync_at(day(3))
    growing.csv("crm/deals", [HEADER, "a,1,2026-08-01,2026-08-01", "b,3,2026-08-02,2026-08-01"])
    growing.sync_at(day(4))
    growing.csv("crm/deals", [HEADER, "b,3,2026-08-02,2026-08-01"])
    assert growing.seen_at(day(6))["total"].value == 3


@pytest.mark.parametrize("change", [{"cursor": "moved"}, {"path": "crm/other.csv"}])
def test_what_is_declared_otherwise_is_read_again_in_full(
    growing: ProjectFolder, change: dict[str, Any]
) -> None:
    """Another cursor or another file once went on from the old watermark, and missed rows."""
    growing.csv("crm/deals", [HEADER, "a,1,2026-08-01,2026-08-01", "b,2,2026-08-08,2026-08-08"])
    growing.sync_at(day(9))
    rows = [HEADER, "a,5,2026-08-01,2026-08-05", "b,2,2026-08-08,2026-08-08"]
    growing.csv("crm/deals", rows)
    growing.csv("crm/other", rows)
    growing.dataset.update(change)
    assert growing.seen_at(day(10))["total"].value == 7


def test_another_connection_is_read_in_full(growing: ProjectFolder) -> None:
    """Another folder under the same source once went on from the old one's watermark."""
    growing.csv("crm/deals", [HEADER, "a,1,2026-08-01,2026-08-01", "b,2,2026-08-08,2026-08-08"])
    growing.sync_at(day(9))
    growing.csv("other/crm/deals", [HEADER, "c,5,2026-08-01,2026-08-01"])
    growing.sources["crm"]["connection"] = {"root": "data/other"}
    assert growing.seen_at(day(10))["total"].value == 5


def test_a_cursor_of_another_type_starts_anew(growing: ProjectFolder) -> None:
    """The old watermark cannot be read as the new type; it once ended the run."""
    growing.dataset["columns"]["amount"] = "integer"
    growing.dataset["cursor"] = "amount"
    growing.csv("crm/deals", [HEADER, "a,1,2026-08-01,2026-08-01"])
    growing.sync_at(day(9))
    growing.dataset["cursor"] = "made"
    assert growing.seen_at(day(10))["total"].value == 1


@pytest.mark.fault(22, on="files")
def test_ties_on_the_cursor_and_overlap_lose_no_row(growing: ProjectFolder) -> None:
    """A row with the highest stamp that was read, and one within the overlap below it, still come."""
    growing.dataset["overlap"] = "1d"
    growing.csv("crm/deals", [HEADER, "a,1,2026-08-05,2026-08-01"])
    growing.sync_at(day(6))
    ties = ["a,1,2026-08-05,2026-08-01", "b,2,2026-08-05,2026-08-01", "c,4,2026-08-04,2026-08-01"]
    growing.csv("crm/deals", [HEADER, *ties])
    assert growing.seen_at(day(7))["total"].value == 7


def test_seen_names_every_key_result_once(tiny: ProjectFolder) -> None:
    """A snapshot holds each of them at one as-of."""
    tiny.key_results["open"] = reach("crm.open")
    synced = tiny.sync_at()
    instants: set[datetime] = {o.as_of for o in synced.snapshot.key_results}
    assert (set(seen(synced)), instants) == ({"won", "open"}, {NOON})


def test_an_earlier_as_of_is_never_published_over_a_later_one(tiny: ProjectFolder) -> None:
    """Asking about the past is no news: the page stays, and the answer is in the ledger."""
    tiny.okr["publish"] = {"page": {"to": "public/"}}
    tiny.sync_at(day(9))
    page = (tiny.root / "public/index.html").read_bytes()
    earlier = tiny.sync_at(day(8), recorded_at=day(10))
    assert ([], page) == (earlier.published, (tiny.root / "public/index.html").read_bytes())
    assert 2 == len(tiny.entries("snapshot"))
