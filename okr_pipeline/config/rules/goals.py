"""Rules 15 to 19: goals that can be reached, in the unit of their metric."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Declared, Draft, Goal
from okr_pipeline.config.schema import KeyResultText
from okr_pipeline.config.yaml import UNREADABLE
from okr_pipeline.model.calendar import CycleToDate
from okr_pipeline.model.metric import Aggregate, Formula, Query, Ratio
from okr_pipeline.model.okr import MeasuredOn, Reach, RelativeTarget

DeclaredKeyResult = Declared[KeyResultText, Goal]
MAX_WEIGHT = 10**9


def baseline_differs_from_target(draft: Draft) -> Iterator[Diagnostic]:
    """15. There is a way to go from baseline to target."""
    for declared, reach in _reaches(draft):
        still = isinstance(reach.target, RelativeTarget) and _stands_still(reach.target)
        if still or _target(reach) == reach.baseline:
            mend = 'to stay where you are, write `keep: ">= ..."` instead of `from` and `to`'
            yield declared.place.below("to").problem("OKR310", "the target equals the baseline", mend)


def percentages_meet_percentages(draft: Draft) -> Iterator[Diagnostic]:
    """16. `38%` and `+5 points` belong to metrics with `unit: percent`, and those take no bare 38."""
    for declared in draft.key_results.values():
        unit = draft.unit_of(declared.text.metric) if declared.text else None
        if unit is not None and declared.noun is not None:
            yield from _unit_problem(declared, declared.noun, unit)


def marks_lie_on_their_side(draft: Draft) -> Iterator[Diagnostic]:
    """17. `commit` lies between baseline and target, `stretch` beyond the target."""
    for declared, reach in _reaches(draft):
        target = _target(reach)
        baseline = None if isinstance(reach.baseline, MeasuredOn) else reach.baseline
        if target is None or target == baseline:
            continue
        upward = target > baseline if baseline is not None else None
        if reach.commit is not None and not _between(baseline, reach.commit, target):
            mend = "commit is the part you promise: less of the way than `to`"
            yield declared.place.below("commit").problem(
                "OKR314", "`commit` does not lie between `from` and `to`", mend
            )
        elif reach.stretch is not None:
            if upward is None and reach.commit is not None:
                upward = target > reach.commit
            if reach.stretch == target or (upward is not None and (reach.stretch > target) != upward):
                mend = "stretch is what you would be proud of: more of the way than `to`"
                yield declared.place.below("stretch").problem(
                    "OKR314", "`stretch` does not lie beyond `to`", mend
                )


def weights_lie_in_bounds(draft: Draft) -> Iterator[Diagnostic]:
    """18. A weight is a number above 0 and below a billion: weighted sums stay exact."""
    for declared in draft.key_results.values():
        raw = declared.text.weight if declared.text else None
        if raw is None or raw is UNREADABLE:
            continue
        report: list[Diagnostic] = []
        place = declared.place.below("weight")
        weight = place.parsed(raw, values.amount, "OKR106", report)
        yield from report
        if weight is not None and not 0 < weight.value < MAX_WEIGHT:
            mend = "write 1 for an ordinary key result, 2 for double"
            yield place.problem("OKR315", f"a weight lies above 0 and below {MAX_WEIGHT:,}", mend)


def baseline_dates_fit_the_cycle(draft: Draft) -> Iterator[Diagnostic]:
    """19. A measured baseline lies before the cycle's end, and where its metric has a value at all."""
    for declared, reach in _reaches(draft):
        cycle = draft.cycle_of(declared.id.partition(".")[0])
        if cycle is None or not isinstance(reach.baseline, MeasuredOn):
            continue
        place, on = declared.place.below("from"), reach.baseline.day
        metric = declared.text.metric if declared.text else None
        if on > cycle.end_on:
            message = f"the baseline of {on} lies after the cycle, which ends on {cycle.end_on}"
            yield place.problem("OKR317", message, "name a day before, or the first day of the cycle")
        elif on < cycle.start_on and metric and _counts_from_cycle_start(draft, metric, frozenset()):
            message = (
                f"`{metric}` counts from the cycle's first day, {cycle.start_on}: it has no value on {on}"
            )
            yield place.problem("OKR317", message, "write `from: 0`, or give the metric another window")


def _reaches(draft: Draft) -> Iterator[tuple[DeclaredKeyResult, Reach]]:
    for declared in draft.key_results.values():
        if declared.noun is not None and isinstance(declared.noun.goal, Reach):
            yield declared, declared.noun.goal


def _target(reach: Reach) -> Decimal | None:
    """Return the absolute target; None while it hangs on a baseline that is not measured yet."""
    if not isinstance(reach.target, RelativeTarget):
        return reach.target
    if isinstance(reach.baseline, MeasuredOn):
        return None
    amount = reach.target.amount
    match reach.target.how:
        case "ratio":
            return reach.baseline * (1 + amount)
        case "points":
            return reach.baseline + amount
        case "times":
            return reach.baseline * amount


def _stands_still(target: RelativeTarget) -> bool:
    return target.amount == (1 if target.how == "times" else 0)


def _unit_problem(declared: DeclaredKeyResult, goal: Goal, unit: str) -> Iterator[Diagnostic]:
    percent = unit == "percent"
    metric = declared.text.metric if declared.text else None
    measured = f"`{metric}` is measured in {unit}" if unit else f"`{metric}` has no unit"
    for key, amount in goal.amounts.items():
        if amount.percent and not percent:
            mend = "write a number in that unit, or declare `unit: percent` at the metric"
            yield declared.place.below(key).problem("OKR311", f"a percentage, but {measured}", mend)
            return
        if percent and not amount.percent and abs(amount.value) > 1:
            mend = "write it with %: 38% is 0.38, 110% is 1.1"
            yield declared.place.below(key).problem(
                "OKR313", f"`{metric}` is a percentage, this number is not", mend
            )
            return
    target = goal.goal.target if isinstance(goal.goal, Reach) else None
    if isinstance(target, RelativeTarget) and target.how == "points" and not percent:
        mend = "write the number to reach, or +15% of the baseline"
        yield declared.place.below("to").problem(
            "OKR312", f"points are for percentages, but {measured}", mend
        )


def _between(baseline: Decimal | None, mark: Decimal, target: Decimal) -> bool:
    if baseline is None:
        return mark != target
    return baseline < mark < target or baseline > mark > target


def _counts_from_cycle_start(draft: Draft, metric: str, above: frozenset[str]) -> bool:
    declared = draft.metrics.get(metric)
    noun = declared.noun if declared else None
    if metric in above:
        return False  # a circle, reported by its own rule
    match noun:
        case Aggregate() | Query():
            return isinstance(noun.window, CycleToDate)
        case Ratio(of=of, to=to):
            parts = [of, to]
        case Formula(inputs=inputs):
            parts = list(inputs.values())
        case _:
            return False
    return any(_counts_from_cycle_start(draft, part, above | {metric}) for part in parts)
