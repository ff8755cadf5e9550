"""The past as it was declared: a project out of the ledger, and a warehouse out of the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from okr_pipeline import config
from okr_pipeline.land import catch_up
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.okr import Project
from okr_pipeline.model.report import Report
from okr_pipeline.report import build_report
from okr_pipeline.snapshot import read_snapshot
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.sandbox import Sandbox
from okr_pipeline.workspace import Workspace


def projects_by_digest(ledger: Ledger, current: Project) -> dict[str, Project]:
    """Return every configuration that was ever recorded, by digest, and *current*."""
    projects = {current.digest: current}
    for entry in ledger.entries("configuration", subject=current.id):
        digest = str(entry.body["digest"])
        if digest not in projects and isinstance(files := entry.body["files"], Mapping):
            projects[digest] = _load(files)
    return projects


def report_at(ledger: Ledger, current: Project, *, as_of: datetime | None = None) -> Report | None:
    """Return the newest snapshot (at or before *as_of*) as a report, under its own configuration."""
    snapshot = read_snapshot(ledger, current.id, as_of=as_of)
    if snapshot is None:
        return None
    return build_report(projects_by_digest(ledger, current)[snapshot.config_digest], snapshot, ledger)


@contextmanager
def replayed(workspace: Workspace, ledger: Ledger, project: Project) -> Iterator[tuple[Database, Sandbox]]:
    """Give a fresh warehouse with the datasets of *project*, landed again from lake and ledger."""
    with TemporaryDirectory(prefix="okr-replay-") as folder:
        file = Path(folder) / "warehouse.duckdb"
        settings = replace(workspace.settings, zone=project.calendar.zone.key)
        with Database(file, settings=settings, readable=[workspace.lake.root]) as db:
            catch_up(db, list(project.datasets.values()), ledger=ledger, lake=workspace.lake)
        with (
            Database(file, settings=settings, read_only=True) as db,
            Sandbox(file, settings=settings) as sandbox,
        ):
            yield db, sandbox


def _load(files: Mapping[str, object]) -> Project:
    with TemporaryDirectory(prefix="okr-config-") as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(str(text).encode())
        return config.recorded(Path(folder))
