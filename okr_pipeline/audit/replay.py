"""The past as it was declared: a project out of the ledger, and a warehouse out of the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from okr_pipeline import config
from okr_pipeline.land import catch_up
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.okr import Project
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
        return config.load(Path(folder))
