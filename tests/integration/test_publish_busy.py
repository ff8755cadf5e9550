"""What is said of a ledger that is in use while a snapshot is published."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from project_builder import NOON, ProjectFolder

from okr_pipeline.ledger.errors import LedgerBusy
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.publish.outbox import publish
from okr_pipeline.run import Run


def test_a_writer_is_not_taken_for_a_publisher(tmp_path: Path) -> None:
    """Where the page is out and only its record must wait, nobody is told that nothing was published."""
    project = ProjectFolder(tmp_path)
    report = project.sync_at().report
    project.okr["publish"] = {"page": {"to": "public/"}}
    workspace = project.write().workspace()
    with (
        Ledger.open("sqlite:///.okr/ledger.db", base=tmp_path, wait_s=0.1) as ledger,
        closing(sqlite3.connect(tmp_path / ".okr/ledger.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        run = Run(ledger=ledger, as_of=NOON, recorded_at=NOON)
        with pytest.raises(LedgerBusy, match="another process wrote"):
            publish(workspace.project.publishers, report, run, base=tmp_path, resolve=workspace.resolved)
    assert (tmp_path / "public/index.html").exists()
