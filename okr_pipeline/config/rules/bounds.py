"""Rules 23 and 24: bounds that leave room for one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.rules.goals import mixed
from okr_pipeline.model.goal import AllOf, Bounds, Keep


def warnings_lie_inside(draft: Draft) -> Iterator[Diagnostic]:
    """23. `warn` is a tighter band than `keep`, and inside it."""
    for place, read in draft.read_key_results():
        goal = read.goal
        if not isinstance(goal, Keep) or goal.warn is None:
            continue
        here = place.below("warn")
        if goal.warn == goal.bounds:
            yield here.problem("OKR324", "`warn` equals `keep`: it warns of nothing", "write a tighter band")
        elif not _inside(goal.warn, goal.bounds):
            mend = "write a tighter band: what is outside `warn` and inside `keep` is at risk"
            yield here.problem("OKR324", "`warn` reaches outside `keep`", mend)


def conditions_can_hold_together(draft: Draft) -> Iterator[Diagnostic]:
    """24. Where `all_of` names a metric twice, some number meets both conditions."""
    for place, read in draft.read_key_results():
        conditions = read.goal.conditions if isinstance(read.goal, AllOf) else ()
        for number, condition in enumerate(conditions):
            metric = condition.metric
            if mixed([each for each in read.numbers if each.metric == metric]):
                continue
            if any(c.metric == metric and _apart(c.bounds, condition.bounds) for c in conditions[:number]):
                here = place.below("all_of", number, "keep")
                message = f"no value of `{metric}` meets this condition and an earlier one"
                yield here.problem("OKR334", message, "mend the bounds of one of the two")


def _inside(inner: Bounds, outer: Bounds) -> bool:
    """Whether all of *inner* lies in *outer*, and there is anything in it."""
    if inner.low is not None and inner.high is not None:
        strict = not (inner.low_inclusive and inner.high_inclusive)
        if inner.low > inner.high or (inner.low == inner.high and strict):
            return False
    mirrored = (_mirrored(inner), _mirrored(outer))
    return _high_inside(inner, outer) and _high_inside(*mirrored)


def _high_inside(inner: Bounds, outer: Bounds) -> bool:
    if outer.high is None:
        return True
    if inner.high is None or inner.high > outer.high:
        return False
    return inner.high < outer.high or outer.high_inclusive or not inner.high_inclusive


def _apart(one: Bounds, other: Bounds) -> bool:
    """Whether no number lies in both."""
    return _ends_before(one, other) or _ends_before(other, one)


def _ends_before(one: Bounds, other: Bounds) -> bool:
    if one.high is None or other.low is None:
        return False
    if one.high == other.low:
        return not (one.high_inclusive and other.low_inclusive)
    return one.high < other.low


def _mirrored(bounds: Bounds) -> Bounds:
    return replace(
        bounds,
        low=None if bounds.high is None else -bounds.high,
        high=None if bounds.low is None else -bounds.low,
        low_inclusive=bounds.high_inclusive,
        high_inclusive=bounds.low_inclusive,
    )
