"""What the stages hand to one another, from a measurement to everything one run found out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from okr_pipeline.ledger.entry import Draft
from okr_pipeline.model.observation import CheckResult, ObjectiveObservation, Observation, Part
from okr_pipeline.model.report import SourceLine
from okr_pipeline.warehouse.question import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """
    One key result at one cut, before it is held against its goal.

    *gap* says why the data does not reach the cut; None when it does. *newest_at* is the newest
    time in the data, at most the cut. *lost* means that it rests on a load that is gone from
    warehouse and lake. *read_at* is when the longest unread of its datasets was read; a state, by the
    cut. None: nothing was read. *parts* are the answers of its conditions, milestones or groups, by
    name; *answer* has no value then, and the first reason of a part that has none.
    """

    key_result: str
    cut: datetime
    answer: Answer
    gap: str | None
    newest_at: datetime | None
    loads: Mapping[str, int]
    stocks: Mapping[str, int]
    lost: bool = False
    read_at: datetime | None = None
    parts: tuple[tuple[str, Answer], ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """
    The start of one key result: a frozen value, or the reason why there is none yet.

    It holds for days from *since* on; None is from the beginning.
    """

    value: Decimal | None
    reason: str | None = None
    since: date | None = None


Baselines = Mapping[str, tuple[Baseline, ...]]
"""The baselines of key results that declare none as a number, each in order of time."""


@dataclass(frozen=True, slots=True)
class Good:
    """
    An earlier good observation, from the ledger: what a key result falls back on when its source fails.

    *value* is None where it is made of *parts*.
    """

    key_result: str
    cut: datetime
    value: Decimal | None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCycle:
    """
    The cycle that a key result follows: the progress of the one before it, by how many days had begun.

    *closed_at* is its progress at the end of its last day.
    """

    days: int
    progress: tuple[tuple[int, Decimal], ...]
    closed_at: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """
    Everything one run found out, before it is written down. *past* are the days before *now*.

    *late* are key results and cuts whose number changed by rows that came later alone.
    """

    now: Sequence[Observation]
    past: Sequence[Observation]
    objectives: Sequence[ObjectiveObservation]
    sources: Sequence[SourceLine]
    checks: Sequence[CheckResult]
    baselines: Sequence[Draft]
    late: Collection[tuple[str, datetime]] = ()
