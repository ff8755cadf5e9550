"""Closing a cycle: what is frozen, what keeps it open, what follows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from project_builder import DEALS, ProjectFolder, day, reach

from okr_pipeline.cli import main
from okr_pipeline.model.observation import Observation

LEARNED = {"grow.won": "Calls before mails", "grow.open": "Ask procurement first"}


class Closing(ProjectFolder):
    """Two key results in August, one of them aspirational, and a September that takes one over."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.learned = dict(LEARNED)
        self.okr["cycles"]["sep"] = {"start": "2026-09-01", "end": "2026-09-30"}
        self.okr["grades"] = {2: "30%", 3: "50%", 4: "70%"}
        self.key_results = {
            "won": reach("crm.won", to=900),
            "open": reach("crm.open", to=250, aspiration="aspirational"),
        }

    def write(self) -> ProjectFolder:
        said = self.root / "okr_config/check_ins/aug.yaml"
        said.parent.mkdir(parents=True, exist_ok=True)
        said.write_text(yaml.safe_dump({"check_ins": [], "learned": self.learned}), encoding="utf-8")
        follower = reach("crm.won", start={"close_of": "grow.won"}, to=2000)
        next_cycle = {
            "cycle": "sep",
            "objectives": {"more": {"title": "More", "key_results": {"won": follower}}},
        }
        path = self.root / "okr_config/objectives/sep/company.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(next_cycle), encoding="utf-8")
        return super().write()

    def close(self, *more: str) -> Result:
        self.write()
        return CliRunner().invoke(main, ["-C", str(self.root), "close", "aug", *more])

    def said_at(self, at: datetime) -> dict[str, Observation]:
        return {o.key_result: o for o in self.sync_at(at).snapshot.key_results}

    def closes(self) -> list[Any]:
        return [entry.body for entry in self.entries("close")]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Closing:
    return Closing(tmp_path)


@pytest.fixture(name="over")
def _over(folder: Closing) -> Closing:
    folder.sync_at(day(31))  # a stock is known from its first read on
    folder.sync_at(day(33))
    return folder


def test_a_cycle_is_closed_with_grades_and_what_was_learned(over: Closing) -> None:
    """450.40 of 900 is grade 3 and not landed; 200.20 of 250 is grade 4, and landed as an aspiration."""
    found = over.close()
    assert 0 == found.exit_code, found.output
    [closed] = over.closes()
    won, open_ = (closed["key_results"][f"grow.{name}"] for name in ("won", "open"))
    assert ("450.4", "0.500444444", 3, False) == tuple(won[k] for k in ("value", "score", "grade", "landed"))
    assert ("200.2", "0.8008", 4, True) == tuple(open_[k] for k in ("value", "score", "grade", "landed"))
    assert "Calls before mails" == won["learned"]
    assert "grow.won" in found.stdout
    assert "score 0.500  grade 3" in found.stdout


def test_closing_again_appends_nothing(over: Closing) -> None:
    """The same close is said once."""
    over.close()
    head = over.head()
    assert 0 == over.close().exit_code
    assert head == over.head()


@pytest.mark.parametrize(
    ("last_sync", "learned", "told"),
    [
        (day(31), LEARNED, "nothing was measured since its last day"),
        (None, LEARNED, "nothing was measured"),
        (day(33), {"grow.won": "x"}, "grow.open has no learning note"),
    ],
)
def test_what_keeps_a_cycle_open(folder: Closing, last_sync: Any, learned: dict[str, str], told: str) -> None:
    """Each reason is told with what to do, and nothing is recorded."""
    if last_sync:
        folder.sync_at(last_sync)
    folder.learned = dict(learned)
    found = folder.close()
    assert 1 == found.exit_code
    assert told in found.stderr
    assert [] == folder.closes()


def test_a_correction_does_not_move_a_close(over: Closing) -> None:
    """Rows that change later restate the number; the close stands until it is closed again with a reason."""
    over.close()
    over.csv("crm/deals", [*DEALS, "e,100,true,2026-08-31"])
    assert Decimal("550.4") == over.said_at(day(34))["grow.won"].value
    refused = over.close()
    assert (1, True) == (refused.exit_code, "--why" in refused.stderr)
    assert ["450.4"] == [c["key_results"]["grow.won"]["value"] for c in over.closes()]
    assert 0 == over.close("--why", "a late invoice").exit_code
    again = [(c["key_results"]["grow.won"]["value"], c["why"]) for c in over.closes()]
    assert [("450.4", None), ("550.4", "a late invoice")] == again


def test_the_next_cycle_starts_where_the_last_one_was_closed(over: Closing) -> None:
    """`close_of` is the closed value; before the close there is none, and the reason says so."""
    over.csv("crm/deals", [*DEALS, "e,100,true,2026-09-01"])
    waiting = over.said_at(day(34))["more.won"]
    assert (None, None) == (waiting.baseline, waiting.progress)
    assert "close" in str(waiting.reason)
    over.close()
    started = over.said_at(day(35))["more.won"]
    assert Decimal("450.4") == started.baseline


def test_a_number_stands_after_the_end_unless_it_goes_on(folder: Closing) -> None:
    """In September the one stands at its last day of August, the other is measured on."""
    folder.key_results["open"]["after_end"] = "measured"
    assert folder.said_at(day(40))["grow.open"].as_of == day(40)
    found = folder.said_at(day(41))
    assert found["grow.won"].as_of == day(31, hour=22)
    assert found["grow.open"].as_of == day(41)
    assert found["grow.open"].as_of - found["grow.won"].as_of > timedelta(days=9)


def test_an_unknown_cycle_is_named(folder: Closing) -> None:
    """A slip is no close of nothing."""
    folder.write()
    found = CliRunner().invoke(main, ["-C", str(folder.root), "close", "octo"])
    assert (2, True) == (found.exit_code, "aug, sep" in found.stderr)
