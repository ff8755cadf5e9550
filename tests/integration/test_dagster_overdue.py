"""What Dagster calls overdue: never what runs by its schedule, always what has stopped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, TimeWindowFreshnessPolicy
from dagster._core.definitions.freshness_evaluator import TimeWindowFreshnessPolicyEvaluator
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import freeze_time
from dagster._utils.schedules import schedule_execution_time_iterator
from dagster_project import InDagster, in_dagster, two_sources

from okr_pipeline.orchestration.overdue import overdue

SUMMER_TIME_ENDS = datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize("line", ["0 * * * *", "30 2 * * *", "0 6 * * 1", "*/15 8-18 * * 1-5", "5 */7 * * *"])
def test_what_runs_by_its_schedule_is_never_overdue(line: str) -> None:
    """Between two starts, also where clocks are set back, lies an hour less than the window at least."""
    since = (SUMMER_TIME_ENDS - timedelta(days=8)).timestamp()
    starts = schedule_execution_time_iterator(since, line, "Europe/Berlin")
    pauses = [later - earlier for earlier, later in pairwise(islice(starts, 400))]
    policy = overdue(line)
    assert isinstance(policy, TimeWindowFreshnessPolicy)
    assert max(pauses) <= policy.fail_window.to_timedelta() - timedelta(hours=1)


@pytest.mark.parametrize("line", [None, "0 6 1 * *", "0 6 * 1 *"])
def test_what_has_no_even_schedule_is_never_overdue(line: str | None) -> None:
    """Without `refresh`, and where a line names days of the month or months, nothing is promised."""
    assert overdue(line) is None


def test_a_read_that_stopped_is_overdue(tmp_path: Path) -> None:
    """An hourly read passes for three hours, and then fails although no run did."""
    with in_dagster(two_sources(tmp_path)) as dagster:
        assert state(dagster) == FreshnessState.UNKNOWN
        dagster.run("extract_hourly")
        told = [state(dagster, after=timedelta(minutes=minutes)) for minutes in (0, 175, 185)]
    assert told == [FreshnessState.PASS, FreshnessState.PASS, FreshnessState.FAIL]


def state(dagster: InDagster, *, after: timedelta = timedelta(0)) -> FreshnessState:
    """Return what Dagster says of the hourly read, *after* this long."""
    node = dagster.definitions.resolve_asset_graph().get(dg.AssetKey(["extract", "crm", "deals"]))
    with freeze_time(datetime.now(UTC) + after):
        context = LoadingContextForTest(dagster.instance)
        return asyncio.run(TimeWindowFreshnessPolicyEvaluator().evaluate_freshness(context, node))
