"""What is asked of the warehouse, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from okr_pipeline.model.calendar import Span
from okr_pipeline.model.observation import State

Loads = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """
    One metric at one cut.

    *cycle* is the id of the cycle whose first day a `cycle_to_date` window counts from. *loads*
    names the load at which each dataset is read for rows placed in time, *stocks* the load for
    its state at the cut, both as sorted pairs; a dataset without one was not landed by then. Its
    state at an earlier cut goes by `<dataset>@<cut>`.
    """

    metric: str
    cycle: str | None
    cut: datetime
    loads: Loads = ()
    stocks: Loads = ()
    span: Span | None = field(default=None, compare=False)


def state_name(dataset: str, cut: datetime) -> str:
    """Return what the state of *dataset* at an earlier *cut* goes by in the stocks of a question."""
    return f"{dataset}@{cut:%Y-%m-%dT%H:%M:%SZ}"


def dataset_in(name: str) -> str:
    """Return the dataset whose state goes by *name* in the stocks of a question."""
    return name.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A value with nine places, or the state and reason why there is none.

    *groups* are the answers of a metric with a dimension, by the name of the group, in order: it has
    no value of its own.
    """

    value: Decimal | None
    state: State = State.OK
    reason: str | None = None
    groups: tuple[tuple[str, Answer], ...] = ()


NO_ROWS = Answer(None, State.NO_DATA, "no rows match")
ZERO_DIVISOR = Answer(None, State.NO_DATA, "denominator is zero")
NEVER_READ = Answer(None, State.NO_DATA, "nothing was read by then")
OVERFLOW = Answer(
    None, State.INVALID, "the value, or a step on the way to it, has too many digits to be exact"
)
NO_NUMBER = Answer(None, State.INVALID, "a cell cannot be cast to the type that is asked for")
FLOATING = Answer(None, State.INVALID, "it comes out as a floating-point number; cast its parts to decimal")
ROW_DIVISOR = Answer(None, State.INVALID, "a row divides by zero")
