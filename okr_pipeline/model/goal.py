"""What a key result is held against: every kind of goal, and the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """A baseline that is measured for *day*, once, and then frozen in the ledger."""

    day: date


@dataclass(frozen=True, slots=True)
class ClosedAt:
    """A baseline taken over: the value at which key result *key_result* of an earlier cycle was closed."""

    key_result: str


Start = Decimal | MeasuredOn | ClosedAt


@dataclass(frozen=True, slots=True)
class RelativeTarget:
    """
    A target counted from the baseline.

    `ratio`: baseline x (1 + amount) (+15% is 0.15). `points`: baseline + amount (+5 points is
    0.05). `times`: baseline x amount (x2 is 2).
    """

    how: Literal["ratio", "points", "times"]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpenTarget:
    """A target that is not told: `unknown` (nobody knows it yet) or `private` (not written here)."""

    why: Literal["unknown", "private"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    Move from a baseline to a target. *commit* and *stretch* are marks below and above it.

    A declared *direction* must agree with baseline and target; None is inferred from them.
    """

    baseline: Start
    target: Decimal | RelativeTarget | OpenTarget
    commit: Decimal | None = None
    stretch: Decimal | None = None
    direction: Literal["up", "down"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Stay inside. None is no bound on that side; *..._inclusive* says if equal is inside."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True


HeldPeriod = Literal["day", "week", "month", "quarter", "fiscal_month", "fiscal_quarter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOverTime:
    """
    Inside at the ends of at least *share* of all *each* (1 is every one).

    *of* says which are counted: those that ended by the cut (`so_far`), or all of the cycle. One
    without an observation is not inside. `Period` ends that lie in the cycle count.
    """

    each: HeldPeriod
    share: Decimal = Decimal(1)
    of: Literal["so_far", "cycle"] = "so_far"

    @property
    def period(self) -> str:
        """One of them in words: `fiscal month`."""
        return self.each.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldInGroups:
    """Inside in at least *share* of the groups of *dimension*, the metric's `by` (1 is every group)."""

    dimension: str
    share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """
    Stay inside *bounds*. *warn* is a tighter band: between the two is at risk.

    *held* None asks for now alone.
    """

    bounds: Bounds
    warn: Bounds | None = None
    held: HeldOverTime | HeldInGroups | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Staged targets: *steps* are days of the cycle with the number to have by then, in order of time."""

    baseline: Start
    steps: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A metric that must lie inside *bounds*."""

    metric: str
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One thing to have done *by* a day. *done* None means that a check-in says so, by its id."""

    id: str
    by: date
    done: Condition | None
    weight: Decimal = Decimal(1)
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """Things to have done, each with its weight and its day, in declared order."""

    milestones: tuple[Milestone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Conditions that must hold together, in declared order."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """
    A number that people state in check-ins, from *baseline* to *target*.

    A *score* is stated as 0..1 itself. A statement older than *fresh_for* is stale.
    """

    baseline: Decimal = Decimal(0)
    target: Decimal = Decimal(1)
    score: bool = False
    fresh_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class FindBaseline:
    """Learn where the metric stands: no target yet, and so no progress."""


Goal = Reach | Keep | Steps | Milestones | AllOf | Manual | FindBaseline


@dataclass(frozen=True, slots=True)
class DatedCurve:
    """Expected shares of the way by the end of days, straight between; the last is the cycle's last day."""

    points: tuple[tuple[date, Decimal], ...]


Expected = Literal["linear", "back_loaded", "front_loaded", "last_cycle"] | DatedCurve
"""The way to be on by a day. A `Steps` goal runs through its steps unless another is declared."""
