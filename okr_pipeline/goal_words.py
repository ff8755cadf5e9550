"""Goals in a reader's words and numbers: bounds, parts, stages and marks, as they are declared."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.model.observation import Observation
from okr_pipeline.model.okr import (
    AllOf,
    Bounds,
    Condition,
    FindBaseline,
    Goal,
    HeldInGroups,
    HeldOverTime,
    Keep,
    KeyResult,
    Manual,
    Milestones,
    Project,
    Reach,
    Steps,
)
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
        case Keep(held=HeldOverTime(each=each, share=share, of=of)):
            periods = f"every {each}" if share == 1 else f"{_percent(share)} of {each}s"
            return f"{periods} of the cycle" if of == "cycle" else periods
        case Keep(held=HeldInGroups(dimension=dimension, share=share)):
            return f"in every {dimension}" if share == 1 else f"in {_percent(share)} of {dimension}"
        case _:
            return None


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
    return tuple(Mark(name, mark, _reached(seen, mark)) for name, mark in declared.items() if mark is not None)


def _reached(seen: Observation, mark: Decimal) -> bool | None:
    if seen.value is None or seen.baseline is None or seen.target is None:
        return None
    return seen.value <= mark if seen.target < seen.baseline else seen.value >= mark


def _condition_line(project: Project, name: str, condition: Condition | None) -> PartLine:
    if condition is None:
        return PartLine(name, name, None, None, None, None)
    metric = project.metrics[condition.metric]
    return PartLine(name, metric.title or metric.id, None, metric.unit, keep_text(condition.bounds, metric.unit), None)


def _percent(share: Decimal) -> str:
    return f"{decimal_text(share * 100)} %"


def _bound(bound: Decimal | None, unit: str | None) -> str:
    if bound is None:
        return ""
    return str(decimal_text(bound * 100 if unit == "percent" else bound))


def _sign(unit: str | None) -> str:
    return "" if unit is None else " %" if unit == "percent" else f" {unit}"
