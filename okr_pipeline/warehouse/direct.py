"""One query a question: right for few questions, and the yardstick for every faster way."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from okr_pipeline.expression import Compiled, compile_row, compile_value
from okr_pipeline.model.calendar import Span, Window
from okr_pipeline.model.metric import Aggregate, Dataset
from okr_pipeline.model.observation import State
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.landing import state_at
from okr_pipeline.warehouse.question import (
    FLOATING,
    NEVER_READ,
    NO_NUMBER,
    NO_ROWS,
    OVERFLOW,
    ROW_DIVISOR,
    ZERO_DIVISOR,
    Answer,
    Ask,
)


def answer_directly(db: Database, ask: Ask, measure: Aggregate, dataset: Dataset) -> Answer:
    """Return one aggregate over one dataset at one cut, read from the landed rows."""
    load = load_of(ask, measure)
    if load is None:
        return NEVER_READ
    try:
        row = db.rows(query_text(measure, dataset, ask.span, load=load))[0]
    except duckdb.Error as error:
        return failed(error)
    return answer_of(**row)


def span_of(project: Project, ask: Ask, window: Window) -> Span:
    """Return the stretch of time that *window* covers at the cut of *ask*."""
    cycle = project.cycles[ask.cycle] if ask.cycle else None
    return project.calendar.span(window, cut=ask.cut, cycle=cycle)


def load_of(ask: Ask, measure: Aggregate) -> int | None:
    """Return the load at which *measure* reads its dataset; None if nothing was landed by then."""
    return dict(ask.loads if measure.time else ask.stocks).get(measure.dataset)


def query_text(measure: Aggregate, dataset: Dataset, span: Span | None, *, load: int) -> str:
    """Return the SELECT behind one aggregate: columns `value` and `zero_divisor`, one row."""
    compiled = compile_value(measure.value)
    results = ", ".join(f'{a.sql} AS "#{i}"' for i, a in enumerate(compiled.aggregations))
    where = conditions(measure, dataset, span)
    return (
        f"SELECT {outcome(compiled)}\n"
        f"FROM (SELECT {results}\n"
        f"      FROM {state_at(dataset.id, load)}\n"
        f"      WHERE {where})"
    )


def outcome(compiled: Compiled) -> str:
    """Return the select list that turns results into `value` and `zero_divisor`."""
    return f"nine(exact({compiled.sql})) AS value, ({compiled.zero_divisor}) AS zero_divisor"


def conditions(measure: Aggregate, dataset: Dataset, span: Span | None) -> str:
    """Return the row condition of one aggregate: its `where`, and its stretch of time."""
    parts = [compile_row(measure.where)] if measure.where else []
    if measure.time and span:
        parts.append(within(quoted(measure.time), dataset.columns[measure.time], span))
    return " AND ".join(parts) or "true"


def within(time: str, declared: str, span: Span) -> str:
    """Return the condition that *time*, a date or a timestamp, lies in *span*; empty times never do."""
    if declared == "date":
        lower, upper = span.start_on, f"DATE '{span.end_on}'"
        parts = [f"{time} >= DATE '{lower}'"] if lower else []
    else:
        upper = f"TIMESTAMPTZ '{span.end.isoformat()}'"
        parts = [f"{time} >= TIMESTAMPTZ '{span.start.isoformat()}'"] if span.start else []
    return " AND ".join([*parts, f"{time} < {upper}"])


def answer_of(value: Decimal | None, zero_divisor: bool) -> Answer:
    """Return the answer that the columns of `outcome` tell."""
    if value is not None:
        return Answer(value)
    return ZERO_DIVISOR if zero_divisor else NO_ROWS


def failed(error: duckdb.Error) -> Answer:
    """Say why a statement failed, without its words: they hold values from the rows."""
    if isinstance(error, duckdb.ConversionException) and "string" in str(error).partition("'")[0]:
        return NO_NUMBER
    if isinstance(error, duckdb.OutOfRangeException | duckdb.ConversionException):
        return OVERFLOW
    if isinstance(error, duckdb.InvalidInputException) and "Division by zero" in str(error):
        return ROW_DIVISOR
    if isinstance(error, duckdb.InvalidInputException) and str(error).endswith("floating point"):
        return FLOATING
    if isinstance(error, duckdb.OutOfMemoryException):
        return Answer(None, State.ERROR, "the query needs more memory than it may use")
    return Answer(None, State.ERROR, f"the query cannot run on the landed columns ({type(error).__name__})")
