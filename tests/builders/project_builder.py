"""Projects for tests: a folder with YAML and CSV in it, and a sync of it at any instant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from okr_pipeline.ledger.entry import Entry, Head
from okr_pipeline.model.observation import Observation
from okr_pipeline.run import Run
from okr_pipeline.sync import Synced, sync
from okr_pipeline.workspace import Workspace

NOON = datetime(2026, 8, 10, 10, tzinfo=UTC)
"""Noon in Berlin, on the tenth day of the cycle."""

COLUMNS = {"id": "string", "amount": "decimal(18,2)", "won": "boolean", "closed_on": "date"}
DEALS = [
    "id,amount,won,closed_on",
    "a,100.10,true,2026-08-01",
    "b,200.20,false,2026-08-02",
    "c,300.30,true,2026-08-05",
    "d,50,true,2026-08-09",
]
METRICS: dict[str, dict[str, Any]] = {
    "won": {"dataset": "crm.deals", "value": "sum(amount)", "where": "won", "time": "closed_on"},
    "open": {"dataset": "crm.deals", "value": "sum(amount)", "where": "won IS NOT TRUE"},
}


def day(number: int, *, hour: int = 10) -> datetime:
    """Return an instant on day *number* of the cycle, noon in Berlin unless *hour* (UTC) says otherwise."""
    return datetime(2026, 8, 1, hour, tzinfo=UTC) + timedelta(days=number - 1)


def reach(metric: str, **more: Any) -> dict[str, Any]:
    """Return a key result from 0 to 1000, unless *more* says otherwise; `start` and `to` are its ends."""
    ends = {"from": more.pop("start", 0), "to": more.pop("to", 1000)}
    return {"title": metric, "metric": metric, "indicator": "lagging", **ends, **more}


def keep(metric: str, bounds: str) -> dict[str, Any]:
    """Return a key result that keeps *metric* within *bounds*."""
    return {"title": metric, "metric": metric, "indicator": "lagging", "keep": bounds}


class ProjectFolder:
    """
    A project under *root*: source `crm` with dataset `deals`, two metrics, one objective `grow`.

    The cycle is August 2026 in Berlin. Attributes are what the YAML will hold; change them, then
    `write`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.okr: dict[str, Any] = {
            "project": "tiny",
            "timezone": "Europe/Berlin",
            "cycles": {"aug": {"start": "2026-08-01", "end": "2026-08-31"}},
        }
        self.sources: dict[str, Any] = {"crm": files_source({"deals": {"key": ["id"]}})}
        self.metrics: dict[str, Any] = {"crm": deepcopy(METRICS)}
        self.key_results: dict[str, Any] = {"won": reach("crm.won")}
        self.objectives: dict[str, Any] | None = None
        self.csv("crm/deals", DEALS)

    @property
    def dataset(self) -> dict[str, Any]:
        """The declaration of `crm.deals`."""
        found: dict[str, Any] = self.sources["crm"]["datasets"]["deals"]
        return found

    def csv(self, name: str, lines: Iterable[str]) -> Path:
        """Write *lines* as the CSV file that dataset *name* (`source/dataset`) reads."""
        path = self.root / "data" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def write(self) -> ProjectFolder:
        """Write the configuration anew."""
        objectives = self.objectives
        if objectives is None:
            objectives = {"grow": {"title": "Grow", "key_results": self.key_results}}
        config = self.root / "okr_config"
        _yaml(config / "okr.yaml", self.okr)
        for name, source in self.sources.items():
            _yaml(config / f"sources/{name}.yaml", source)
        for name, metrics in self.metrics.items():
            _yaml(config / f"metrics/{name}.yaml", {"metrics": metrics})
        if objectives:
            cycle = {"cycle": "aug", "objectives": objectives}
            _yaml(config / "objectives/aug/company.yaml", cycle)
        return self

    def workspace(self, **more: Any) -> Workspace:
        """Load the project as it is written."""
        return Workspace.load(self.root, environ=more.pop("environ", {}), **more)

    def sync_at(
        self,
        at: datetime = NOON,
        *,
        recorded_at: datetime | None = None,
        accept: Collection[str] = (),
        **more: Any,
    ) -> Synced:
        """Write the configuration, and sync at *at*, written down a minute later unless told otherwise."""
        self.write()
        with (workspace := self.workspace(**more)).ledger() as ledger:
            run = Run(ledger=ledger, as_of=at, recorded_at=recorded_at or at + timedelta(minutes=1))
            return sync(workspace, run, accept=accept)

    def seen_at(self, at: datetime = NOON, **more: Any) -> dict[str, Observation]:
        """Sync at *at*, and return what each key result came to."""
        return seen(self.sync_at(at, **more))

    def head(self) -> Head:
        """Return the newest entry of the ledger."""
        with self.workspace().ledger() as ledger:
            return ledger.head()

    def entries(self, kind: str) -> list[Entry]:
        """Return every ledger entry of *kind*."""
        with self.workspace().ledger() as ledger:
            return list(ledger.entries(kind))

    def history(self) -> dict[tuple[str, datetime], Mapping[str, Any]]:
        """Return what was last said of every key result at every instant."""
        with self.workspace().ledger() as ledger:
            found = ledger.latest("observation").items()
            return {place: entry.body["says"] for place, entry in found}  # type: ignore[misc]


def files_source(datasets: Mapping[str, Mapping[str, Any]], *, name: str = "crm") -> dict[str, Any]:
    """Return a files source of CSV *datasets* with the columns of deals, unless they say otherwise."""
    made = {
        id: {"path": f"{name}/{id}.csv", "columns": dict(COLUMNS), **declared}
        for id, declared in datasets.items()
    }
    return {"connector": "files", "connection": {"root": "data"}, "datasets": made}


def seen(synced: Synced) -> dict[str, Observation]:
    """Return what each key result came to, by its name without the objective."""
    return {o.key_result.partition(".")[2]: o for o in synced.snapshot.key_results}


def _yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
