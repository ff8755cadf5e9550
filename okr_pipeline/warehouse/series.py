"""
Additive metrics answered from a cube's cells, all in one statement.

Every value expression, every combination of tested values and every stretch of time has a number:
what is asked is three integers. Cells are summed along the days once for each combination; a stretch
of time is what was summed by its end less what was summed before its start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa

from okr_pipeline.expression import Aggregation, Compiled, compile_value
from okr_pipeline.expression.pattern import pattern_of
from okr_pipeline.model.calendar import Calendar, Span, Window
from okr_pipeline.model.metric import Aggregate
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.cube import Cube, cells_of
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.direct import answer_of, outcome, span_of
from okr_pipeline.warehouse.landing import sql_type, state_at
from okr_pipeline.warehouse.question import Answer, Ask

_BEGINNING = date(1, 1, 1)
_WHOLE = pa.int32()

Key = tuple[int, int, int]
"""What is asked of a cube, as the numbers of its value expression, place and span."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What conditions share that differ in values alone: the columns tested for one value, and the rest."""

    columns: tuple[str, ...]
    rest: str | None


class Series:
    """
    The numbers that stand for what is asked of one cube.

    A place is a shape with its tested values, as text. Numbers count from 0 in the order of first use.
    """

    def __init__(self, cube: Cube, project: Project) -> None:
        self.cube = cube
        self._project = project
        self._columns = tuple(cube.dataset.columns.items())
        self._formulas: dict[str, int] = {}
        self._places: dict[tuple[Shape, tuple[str, ...]], int] = {}
        self._spans: dict[Span, int] = {}
        self._flows: dict[tuple[str, str | None, str | None], tuple[int, int] | None] = {}
        self._times: dict[tuple[Window, str | None, datetime], int] = {}

    def key(self, measure: Aggregate, ask: Ask) -> Key | None:
        """Return the numbers of *ask*, a question of *measure*; None if the cells do not hold its answer."""
        if (self.cube.dataset.id, self.cube.load) not in ask.loads or measure.window is None:
            return None
        what, when = (measure.value, measure.where, measure.by), (measure.window, ask.cycle, ask.cut)
        if what not in self._flows:
            self._flows[what] = self.flow(measure) if self.cube.holds(measure) else None
        if when not in self._times:
            self._times[when] = self.span(span_of(self._project, ask, measure.window))
        flow = self._flows[what]
        return None if flow is None else (*flow, self._times[when])

    def flow(self, measure: Aggregate) -> tuple[int, int]:
        """Return the numbers of the value expression and of the place of *measure*, which the cube holds."""
        pattern = pattern_of(measure.where, self._columns)
        place = Shape(pattern.columns, pattern.rest), tuple(value for _, value in pattern.equals)
        formula = self._formulas.setdefault(measure.value, len(self._formulas))
        return formula, self._places.setdefault(place, len(self._places))

    def span(self, span: Span) -> int:
        """Return the number of *span*."""
        return self._spans.setdefault(span, len(self._spans))

    def answers(self, db: Database, keys: Iterable[Key]) -> dict[Key, Answer]:
        """Return the answers that the cube gives; a key that it fails on is left out."""
        spans = [cells_up_to(self.cube, span, self._project.calendar) for span in self._spans]
        by_source: dict[str, list[Key]] = defaultdict(list)
        for key in keys:
            by_source[spans[key[2]]].append(key)
        answers: dict[Key, Answer] = {}
        for source, wanted in by_source.items():
            answers |= self._answered(db, source, wanted)
        return answers

    def _answered(self, db: Database, source: str, wanted: Sequence[Key]) -> dict[Key, Answer]:
        by_formula: dict[int, list[Key]] = defaultdict(list)
        for key in wanted:
            by_formula[key[0]].append(key)
        columns = zip(("formula", "place", "span"), zip(*wanted, strict=True), strict=True)
        table = pa.table({name: pa.array(numbers, _WHOLE) for name, numbers in columns})
        try:
            with db.offered(wanted=table, **self.tables()):
                found = db.read(self.statement(source, by_formula))
        except duckdb.Error:
            # One of them overflows, or the like: by themselves, most still answer.
            alone = by_formula.values() if len(by_formula) > 1 else ()
            return {key: each for keys in alone for key, each in self._answered(db, source, keys).items()}
        rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
        return {(formula, place, span): answer_of(*result) for formula, place, span, *result in rows}

    def tables(self) -> dict[str, pa.Table]:
        """
        Return what `statement` reads beside `wanted`.

        edges: every day on which a span begins or ends, numbered in order. spans: number, and the
        edges it begins and ends at. places: number, shape, and `k<i>`, the text of its i-th tested value.
        """
        days = sorted({day for span in self._spans for day in _days(span)})
        edge = {day: n for n, day in enumerate(days)}
        width = max((len(tested) for _, tested in self._places), default=0)
        shapes = self._shapes()
        return {
            "edges": pa.table(
                {"edge": pa.array(range(len(days)), _WHOLE), "day": pa.array(days, pa.date32())}
            ),
            "spans": pa.table(
                {
                    "span": pa.array(range(len(self._spans)), _WHOLE),
                    "begins": pa.array([edge[_days(span)[0]] for span in self._spans], _WHOLE),
                    "ends": pa.array([edge[_days(span)[1]] for span in self._spans], _WHOLE),
                }
            ),
            "places": pa.table(
                {
                    "place": pa.array(range(len(self._places)), _WHOLE),
                    "shape": pa.array([shapes[shape] for shape, _ in self._places], _WHOLE),
                    **{
                        f"k{i}": pa.array(
                            [dict(enumerate(tested)).get(i) for _, tested in self._places], pa.string()
                        )
                        for i in range(width)
                    },
                }
            ),
        }

    def _shapes(self) -> dict[Shape, int]:
        return {shape: n for n, shape in enumerate(dict.fromkeys(shape for shape, _ in self._places))}

    def statement(self, source: str, formulas: Collection[int]) -> str:
        """
        Return the SELECT that answers `wanted` (formula, place, span; each row once) from *source*, cells.

        Columns: formula, place, span, value, zero_divisor; one row for each of `wanted` whose formula
        is one of *formulas*. It reads `tables()`, too.
        """
        texts = {n: compile_value(text) for text, n in self._formulas.items() if n in formulas}
        sums = _sums(self.cube, texts.values())
        names = list(sums.values())
        between = [f"coalesce(e.{name}, 0) - coalesce(r.{name}, 0) AS {name}" for name in names]
        groups = [quoted(name) for name in self.cube.groups]
        cells = [f"n{i}" for i in range(len(self.cube.counted))] + [
            f"s{i}" for i in range(len(self.cube.summed))
        ]
        moved = [self._moved(shape, n, sums) for shape, n in self._shapes().items()]
        valued = [
            f"""
            SELECT {n} AS formula, place, span, {outcome(compiled)}
            FROM (SELECT place, span, {_results(self.cube, compiled, sums)}
                  FROM stretches JOIN wanted USING (place, span) WHERE formula = {n})"""
            for n, compiled in texts.items()
        ]
        # Everything before an edge has a lower number, so "by its end" is "at a lower edge than it".
        return f"""
        WITH steps AS MATERIALIZED (
            SELECT {", ".join(["edge", *groups, *(f"sum({name}) AS {name}" for name in cells)])}
            FROM {source} AS c ASOF JOIN edges AS e ON c.day >= e.day GROUP BY ALL
        ),
        moved AS ({" UNION ALL ".join(moved)}),
        running AS MATERIALIZED (
            SELECT place, edge, {", ".join(f"sum({name}) OVER along AS {name}" for name in names)}
            FROM moved WINDOW along AS (PARTITION BY place ORDER BY edge)
        ),
        asked AS (SELECT DISTINCT place, span, begins, ends FROM wanted JOIN spans USING (span)),
        ended AS (
            SELECT a.*, {", ".join(f"r.{name}" for name in names)}
            FROM asked AS a ASOF LEFT JOIN running AS r ON a.place = r.place AND a.ends > r.edge
        ),
        stretches AS MATERIALIZED (
            SELECT e.place, e.span, {", ".join(between)}
            FROM ended AS e ASOF LEFT JOIN running AS r ON e.place = r.place AND e.begins > r.edge
        )
        {" UNION ALL ".join(valued)}"""

    def _moved(self, shape: Shape, n: int, sums: dict[str, str]) -> str:
        """Return the SELECT of what each place of *shape* sums from an edge to the next."""
        types = [sql_type(self.cube.dataset.columns[column]) for column in shape.columns]
        # Places of other shapes hold text that is no value of these columns.
        tests = [
            f"{quoted(column)} = TRY_CAST(p.k{i} AS {kind})"
            for i, (column, kind) in enumerate(zip(shape.columns, types, strict=True))
        ]
        where = f"WHERE {shape.rest}" if shape.rest else ""
        return f"""
            SELECT place, edge, {", ".join(f"{sql} AS {name}" for sql, name in sums.items())}
            FROM steps JOIN places AS p ON {" AND ".join([f"p.shape = {n}", *tests])} {where} GROUP BY ALL"""


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


def _days(span: Span) -> tuple[date, date]:
    return span.start_on or _BEGINNING, span.end_on


def _sums(cube: Cube, compiled: Iterable[Compiled]) -> dict[str, str]:
    """Return every sum over cells that values are made of, and the name it goes by."""
    needed = [sql for one in compiled for part in one.aggregations for sql in _parts(cube, part).values()]
    return {sql: f"a{i}" for i, sql in enumerate(dict.fromkeys(needed))}


def _parts(cube: Cube, part: Aggregation) -> dict[str, str]:
    """Return what *part* needs of cells: how many rows it `counted` and, of a sum, what they `summed` to."""
    own = f" FILTER (WHERE {part.filter})" if part.filter else ""
    parts = {"counted": f"sum(n{cube.counted.index(part.argument)}){own}"}
    if part.function == "sum":
        parts["summed"] = f"sum(s{cube.summed.index(part.argument)}){own}"
    return parts


def _results(cube: Cube, compiled: Compiled, sums: dict[str, str]) -> str:
    results = []
    for n, part in enumerate(compiled.aggregations):
        names = {what: sums[sql] for what, sql in _parts(cube, part).items()}
        counted = names["counted"]
        # A count of rows is a BIGINT when asked directly, too: types decide whether a value is exact.
        result = f"CAST({counted} AS BIGINT)"
        if "summed" in names:
            result = f"CASE WHEN {counted} > 0 THEN {names['summed']} END"
        results.append(f'{result} AS "#{n}"')
    return ", ".join(results)
