"""Rules 27 to 31: days that lie in their cycle, in order, and baselines from before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft, ReadKeyResult, full_id
from okr_pipeline.config.place import Place
from okr_pipeline.model.calendar import Cycle, CycleToDate
from okr_pipeline.model.goal import (
    AllOf,
    ClosedAt,
    DatedCurve,
    HeldOverTime,
    Keep,
    Manual,
    MeasuredOn,
    Milestones,
    Reach,
    Steps,
)
from okr_pipeline.model.metric import Aggregate, Formula, Query, Ratio


def baseline_dates_fit_the_cycle(draft: Draft) -> Iterator[Diagnostic]:
    """27. A measured baseline lies before the cycle's end, and where its metric has a value at all."""
    for place, read in draft.read_key_results():
        cycle = draft.cycle_of(read.key_result.id)
        baseline = read.goal.baseline if isinstance(read.goal, Reach | Steps) else None
        if cycle is None or not isinstance(baseline, MeasuredOn):
            continue
        here, on, metric = place.below("from"), baseline.day, read.key_result.metric
        if on > cycle.end_on:
            message = f"the baseline of {on} lies after the cycle, which ends on {cycle.end_on}"
            yield here.problem("OKR317", message, "name a day before, or the first day of the cycle")
        elif on < cycle.start_on and metric and counts_from_cycle_start(draft, metric):
            message = (
                f"`{metric}` counts from the cycle's first day, {cycle.start_on}: it has no value on {on}"
            )
            yield here.problem("OKR317", message, "write `from: 0`, or give the metric another window")


def baselines_are_taken_from_earlier_cycles(draft: Draft) -> Iterator[Diagnostic]:
    """28. `close_of` names a number in the same unit, of a cycle that has ended before."""
    for place, read in draft.read_key_results():
        baseline = read.goal.baseline if isinstance(read.goal, Reach | Steps) else None
        declared = draft.key_results.get(baseline.key_result) if isinstance(baseline, ClosedAt) else None
        if declared is None or declared.noun is None:
            continue
        here, other = place.below("from", "close_of"), declared.noun
        own_cycle, cycle = draft.cycle_of(read.key_result.id), draft.cycle_of(other.key_result.id)
        if own_cycle and cycle and cycle.end_on >= own_cycle.start_on:
            message = f"`{declared.id}` closes with `{cycle.id}`, after `{own_cycle.id}` has started"
            yield here.problem("OKR327", message, "name a key result of an earlier cycle")
        elif (unlike := _unlike(draft, read, other)) is not None:
            yield here.problem("OKR327", unlike, "name one that measures the same, or write a number")


def curves_follow_an_earlier_cycle(draft: Draft) -> Iterator[Diagnostic]:
    """29. `last_cycle` follows a key result of an earlier cycle: its baseline's, or one that it replaces."""
    results = draft.key_results
    if results.open_ended or results.open_groups or any(each.text is None for each in results.values()):
        return
    for place, read in draft.read_key_results():
        if read.key_result.expected == "last_cycle" and not _continues(draft, read):
            message = "`last_cycle`, and no key result of an earlier cycle is continued here"
            there = f"`replaced_by: {read.key_result.id}` in the `retired` of the one before"
            mend = f"write `from: {{close_of: ...}}`, or {there}, or another curve"
            yield place.below("expected").problem("OKR335", message, mend)


def days_lie_in_their_cycle(draft: Draft) -> Iterator[Diagnostic]:
    """30. Steps, milestones, curves, retirements, periods end in their cycle; revisions none after it."""
    for name, objective in draft.objectives.items():
        if objective.noun and objective.noun.retired:
            here = objective.place.below("retired", "on")
            yield from _outside(draft.cycle_of(name), objective.noun.retired.on, here)
    for place, read in draft.read_key_results():
        cycle = draft.cycle_of(read.key_result.id)
        for on, here in _days_of(read, place):
            yield from _outside(cycle, on, here)
        yield from _without_period(draft, read, place)
    for revised in draft.revisions:
        cycle = draft.cycle_of(revised.key_result)
        if cycle and cycle.start_on <= cycle.end_on < revised.revision.on:
            yield from _outside(cycle, revised.revision.on, revised.place.below("on"))


def days_and_shares_ascend(draft: Draft) -> Iterator[Diagnostic]:
    """31. Steps and curves are written in order of time, and the shares of a curve never fall."""
    for place, read in draft.read_key_results():
        if isinstance(read.goal, Steps):
            yield from _disorder([on for on, _ in read.goal.steps], place.below("steps"))
        curve = read.key_result.expected
        if isinstance(curve, DatedCurve):
            here = place.below("expected")
            disorder = list(_disorder([on for on, _ in curve.points], here))
            yield from disorder
            for (_, before), (on, share) in pairwise(() if disorder else curve.points):
                if share < before:
                    mend = "write by each day the share of the whole way: each counts those before"
                    falls = here.below(on.isoformat())
                    yield falls.problem("OKR326", "this share is below the one before", mend)


def _continues(draft: Draft, read: ReadKeyResult) -> bool:
    """Whether *read* has a predecessor, as `followed` looks for it."""
    if isinstance(read.goal, Reach | Steps) and isinstance(read.goal.baseline, ClosedAt):
        return True  # whose cycle is looked at by its own rule
    cycle = draft.cycle_of(read.key_result.id)
    for id, other in draft.key_results.items():
        retired = other.text.retired if other.text else None
        if not retired or not retired.replaced_by:
            continue
        before = draft.cycle_of(id)
        earlier = cycle is None or before is None or before.end_on < cycle.start_on
        if earlier and full_id(retired.replaced_by, id.partition(".")[0]) == read.key_result.id:
            return True
    return False


def _days_of(read: ReadKeyResult, place: Place) -> Iterator[tuple[date, Place]]:
    goal, result = read.goal, read.key_result
    if isinstance(goal, Steps):
        yield from ((on, place.below("steps", on.isoformat())) for on, _ in goal.steps)
    if isinstance(goal, Milestones):
        yield from ((m.by, place.below("milestones", m.id, "by")) for m in goal.milestones)
    if isinstance(result.expected, DatedCurve):
        yield from ((on, place.below("expected", on.isoformat())) for on, _ in result.expected.points)
    if result.retired:
        yield result.retired.on, place.below("retired", "on")


def _without_period(draft: Draft, read: ReadKeyResult, place: Place) -> Iterator[Diagnostic]:
    cycle, calendar, goal = draft.cycle_of(read.key_result.id), draft.settings.calendar, read.goal
    if cycle is None or calendar is None or not isinstance(goal, Keep):
        return
    held = goal.held
    if not isinstance(held, HeldOverTime) or cycle.end_on < cycle.start_on:
        return
    if not calendar.period_ends(held.each, cycle.start_on, cycle.end_on):
        message = f"no {held.each} ends in the cycle `{cycle.id}`, {cycle.start_on} to {cycle.end_on}"
        mend = "name shorter periods: days, weeks or months"
        yield place.below("held").problem("OKR319", message, mend)


def _outside(cycle: Cycle | None, on: date, place: Place) -> Iterator[Diagnostic]:
    if cycle is None or cycle.end_on < cycle.start_on or cycle.start_on <= on <= cycle.end_on:
        return
    message = f"{on} lies outside the cycle `{cycle.id}`, {cycle.start_on} to {cycle.end_on}"
    is_key = place.path[-1] == on.isoformat()
    yield (place.key_problem if is_key else place.problem)("OKR319", message, "write a day of the cycle")


def _disorder(days: list[date], place: Place) -> Iterator[Diagnostic]:
    for before, after in pairwise(days):
        if after < before:
            here = place.below(after.isoformat())
            yield here.key_problem("OKR326", f"{after} stands behind {before}", "write days in order of time")
            return


def _unlike(draft: Draft, own: ReadKeyResult, other: ReadKeyResult) -> str | None:
    """Return why the number of *other* is no baseline for *own*; None if it is one."""
    id = other.key_result.id
    if isinstance(other.goal, AllOf | Milestones) or (isinstance(other.goal, Manual) and other.goal.score):
        return f"`{id}` has no number of its own"
    unit, taken = draft.unit_of(own.key_result.metric), draft.unit_of(other.key_result.metric)
    if unit is None or taken is None or unit == taken:
        return None
    return f"`{id}` is measured in {taken or 'no unit'}, this key result in {unit or 'no unit'}"


def counts_from_cycle_start(draft: Draft, metric: str, above: frozenset[str] = frozenset()) -> bool:
    """Whether *metric*, or anything below it, counts from the first day of its key result's cycle."""
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
    return any(counts_from_cycle_start(draft, part, above | {metric}) for part in parts)
