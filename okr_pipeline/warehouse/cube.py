"""
Day cubes: a dataset grouped once by local day and by the columns its metrics filter on.

Sums and counts over disjoint days and groups add up, so thousands of metrics are answered from a
few thousand cells. A cube stays in the warehouse; a load refreshes only the days it touched.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from okr_pipeline.expression import compile_value, row_columns
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Aggregate, Dataset
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.landing import landed_extracts, table_of
from okr_pipeline.warehouse.local_day import by_hours, day_sql

# A column with more values than this makes cells as fine as rows: its metrics are asked directly.
_MOST_VALUES = 1_000
_MOST_CELLS_A_DAY = 20_000

# What cells, and what is worked out from them, call their own columns: one of the dataset with such a name
# is asked directly.
_OWN_NAME = re.compile(r"day|edge|place|shape|[a-z]\d+")
_SAMPLE = 200_000

# Cubes are made at the newest load. To test for that one, as `state_at` does, takes a tenth of the time.
_NEWEST = "_to_load IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """
    The cells of one dataset by one time column, as they stood after load *load*.

    *groups* are the columns cells are split by. *counted* are the arguments of aggregates, each with
    `n<i>`, how many of its rows are not null (of `*`: all); *summed* those of sums, with `s<i>`, their sum.
    """

    dataset: Dataset
    time: str
    groups: tuple[str, ...]
    counted: tuple[str, ...]
    summed: tuple[str, ...]
    load: int

    @property
    def table(self) -> str:
        """The quoted name of the table that holds the cells."""
        return cube_table(self.dataset.id, self.time)

    def holds(self, measure: Aggregate) -> bool:
        """Whether the cells can answer *measure*."""
        return (
            measure.by is None
            and compile_value(measure.value).additive
            and filter_columns(measure) <= set(self.groups)
            and counted_in(measure) <= set(self.counted)
            and summed_in(measure) <= set(self.summed)
        )


def counted_in(measure: Aggregate) -> set[str]:
    """Return the arguments that cells count: by them a sum over no rows is told from a sum of 0."""
    return {a.argument for a in compile_value(measure.value).aggregations}


def summed_in(measure: Aggregate) -> set[str]:
    """Return the arguments that cells sum; a text can be counted, but not summed."""
    return {a.argument for a in compile_value(measure.value).aggregations if a.function == "sum"}


def filter_columns(measure: Aggregate) -> set[str]:
    """Return every column that decides whether a row counts in *measure*."""
    conditions = [measure.where, *(a.filter for a in compile_value(measure.value).aggregations)]
    return {column for condition in conditions if condition for column in row_columns(condition)}


def cube_table(dataset: str, time: str) -> str:
    """Return the quoted name of the table for one dataset and time column."""
    return f"cube.{quoted(f'{dataset} by {time}')}"


def refresh_cubes(db: Database, project: Project, datasets: Collection[str]) -> None:
    """Bring the cube of each of *datasets* that has additive flows up to its newest load."""
    extracts = {dataset: landed_extracts(db, dataset) for dataset in datasets}
    db.run("CREATE SCHEMA IF NOT EXISTS cube")
    texts = ", ".join(f"{name} VARCHAR" for name in ("dataset", "time", "wanted", "groups", "arguments"))
    db.run(f"CREATE TABLE IF NOT EXISTS cube._cubes ({texts}, load BIGINT, basis VARCHAR)")
    flows: dict[tuple[str, str], list[Aggregate]] = {}
    for metric in project.metrics.values():
        of = metric.measure
        if not (isinstance(of, Aggregate) and of.time and extracts.get(of.dataset)):
            continue
        if compile_value(of.value).additive:
            flows.setdefault((of.dataset, of.time), []).append(of)
    for (dataset, time), additive in flows.items():
        try:
            _refresh(db, project.datasets[dataset], time, additive, extracts[dataset], project.calendar)
        except duckdb.Error:
            # A row divides by zero, a sum overflows: asked directly, the metric at fault fails alone.
            db.run("DELETE FROM cube._cubes WHERE dataset = $1 AND time = $2", [dataset, time])


def read_cubes(db: Database, project: Project) -> dict[tuple[str, str], Cube]:
    """Return the cubes there are, by dataset and time column."""
    if not db.rows("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'cube' AND table_name = '_cubes'"):
        return {}
    return {
        (row["dataset"], row["time"]): Cube(
            dataset=project.datasets[row["dataset"]],
            time=row["time"],
            groups=tuple(json.loads(row["groups"])),
            counted=tuple(json.loads(row["arguments"])[0]),
            summed=tuple(json.loads(row["arguments"])[1]),
            load=row["load"],
        )
        for row in db.rows("SELECT * FROM cube._cubes")
        if row["dataset"] in project.datasets
    }


def cells_of(cube: Cube, rows: str, *, day: str) -> str:
    """Return the SELECT that groups *rows*, a relation, into cells; *day* is their local day, in SQL."""
    counts = [f"count({argument}) AS n{i}" for i, argument in enumerate(cube.counted)]
    sums = [f"sum({argument}) AS s{i}" for i, argument in enumerate(cube.summed)]
    groups = [quoted(name) for name in cube.groups]
    return f"SELECT {', '.join([f'{day} AS day', *groups, *counts, *sums])} FROM {rows} GROUP BY ALL"


def _refresh(
    db: Database,
    dataset: Dataset,
    time: str,
    flows: Sequence[Aggregate],
    extracts: Mapping[int, str],
    calendar: Calendar,
) -> None:
    """Make the cube again from the days that changed; from all rows, where it is of other make."""
    load = max(extracts)
    groups: set[str] = set().union(*map(filter_columns, flows))
    arguments = [sorted(set().union(*map(each, flows))) for each in (counted_in, summed_in)]
    wanted = json.dumps([sorted(groups), arguments, list(dataset.columns.items()), calendar.zone.key])
    known = db.rows("SELECT * FROM cube._cubes WHERE dataset = $1 AND time = $2", [dataset.id, time])
    old = known[0] if known else None
    same = old is not None and (old["wanted"], old["basis"]) == (wanted, _basis(extracts, old["load"]))
    cube = Cube(
        dataset=dataset,
        time=time,
        groups=tuple(json.loads(old["groups"])) if old and same else _coarse(db, dataset, groups),
        counted=tuple(arguments[0]),
        summed=tuple(arguments[1]),
        load=load,
    )
    day = day_sql(db, dataset, time, calendar)
    with db.transaction():
        if old and same:
            _refresh_days(db, cube, day, since=old["load"])
        else:
            rows, day = by_hours(db, dataset, time, day) or (table_of(dataset.id), day)
            cells = cells_of(cube, f"{rows} WHERE {_NEWEST}", day=day)
            db.run(f"CREATE OR REPLACE TABLE {cube.table} AS {cells}")
            db.run("DROP TABLE IF EXISTS temp.hours")
        db.run("DELETE FROM cube._cubes WHERE dataset = $1 AND time = $2", [dataset.id, time])
        made = [wanted, json.dumps(cube.groups), json.dumps(arguments), load, _basis(extracts, load)]
        db.run("INSERT INTO cube._cubes VALUES ($1, $2, $3, $4, $5, $6, $7)", [dataset.id, time, *made])


def _basis(extracts: Mapping[int, str], load: int) -> str:
    """Return a hash of everything landed up to *load*: equal for equal rows, whoever landed them."""
    landed = [extract for number, extract in sorted(extracts.items()) if number <= load]
    return hashlib.sha256(json.dumps(landed).encode()).hexdigest()


def _refresh_days(db: Database, cube: Cube, day: str, *, since: int) -> None:
    """Make the days again that rows opened or closed by the loads after *since* lie in, old and new."""
    if since == cube.load:
        return
    changed = f"_from_load > {since:d} OR _to_load > {since:d}"
    touched = f"(SELECT DISTINCT {day} AS day FROM {table_of(cube.dataset.id)} WHERE {changed})"
    rows = f"{table_of(cube.dataset.id)} WHERE {_NEWEST} AND {day} IN {touched}"
    db.run(f"DELETE FROM {cube.table} WHERE day IN {touched}")
    db.run(f"INSERT INTO {cube.table} {cells_of(cube, rows, day=day)}")


def _coarse(db: Database, dataset: Dataset, groups: set[str]) -> tuple[str, ...]:
    """Return those of *groups* that keep cells few, the coarsest first. Only cost depends on it."""
    if not groups:
        return ()
    counts = ", ".join(f"approx_count_distinct({quoted(name)}) AS {quoted(name)}" for name in sorted(groups))
    sample = f"(SELECT {', '.join(map(quoted, sorted(groups)))} FROM {table_of(dataset.id)} LIMIT {_SAMPLE})"
    found: dict[str, int] = db.rows(f"SELECT {counts} FROM {sample}")[0]
    kept: list[str] = []
    cells = 1
    for count, name in sorted((count, name) for name, count in found.items()):
        cells *= max(count, 1)
        if count <= _MOST_VALUES and cells <= _MOST_CELLS_A_DAY and not _OWN_NAME.fullmatch(name.lower()):
            kept.append(name)
    return tuple(kept)
