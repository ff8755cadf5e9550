"""States of days on which nobody looked: shown, with the instant they were read at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from project_builder import DEALS, ProjectFolder, day, reach

from okr_pipeline.model.report import KeyResultLine, Report
from okr_pipeline.publish.explained import explanation


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> ProjectFolder:
    """A project with the state `open`, read on day 3, when 200.20 were open, and again on day 8."""
    folder = ProjectFolder(tmp_path)
    folder.key_results = {"open": reach("crm.open"), "won": reach("crm.won")}
    folder.csv("crm/deals", DEALS[:3])
    folder.sync_at(day(3))
    folder.csv("crm/deals", [*DEALS, "e,5,false,2026-08-08"])
    return folder


def lines(report: Report) -> dict[str, KeyResultLine]:
    return {line.id.partition(".")[2]: line for line in report.objectives[0].key_results}


def days_read_before(line: KeyResultLine) -> dict[int, datetime]:
    """Return the days of August whose state was read on an earlier day, and when."""
    return {point.day.day: point.read_at for point in line.trend if point.read_at}


def test_a_day_without_a_read_shows_when_its_state_was_read(folder: ProjectFolder) -> None:
    """Days 4 to 7 once looked as if somebody had read the state of day 3 on each of them."""
    seen = lines(folder.sync_at(day(8)).report)
    assert dict.fromkeys((4, 5, 6, 7), day(3)) == days_read_before(seen["open"])
    assert {} == days_read_before(seen["won"])
    assert (day(8), day(8)) == (seen["open"].read_at, seen["won"].read_at)


def test_the_reader_is_told_how_many_days_were_not_read(folder: ProjectFolder) -> None:
    """In the facts behind the number, the same on the page and in a terminal."""
    report = folder.sync_at(day(8)).report
    told = dict(explanation(lines(report)["open"], report))["Read"]
    assert "8 Aug 2026 12:00 CEST; not read on 4 days of 8, which show the state read before" == told
    folder.csv("crm/deals", DEALS)
    one_more = folder.sync_at(day(9)).report
    assert "9 Aug 2026 12:00 CEST" == dict(explanation(lines(one_more)["won"], one_more))["Read"]


def test_a_state_that_is_older_than_its_freshness_is_stale(folder: ProjectFolder) -> None:
    """Where somebody declared how old the data may be, an older state is no fresh value."""
    folder.dataset["freshness"] = {"column": "closed_on", "within": "48h"}
    folder.sync_at(day(8))
    states = {at.day: says["state"] for (id, at), says in folder.history().items() if id == "grow.open"}
    # By the end of a day: the cut of day 4 is midnight of the 5th in Berlin, 22:00 of the 4th in UTC.
    assert ["ok", "ok", "stale", "stale", "ok"] == [states[number] for number in (3, 4, 6, 7, 8)]


def test_reasons_tell_times_in_the_zone_of_the_project(folder: ProjectFolder) -> None:
    """They once gave UTC, beside a page in local time."""
    folder.dataset["freshness"] = {"column": "closed_on", "within": "48h"}
    folder.sync_at(day(8))
    told = {says["reason"] for (id, at), says in folder.history().items() if (id, at.day) == ("grow.open", 6)}
    assert {"crm.deals: newest row is from 2026-08-03 00:00 CEST, older than 2 days"} == told
