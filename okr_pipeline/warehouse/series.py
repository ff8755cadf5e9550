"""
Additive metrics answered from a cube's cells.

Metrics whose conditions differ in literals alone share one statement: cells are summed along
their days once for each combination of values, and each metric looks up its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from okr_pipeline.expression import Compiled, compile_value
from okr_pipeline.expression.pattern import Pattern, pattern_of
from okr_pipeline.model.calendar import Calendar, Span
from okr_pipeline.model.metric import Aggregate
from okr_pipeline.warehouse.cube import Cube, cells_of
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.direct import answer_of, outcome
from okr_pipeline.warehouse.landing import sql_type, state_at
from okr_pipeline.warehouse.question import Answer, Ask

_BEGINNING = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What metrics must share to share a statement: value, tested columns, the rest, and their cuts."""

    value: str
    columns: tuple[str, ...]
    rest: str | None
    spans: tuple[Span, ...]


def answer_from_cube(
    db: Database, cube: Cube, asks: Sequence[tuple[Aggregate, Ask]], *, calendar: Calendar
) -> dict[Ask, Answer]:
    """
    Return the answers that the cube gives; an ask that it fails on is left out.

    Every ask is placed, reads the cube's load, and `cube.holds` its measure.
    """
    by_metric: dict[str, list[tuple[Aggregate, Ask]]] = defaultdict(list)
    for of, ask in asks:
        by_metric[f"{ask.metric} {ask.cycle}"].append((of, ask))
    shapes: dict[_Shape, list[tuple[Pattern, list[Ask]]]] = defaultdict(list)
    for group in by_metric.values():
        of = group[0][0]
        pattern = pattern_of(of.where, cube.dataset.columns)
        spans = tuple(ask.span for _, ask in group if ask.span)
        shape = _Shape(of.value, pattern.columns, pattern.rest, spans)
        shapes[shape].append((pattern, [ask for _, ask in group]))
    answers: dict[Ask, Answer] = {}
    for shape, metrics in shapes.items():
        answers.update(_answer_shape(db, cube, shape, metrics, calendar))
    return answers


def _answer_shape(
    db: Database, cube: Cube, shape: _Shape, metrics: Sequence[tuple[Pattern, list[Ask]]], calendar: Calendar
) -> dict[Ask, Answer]:
    answers: dict[Ask, Answer] = {}
    wanted = params([pattern for pattern, _ in metrics], shape.columns)
    for source, places in _sources(cube, shape.spans, calendar).items():
        spans = [shape.spans[place] for place in places]
        try:
            with db.offered(params=wanted, cuts=cuts(spans)):
                rows = db.rows(series_sql(cube, source, shape.value, shape.columns, shape.rest))
        except duckdb.Error:
            continue
        for row in rows:
            answers[metrics[row["metric"]][1][places[row["cut"]]]] = answer_of(row)
    return answers


def params(patterns: Sequence[Pattern], columns: Sequence[str]) -> pa.Table:
    """Return one row a metric: its place, and `k<i>`, the value (text) its i-th tested column must have."""
    values = [[value for _, value in pattern.equals] for pattern in patterns]
    keys = {f"k{i}": pa.array([row[i] for row in values], pa.string()) for i in range(len(columns))}
    return pa.table({"metric": pa.array(range(len(patterns)), pa.int64()), **keys})


def cuts(spans: Sequence[Span]) -> pa.Table:
    """Return one row a cut: its place and its days, `[start_on, end_on)`."""
    return pa.table(
        {
            "cut": pa.array(range(len(spans)), pa.int64()),
            "start_on": pa.array([span.start_on or _BEGINNING for span in spans], pa.date32()),
            "end_on": pa.array([span.end_on for span in spans], pa.date32()),
        }
    )


def series_sql(cube: Cube, source: str, value: str, columns: Sequence[str], rest: str | None) -> str:
    """
    Return the SELECT over *source* (cells), `params` and `cuts`: one row a (metric, cut).

    Columns: metric, cut, value, zero_divisor.
    """
    compiled = compile_value(value)
    n = range(len(compiled.aggregations))
    keys = [f"k{i}" for i in range(len(columns))]
    named = [f"{quoted(column)} AS k{i}" for i, column in enumerate(columns)]
    tested = [f"{quoted(column)} IS NOT NULL" for column in columns] + ([rest] if rest else [])
    window = f"OVER ({'PARTITION BY ' + ', '.join(keys) + ' ' if keys else ''}ORDER BY day)"
    running = ", ".join(f"sum(a{i}) {window} AS a{i}, sum(m{i}) {window} AS m{i}" for i in n)
    same = "".join(f" AND e.{key} = r.{key}" for key in keys)
    typed = [f"CAST(p.k{i} AS {sql_type(cube.dataset.columns[column])})" for i, column in enumerate(columns)]
    matches = "".join(f" AND v.k{i} = {key}" for i, key in enumerate(typed))
    places = f"SELECT DISTINCT {', '.join(keys)} FROM days" if keys else "SELECT 1 AS one"
    return f"""
        WITH days AS (
            SELECT day, {", ".join([*named, *_parts(cube, compiled)])}
            FROM {source} WHERE {" AND ".join(tested) or "true"} GROUP BY ALL
        ),
        running AS (SELECT day, {", ".join([*keys, running])} FROM days),
        edges AS (SELECT * FROM ({places}) CROSS JOIN cuts),
        ends AS (
            SELECT e.*, {", ".join(f"r.a{i}, r.m{i}" for i in n)}
            FROM edges e ASOF LEFT JOIN running r ON e.end_on > r.day{same}
        ),
        spans AS (
            SELECT e.* EXCLUDE ({", ".join(f"a{i}, m{i}" for i in n)}), {", ".join(map(_between, n))}
            FROM ends e ASOF LEFT JOIN running r ON e.start_on > r.day{same}
        ),
        valued AS (
            SELECT {", ".join(["cut", *keys])}, {outcome(compiled)}
            FROM (SELECT *, {", ".join(_result(compiled, i) for i in n)} FROM spans)
        ),
        empty AS (
            SELECT {outcome(compiled)}
            FROM (SELECT {", ".join(_nothing(compiled, i) for i in n)})
        )
        SELECT p.metric, c.cut,
               CASE WHEN v.cut IS NULL THEN empty.value ELSE v.value END AS value,
               CASE WHEN v.cut IS NULL THEN empty.zero_divisor ELSE v.zero_divisor END AS zero_divisor
        FROM params p CROSS JOIN cuts c CROSS JOIN empty LEFT JOIN valued v ON v.cut = c.cut{matches}
    """


def _parts(cube: Cube, compiled: Compiled) -> list[str]:
    """Sum the cells of a day: `a<i>` what aggregation i adds up, `m<i>` how many rows it saw."""
    parts = []
    for i, aggregation in enumerate(compiled.aggregations):
        place = cube.arguments.index(aggregation.argument)
        own = f" FILTER (WHERE {aggregation.filter})" if aggregation.filter else ""
        summed = f"s{place}" if aggregation.function == "sum" else f"n{place}"
        parts.append(f"sum({summed}){own} AS a{i}, sum(n{place}){own} AS m{i}")
    return parts


def _between(i: int) -> str:
    """Subtract what was summed before the span from what was summed by its end."""
    return ", ".join(
        f"coalesce(e.{name}, 0) - coalesce(r.{name}, 0) AS {name}" for name in (f"a{i}", f"m{i}")
    )


def _result(compiled: Compiled, i: int) -> str:
    if compiled.aggregations[i].function == "sum":
        return f'CASE WHEN m{i} > 0 THEN a{i} END AS "#{i}"'
    return f'a{i} AS "#{i}"'


def _nothing(compiled: Compiled, i: int) -> str:
    nothing = "CAST(NULL AS DECIMAL(38, 9))" if compiled.aggregations[i].function == "sum" else "0"
    return f'{nothing} AS "#{i}"'


def _sources(cube: Cube, spans: Sequence[Span], calendar: Calendar) -> dict[str, list[int]]:
    """Return the relations of cells, and which of *spans* each answers: a cut within a day needs rows."""
    sources: dict[str, list[int]] = defaultdict(list)
    by_day = cube.dataset.columns[cube.time] == "date"
    for place, span in enumerate(spans):
        whole = by_day or span.end == calendar.midnight(span.end_on)
        sources[cube.table if whole else _cut_within_a_day(cube, span, calendar)].append(place)
    return sources


def _cut_within_a_day(cube: Cube, span: Span, calendar: Calendar) -> str:
    today = calendar.day_of(span.end)
    time = quoted(cube.time)
    first, end = calendar.midnight(today).isoformat(), span.end.isoformat()
    begun = f"{time} >= TIMESTAMPTZ '{first}' AND {time} < TIMESTAMPTZ '{end}'"
    rows = f"(SELECT * FROM {state_at(cube.dataset.id, cube.load)} WHERE {begun})"
    return f"(SELECT * FROM {cube.table} WHERE day < DATE '{today}' UNION ALL BY NAME {cells_of(cube, rows)})"
