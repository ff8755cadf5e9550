"""Rules 25 and 26: numbers in the unit of what they are held against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft, Number, ReadKeyResult
from okr_pipeline.config.place import Place
from okr_pipeline.config.rules.goals import direction_of
from okr_pipeline.model.goal import Goal, Manual, Reach, RelativeTarget, Steps


def percentages_meet_percentages(draft: Draft) -> Iterator[Diagnostic]:
    """25. `38%` and `+5 points` belong to metrics with `unit: percent`, and those take no bare 38."""
    for place, read in draft.read_key_results():
        for metric in dict.fromkeys(number.metric for number in read.numbers):
            numbers = [number for number in read.numbers if number.metric == metric]
            unit = _unit(draft, metric, numbers)
            if unit is not None:
                yield from _first_unlike(numbers, unit)
        yield from _points_of_no_percentage(draft, place, read)


def sums_are_of_one_unit(draft: Draft) -> Iterator[Diagnostic]:
    """26. What `roll_up: sum` adds up are numbers of one unit, all to be moved the same way."""
    sums = {name: o.place for name, o in draft.objectives.items() if o.text and o.text.roll_up == "sum"}
    parts: dict[str, list[tuple[Place, ReadKeyResult]]] = {name: [] for name in sums}
    for place, read in draft.read_key_results():
        if read.key_result.objective in parts and not read.key_result.retired:
            parts[read.key_result.objective].append((place, read))
    for name, place in sums.items():
        for here, read in parts[name]:
            if not _can_be_summed(read.goal):
                mend = "give it to another objective, or the objective another `roll_up`"
                yield here.key_problem("OKR325", "`roll_up: sum` cannot add up this kind of goal", mend)
        alike = [read for _, read in parts[name] if _can_be_summed(read.goal)]
        yield from _unlike_sum(draft, alike, place.below("roll_up"))


def _can_be_summed(goal: Goal) -> TypeGuard[Reach | Steps | Manual]:
    return isinstance(goal, Reach | Steps) or (isinstance(goal, Manual) and not goal.score)


def _unlike_sum(draft: Draft, parts: list[ReadKeyResult], place: Place) -> Iterator[Diagnostic]:
    found = [_unit(draft, read.key_result.metric, list(read.numbers)) for read in parts]
    units = list(dict.fromkeys(unit for unit in found if unit is not None))
    ways = {direction_of(read.goal) for read in parts if _can_be_summed(read.goal)}
    if len(units) > 1:
        named = " and ".join(unit or "no unit" for unit in units)
        mend = "sum key results of one unit, or write another `roll_up`"
        yield place.problem("OKR325", f"a sum of unlike units: {named}", mend)
    elif {1, -1} <= ways:
        mend = "sum key results that all rise or all fall, or write another `roll_up`"
        yield place.problem("OKR325", "a sum of numbers that rise and numbers that fall", mend)


def written_unit(numbers: tuple[Number, ...]) -> str:
    """Return the unit of numbers that no metric measures: `percent` if any is one, else none."""
    return "percent" if any(number.amount.percent for number in numbers) else ""


def _unit(draft: Draft, metric: str | None, numbers: list[Number]) -> str | None:
    """Return the unit of *metric*; without one, that of *numbers* if people state them; None if unknown."""
    if metric is not None:
        return draft.unit_of(metric)
    percent = written_unit(tuple(numbers)) == "percent"
    return "percent" if percent else ""


def _first_unlike(numbers: list[Number], unit: str) -> Iterator[Diagnostic]:
    for number in numbers:
        measured = f"`{number.metric}`" if number.metric else "this goal"
        if number.amount.percent and unit != "percent":
            said = f"{measured} is measured in {unit}" if unit else f"{measured} has no unit"
            mend = "write a number in that unit, or declare `unit: percent` at the metric"
            yield number.place.problem("OKR311", f"a percentage, but {said}", mend)
            return
        if unit == "percent" and not number.amount.percent and abs(number.amount.value) > 1:
            mend = "write it with %: 38% is 0.38, 110% is 1.1"
            yield number.place.problem("OKR313", f"{measured} is a percentage, this number is not", mend)
            return


def _points_of_no_percentage(draft: Draft, place: Place, read: ReadKeyResult) -> Iterator[Diagnostic]:
    target = read.goal.target if isinstance(read.goal, Reach) else None
    unit = draft.unit_of(read.key_result.metric)
    if unit in (None, "percent") or not isinstance(target, RelativeTarget) or target.how != "points":
        return
    metric = read.key_result.metric
    said = f"`{metric}` is measured in {unit}" if unit else f"`{metric}` has no unit"
    mend = "write the number to reach, or +15% of the baseline"
    yield place.below("to").problem("OKR312", f"points are for percentages, but {said}", mend)
