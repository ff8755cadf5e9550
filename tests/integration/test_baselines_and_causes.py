"""Baselines that stay frozen, in whole syncs; and what makes a recorded number change."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from project_builder import DEALS, ProjectFolder, day, keep, reach, seen

from okr_pipeline.audit.verify import verify
from okr_pipeline.ledger.entry import Draft


def auto(root: Path, **more: Any) -> ProjectFolder:
    """Return a project whose baseline is what the first day gives: 100.10."""
    folder = ProjectFolder(root)
    folder.key_results = {"won": reach("crm.won", start="auto", to=1100, **more)}
    return folder


def late_row(folder: ProjectFolder) -> None:
    folder.csv("crm/deals", [*DEALS, "late,20,true,2026-08-01"])


def revise(folder: ProjectFolder, on: str) -> None:
    revision = {"on": on, "change": "grow.won.from", "from": "auto", "to": "auto", "why": "late rows"}
    folder.objectives = {
        "grow": {"title": "Grow", "key_results": folder.key_results, "revisions": [revision]}
    }


def causes(folder: ProjectFolder) -> list[str]:
    return [str(e.body["cause"]) for e in folder.entries("observation")]


def faults(folder: ProjectFolder) -> tuple[str, ...]:
    with (workspace := folder.workspace()).ledger() as ledger:
        return verify(workspace, ledger).faults


def test_a_restated_day_shows_and_does_not_move_the_baseline(tmp_path: Path) -> None:
    """The report holds both numbers; the second sync of the same says nothing new."""
    folder = auto(tmp_path)
    folder.sync_at(day(10))
    late_row(folder)
    for at in (11, 12):
        synced = folder.sync_at(day(at))
        line = synced.report.objectives[0].key_results[0]
        assert (line.baseline, line.baseline_reads) == (Decimal("100.1"), Decimal("120.1"))
    assert len(folder.entries("baseline_reading")) == 1
    assert faults(folder) == ()


def test_only_a_revision_moves_it_from_its_day_on(tmp_path: Path) -> None:
    """Days before the revision keep their baseline; one dated before the baseline's day does nothing."""
    folder = auto(tmp_path)
    folder.sync_at(day(10))
    late_row(folder)
    revise(folder, "2026-07-20")
    assert seen(folder.sync_at(day(11)))["won"].baseline == Decimal("100.1")
    revise(folder, "2026-08-12")
    assert seen(folder.sync_at(day(13)))["won"].baseline == Decimal("120.1")
    history = folder.history()
    last = {at.day: says["baseline"] for (_, at), says in history.items() if at.hour == 22}
    assert (last[11], last[12]) == ("100.1", "120.1")
    assert faults(folder) == ()


def test_the_next_cycle_takes_over_what_a_close_says(tmp_path: Path) -> None:
    """Without a close there is no baseline yet, and the reason names the key result."""
    folder = ProjectFolder(tmp_path)
    folder.okr["cycles"]["jul"] = {"start": "2026-07-01", "end": "2026-07-31"}
    folder.write()
    before = {"won": reach("crm.won", to=90)}
    july = {"cycle": "jul", "objectives": {"past": {"title": "Past", "key_results": before}}}
    path = folder.root / "okr_config/objectives/jul/company.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(july), encoding="utf-8")
    folder.key_results = {"won": reach("crm.won", start={"close_of": "past.won"}, to=1060)}
    found = {o.key_result: o for o in folder.sync_at(day(9)).snapshot.key_results}["grow.won"]
    assert (found.progress, found.reason) == (None, "no baseline: the cycle of past.won is not closed yet")
    with folder.workspace().ledger() as ledger:
        graded = {
            "value": "60",
            "progress": "0.5",
            "score": "0.5",
            "grade": 3,
            "landed": False,
            "learned": "x",
        }
        body = {"key_results": {"past.won": graded}}
        at = datetime(2026, 7, 31, 22, tzinfo=UTC)
        ledger.append([Draft("close", "jul", at, body)], recorded_at=day(9, hour=12), run="close")
    found = {o.key_result: o for o in folder.sync_at(day(10)).snapshot.key_results}["grow.won"]
    assert (found.baseline, found.progress) == (Decimal(60), Decimal("0.3904"))
    assert faults(folder) == ()


def test_another_target_is_a_cause_of_its_own(tmp_path: Path) -> None:
    """What is measured stayed the same: only what it is held against changed."""
    folder = ProjectFolder(tmp_path)
    folder.sync_at()
    folder.key_results = {"won": reach("crm.won", to=2000)}
    folder.sync_at()
    assert causes(folder)[-1] == "target"


def test_another_policy_is_one_too(tmp_path: Path) -> None:
    """The number is the same, and is judged otherwise."""
    folder = ProjectFolder(tmp_path)
    folder.sync_at()
    folder.okr["status"] = {"policy": "viva"}
    folder.sync_at()
    assert causes(folder)[-1] == "target"


def test_a_late_check_in_restates_the_days_it_speaks_of(tmp_path: Path) -> None:
    """By hand: no row changed, somebody said something."""
    folder = ProjectFolder(tmp_path)
    folder.key_results = {"partners": {"title": "Partners", "manual": {"from": 0, "to": 4}}}
    folder.sync_at(day(10))
    said = {"on": "2026-08-05", "key_result": "grow.partners", "author": "a", "value": 3}
    path = folder.root / "okr_config/check_ins/aug.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump({"check_ins": [said]}), encoding="utf-8")
    found = seen(folder.sync_at(day(10)))["partners"]
    assert (found.value, found.progress) == (3, Decimal("0.75"))
    assert causes(folder).count("manual") == 6
    assert faults(folder) == ()


def test_a_held_share_is_proved_after_its_past_was_restated(tmp_path: Path) -> None:
    """A day that changes moves the share of all days after it, and each entry still recomputes."""
    folder = ProjectFolder(tmp_path)
    folder.key_results = {"won": keep("crm.won", ">= 150") | {"held": "every day"}}
    for number in (3, 6, 10):
        folder.sync_at(day(number))
    folder.csv("crm/deals", [*DEALS, "late,60,true,2026-08-02"])
    found = seen(folder.sync_at(day(11)))["won"]
    assert found.progress == Decimal("0.9")
    assert faults(folder) == ()
