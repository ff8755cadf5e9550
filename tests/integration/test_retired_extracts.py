"""Extracts past their declared time: gone from the lake, kept as digests, and never needed again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from project_builder import DEALS, ProjectFolder, day, reach

from okr_pipeline.cli import main
from okr_pipeline.sync import rebuild_warehouse


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> ProjectFolder:
    """A project with a flow and a state, read on days 3, 6 and 9; what is older than five days goes."""
    folder = ProjectFolder(tmp_path)
    folder.key_results = {"open": reach("crm.open"), "won": reach("crm.won")}
    folder.dataset["retain"] = "5d"
    for number, rows in ((3, DEALS[:3]), (6, DEALS[:4]), (9, DEALS)):
        folder.csv("crm/deals", rows)
        folder.sync_at(day(number))
    return folder


def kept(folder: ProjectFolder) -> int:
    """Return how many extracts the lake holds."""
    return len(list((folder.root / ".okr/lake").rglob("*.parquet")))


def okr(folder: ProjectFolder, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(folder.root), *words], catch_exceptions=False)


def values(folder: ProjectFolder) -> Mapping[object, object]:
    return {place: says["value"] for place, says in folder.history().items()}


def test_an_old_extract_goes_when_a_full_read_follows_it(folder: ProjectFolder) -> None:
    """That of day 3 is six days old on day 9; its receipt stays, and an entry says that it was retired."""
    [entry] = folder.entries("retirement")
    assert (2, 3, [1], 5) == (
        kept(folder),
        len(folder.entries("receipt")),
        entry.body["loads"],
        entry.body["retain_days"],
    )
    assert 0 == okr(folder, "sync", "--as-of", "2026-08-09").exit_code
    assert (2, 1) == (kept(folder), len(folder.entries("retirement")))


def test_numbers_on_it_are_proved_by_digest_only(folder: ProjectFolder) -> None:
    """No failure: the proof says what it leaves out, since when and why."""
    told = okr(folder, "verify")
    assert 0 == told.exit_code, told.stdout
    assert (
        "digest only: 1 extract of crm.deals, since 2026-08-09 12:01 CEST, by policy (`retain`)"
        in told.stdout
    )
    assert "all that is kept recompute" in told.stdout


def test_a_rebuild_restores_what_is_kept_and_leaves_the_past_as_recorded(folder: ProjectFolder) -> None:
    """From the oldest kept full read on every number comes out again; days before it stand."""
    before = values(folder)
    with folder.workspace().ledger() as ledger:
        assert 2 == rebuild_warehouse(folder.workspace(), ledger)
    folder.csv("crm/deals", [*DEALS, "e,9,false,2026-08-10"])
    seen = folder.seen_at(day(10))
    assert (Decimal("209.2"), Decimal("450.4")) == (seen["open"].value, seen["won"].value)
    after = values(folder)
    assert before == {place: after[place] for place in before}
    assert 0 == okr(folder, "verify").exit_code


def test_an_explanation_says_that_the_rows_are_gone(folder: ProjectFolder) -> None:
    """The snapshot of day 3 rests on the extract that was retired: it recomputes until a rebuild."""
    known = okr(folder, "explain", "grow.open", "--as-of", "2026-08-03")
    assert (0, True) == (known.exit_code, "matches" in known.stdout)
    assert 0 == okr(folder, "rebuild").exit_code
    told = okr(folder, "explain", "grow.open", "--as-of", "2026-08-03")
    assert (0, True) == (told.exit_code, "stored rows are gone, by policy" in told.stdout)
    assert "by policy (`retain`): digest only" in told.stdout


def test_what_the_newest_state_rests_on_is_kept_however_old(tmp_path: Path) -> None:
    """Without a second full read, every increment is needed: nothing goes in a year."""
    folder = ProjectFolder(tmp_path)
    folder.dataset.update({"cursor": "closed_on", "retain": "5d"})
    for number, rows in ((3, DEALS[:3]), (6, DEALS[:4]), (9, DEALS)):
        folder.csv("crm/deals", rows)
        folder.sync_at(day(number))
    folder.sync_at(day(9) + timedelta(days=365))
    read = {entry.body["extract_id"] for entry in folder.entries("receipt")}
    assert ([], len(read)) == (folder.entries("retirement"), kept(folder))


def test_content_that_came_again_is_kept(tmp_path: Path) -> None:
    """The extract of day 3 is that of day 9: its file serves the load that stands."""
    folder = ProjectFolder(tmp_path)
    folder.dataset["retain"] = "2d"
    for number, rows in ((3, DEALS), (6, DEALS[:4]), (9, DEALS)):
        folder.csv("crm/deals", rows)
        folder.sync_at(day(number))
    assert 0 == okr(folder, "verify").exit_code
    assert 0 == okr(folder, "rebuild").exit_code
    folder.sync_at(day(30))
    assert 1 == kept(folder)
