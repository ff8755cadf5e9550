"""Every kind of key result in one project, from CSV to the published page: numbers worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from project_builder import NOON, ProjectFolder, day, files_source, reach

from okr_pipeline.audit.verify import verify
from okr_pipeline.model.observation import Observation
from okr_pipeline.publish.outbox import last_published
from okr_pipeline.sync import rebuild_warehouse

COLUMNS = {"id": "string", "day": "date", "region": "string", "amount": "decimal(18,2)"}
DAILY = {"dataset": "crm.days", "value": "sum(amount)", "time": "day", "window": "trailing 1 day"}
METRICS = {
    "total": {"dataset": "crm.days", "value": "sum(amount)", "time": "day"},
    "daily": DAILY,
    "by_region": {**DAILY, "by": "region"},
    "growth": {"change": {"of": "crm.daily", "since": "previous week"}, "unit": "percent"},
}
TOTAL, DAY = {"title": "Total", "metric": "crm.total"}, {"title": "A day", "metric": "crm.daily"}
KEY_RESULTS: dict[str, Any] = {
    "total": reach("crm.total", to=280, commit=100),
    "late": reach("crm.total", to=280, expected="back_loaded"),
    "dated": reach("crm.total", to=280, expected={"2026-08-20": "10%", "2026-08-31": "100%"}),
    "steps": {**TOTAL, "from": 0, "steps": {"2026-08-10": 100, "2026-08-31": 280}},
    "floor": {**DAY, "keep": ">= 10", "held": "90% of days"},
    "every_day": {**DAY, "keep": ">= 5", "held": "every day"},
    "warned": {**DAY, "keep": ">= 10", "warn": ">= 20"},
    "regions": {"title": "Regions", "metric": "crm.by_region", "keep": ">= 5", "held": "in every region"},
    "half": {"title": "Regions", "metric": "crm.by_region", "keep": "> 5", "held": "in 50% of region"},
    "growth": {"title": "Growth", "metric": "crm.growth", "keep": ">= 0%"},
    "both": {
        "title": "Both",
        "all_of": [{"metric": "crm.total", "keep": ">= 100"}, {"metric": "crm.daily", "keep": ">= 20"}],
    },
    "done": {
        "title": "Audit",
        "milestones": {
            "access": {"by": "2026-08-05", "done": "manual", "weight": 2},
            "log": {"by": "2026-08-20", "done": "crm.total >= 1000"},
        },
    },
    "partners": {"title": "Partners", "manual": {"from": 0, "to": 3}},
    "learn": {**DAY, "find_baseline": True},
    "private": {**TOTAL, "from": 0, "to": "private"},
    "gone": reach("crm.total", to=280, retired={"on": "2026-08-05", "why": "merged"}),
    "secret": reach("crm.total", to=280, visibility="masked"),
}
CHECK_INS = [
    {"on": "2026-08-04", "key_result": "grow.done", "author": "a", "done": ["access"]},
    {"on": "2026-08-09", "key_result": "grow.partners", "author": "a", "value": 2, "confidence": "60%"},
]
# key result: progress, expected, status at noon of the tenth day
WANTED: dict[str, tuple[str | None, str | None, str]] = {
    "total": ("0.5", "0.322580645", "on_track"),
    "late": ("0.5", "0.104058273", "on_track"),
    "dated": ("0.5", "0.05", "on_track"),
    "steps": ("0.5", "0.357142857", "on_track"),
    "floor": ("0.888888889", None, "off_track"),
    "every_day": ("1", None, "on_track"),
    "warned": ("1", None, "at_risk"),
    "regions": ("1", None, "on_track"),
    "half": ("0.5", None, "on_track"),
    "growth": ("1", None, "on_track"),
    "both": ("0", None, "off_track"),
    "done": ("0.666666667", "0.666666667", "on_track"),
    "partners": ("0.666666667", "0.322580645", "on_track"),
    "learn": (None, None, "measuring"),
    "private": (None, None, "no_target"),
    "gone": ("0.5", "0.322580645", "on_track"),
    "secret": ("0.5", "0.322580645", "on_track"),
}


class Company(ProjectFolder):
    """A project with every kind; *upto* is the last day that its CSV knows."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.sources = {"crm": files_source({"days": {"columns": COLUMNS, "key": ["id"]}})}
        self.metrics = {"crm": METRICS}
        self.key_results = KEY_RESULTS
        self.okr["publish"] = {"page": {"to": "public/"}, "tables": {"to": "public/tables/"}}
        self.upto(10)

    def upto(self, last: int) -> None:
        rows = ["id,day,region,amount"]
        for n in range(1, last + 1):
            amounts = {"north": 3, "south": 2} if n == 4 else {"north": 10, "south": 5}
            rows += [f"{n}{name},2026-08-{n:02},{name},{amount}" for name, amount in amounts.items()]
        self.csv("crm/days", rows)

    def write(self) -> ProjectFolder:
        path = self.root / "okr_config/check_ins/aug.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"check_ins": CHECK_INS}), encoding="utf-8")
        return super().write()

    def faults(self) -> tuple[str, ...]:
        with (workspace := self.workspace()).ledger() as ledger:
            return verify(workspace, ledger).faults


@pytest.fixture(scope="module", name="company")
def _company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, Mapping[str, Observation]]:
    company = Company(tmp_path_factory.mktemp("company"))
    return company, company.seen_at()


@pytest.mark.parametrize("name", KEY_RESULTS)
def test_each_kind_is_judged(company: tuple[Company, Mapping[str, Observation]], name: str) -> None:
    """Progress, expected and status on the tenth of 31 days: 140 so far, 15 a day but for the fourth."""
    progress, expected, status = WANTED[name]
    found = company[1][name]
    wanted = [None if text is None else Decimal(text) for text in (progress, expected)]
    assert (*wanted, status) == (found.progress, found.expected, found.status), found


def test_the_objective_leaves_out_what_does_not_count(
    company: tuple[Company, Mapping[str, Observation]],
) -> None:
    """The retired one, the one that looks for its baseline and the private target carry nothing."""
    with (workspace := company[0].workspace()).ledger():
        report = last_published(workspace.base)
    assert report is not None
    [objective] = report.objectives
    assert len(KEY_RESULTS) - 3 == objective.counted


def test_everything_recomputes(company: tuple[Company, Mapping[str, Observation]]) -> None:
    """Every recorded number of every kind is proved from the lake."""
    assert () == company[0].faults()


def test_forward_at_once_again_and_rebuilt_are_the_same(
    tmp_path: Path, company: tuple[Company, Mapping[str, Observation]]
) -> None:
    """Ten daily syncs say of every day what one sync says; a second one and a rebuild change nothing."""
    forward = Company(tmp_path)
    for n in range(1, 11):
        forward.upto(n)
        forward.sync_at(day(n))
    forward.upto(10)
    ends = {place for place in company[0].history() if place[1] != NOON}
    at_once = company[0].history()
    found = forward.history()
    assert {place: at_once[place] for place in ends} == {place: found[place] for place in ends}
    head = forward.head()
    forward.sync_at(day(10))
    with (workspace := forward.workspace()).ledger() as ledger:
        rebuild_warehouse(workspace, ledger)
    forward.sync_at(day(10))
    assert head == forward.head()
    assert () == forward.faults()


def test_a_masked_key_result_shows_no_number(company: tuple[Company, Mapping[str, Observation]]) -> None:
    """Progress and status are published, its value, baseline and target are nowhere."""
    report = last_published(company[0].root)
    assert report is not None
    line = next(line for line in report.objectives[0].key_results if line.id == "grow.secret")
    assert (None, None, None) == (line.value, line.baseline, line.target)
    assert line.progress == Decimal("0.5")
    published = json.loads((company[0].root / ".okr/latest.json").read_text(encoding="utf-8"))
    assert "grow.secret" in json.dumps(published)


def test_a_violation_long_ago_is_named(company: tuple[Company, Mapping[str, Observation]]) -> None:
    """What was outside on the fourth says so, although it is inside today."""
    assert company[1]["floor"].outside_since == datetime(2026, 8, 4).date()  # noqa: DTZ001


def test_parts_are_told_one_by_one(company: tuple[Company, Mapping[str, Observation]]) -> None:
    """Conditions, milestones and groups each have their own value and verdict."""
    seen = company[1]
    assert [("1", 1), ("2", 0)] == [(p.name, p.progress) for p in seen["both"].parts]
    assert [("access", 1), ("log", 0)] == [(p.name, p.progress) for p in seen["done"].parts]
    assert [("north", 10, 1), ("south", 5, 0)] == [(p.name, p.value, p.progress) for p in seen["half"].parts]
