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

from okr_pipeline.expression import Aggregation, Compiled, compile_value
from okr_pipeline.expression.pattern import Pattern, pattern_of
from okr_pipeline.model.calendar import Calendar, Span
from okr_pipeline.model.metric import Aggregate
from okr_pipeline.warehouse.cube import Cube, cell_argument, cells_of
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.direct import answer_of, outcome
from okr_pipeline.warehouse.landing import sql_type, state_at
from okr_pipeline.warehouse.question import Answer, Ask

_BEGINNING = date(1, 1, 1)


# Up to this many cuts, each sums its own cells; beyond, cells are summed along their days once.
_FEW_CUTS = 8


@dataclass(frozen=True, slots=True)
class Shape:
    """What metrics share that share a statement: the columns tested for one value, and the rest."""

    columns: tuple[str, ...]
    rest: str | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One ask with its measure's value expression, its condition and its span."""

    ask: Ask
    value: str
    pattern: Pattern
    span: Span


def answer_from_cube(
    db: Database, cube: Cube, asks: Sequence[tuple[Aggregate, Ask]], *, calendar: Calendar
) -> dict[Ask, Answer]:
    """
    Return the answers that the cube gives; an ask that it fails on is left out.

    Every ask is placed, reads the cube's load, and `cube.holds` its measure.
    """
    shapes: dict[tuple[Shape, str], list[_Wanted]] = defaultdict(list)
    sources: dict[Span, str] = {}
    columns = tuple(cube.dataset.columns.items())
    for of, ask in asks:
        if (span := ask.span) is not None:
            if span not in sources:
                sources[span] = cells_up_to(cube, span, calendar)
            pattern = pattern_of(of.where, columns)
            shape = Shape(pattern.columns, pattern.rest)
            shapes[shape, sources[span]].append(_Wanted(ask, of.value, pattern, span))
    answers: dict[Ask, Answer] = {}
    for (shape, source), wanted in shapes.items():
        answers.update(_answer_shape(db, cube, shape, source, wanted))
    return answers


def _answer_shape(
    db: Database, cube: Cube, shape: Shape, source: str, wanted: Sequence[_Wanted]
) -> dict[Ask, Answer]:
    values = {value: place for place, value in enumerate(dict.fromkeys(w.value for w in wanted))}
    spans = {span: place for place, span in enumerate(dict.fromkeys(w.span for w in wanted))}
    table = wanted_table(
        [w.pattern for w in wanted],
        values=[values[w.value] for w in wanted],
        cuts=[spans[w.span] for w in wanted],
    )
    sql = series_sql(cube, shape, source, list(values), few=len(spans) <= _FEW_CUTS)
    try:
        with db.offered(wanted=table, cuts=cuts_table(list(spans))):
            answers = {wanted[row["ask"]].ask: answer_of(row) for row in db.rows(sql)}
        unmatched = {w.value for w in wanted if w.ask not in answers}
        without = {value: answer_of(db.rows(_without_rows(value))[0]) for value in unmatched}
    except duckdb.Error:
        # One of them overflows, or the like: asked directly, each fails for itself.
        return {}
    return {w.ask: answers[w.ask] if w.ask in answers else without[w.value] for w in wanted}


def wanted_table(patterns: Sequence[Pattern], *, values: Sequence[int], cuts: Sequence[int]) -> pa.Table:
    """
    Return one row an ask: its place, `formula` (the place of its value expression), its cut, and
    `k<i>`, the value (text) that its i-th tested column must have.
    """
    width = len(patterns[0].equals) if patterns else 0
    tested = [[pattern.equals[i][1] for pattern in patterns] for i in range(width)]
    return pa.table(
        {
            "ask": pa.array(range(len(patterns)), pa.int64()),
            "formula": pa.array(values, pa.int32()),
            "cut": pa.array(cuts, pa.int64()),
            **{f"k{i}": pa.array(column, pa.string()) for i, column in enumerate(tested)},
        }
    )


def cuts_table(spans: Sequence[Span]) -> pa.Table:
    """Return one row a cut: its place and its days, `[start_on, end_on)`."""
    return pa.table(
        {
            "cut": pa.array(range(len(spans)), pa.int64()),
            "start_on": pa.array([span.start_on or _BEGINNING for span in spans], pa.date32()),
            "end_on": pa.array([span.end_on for span in spans], pa.date32()),
        }
    )


def series_sql(cube: Cube, shape: Shape, source: str, values: Sequence[str], *, few: bool) -> str:
    """
    Return the SELECT over *source* (cells), `wanted` and `cuts`: one row an ask that any cell matches.

    Columns: ask, value, zero_divisor.
    """
    types = [sql_type(cube.dataset.columns[column]) for column in shape.columns]
    matches = "".join(f" AND v.k{i} = CAST(w.k{i} AS {kind})" for i, kind in enumerate(types))
    return f"""
        WITH {valued_sql(cube, shape, source, values, few=few)}
        SELECT w.ask, v.value, v.zero_divisor
        FROM wanted AS w JOIN valued AS v ON v.formula = w.formula AND v.cut = w.cut{matches}
    """


def valued_sql(cube: Cube, shape: Shape, source: str, values: Sequence[str], *, few: bool) -> str:
    """
    Return the common table expression `valued` over *source* (cells) and `cuts`.

    Grain: one row a (formula, cut, combination of tested values that occurs). Columns: formula,
    cut, k<i>, value, zero_divisor.
    """
    compiled = [compile_value(value) for value in values]
    parts = list(dict.fromkeys(a for one in compiled for a in one.aggregations))
    keys = [f"k{i}" for i in range(len(shape.columns))]
    named = [f"{quoted(column)} AS k{i}" for i, column in enumerate(shape.columns)]
    tested = [f"{quoted(column)} IS NOT NULL" for column in shape.columns]
    where = " AND ".join([*tested, *([shape.rest] if shape.rest else [])]) or "true"
    sums = [_part(cube, part, i) for i, part in enumerate(parts)]
    spans = _each_cut if few else _along_days
    names = [name for i in range(len(parts)) for name in (f"a{i}", f"m{i}")]
    places = ", ".join(["cut", *keys])
    valued = []
    for n, one in enumerate(compiled):
        results = f"SELECT {places}, {_results(one, parts)} FROM spans"
        valued.append(f"SELECT {n} AS formula, {places}, {outcome(one)} FROM ({results})")
    return f"""
        {spans(source, where, keys=keys, named=named, sums=sums, names=names)},
        valued AS ({" UNION ALL ".join(valued)})
    """


def _each_cut(
    source: str, where: str, *, keys: list[str], named: list[str], sums: list[str], names: list[str]
) -> str:
    """Return `spans` for few cuts: the cells of each summed for itself."""
    return f"""spans AS (
            SELECT {", ".join(["c.cut", *named, *sums])}
            FROM {source} JOIN cuts AS c ON day >= c.start_on AND day < c.end_on
            WHERE {where} GROUP BY ALL
        )"""


def _along_days(
    source: str, where: str, *, keys: list[str], named: list[str], sums: list[str], names: list[str]
) -> str:
    """Return `spans` for many cuts: what was summed by its end less what was summed before its start."""
    window = f"OVER ({'PARTITION BY ' + ', '.join(keys) + ' ' if keys else ''}ORDER BY day)"
    same = "".join(f" AND e.{key} = r.{key}" for key in keys)
    running = [f"sum({name}) {window} AS {name}" for name in names]
    between = [f"coalesce(e.{name}, 0) - coalesce(r.{name}, 0) AS {name}" for name in names]
    within = "day >= (SELECT min(start_on) FROM cuts) AND day < (SELECT max(end_on) FROM cuts)"
    return f"""days AS (
            SELECT {", ".join(["day", *named, *sums])} FROM {source} WHERE {within} AND {where} GROUP BY ALL
        ),
        running AS (
            SELECT {", ".join(["day", *keys, *running])} FROM days
        ),
        edges AS (SELECT * FROM (SELECT DISTINCT {", ".join(keys) or "1 AS one"} FROM days) CROSS JOIN cuts),
        ends AS (
            SELECT {", ".join(["e.*", *(f"r.{name}" for name in names)])}
            FROM edges AS e ASOF LEFT JOIN running AS r ON e.end_on > r.day{same}
        ),
        spans AS (
            SELECT {", ".join(["e.cut", *(f"e.{key}" for key in keys), *between])}
            FROM ends AS e ASOF LEFT JOIN running AS r ON e.start_on > r.day{same}
        )"""


def cells_up_to(cube: Cube, span: Span, calendar: Calendar) -> str:
    """Return the relation of cells that *span* is answered from: a cut within a day needs that day's rows."""
    if cube.dataset.columns[cube.time] == "date" or span.end == calendar.midnight(span.end_on):
        return cube.table
    today, time = calendar.day_of(span.end), quoted(cube.time)
    first, end = calendar.midnight(today).isoformat(), span.end.isoformat()
    begun = f"{time} >= TIMESTAMPTZ '{first}' AND {time} < TIMESTAMPTZ '{end}'"
    rows = f"(SELECT * FROM {state_at(cube.dataset.id, cube.load)} WHERE {begun})"
    begun_cells = cells_of(cube, rows, day=f"DATE '{today}'")
    return f"(SELECT * FROM {cube.table} WHERE day < DATE '{today}' UNION ALL BY NAME {begun_cells})"


def _part(cube: Cube, part: Aggregation, i: int) -> str:
    """Sum cells: `a<i>` what the i-th aggregation adds up, `m<i>` how many rows it saw."""
    place = cube.arguments.index(cell_argument(part))
    own = f" FILTER (WHERE {part.filter})" if part.filter else ""
    summed = f"s{place}" if part.function == "sum" else f"n{place}"
    return f"sum({summed}){own} AS a{i}, sum(n{place}){own} AS m{i}"


def _results(compiled: Compiled, parts: Sequence[Aggregation]) -> str:
    results = []
    for n, aggregation in enumerate(compiled.aggregations):
        i = parts.index(aggregation)
        summed, counted = f"CASE WHEN m{i} > 0 THEN a{i} END", f"coalesce(a{i}, 0)"
        results.append(f'{summed if aggregation.function == "sum" else counted} AS "#{n}"')
    return ", ".join(results)


def _without_rows(value: str) -> str:
    """Return the SELECT of what a value expression gives where no row matches: sums are null, counts 0."""
    compiled = compile_value(value)
    nothing = {"sum": "CAST(NULL AS DECIMAL(38, 9))", "count": "0"}
    results = [f'{nothing[a.function]} AS "#{n}"' for n, a in enumerate(compiled.aggregations)]
    return f"SELECT {outcome(compiled)} FROM (SELECT {', '.join(results)})"
