"""Goals in a reader's words and numbers: bounds, parts, stages and marks, as they are declared."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.model.goal import (
    AllOf,
    Bounds,
    ClosedAt,
    Condition,
    DatedCurve,
    FindBaseline,
    Goal,
    HeldInGroups,
    HeldOverTime,
    Keep,
    Manual,
    MeasuredOn,
    Milestones,
    OpenTarget,
    Reach,
    RelativeTarget,
    Steps,
)
from okr_pipeline.model.observation import Observation
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.report import Mark, PartLine, Stage
from okr_pipeline.record import decimal_text


def goal_word(goal: Goal) -> str:
    """Return the key by which *goal* is written."""
    match goal:
        case Reach():
            return "reach"
        case Keep():
            return "keep"
        case Steps():
            return "steps"
        case Milestones():
            return "milestones"
        case AllOf():
            return "all_of"
        case Manual():
            return "manual"
        case FindBaseline():
            return "find_baseline"


def keep_text(keep: Bounds, unit: str | None) -> str:
    """Return the bounds of *keep* as a reader writes them: `<= 2.5 %`, `22 to 28 people`."""
    low, high = _bound(keep.low, unit), _bound(keep.high, unit)
    if keep.low is not None and keep.high is not None:
        return f"{low} to {high}{_sign(unit)}"
    if keep.low is not None:
        return f"{'>=' if keep.low_inclusive else '>'} {low}{_sign(unit)}"
    return f"{'<=' if keep.high_inclusive else '<'} {high}{_sign(unit)}"


def held_text(goal: Goal) -> str | None:
    """Return for how much of the time, or in how many groups, *goal* has to hold; None: now alone."""
    match goal:
        case Keep(held=HeldOverTime(period=period, share=share, of=of)):
            periods = f"every {period}" if share == 1 else f"{_percent(share)} of {period}s"
            return f"{periods} of the cycle" if of == "cycle" else periods
        case Keep(held=HeldInGroups(dimension=dimension, share=share)):
            return f"in every {dimension}" if share == 1 else f"in {_percent(share)} of {dimension}"
        case _:
            return None


def warn_text(goal: Goal, unit: str | None) -> str | None:
    """Return the tighter band of a keep; None: there is none."""
    return keep_text(goal.warn, unit) if isinstance(goal, Keep) and goal.warn else None


NOT_TOLD = {"unknown": "not known yet", "private": "private"}
"""Targets that are no number, and say nothing of one."""


def target_text(goal: Goal) -> str | None:
    """Return how a target is written that is no number; None: it is one, or there is none."""
    match goal:
        case Reach(target=OpenTarget(why=why)):
            return NOT_TOLD[why]
        case Reach(target=RelativeTarget(how="ratio", amount=amount)):
            return f"the baseline {_signed(amount * 100)} %"
        case Reach(target=RelativeTarget(how="points", amount=amount)):
            return f"the baseline {_signed(amount * 100)} points"
        case Reach(target=RelativeTarget(amount=amount)):
            return f"{decimal_text(amount)} times the baseline"
        case _:
            return None


def baseline_text(goal: Goal) -> str | None:
    """Return where a baseline comes from; None: it is declared as a number, or there is none."""
    match goal:
        case Reach(baseline=MeasuredOn(day)) | Steps(baseline=MeasuredOn(day)):
            return f"measured for {day}, then frozen"
        case Reach(baseline=ClosedAt(before)) | Steps(baseline=ClosedAt(before)):
            return f"where {before} was closed"
        case _:
            return None


def curve_text(key_result: KeyResult) -> str | None:
    """Return the expected course of *key_result* in words; None: it has none."""
    match key_result.expected, key_result.goal:
        case _, Keep() | AllOf() | FindBaseline() | Reach(target=OpenTarget()):
            return None
        case DatedCurve(points=points), _:
            dated = ", ".join(f"{_percent(share)} by {day}" for day, share in points)
            return f"{dated}, straight between"
        case "last_cycle", _:
            return "as far as the cycle before was by this share of its days"
        case "back_loaded", _:
            return "more of it late: the share of days squared"
        case "front_loaded", _:
            return "more of it early: 1 less the square of the share of days left"
        case None, Steps():
            return "straight from step to step"
        case None, Milestones():
            return "the weight that is due by now"
        case _:
            return "the share of days"


def part_lines(project: Project, key_result: KeyResult, seen: Observation) -> tuple[PartLine, ...]:
    """Return the parts of *key_result* as they were seen, in declared order."""
    match key_result.goal:
        case AllOf(conditions=conditions):
            declared = {str(n): _condition_line(project, str(n), c) for n, c in enumerate(conditions, 1)}
        case Milestones(milestones=milestones):
            declared = {
                m.id: _condition_line(project, m.id, m.done)._replace(
                    title=m.title or m.id, by=m.by, weight=m.weight
                )
                for m in milestones
            }
        case Keep(bounds=bounds, held=HeldInGroups()) if key_result.metric:
            unit = project.metrics[key_result.metric].unit
            keep = keep_text(bounds, unit)
            declared = {p.name: PartLine(p.name, p.name, None, unit, keep, None) for p in seen.parts}
        case _:
            declared = {}
    found = {part.name: part for part in seen.parts}
    return tuple(
        line._replace(value=found[name].value, progress=found[name].progress, reason=found[name].reason)
        if name in found
        else line
        for name, line in declared.items()
    )


def stages(goal: Goal) -> tuple[Stage, ...]:
    """Return the staged targets of *goal*."""
    return tuple(Stage(day, value) for day, value in goal.steps) if isinstance(goal, Steps) else ()


def marks(goal: Goal, seen: Observation) -> tuple[Mark, ...]:
    """Return commit and stretch of *goal*, those that are declared, and whether each is reached."""
    if not isinstance(goal, Reach):
        return ()
    declared = {"commit": goal.commit, "stretch": goal.stretch}
    return tuple(
        Mark(name, mark, _reached(seen, mark)) for name, mark in declared.items() if mark is not None
    )


def _reached(seen: Observation, mark: Decimal) -> bool | None:
    if seen.value is None or seen.baseline is None or seen.target is None:
        return None
    return seen.value <= mark if seen.target < seen.baseline else seen.value >= mark


def _condition_line(project: Project, name: str, condition: Condition | None) -> PartLine:
    if condition is None:
        return PartLine(name, name, None, None, None, None)
    metric = project.metrics[condition.metric]
    return PartLine(
        name, metric.title or metric.id, None, metric.unit, keep_text(condition.bounds, metric.unit), None
    )


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount >= 0 else ''}{decimal_text(amount)}"


def _percent(share: Decimal) -> str:
    return f"{decimal_text(share * 100)} %"


def _bound(bound: Decimal | None, unit: str | None) -> str:
    if bound is None:
        return ""
    return str(decimal_text(bound * 100 if unit == "percent" else bound))


def _sign(unit: str | None) -> str:
    return "" if unit is None else " %" if unit == "percent" else f" {unit}"
