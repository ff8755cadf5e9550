"""Metrics made of other metrics: ratios and formulas, computed from answers in one statement each."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from okr_pipeline.expression import Compiled, compile_formula
from okr_pipeline.model.metric import Formula, Ratio
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.direct import answer_of, failed, outcome
from okr_pipeline.warehouse.question import Answer

_NUMBER = pa.decimal128(38, 9)


def inputs_of(measure: Ratio | Formula) -> tuple[str, ...]:
    """Return the metric ids that *measure* is made of, each once."""
    if isinstance(measure, Ratio):
        return tuple(dict.fromkeys((measure.of, measure.to)))
    return tuple(dict.fromkeys(measure.inputs.values()))


def compose(db: Database, measure: Ratio | Formula, inputs: Sequence[dict[str, Answer]]) -> list[Answer]:
    """
    Return *measure* for each row of *inputs*, which maps metric id to answer.

    Where an input has no value, its state and reason are passed on.
    """
    complete = [row for row in inputs if all(answer.value is not None for answer in row.values())]
    computed = iter(_computed(db, measure, complete))
    return [_missing(row) or next(computed) for row in inputs]


def _computed(db: Database, measure: Ratio | Formula, rows: Sequence[dict[str, Answer]]) -> list[Answer]:
    names = inputs_of(measure)
    columns = {name: pa.array([row[name].value for row in rows], _NUMBER) for name in names}
    table = pa.table({"n": pa.array(range(len(rows)), pa.int64()), **columns})
    with db.offered(inputs=table):
        sql = f"SELECT {outcome(_compiled(measure))} FROM inputs ORDER BY n"
        try:
            return [answer_of(row) for row in db.rows(sql)]
        except duckdb.Error as error:
            # One cut that overflows says nothing of the others.
            return [failed(error)] if len(rows) == 1 else [_computed(db, measure, [row])[0] for row in rows]


def _compiled(measure: Ratio | Formula) -> Compiled:
    if isinstance(measure, Formula):
        return compile_formula(measure.expression, measure.inputs.__getitem__)
    of, to = quoted(measure.of), quoted(measure.to)
    return Compiled(f"exact_ratio({of}, {to})", (to,))


def _missing(row: dict[str, Answer]) -> Answer | None:
    for name, answer in row.items():
        if answer.value is None:
            return Answer(None, answer.state, f"{name}: {answer.reason}")
    return None
