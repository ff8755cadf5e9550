"""A project with files and a database, and what Dagster made of it, for tests of the orchestration."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import dagster as dg
from project_builder import METRICS, ProjectFolder, files_source, keep, reach

from okr_pipeline.orchestration import build_definitions, executor_named


def two_sources(root: Path) -> ProjectFolder:
    """
    Return a written project: `crm` from CSV (hourly) and `shop` from SQLite (a cron line of its own).

    `grow.won` rests on crm, `serve.orders` on shop; it publishes a page and tables. Its cycle is
    over, so its numbers stand still whenever a test runs.
    """
    project = ProjectFolder(root)
    project.okr["publish"] = {"page": {"to": "public/"}, "tables": {"to": "public/", "formats": ["csv"]}}
    checks = {"min_rows": 1, "max_change": "50%", "not_null": ["amount"]}
    project.sources = {
        "crm": files_source({"deals": {"key": ["id"], "checks": checks}}) | {"refresh": "hourly"},
        "shop": {
            "connector": "sql",
            "connection": {"url": "sqlite:///data/shop.db"},
            "refresh": "*/15 8-18 * * 1",
            "datasets": {
                "orders": {
                    "table": "orders",
                    "columns": {"id": "integer", "placed_on": "date"},
                    "key": ["id"],
                },
                "big": {"query": "SELECT * FROM orders WHERE id > 1", "columns": {"id": "integer"}},
            },
        },
    }
    orders = {"dataset": "shop.orders", "value": "count(*)", "time": "placed_on"}
    project.metrics = {"crm": deepcopy(METRICS), "shop": {"orders": orders}}
    project.objectives = {
        "grow": {
            "title": "Grow",
            "owner": "mara@fernhill.example",
            "key_results": {"won": reach("crm.won"), "kept": keep("crm.won", ">= 10")},
        },
        "serve": {
            "title": "Serve",
            "owner": "Support",
            "key_results": {"orders": reach("shop.orders", to=4), "later": {"title": "Later", "keep": "> 1"}},
        },
    }
    write_orders(root, count=2)
    return project.write()


def many(root: Path, *, objectives: int, each: int) -> ProjectFolder:
    """Return a project with this many objectives, with *each* key results; all contribute to the first."""
    project = ProjectFolder(root)
    project.objectives = {}
    folder = project.write().root / "okr_config/objectives/aug"
    folder.mkdir(parents=True)
    line = "      k{}: {{title: T, metric: crm.won, indicator: lagging, from: 0, to: 1000}}\n"
    lines = "".join(line.format(n) for n in range(each))
    for n in range(objectives):
        above = "contributes_to: o0" if n else "level: company"
        head = f"cycle: aug\nobjectives:\n  o{n}:\n    title: T\n    {above}\n    key_results:\n"
        (folder / f"o{n}.yaml").write_text(head + lines, encoding="utf-8")
    return project


def write_orders(root: Path, *, count: int) -> None:
    """Write the shop's database with *count* orders, all placed on 3 August."""
    with sqlite3.connect(root / "data/shop.db") as db:
        db.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, placed_on TEXT)")
        rows = [(n, "2026-08-03") for n in range(1, count + 1)]
        db.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?)", rows)
    db.close()


class InDagster:
    """*project* as Dagster has it, on an instance of its own."""

    def __init__(self, project: ProjectFolder, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.workspace = project.workspace()
        self.definitions = build_definitions(self.workspace, executor=executor_named("in_process"))

    def run(self, job: str) -> dg.ExecuteInProcessResult:
        """Run *job* to its end, whatever that is."""
        resolved = self.definitions.get_repository_def().get_job(job)
        return resolved.execute_in_process(instance=self.instance, raise_on_error=False)


@contextmanager
def in_dagster(project: ProjectFolder) -> Iterator[InDagster]:
    """Give *project* as Dagster has it."""
    with dg.instance_for_test() as instance:
        yield InDagster(project, instance)


def materialized(result: dg.ExecuteInProcessResult) -> list[str]:
    """Return the assets that a run brought up to date, sorted."""
    events = result.filter_events(lambda event: event.is_step_materialization)
    return sorted(e.materialization.asset_key.to_user_string() for e in events)


def failed_checks(result: dg.ExecuteInProcessResult) -> list[str]:
    """Return the asset checks that did not pass in a run, as `asset:check`, sorted."""
    seen = [
        e.event_specific_data
        for e in result.filter_events(lambda e: e.event_type_value == "ASSET_CHECK_EVALUATION")
    ]
    return sorted(f"{e.asset_key.to_user_string()}:{e.check_name}" for e in seen if not e.passed)
