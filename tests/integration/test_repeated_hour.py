"""Increments by local times, in the hour that clocks show twice when summer ends."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from project_builder import ProjectFolder, day, reach, seen

FIRST_PASS = ("2024-10-27 01:50:00", "2024-10-27 02:50:00")
"""Times in Berlin; at 03:00 its clocks go back to 02:00."""


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> ProjectFolder:
    """A project that counts the rows of a table stamped in local time, by increments."""
    made = ProjectFolder(tmp_path)
    table = {"table": "deals", "columns": {"id": "integer", "changed_at": "timestamp"}, "key": ["id"]}
    table |= {"cursor": "changed_at", "overlap": "10m", "zone": "Europe/Berlin"}
    made.sources["crm"] = {
        "connector": "sql",
        "connection": {"url": "sqlite:///x.db"},
        "datasets": {"deals": table},
    }
    made.metrics = {"crm": {"total": {"dataset": "crm.deals", "value": "count(*)"}}}
    made.key_results = {"total": reach("crm.total")}
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE deals (id INTEGER PRIMARY KEY, changed_at TEXT)")
    write(made, *FIRST_PASS)
    return made


def write(project: ProjectFolder, *stamps: str) -> None:
    with sqlite3.connect(project.root / "x.db") as connection:
        connection.executemany("INSERT INTO deals (changed_at) VALUES (?)", [(stamp,) for stamp in stamps])
    connection.close()


def total(project: ProjectFolder, number: int) -> Decimal | None:
    """Sync on day *number*, and return how many rows stand."""
    return seen(project.sync_at(day(number)))["total"].value


@pytest.mark.parametrize("stamp", ["2024-10-27 02:00:00", "2024-10-27 02:10:00", "2024-10-27 03:00:00"])
def test_rows_of_the_second_pass_are_read(project: ProjectFolder, stamp: str) -> None:
    """A row written at 02:10 for the second time that night was behind the mark, and silently never read."""
    assert 2 == total(project, 9)
    write(project, stamp)
    assert 3 == total(project, 10)


def test_rows_behind_the_second_pass_are_read_on_from_there(project: ProjectFolder) -> None:
    """The mark that moved on to the hour after the repeated one costs no row, and is no mark in doubt."""
    total(project, 9)
    write(project, "2024-10-27 03:05:00")
    total(project, 10)
    write(project, "2024-10-27 02:56:00", "2024-10-27 12:00:00")
    assert 5 == total(project, 11)
    total(project, 12)
    assert ["2024-10-27T00:55:00Z", "2024-10-27T10:50:00Z"] == [
        entry.body["cursor_from"] for entry in project.entries("receipt")[-2:]
    ]
