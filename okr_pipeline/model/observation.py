"""What was measured, what readers saw, and the words for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class State(StrEnum):
    """Whether an observation carries a value, and if not, what kind of absence it is."""

    OK = "ok"
    STALE = "stale"  # carries the last good value
    NO_DATA = "no_data"
    INVALID = "invalid"
    ERROR = "error"


class Status(StrEnum):
    """The one word a reader acts on."""

    REACHED = "reached"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    STALE = "stale"
    NO_DATA = "no_data"
    NOT_STARTED = "not_started"
    MEASURING = "measuring"  # looks for its baseline
    NO_TARGET = "no_target"  # the target is private, or nobody knows it yet


class Cause(StrEnum):
    """Why an observation differs from the one recorded before it for the same as-of."""

    FIRST = "first"
    DATA = "data"  # rows that had been read were amended or taken away
    LATE_DATA = "late_data"  # rows came later, and nothing that had been read changed
    MANUAL = "manual"
    DEFINITION = "definition"
    TARGET = "target"
    BASELINE = "baseline"  # it, or the cycle that is followed, became known or was revised
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    One part of a key result at one as-of: a condition, a milestone, or a group of a dimension.

    *name* is the condition's number, the milestone's id, or the group's value; *progress* is 1 where
    it is met, else 0, None where it cannot be told.
    """

    name: str
    value: Decimal | None
    progress: Decimal | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    One key result at one as-of: a value, or a state that says why there is none.

    *value*, *baseline*, *target* are in the metric's unit; *progress*, *expected* and *gap* are
    ratios with nine places (1 is 100 %). A stale observation carries the last good value and, in
    *carried_from*, the as-of it was good at. *low* and *high* are the bounds of a `keep`, and
    *outside_since* the first day of the cycle on which it was not inside. *raw_status* is what the
    policy said, where it has not held long enough to be published (None: it is the status).
    *parts* are its conditions, milestones or groups, in order; empty for one number.
    *loads* names the landing load each dataset was read at for rows placed in time, *stocks* the
    load for the state of a dataset at the cut; with *config*, *newest_at* and *cause* they say where
    the number comes from. Two observations are equal if they say the same, wherever it comes from.
    """

    key_result: str
    as_of: datetime
    state: State
    status: Status
    definition: str
    reason: str | None = None
    value: Decimal | None = None
    baseline: Decimal | None = None
    target: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    progress: Decimal | None = None
    expected: Decimal | None = None
    gap: Decimal | None = None
    raw_status: Status | None = None
    parts: tuple[Part, ...] = ()
    outside_since: date | None = None
    carried_from: datetime | None = None
    newest_at: datetime | None = field(default=None, compare=False)
    read_at: datetime | None = field(default=None, compare=False)
    loads: Mapping[str, int] = field(default_factory=dict, compare=False)
    stocks: Mapping[str, int] = field(default_factory=dict, compare=False)
    config: str = field(default="", compare=False)
    cause: Cause = field(default=Cause.FIRST, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveObservation:
    """
    One objective at one as-of, rolled up from its key results.

    *counted* of *declared* parts had a progress; *progress* None means none had. Of the others,
    *measuring* look for their baseline, *no_target* have none told, and *no_data* no observation;
    *retired* ones are not declared any more. *expected* is what was expected of the counted parts (None
    where one of them has no curve), *value*, *baseline* and *target* the sums of a `sum`.
    """

    objective: str
    progress: Decimal | None
    status: Status
    counted: int
    declared: int
    expected: Decimal | None = None
    value: Decimal | None = None
    baseline: Decimal | None = None
    target: Decimal | None = None
    no_data: int = 0
    measuring: int = 0
    no_target: int = 0
    retired: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check of one dataset: what was expected and what was seen, in counts, never in values."""

    check: str
    dataset: str
    expected: str
    observed: str
    passed: bool
