"""A ledger without the right to write: it is read all the same, or the error says what lies in the way."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from harsh_disk import read_only
from project_builder import NOON, ProjectFolder

from okr_pipeline.cli import main
from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.errors import LedgerUnreachable
from okr_pipeline.ledger.store import Ledger

URL = "sqlite:///ledger.db"
ONE = [Draft("note", "a", None, {"text": "one"})]
MONDAY = datetime(2026, 10, 5, 7, tzinfo=UTC)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder with a ledger of one entry."""
    folder = tmp_path / "state"
    folder.mkdir()
    with Ledger.open(URL, base=folder) as ledger:
        ledger.append(ONE, recorded_at=MONDAY, run="run1")
    return folder


def texts(folder: Path) -> list[object]:
    """Read the ledger under *folder* with nothing but the right to read."""
    with Ledger.open(URL, base=folder, read_only=True) as ledger:
        assert ledger.verify_chain() == []
        return [entry.body["text"] for entry in ledger.entries("note")]


def test_a_folder_that_may_not_be_written_is_read(folder: Path) -> None:
    """Reading once asked for the right to write the file and its folder."""
    with read_only(folder):
        assert ["one"] == texts(folder)


def test_a_file_that_may_not_be_written_is_read(folder: Path) -> None:
    """Its folder may be; reading leaves nothing in it that another user could not replace."""
    (folder / "ledger.db").chmod(0o444)
    with read_only(folder):
        folder_is_open(folder)
        assert ["one"] == texts(folder)
    assert ["ledger.db"] == files(folder)


def test_reading_leaves_the_file_as_it_is(folder: Path) -> None:
    """Where the right to write is there, no bytes change and nothing is left beside it."""
    before = (folder / "ledger.db").read_bytes()
    assert ["one"] == texts(folder)
    assert (before, ["ledger.db"]) == ((folder / "ledger.db").read_bytes(), files(folder))


def test_entries_that_are_being_written_are_read_without_rights(folder: Path) -> None:
    """Another user has the ledger open: what they committed a moment ago counts."""
    with Ledger.open(URL, base=folder) as writer:
        writer.append([Draft("note", "a", None, {"text": "two"})], recorded_at=MONDAY, run="run2")
        for file in folder.iterdir():
            file.chmod(0o644)
        with read_only(folder):
            assert ["one", "two"] == texts(folder)


def test_newest_entries_that_cannot_be_read_are_told(folder: Path, tmp_path: Path) -> None:
    """A copy with its write-ahead log and without its index once looked like a shorter ledger."""
    with Ledger.open(URL, base=folder) as writer:
        writer.append([Draft("note", "a", None, {"text": "two"})], recorded_at=MONDAY, run="run2")
        copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "ledger.db-shm").unlink()
    with read_only(copy), pytest.raises(LedgerUnreachable, match=r"lie in ledger\.db-wal"):
        texts(copy)
    assert ["one", "two"] == texts(copy)


def test_a_ledger_that_is_not_there_reads_as_empty(tmp_path: Path) -> None:
    """Asking what is recorded creates nothing."""
    assert ([], []) == (texts(tmp_path), files(tmp_path))


def test_what_is_opened_to_read_cannot_be_written(folder: Path) -> None:
    """Not even by a user who may."""
    with Ledger.open(URL, base=folder, read_only=True) as ledger, pytest.raises(LedgerUnreachable):
        ledger.append(ONE, recorded_at=MONDAY, run="run2")


@pytest.mark.parametrize("words", ["verify", "explain grow.won", "show --as-of 2026-08-10"])
def test_an_auditor_with_a_read_only_copy_can_prove(tmp_path: Path, words: str) -> None:
    """Every file and folder of the project may only be read."""
    project = ProjectFolder(tmp_path / "copy")
    project.sync_at(NOON)
    before = okr(project, words)
    parts = list(project.root.rglob("*"))
    for path in parts:
        path.chmod(0o555 if path.is_dir() else 0o444)
    with read_only(project.root):
        told = okr(project, words)
    for path in parts:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert (0, before.stdout) == (told.exit_code, told.stdout)


def okr(project: ProjectFolder, words: str) -> Result:
    """Run `okr` on *project*; what it does not catch is raised here."""
    return CliRunner().invoke(main, ["-C", str(project.root), *words.split()], catch_exceptions=False)


def files(folder: Path) -> list[str]:
    """Return what lies in *folder*."""
    return [path.name for path in folder.iterdir()]


def folder_is_open(folder: Path) -> None:
    """Give everybody the right to write in *folder*, as root did before."""
    nobody = os.geteuid()
    if os.getuid() == 0:
        os.seteuid(0)
    folder.chmod(0o777)
    if os.getuid() == 0:
        os.seteuid(nobody)
