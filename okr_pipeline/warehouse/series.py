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
from okr_pipeline.warehouse.cube import Cube, cell_argument, cells_of
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.direct import answer_of, outcome
from okr_pipeline.warehouse.landing import sql_type, state_at
from okr_pipeline.warehouse.question import Answer, Ask

_BEGINNING = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """What metrics share that share a statement: value, tested columns, and the rest of the condition."""

    value: str
    columns: tuple[str, ...]
    rest: str | None


def answer_from_cube(
    db: Database, cube: Cube, asks: Sequence[tuple[Aggregate, Ask]], *, calendar: Calendar
) -> dict[Ask, Answer]:
    """
    Return the answers that the cube gives; an ask that it fails on is left out.

    Every ask is placed, reads the cube's load, and `cube.holds` its measure.
    """
    shapes: dict[tuple[Shape, str], list[tuple[Pattern, Ask, Span]]] = defaultdict(list)
    sources: dict[Span, str] = {}
    for of, ask in asks:
        if (span := ask.span) is not None:
            if span not in sources:
                sources[span] = cells_up_to(cube, span, calendar)
            pattern = pattern_of(of.where, cube.dataset.columns)
            shapes[Shape(of.value, pattern.columns, pattern.rest), sources[span]].append((pattern, ask, span))
    answers: dict[Ask, Answer] = {}
    for (shape, source), wanted in shapes.items():
        answers.update(_answer_shape(db, cube, shape, source, wanted))
    return answers


def _answer_shape(
    db: Database, cube: Cube, shape: Shape, source: str, wanted: Sequence[tuple[Pattern, Ask, Span]]
) -> dict[Ask, Answer]:
    spans = list(dict.fromkeys(span for _, _, span in wanted))
    places = {span: place for place, span in enumerate(spans)}
    try:
        with db.offered(
            wanted=wanted_table(
                [pattern for pattern, _, _ in wanted], [places[span] for _, _, span in wanted]
            ),
            cuts=cuts_table(spans),
        ):
            rows = db.rows(series_sql(cube, shape, source))
    except duckdb.Error:
        # One of them overflows, or the like: asked directly, each fails for itself.
        return {}
    return {wanted[row["ask"]][1]: answer_of(row) for row in rows}


def wanted_table(patterns: Sequence[Pattern], cuts: Sequence[int]) -> pa.Table:
    """Return one row an ask: its place, its cut, and `k<i>`, the value (text) its i-th column must have."""
    width = len(patterns[0].equals) if patterns else 0
    keys = {
        f"k{i}": pa.array([pattern.equals[i][1] for pattern in patterns], pa.string()) for i in range(width)
    }
    places = {"ask": pa.array(range(len(patterns)), pa.int64()), "cut": pa.array(cuts, pa.int64())}
    return pa.table(places | keys)


def cuts_table(spans: Sequence[Span]) -> pa.Table:
    """Return one row a cut: its place and its days, `[start_on, end_on)`."""
    return pa.table(
        {
            "cut": pa.array(range(len(spans)), pa.int64()),
            "start_on": pa.array([span.start_on or _BEGINNING for span in spans], pa.date32()),
            "end_on": pa.array([span.end_on for span in spans], pa.date32()),
        }
    )


def series_sql(cube: Cube, shape: Shape, source: str) -> str:
    """
    Return the SELECT over *source* (cells), `wanted` and `cuts`: one row an ask.

    Columns: ask, value, zero_divisor. Cells are summed along their days; a span is what was
    summed by its end less what was summed before its start.
    """
    compiled = compile_value(shape.value)
    n = range(len(compiled.aggregations))
    keys = [f"k{i}" for i in range(len(shape.columns))]
    named = [f"{quoted(column)} AS k{i}" for i, column in enumerate(shape.columns)]
    tested = [f"{quoted(column)} IS NOT NULL" for column in shape.columns] + (
        [shape.rest] if shape.rest else []
    )
    sums = [name for i in n for name in _names(i)]
    window = f"OVER ({'PARTITION BY ' + ', '.join(keys) + ' ' if keys else ''}ORDER BY day)"
    same = "".join(f" AND e.{key} = r.{key}" for key in keys)
    types = [sql_type(cube.dataset.columns[column]) for column in shape.columns]
    matches = "".join(f" AND v.k{i} = CAST(w.k{i} AS {kind})" for i, kind in enumerate(types))
    within = ["day >= (SELECT min(start_on) FROM cuts)", "day < (SELECT max(end_on) FROM cuts)"]
    return f"""
        WITH days AS (
            SELECT {", ".join(["day", *named, *_parts(cube, compiled)])}
            FROM {source} WHERE {" AND ".join([*within, *tested])} GROUP BY ALL
        ),
        running AS (
            SELECT {", ".join(["day", *keys, *(f"sum({name}) {window} AS {name}" for name in sums)])}
            FROM days
        ),
        edges AS (SELECT * FROM (SELECT DISTINCT {", ".join(keys) or "1 AS one"} FROM days) CROSS JOIN cuts),
        ends AS (
            SELECT {", ".join(["e.*", *(f"r.{name}" for name in sums)])}
            FROM edges e ASOF LEFT JOIN running r ON e.end_on > r.day{same}
        ),
        spans AS (
            SELECT {", ".join(["e.cut", *(f"e.{key}" for key in keys), *map(_between, n)])}
            FROM ends e ASOF LEFT JOIN running r ON e.start_on > r.day{same}
        ),
        valued AS (
            SELECT {", ".join(["cut", *keys])}, {outcome(compiled)}
            FROM (SELECT *, {", ".join(_result(compiled, i) for i in n)} FROM spans)
        ),
        empty AS (
            SELECT {outcome(compiled)} FROM (SELECT {", ".join(_nothing(compiled, i) for i in n)})
        )
        SELECT
            w.ask,
            CASE WHEN v.cut IS NULL THEN empty.value ELSE v.value END AS value,
            CASE WHEN v.cut IS NULL THEN empty.zero_divisor ELSE v.zero_divisor END AS zero_divisor
        FROM wanted w CROSS JOIN empty LEFT JOIN valued v ON v.cut = w.cut{matches}
    """


def cells_up_to(cube: Cube, span: Span, calendar: Calendar) -> str:
    """Return the relation of cells that *span* is answered from: a cut within a day needs that day's rows."""
    if cube.dataset.columns[cube.time] == "date" or span.end == calendar.midnight(span.end_on):
        return cube.table
    today, time = calendar.day_of(span.end), quoted(cube.time)
    first, end = calendar.midnight(today).isoformat(), span.end.isoformat()
    begun = f"{time} >= TIMESTAMPTZ '{first}' AND {time} < TIMESTAMPTZ '{end}'"
    rows = f"(SELECT * FROM {state_at(cube.dataset.id, cube.load)} WHERE {begun})"
    return f"(SELECT * FROM {cube.table} WHERE day < DATE '{today}' UNION ALL BY NAME {cells_of(cube, rows)})"


def _parts(cube: Cube, compiled: Compiled) -> list[str]:
    """Sum the cells of a day: `a<i>` what aggregation i adds up, `m<i>` how many rows it saw."""
    parts = []
    for i, aggregation in enumerate(compiled.aggregations):
        place = cube.arguments.index(cell_argument(aggregation))
        own = f" FILTER (WHERE {aggregation.filter})" if aggregation.filter else ""
        summed = f"s{place}" if aggregation.function == "sum" else f"n{place}"
        parts.append(f"sum({summed}){own} AS a{i}, sum(n{place}){own} AS m{i}")
    return parts


def _names(i: int) -> tuple[str, str]:
    return f"a{i}", f"m{i}"


def _between(i: int) -> str:
    return ", ".join(f"coalesce(e.{name}, 0) - coalesce(r.{name}, 0) AS {name}" for name in _names(i))


def _result(compiled: Compiled, i: int) -> str:
    if compiled.aggregations[i].function == "sum":
        return f'CASE WHEN m{i} > 0 THEN a{i} END AS "#{i}"'
    return f'a{i} AS "#{i}"'


def _nothing(compiled: Compiled, i: int) -> str:
    nothing = "CAST(NULL AS DECIMAL(38, 9))" if compiled.aggregations[i].function == "sum" else "0"
    return f'{nothing} AS "#{i}"'
