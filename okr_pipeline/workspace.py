"""A project on this machine: its configuration loaded, its stores within reach, its sources connectable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connectors import registry
from connectors.contract import Connector
from okr_pipeline import config
from okr_pipeline.config import secrets
from okr_pipeline.lake import Lake
from okr_pipeline.layout import CONFIG_FOLDER, STATE_FOLDER
from okr_pipeline.ledger.errors import LedgerError
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.metric import Source
from okr_pipeline.model.okr import Project
from okr_pipeline.unfinished import UnfinishedRead
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.sandbox import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """
    A loaded project and the folder it lies in.

    *base* is where relative paths start; *environ* holds what `env:` references may name.
    *threads* and *memory* bound the warehouse; None leaves the choice to it.
    """

    base: Path
    project: Project
    environ: Mapping[str, str] = field(repr=False)
    threads: int | None = None
    memory: str | None = None

    @classmethod
    def load(
        cls, base: Path, *, environ: Mapping[str, str], threads: int | None = None, memory: str | None = None
    ) -> Workspace:
        """
        Load the project under *base*.

        Raises:
            ConfigError: If its configuration has a problem; all of them are in it.
        """
        base = base.resolve()
        project = config.load(base / CONFIG_FOLDER)
        return cls(base=base, project=project, environ=environ, threads=threads, memory=memory)

    @property
    def config_root(self) -> Path:
        """The folder that holds the configuration."""
        return self.base / CONFIG_FOLDER

    def config_files(self) -> dict[str, str]:
        """Return the text of every configuration file, by its path below the configuration folder."""
        files = sorted(self.config_root.rglob("*.y*ml"))
        return {
            file.relative_to(self.config_root).as_posix(): file.read_text(encoding="utf-8") for file in files
        }

    @property
    def warehouse(self) -> Path:
        """The file of the warehouse."""
        return self.base / self.project.stores.warehouse

    @property
    def settings(self) -> Settings:
        """How the warehouse is to be opened."""
        return Settings(zone=self.project.calendar.zone.key, threads=self.threads, memory=self.memory)

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self._resolved("lake"), base=self.base)

    def ledger(self, *, read_only: bool = False) -> Ledger:
        """
        Open the ledger; the caller closes it. *read_only* needs no right to write.

        Raises:
            LedgerError: If it cannot be opened, or is another project's: entries go by the ids of
                datasets and key results, so that two projects would read each other's numbers.
        """
        ledger = Ledger.open(self._resolved("ledger"), base=self.base, read_only=read_only)
        last = ledger.last("configuration")
        if last is None or last.subject == self.project.id:
            return ledger
        ledger.close()
        raise LedgerError(
            f"the ledger is the one of project {last.subject}, and this is project {self.project.id}",
            mend="give each project a ledger of its own (`store:` in okr.yaml), or this one its name back",
        )

    def writable_warehouse(self) -> Database:
        """Open the warehouse for landing; nobody else can have it open at the same time."""
        readable = [self.base / self._resolved("lake")]
        return Database(self.warehouse, settings=self.settings, readable=readable)

    @contextmanager
    def measuring(self) -> Iterator[tuple[Database, Sandbox]]:
        """Open the warehouse read-only, with a sandbox for whole queries beside it."""
        with (
            Database(self.warehouse, settings=self.settings, read_only=True) as db,
            Sandbox(self.warehouse, settings=self.settings) as sandbox,
        ):
            yield db, sandbox

    def connect(self, source: Source) -> Connector:
        """
        Return the connector of *source*, its secrets resolved.

        Raises:
            ConnectorError: If the connection is not as its kind wants it.
            SecretError: If a secret is not there.
        """
        return registry.connect(source.connector, self.resolved(source.connection), base=self.base)

    def unfinished(self, dataset: str) -> UnfinishedRead:
        """Return where a read of *dataset* that breaks off leaves its place."""
        return UnfinishedRead(self.base / STATE_FOLDER / "unfinished", f"{dataset}.json")

    def resolved(self, written: Mapping[str, object]) -> dict[str, object]:
        """Return *written* with each `env:` and `file:` replaced; SetupError if one is not there."""
        return secrets.resolve(written, environ=self.environ, base=self.base)

    def _resolved(self, store: str) -> str:
        return str(self.resolved({store: getattr(self.project.stores, store)})[store])
