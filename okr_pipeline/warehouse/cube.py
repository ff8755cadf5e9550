"""
Day cubes: a dataset grouped once by local day and by the columns its metrics filter on.

Sums and counts over disjoint days and groups add up, so thousands of metrics are answered from a
few thousand cells. A cube stays in the warehouse; a load refreshes only the days it touched.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta

import duckdb

from okr_pipeline.expression import Aggregation, Compiled, compile_value, row_columns
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Aggregate, Dataset
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.landing import landed_extracts, state_at, table_of

# A column with more values than this makes cells as fine as rows: its metrics are asked directly.
_MOST_VALUES = 1_000
_MOST_CELLS_A_DAY = 20_000

# What cells call their own columns; one of the dataset with such a name is asked directly.
_OWN_NAME = re.compile(r"day|[a-z]\d+")
_SAMPLE = 1_000_000

_DAY = 86_400_000_000
_MILLION_DAYS = 1_000_000 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """
    The cells of one dataset by one time column, as they stood after load *load*.

    *groups* are the columns cells are split by; *arguments* what is summed, each as `s<i>` (the
    sum; of `*`, the count of rows) and `n<i>` (how many were not null).
    """

    dataset: Dataset
    time: str
    groups: tuple[str, ...]
    arguments: tuple[str, ...]
    load: int

    @property
    def table(self) -> str:
        """The quoted name of the table that holds the cells."""
        return cube_table(self.dataset.id, self.time)

    def holds(self, measure: Aggregate) -> bool:
        """Whether the cells can answer *measure*."""
        compiled = compile_value(measure.value)
        return (
            compiled.additive
            and filter_columns(measure, compiled) <= set(self.groups)
            and all(cell_argument(a) in self.arguments for a in compiled.aggregations)
        )


def cell_argument(aggregation: Aggregation) -> str:
    """Return what cells sum for *aggregation*; a text, too, can be counted, but not summed."""
    if aggregation.function == "count" and aggregation.argument != "*":
        return f"CASE WHEN {aggregation.argument} IS NOT NULL THEN 1 END"
    return aggregation.argument


def cube_table(dataset: str, time: str) -> str:
    """Return the quoted name of the table for one dataset and time column."""
    return f"cube.{quoted(f'{dataset} by {time}')}"


def filter_columns(measure: Aggregate, compiled: Compiled) -> set[str]:
    """Return every column that decides whether a row counts in *measure*."""
    conditions = [measure.where, *(a.filter for a in compiled.aggregations)]
    return {column for condition in conditions if condition for column in row_columns(condition)}


def refresh_cubes(db: Database, project: Project, datasets: Collection[str]) -> None:
    """Bring the cube of each of *datasets* that has additive flows up to its newest load."""
    extracts = {dataset: landed_extracts(db, dataset) for dataset in datasets}
    db.run("CREATE SCHEMA IF NOT EXISTS cube")
    texts = ", ".join(f"{name} VARCHAR" for name in ("dataset", "time", "wanted", "groups", "arguments"))
    db.run(f"CREATE TABLE IF NOT EXISTS cube._cubes ({texts}, load BIGINT, basis VARCHAR)")
    wanted: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
    for metric in project.metrics.values():
        of = metric.measure
        if isinstance(of, Aggregate) and of.time and extracts.get(of.dataset):
            compiled = compile_value(of.value)
            if compiled.additive:
                groups, arguments = wanted.setdefault((of.dataset, of.time), (set(), set()))
                groups |= filter_columns(of, compiled)
                arguments |= {cell_argument(a) for a in compiled.aggregations}
    for (dataset, time), (groups, arguments) in wanted.items():
        try:
            _refresh(
                db,
                project.datasets[dataset],
                time,
                groups,
                sorted(arguments),
                extracts[dataset],
                project.calendar,
            )
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
            arguments=tuple(json.loads(row["arguments"])),
            load=row["load"],
        )
        for row in db.rows("SELECT * FROM cube._cubes")
        if row["dataset"] in project.datasets
    }


def cells_of(cube: Cube, rows: str, *, day: str) -> str:
    """Return the SELECT that groups *rows*, a relation, into cells; *day* is their local day, in SQL."""
    sums = [
        f"{'count(*)' if argument == '*' else f'sum({argument})'} AS s{i}, count({argument}) AS n{i}"
        for i, argument in enumerate(cube.arguments)
    ]
    groups = [quoted(name) for name in cube.groups]
    return f"SELECT {', '.join([f'{day} AS day', *groups, *sums])} FROM {rows} GROUP BY ALL"


def day_sql(db: Database, dataset: Dataset, time: str, calendar: Calendar) -> str:
    """
    Return the local day of a row, in SQL.

    The zone's offsets are written out: that takes a tenth of the time of converting each instant.
    """
    column = quoted(time)
    if dataset.columns[time] == "date":
        return column
    range_ = db.rows(f"SELECT min({column}) AS first, max({column}) AS last FROM {table_of(dataset.id)}")[0]
    if range_["first"] is None:
        return f"CAST({column} AS DATE)"
    offsets = calendar.offsets(range_["first"].astimezone(UTC), range_["last"].astimezone(UTC))
    shift = f"{_microseconds(offsets[0][1])}"
    for since, offset in offsets[1:]:
        later = f"{column} >= TIMESTAMPTZ '{since.isoformat()}'"
        shift = f"CASE WHEN {later} THEN {_microseconds(offset)} ELSE {shift} END"
    # `//` cuts towards zero: a million days keep everything above it.
    days = f"(epoch_us({column}) + {shift} + {_MILLION_DAYS}) // {_DAY} - 1000000"
    return f"(DATE '1970-01-01' + CAST({days} AS INTEGER))"


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _refresh(
    db: Database,
    dataset: Dataset,
    time: str,
    groups: set[str],
    arguments: list[str],
    extracts: Mapping[int, str],
    calendar: Calendar,
) -> None:
    """Make the cube again from the days that changed; from all rows, where it is of other make."""
    load = max(extracts)
    wanted = json.dumps([sorted(groups), arguments, list(dataset.columns.items()), calendar.zone.key])
    known = db.rows("SELECT * FROM cube._cubes WHERE dataset = $1 AND time = $2", [dataset.id, time])
    old = known[0] if known else None
    same = old is not None and (old["wanted"], old["basis"]) == (wanted, _basis(extracts, old["load"]))
    cube = Cube(
        dataset=dataset,
        time=time,
        groups=tuple(json.loads(old["groups"])) if old and same else _coarse(db, dataset, groups, load=load),
        arguments=tuple(arguments),
        load=load,
    )
    day = day_sql(db, dataset, time, calendar)
    with db.transaction():
        if old and same:
            _refresh_days(db, cube, day, since=old["load"])
        else:
            cells = cells_of(cube, state_at(dataset.id, load), day=day)
            db.run(f"CREATE OR REPLACE TABLE {cube.table} AS {cells}")
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
    rows = f"(SELECT * FROM {state_at(cube.dataset.id, cube.load)} WHERE {day} IN {touched})"
    db.run(f"DELETE FROM {cube.table} WHERE day IN {touched}")
    db.run(f"INSERT INTO {cube.table} {cells_of(cube, rows, day=day)}")


def _coarse(db: Database, dataset: Dataset, groups: set[str], *, load: int) -> tuple[str, ...]:
    """Return those of *groups* that keep cells few, the coarsest first. Only cost depends on it."""
    if not groups:
        return ()
    counts = ", ".join(f"approx_count_distinct({quoted(name)}) AS {quoted(name)}" for name in sorted(groups))
    sample = (
        f"(SELECT {', '.join(map(quoted, sorted(groups)))} FROM {state_at(dataset.id, load)} LIMIT {_SAMPLE})"
    )
    found: dict[str, int] = db.rows(f"SELECT {counts} FROM {sample}")[0]
    kept: list[str] = []
    cells = 1
    for count, name in sorted((count, name) for name, count in found.items()):
        cells *= max(count, 1)
        if count <= _MOST_VALUES and cells <= _MOST_CELLS_A_DAY and not _OWN_NAME.fullmatch(name.lower()):
            kept.append(name)
    return tuple(kept)
