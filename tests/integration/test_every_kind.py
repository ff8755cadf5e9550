"""Every kind of key result in one project, from CSV to the published page: numbers worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from every_kind import KEY_RESULTS, Company
from project_builder import NOON, day

from okr_pipeline.model.observation import Observation
from okr_pipeline.publish.outbox import last_published
from okr_pipeline.sync import rebuild_warehouse

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
