"""Check-ins that people keep in a table: read, written down, counted, and proved like any number."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from project_builder import ProjectFolder, day, files_source

from okr_pipeline.audit.verify import verify
from okr_pipeline.model.observation import Cause, Observation, State
from okr_pipeline.sync import Synced

HEADER = "key_result,on,author,confidence,note,value,done"
COLUMNS = {
    "key_result": "string",
    "on": "date",
    "author": "string",
    "confidence": "decimal(3,2)",
    "note": "string",
    "value": "decimal(9,2)",
    "done": "string",
}


class Team(ProjectFolder):
    """Partners are counted by people, an audit is ticked by them; both in a CSV that they keep."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.sources["people"] = files_source({"said": {"columns": COLUMNS}}, name="people")
        self.okr["check_ins"] = {"dataset": "people.said"}
        self.key_results |= {
            "partners": {"title": "Partners", "manual": {"from": 0, "to": 4}},
            "audit": {
                "title": "Audit",
                "milestones": {n: {"by": "2026-08-20", "done": "manual"} for n in ("a", "b")},
            },
        }
        self.say("grow.partners,2026-08-03,ana,0.6,two signed,2,")

    def say(self, *rows: str) -> None:
        self.csv("people/said", [HEADER, *rows])

    def faults(self) -> tuple[str, ...]:
        with (workspace := self.workspace()).ledger() as ledger:
            return verify(workspace, ledger).faults


def said(synced: Synced, name: str) -> Observation:
    return next(o for o in synced.snapshot.key_results if o.key_result == f"grow.{name}")


@pytest.fixture(name="team")
def _team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def test_what_people_say_in_a_table_counts(team: Team) -> None:
    """Two of four partners, and none of two milestones, by the rows of the table."""
    synced = team.sync_at(day(5))
    assert (Decimal(2), Decimal("0.5")) == (said(synced, "partners").value, said(synced, "partners").progress)
    assert Decimal(0) == said(synced, "audit").progress
    line = next(line for line in synced.report.objectives[0].key_results if line.id == "grow.partners")
    assert "two signed" in repr(line)


def test_a_later_word_is_a_restatement_and_both_are_proved(team: Team) -> None:
    """A row that comes later for an earlier day restates that day, by people's hand; all of it recomputes."""
    team.sync_at(day(5))
    team.say(
        "grow.partners,2026-08-03,ana,0.6,two signed,2,",
        "grow.partners,2026-08-04,ana,,,3,",
        "grow.audit,2026-08-04,bo,,,,a",
    )
    synced = team.sync_at(day(6))
    assert (Decimal("0.75"), Decimal("0.5")) == tuple(said(synced, n).progress for n in ("partners", "audit"))
    restated = [e for e in team.entries("observation") if e.body["cause"] == Cause.MANUAL.value]
    assert {("grow.partners", day(4, hour=22)), ("grow.audit", day(4, hour=22))} == {
        (e.subject, e.valid_at) for e in restated
    }
    assert () == team.faults()


def test_the_same_words_again_append_nothing(team: Team) -> None:
    """Reading the table again, in another order of rows, says nothing new."""
    rows = ["grow.partners,2026-08-03,ana,0.6,two signed,2,", "grow.won,2026-08-04,bo,0.9,,,"]
    team.say(*rows)
    team.sync_at(day(5))
    before = len(team.entries("check_ins"))
    team.say(*reversed(rows))
    team.sync_at(day(6))
    assert (1, 1) == (before, len(team.entries("check_ins")))


def test_rows_that_say_nothing_usable_are_told(team: Team) -> None:
    """A slip in an id, no author, a confidence above 1: counted as a failed check, the others stand."""
    team.say(
        "grow.partners,2026-08-03,ana,0.6,,2,",
        "grow.partnrs,2026-08-03,ana,,,9,",
        "grow.partners,2026-08-04,,,,9,",
        "grow.partners,2026-08-04,ana,1.5,,9,",
    )
    synced = team.sync_at(day(5))
    assert (State.OK, Decimal(2)) == (said(synced, "partners").state, said(synced, "partners").value)
    [check] = synced.snapshot.checks
    assert ("check_ins", "people.said", "3 rows without") == (check.check, check.dataset, check.observed)
