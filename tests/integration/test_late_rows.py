"""Why a past number changed: rows that came late, or rows that somebody edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from project_builder import DEALS, ProjectFolder, day, reach

from okr_pipeline.model.observation import Cause
from okr_pipeline.model.report import Earlier
from okr_pipeline.publish.explained import explanation


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> ProjectFolder:
    """A project whose deals were read on day 10: a flow of the cycle, and one of the last two days."""
    folder = ProjectFolder(tmp_path)
    folder.metrics["crm"]["lately"] = {**folder.metrics["crm"]["won"], "window": "trailing 2 days"}
    folder.key_results["lately"] = reach("crm.lately")
    folder.sync_at(day(10))
    return folder


def causes(folder: ProjectFolder, rows: Sequence[str], **dataset: Any) -> Mapping[str, set[Cause]]:
    """Sync *rows* on day 11, and return why past days were restated, by key result."""
    folder.dataset.update(dataset)
    folder.csv("crm/deals", rows)
    before = len(folder.entries("observation"))
    folder.sync_at(day(11))
    found: dict[str, set[Cause]] = {}
    for entry in folder.entries("observation")[before:]:
        if entry.body["cause"] != "first":
            name = entry.subject.partition(".")[2]
            found.setdefault(name, set()).add(Cause(str(entry.body["cause"])))
    return found


LATE = "e,7,true,2026-08-06"


def test_rows_that_came_later_are_told_as_such(folder: ProjectFolder) -> None:
    """A restatement of the sixth by a row of the sixth that nobody had seen is nobody's correction."""
    assert {"won": {Cause.LATE_DATA}, "lately": {Cause.LATE_DATA}} == causes(folder, [*DEALS, LATE])


@pytest.mark.parametrize(
    "row", ["c,300.31,true,2026-08-05", "c,300.30,true,2026-08-04", None], ids=["amended", "moved", "gone"]
)
def test_rows_that_were_edited_are_told_as_data(folder: ProjectFolder, row: str | None) -> None:
    """An amount, a day, or the whole row."""
    rows = [*DEALS[:3], *([row] if row else []), DEALS[4]]
    assert {"won": {Cause.DATA}, "lately": {Cause.DATA}} == causes(folder, rows)


def test_an_edit_counts_only_where_it_is_counted(folder: ProjectFolder) -> None:
    """A row of the first is amended, and one of the sixth comes late: two days count only the latter."""
    rows = ["id,amount,won,closed_on", "a,100.11,true,2026-08-01", *DEALS[2:], LATE]
    found = causes(folder, rows)
    assert {Cause.DATA} == found["won"]
    assert {Cause.DATA, Cause.LATE_DATA} == found["lately"]


def test_an_edit_of_what_is_not_counted_is_none(tmp_path: Path) -> None:
    """Without a key every changed read replaces all rows; those that are there again were not touched."""
    folder = ProjectFolder(tmp_path)
    del folder.dataset["key"]
    folder.sync_at(day(10))
    assert {"won": {Cause.LATE_DATA}} == causes(folder, [*DEALS, LATE])


def test_a_query_is_late_only_if_nothing_was_edited(folder: ProjectFolder) -> None:
    """Nobody knows which days it counts."""
    sql = "SELECT sum(amount) FROM crm.deals WHERE closed_on < :window_end"
    folder.metrics["crm"]["asked"] = {"sql": sql, "window": "cycle_to_date"}
    folder.key_results["asked"] = reach("crm.asked")
    folder.sync_at(day(10))
    assert {Cause.LATE_DATA} == causes(folder, [*DEALS, LATE])["asked"]
    edited = ["id,amount,won,closed_on", "a,100.11,true,2026-08-01", *DEALS[2:], LATE]
    assert {Cause.DATA} == causes(folder, edited)["asked"]


@pytest.mark.parametrize("change", ["target", "metric"])
def test_days_of_an_earlier_definition_say_that_rows_came(folder: ProjectFolder, change: str) -> None:
    """They keep their number; once, nobody was told. What another metric would read says nothing of them."""
    folder.key_results["won"] = reach("crm.won" if change == "target" else "crm.lately", to=2000)
    folder.csv("crm/deals", [*DEALS, LATE])
    synced = folder.sync_at(day(11))
    won, lately = synced.report.objectives[0].key_results
    assert (Earlier(9, date(2026, 8, 9), 4 if change == "target" else 0), None) == (
        won.earlier,
        lately.earlier,
    )
    told = dict(explanation(won, synced.report))["Earlier definition"]
    more = "; 4 would read another value by now" if change == "target" else ""
    assert f"9 of 11 days, the last 9 Aug 2026, keep the number of then{more}" == told
