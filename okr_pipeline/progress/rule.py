"""What a key result is judged by: its expected curve, drawn over days, and its status policy, as one rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from okr_pipeline.findings import PastCycle
from okr_pipeline.model.calendar import Cycle
from okr_pipeline.model.goal import (
    AllOf,
    DatedCurve,
    FindBaseline,
    Goal,
    Keep,
    Milestone,
    Milestones,
    OpenTarget,
    Reach,
    Steps,
)
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.policy import Policy
from okr_pipeline.ninths import LARGEST, ONE, ninths

Segment = tuple[int, int, int, int]
"""`(from_at, to_at, from_share, to_share)`: straight over (from_at, to_at]."""

# Further than any day, in days.
_FAR = 4_000_000
_LARGEST_STEP = LARGEST // 10**6
_LARGEST_TURN = 10**6
"""How many times its end a cycle may have been at, and still be a course to follow."""

Shape = Literal["straight", "back_loaded", "front_loaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One row of `rules` in `progress.sql`, with its segments.

    Days are ordinals. *is_band* is inside or outside, and has no curve. Any other without *segments* is
    one whose curve cannot be drawn.
    """

    is_band: bool
    policy: Policy
    start_at: int
    length: int
    last_at: int
    shape: Shape = "straight"
    whole: int = 1
    unit: int = 1
    segments: tuple[Segment, ...] = ()


def rule_of(
    key_result: KeyResult, *, cycle: Cycle, policy: Policy, baseline: Decimal | None, past: PastCycle | None
) -> Rule:
    """
    Return the rule of *key_result*.

    *baseline* places the steps of staged targets (None: not known). *past* is the cycle that
    `last_cycle` follows (None: there is none).
    """
    first, last = cycle.start_on.toordinal(), cycle.end_on.toordinal()
    start = first if policy.day_count == "from_zero" else first - 1
    rule = Rule(
        is_band=_is_band(key_result.goal), policy=policy, start_at=start, length=last - start, last_at=last
    )
    if rule.is_band:
        return rule
    match key_result.expected, key_result.goal:
        case DatedCurve(points=points), _:
            shares = [(day, ninths(share)) for day, share in points]
            return _drawn(rule, shares, whole=ONE)
        case "last_cycle", _:
            return rule if past is None else _followed(rule, past)
        case ("linear" | "back_loaded" | "front_loaded") as shape, _:
            return _straight(rule, "straight" if shape == "linear" else shape)
        case None, Steps(steps=steps):
            return _staged(rule, steps, baseline)
        case None, Milestones(milestones=milestones):
            return _due(rule, milestones)
        case _:
            return _straight(rule, "straight")


def _is_band(goal: Goal) -> bool:
    """Whether *goal* is met or not: bounds to keep, conditions, or nothing to reach yet."""
    match goal:
        case Keep() | AllOf() | FindBaseline() | Reach(target=OpenTarget()):
            return True
        case _:
            return False


def _straight(rule: Rule, shape: Shape) -> Rule:
    return _through(rule, [(rule.start_at, 0), (rule.last_at, 1)], shape=shape)


def _drawn(rule: Rule, points: Sequence[tuple[date, int]], *, whole: int) -> Rule:
    """Draw the curve through *points*, straight between them; after the last of them all is expected."""
    dated = [(day.toordinal(), share) for day, share in points]
    if not dated or dated[-1][0] < rule.last_at:
        dated.append((rule.last_at, whole))
    before = [] if dated[0][0] <= rule.start_at else [(rule.start_at, 0)]
    return _through(rule, [*before, *dated], whole=whole)


def _staged(rule: Rule, steps: Sequence[tuple[date, Decimal]], baseline: Decimal | None) -> Rule:
    if baseline is None or not steps:
        return rule
    begin = ninths(baseline)
    points = [(day, ninths(step) - begin) for day, step in steps]
    if any(abs(gone) >= _LARGEST_STEP for _, gone in points) or points[-1][1] == 0:
        return rule
    return _drawn(rule, points, whole=points[-1][1])


def _due(rule: Rule, milestones: Sequence[Milestone]) -> Rule:
    """Expect the weight of each milestone from its day on."""
    weights = [(m.by.toordinal(), ninths(m.weight)) for m in milestones]
    days = sorted({day for day, _ in weights})
    points = [(days[0] - 1, 0)]
    for day in days:
        if day - 1 > points[-1][0]:
            points.append((day - 1, points[-1][1]))
        points.append((day, sum(weight for by, weight in weights if by <= day)))
    return _through(rule, points, whole=points[-1][1])


def _followed(rule: Rule, past: PastCycle) -> Rule:
    """Expect, at each share of the cycle, the share of its end that *past* had at the same."""
    whole = ninths(past.closed_at)
    if whole <= 0 or whole >= _LARGEST_STEP:
        return rule
    points = [
        (rule.start_at * past.days + elapsed * rule.length, ninths(progress))
        for elapsed, progress in past.progress
        if 0 < elapsed < past.days
    ]
    if any(abs(share) > min(whole * _LARGEST_TURN, _LARGEST_STEP) for _, share in points):
        return rule
    ends = [(rule.start_at * past.days, 0), *points, (rule.last_at * past.days, whole)]
    return _through(rule, ends, whole=whole, unit=past.days)


def _through(
    rule: Rule,
    points: Sequence[tuple[int, int]],
    *,
    whole: int = 1,
    unit: int = 1,
    shape: Shape = "straight",
) -> Rule:
    """Return *rule* with the curve through *points*, which ascend, and flat before and after them."""
    far = _FAR * unit
    segments = [(a, b, share, until) for (a, share), (b, until) in pairwise(points) if a < b]
    (first, share), (last, until) = points[0], points[-1]
    if first == last:  # a cycle of one day, counted from zero: it is over when it begins
        first = last = first - unit
    flat = [(-far, first, share, share), *segments, (last, far, until, until)]
    return replace(rule, shape=shape, whole=whole, unit=unit, segments=tuple(flat))
