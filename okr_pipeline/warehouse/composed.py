"""Metrics made of other metrics: ratios and formulas, computed from answers in one statement a formula."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import duckdb
import pyarrow as pa

from okr_pipeline.expression import Compiled, compile_formula
from okr_pipeline.model.metric import Change, Formula, Ratio
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.direct import answer_of, failed, outcome
from okr_pipeline.warehouse.question import Answer

_NUMBER = pa.decimal128(38, 9)


def inputs_of(measure: Ratio | Formula | Change) -> tuple[str, ...]:
    """Return the metric ids that *measure* is made of, one for each name in it; of a change, now and then."""
    if isinstance(measure, Ratio):
        return measure.of, measure.to
    if isinstance(measure, Change):
        return measure.of, measure.of
    return tuple(measure.inputs.values())


def compose(
    db: Database, measures: Sequence[Ratio | Formula | Change], inputs: Sequence[Sequence[Answer]]
) -> list[Answer]:
    """
    Return each of *measures* from its *inputs*, the answers to its `inputs_of`.

    Where an input has no value, its state and reason are passed on.
    """
    answers: dict[int, Answer] = {}
    complete: dict[Compiled, list[int]] = defaultdict(list)
    for n, (measure, given) in enumerate(zip(measures, inputs, strict=True)):
        if missing := _missing(measure, given):
            answers[n] = missing
        else:
            complete[_compiled(measure)].append(n)
    for compiled, places in complete.items():
        computed = _computed(db, compiled, [inputs[n] for n in places])
        answers |= zip(places, computed, strict=True)
    return [answers[n] for n in range(len(measures))]


def _computed(db: Database, compiled: Compiled, rows: Sequence[Sequence[Answer]]) -> list[Answer]:
    columns = zip(*rows, strict=True)
    numbers = {f"i{i}": pa.array([a.value for a in column], _NUMBER) for i, column in enumerate(columns)}
    table = pa.table({"n": pa.array(range(len(rows)), pa.int64()), **numbers})
    with db.offered(inputs=table):
        try:
            found = db.rows(f"SELECT {outcome(compiled)} FROM inputs ORDER BY n")
        except duckdb.Error as error:
            # One that overflows says nothing of the others.
            alone = rows if len(rows) > 1 else ()
            return [_computed(db, compiled, [row])[0] for row in alone] or [failed(error)]
    return [answer_of(**row) for row in found]


def _compiled(measure: Ratio | Formula | Change) -> Compiled:
    """Return *measure* over `i0`, `i1`, ...: what differs in its inputs alone is computed together."""
    if isinstance(measure, Ratio):
        return Compiled("exact_ratio(i0, i1)", ("i1",))
    if isinstance(measure, Change):
        # A share of what it was, whatever its sign: from -2 to -1 is up.
        return Compiled("exact_ratio(i0 - i1, abs(i1))", ("i1",))
    return _formula(measure.expression, tuple(measure.inputs))


@lru_cache(maxsize=65_536)
def _formula(expression: str, names: tuple[str, ...]) -> Compiled:
    return compile_formula(expression, lambda name: f"i{names.index(name)}")


def _missing(measure: Ratio | Formula | Change, inputs: Sequence[Answer]) -> Answer | None:
    for name, answer in zip(inputs_of(measure), inputs, strict=True):
        if answer.value is None:
            return Answer(None, answer.state, f"{name}: {answer.reason}")
    return None
