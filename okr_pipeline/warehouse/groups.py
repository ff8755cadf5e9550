"""One value a group: a metric with a dimension, answered by one query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb

from okr_pipeline.expression import compile_value
from okr_pipeline.model.metric import Aggregate, Dataset
from okr_pipeline.model.observation import State
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.direct import answer_of, conditions, failed, load_of, outcome
from okr_pipeline.warehouse.landing import state_at
from okr_pipeline.warehouse.question import NEVER_READ, NO_ROWS, Answer, Ask

MOST_GROUPS = 1_000
NO_NAME = "(empty)"
"""What a group is called whose rows have no value in the column of the dimension."""

_TOO_MANY = Answer(None, State.ERROR, f"more than {MOST_GROUPS:,} groups: choose a coarser dimension")


def answer_groups(db: Database, ask: Ask, measure: Aggregate, dataset: Dataset) -> Answer:
    """
    Return *measure* for each group of its dimension at one cut, in the order of their names.

    Groups are the values of rows under the metric's `where`, of any time up to the window's end: one
    without a row in the window is not forgotten, it has no data; one that begins later is none yet.
    """
    load = load_of(ask, measure)
    if load is None:
        return NEVER_READ
    try:
        rows = db.rows(groups_text(measure, dataset, ask, load=load))
    except duckdb.Error as error:
        return failed(error)
    if len(rows) > MOST_GROUPS:
        return _TOO_MANY
    if not rows:
        return NO_ROWS
    return Answer(None, groups=tuple((row["name"], _answer(row)) for row in rows))


def groups_text(measure: Aggregate, dataset: Dataset, ask: Ask, *, load: int) -> str:
    """Return the SELECT of one row a group: `name`, `present`, and the columns of `outcome`."""
    compiled = compile_value(measure.value)
    results = ", ".join(f'{a.sql} AS "#{i}"' for i, a in enumerate(compiled.aggregations))
    name = f"coalesce(CAST({quoted(str(measure.by))} AS VARCHAR), '{NO_NAME}')"
    state = state_at(dataset.id, load)
    ever = replace(ask.span, start=None, start_on=None) if ask.span else None
    return f"""
        WITH measured AS (
            SELECT name, {outcome(compiled)}
            FROM (SELECT {name} AS name, {results} FROM {state}
                  WHERE {conditions(measure, dataset, ask.span)} GROUP BY ALL)
        )
        SELECT name, m.name IS NOT NULL AS present, value, coalesce(zero_divisor, false) AS zero_divisor
        FROM (SELECT DISTINCT {name} AS name FROM {state}
              WHERE {conditions(measure, dataset, ever)} LIMIT {MOST_GROUPS + 1}) AS g
        LEFT JOIN measured AS m USING (name)
        ORDER BY name"""


def _answer(row: dict[str, Any]) -> Answer:
    return answer_of(row["value"], row["zero_divisor"]) if row["present"] else NO_ROWS
