"""The demo, synced on its two Mondays: the numbers, and what a leader is told about them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from okr_pipeline.demo import DAYS, write_demo
from okr_pipeline.demo.season import morning
from okr_pipeline.model.observation import Observation
from okr_pipeline.run import Run
from okr_pipeline.sync import sync
from okr_pipeline.workspace import Workspace

Story = Mapping[str, Observation]

BEFORE = {
    "mid_market.new_arr": "at_risk",
    "mid_market.pipeline": "at_risk",
    "mid_market.calls": "off_track",
    "daily_habit.weekly_teams": "at_risk",
    "daily_habit.daily_planners": "off_track",
    "daily_habit.activation": "on_track",
    "daily_habit.first_job": "on_track",
    "trust.availability": "on_track",
    "trust.satisfaction": "on_track",
    "trust.churn": "on_track",
    "trust.payback": "on_track",
    "trust.controls": "on_track",
}
AFTER = BEFORE | {
    "mid_market.new_arr": "on_track",
    "mid_market.pipeline": "off_track",
    "mid_market.calls": "at_risk",
    "daily_habit.weekly_teams": "on_track",
    "daily_habit.daily_planners": "at_risk",
    "daily_habit.activation": "reached",
    "trust.availability": "off_track",
    "trust.satisfaction": "stale",
    "trust.churn": "stale",
}


@pytest.fixture(scope="module", name="demo")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Story]]:
    directory = tmp_path_factory.mktemp("demo")
    mondays = []
    for number, day in enumerate(DAYS):
        write_demo(directory, on=day)
        workspace = Workspace.load(directory, environ={})
        recorded_at = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=number)
        with workspace.ledger() as ledger:
            run = Run(ledger=ledger, as_of=morning(day), recorded_at=recorded_at)
            done = sync(workspace, run, publishing=False)
        mondays.append({o.key_result: o for o in done.snapshot.key_results})
    return directory, mondays


def statuses(story: Story) -> dict[str, str]:
    return {id: str(observation.status) for id, observation in story.items()}


def test_the_first_monday_is_quiet(demo: tuple[Path, list[Story]]) -> None:
    """Nothing is stale, and every key result has a value."""
    assert statuses(demo[1][0]) == BEFORE


def test_the_second_monday_has_every_kind_of_news(demo: tuple[Path, list[Story]]) -> None:
    """Some key results recover, some fall, one is reached, and two lose their data."""
    assert statuses(demo[1][1]) == AFTER


def test_unfilled_churn_keeps_the_last_good_value(demo: tuple[Path, list[Story]]) -> None:
    """August's churn stands, and the reason names the check and the column."""
    before, after = (story["trust.churn"] for story in demo[1])
    assert after.value == before.value == Decimal("0.021400722")
    assert "not_null(churned_mrr)" in str(after.reason)


def test_a_tab_that_is_held_back_leaves_the_others_alone(demo: tuple[Path, list[Story]]) -> None:
    """Payback and controls come from the same workbook and are measured afresh."""
    payback, controls = (demo[1][1][f"trust.{name}"] for name in ("payback", "controls"))
    assert (payback.state, payback.value) == ("ok", Decimal("12.449710602"))
    assert (controls.state, controls.value) == ("ok", Decimal(46))


def test_new_revenue_is_the_sum_of_the_rows_in_the_export(demo: tuple[Path, list[Story]]) -> None:
    """Adding up the CSV by hand gives the published number, to the cent."""
    directory, (_, after) = demo
    with (directory / "data/crm/opportunities.csv").open(encoding="utf-8", newline="") as file:
        won = [
            Decimal(row["Amount"])
            for row in csv.DictReader(file)
            if (row["Segment"], row["IsWon"]) == ("mid_market", "true") and row["CloseDate"] >= "2026-08-01"
        ]
    assert sum(won) == after["mid_market.new_arr"].value
