"""Whether targets fit the past, and the way to them: OKRL21 to OKRL27."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from okr_pipeline.lint.advice import Found, GoalThen, Rule, Seen, about
from okr_pipeline.model.calendar import CycleToDate
from okr_pipeline.model.goal import DatedCurve, Reach, RelativeTarget, Steps
from okr_pipeline.model.metric import Aggregate, Query
from okr_pipeline.model.okr import KeyResult

_LEAST_HISTORY = timedelta(days=27)


def no_baseline(seen: Seen) -> Iterator[Found]:
    """Yield key results that start from 0 although their metric does not start at 0 with the cycle."""
    for key_result in seen.open_key_results():
        if (
            isinstance(key_result.goal, Reach | Steps)
            and key_result.goal.baseline == 0
            and not _starts_at_zero(seen, key_result)
        ):
            yield about(key_result, "`from: 0`, and nothing says that the metric starts there")


def too_far(seen: Seen) -> Iterator[Found]:
    """Yield targets that ask for many times the largest move the metric ever made in as many days."""
    for key_result, asked, largest in _moves(seen):
        if largest is not None and asked > seen.profile.unlikely_moves * largest:
            times = (
                "it never moved" if largest == 0 else f"that is {asked / largest:.0f} times its largest move"
            )
            yield about(key_result, f"the target is far from what the metric did in as many days: {times}")


def leap(seen: Seen) -> Iterator[Found]:
    """Yield targets without a history whose relative move is very large."""
    told = {kr.id for kr, _, largest in _moves(seen) if largest is not None}
    for key_result in seen.open_key_results():
        way = _way(key_result)
        if key_result.id in told or way is None or way[0] == 0:
            continue
        if (share := abs((way[1] - way[0]) / way[0])) >= seen.profile.leap and way[1] > way[0]:
            yield about(key_result, f"the target is {share * 100:.0f} % above where it starts")


def sandbagging(seen: Seen) -> Iterator[Found]:
    """Yield targets that the metric reaches without being asked."""
    for key_result, asked, largest in _moves(seen):
        if largest and asked < seen.profile.sandbag_moves * largest:
            yield about(key_result, "the metric moved much further in as many days before")
    for key_result in seen.open_key_results():
        newest, cycle = seen.past.newest.get(key_result.id), seen.project.cycle_of(key_result)
        early = 4 * cycle.elapsed_days(seen.today) <= cycle.days
        if early and newest and newest.progress is not None and newest.progress >= 1 and _way(key_result):
            yield about(key_result, "it is reached in the first quarter of its cycle")


def changed_often(seen: Seen) -> Iterator[Found]:
    """Yield key results whose goal was changed again and again in their cycle."""
    for key_result in seen.open_key_results():
        changes = len(_goals_in_cycle(seen, key_result)) - 1
        if changes > seen.profile.changes:
            noun = "time" if changes == 1 else "times"
            yield about(key_result, f"its goal was changed {changes} {noun} in this cycle")


def eased_late(seen: Seen) -> Iterator[Found]:
    """Yield targets that came nearer in the last third of the cycle."""
    for key_result in seen.open_key_results():
        cycle = seen.project.cycle_of(key_result)
        goals = _goals_in_cycle(seen, key_result)
        for before, after in pairwise(goals):
            ways = [_recorded_way(goal.goal) for goal in (before, after)]
            late = 3 * cycle.elapsed_days(after.on) > 2 * cycle.days
            if late and ways[0] is not None and ways[1] is not None and ways[1] < ways[0]:
                yield about(key_result, f"its target was eased on {after.on}, in the last third of the cycle")


def short_curve(seen: Seen) -> Iterator[Found]:
    """Yield committed key results whose curve ends before their target."""
    for key_result in seen.open_key_results():
        curve, committed = key_result.expected, key_result.aspiration == "committed"
        if committed and isinstance(curve, DatedCurve) and (end := curve.points[-1][1]) < 1:
            share = f"{(end * 100).normalize():f} %"
            yield about(key_result, f"its curve ends at {share}: who stops there is on plan")


def _starts_at_zero(seen: Seen, key_result: KeyResult) -> bool:
    if key_result.metric is None:
        return False
    match seen.project.metrics[key_result.metric].measure:
        case Aggregate(window=window) | Query(window=window):
            return isinstance(window, CycleToDate)
        case _:
            return False


def _way(key_result: KeyResult) -> tuple[Decimal, Decimal] | None:
    """Return declared start and end; None where either is measured, taken over or not told."""
    goal = key_result.goal
    if isinstance(goal, Steps) and isinstance(goal.baseline, Decimal):
        return goal.baseline, goal.steps[-1][1]
    if not isinstance(goal, Reach) or not isinstance(goal.baseline, Decimal):
        return None
    match goal.target:
        case Decimal():
            return goal.baseline, goal.target
        case RelativeTarget(how="ratio", amount=amount):
            return goal.baseline, goal.baseline * (1 + amount)
        case RelativeTarget(how="points", amount=amount):
            return goal.baseline, goal.baseline + amount
        case RelativeTarget(how="times", amount=amount):
            return goal.baseline, goal.baseline * amount
        case _:
            return None


def _moves(seen: Seen) -> Iterator[tuple[KeyResult, Decimal, Decimal | None]]:
    """
    Yield key results with the move they ask for and the largest one their metric made in a cycle's days.

    None is less than four weeks of history. What counts from the cycle's start always moves: it is
    left out.
    """
    for key_result in seen.open_key_results():
        way = _way(key_result)
        if way is None or key_result.metric is None or _starts_at_zero(seen, key_result):
            continue
        days = seen.project.cycle_of(key_result).days
        yield (
            key_result,
            abs(way[1] - way[0]),
            _largest_move(seen.past.values.get(key_result.metric, ()), days),
        )


def _largest_move(values: Sequence[tuple[date, Decimal]], days: int) -> Decimal | None:
    """Return the largest difference up to *days* apart, stretched to *days* where the past is shorter."""
    if not values or values[-1][0] - values[0][0] < _LEAST_HISTORY:
        return None
    largest = Decimal(0)
    for i, (day, value) in enumerate(values):
        within = [v for d, v in values[i:] if (d - day).days <= days]
        largest = max(largest, max(within) - value, value - min(within))
    past_days = (values[-1][0] - values[0][0]).days
    return largest * max(Decimal(days) / past_days, Decimal(1))


def _goals_in_cycle(seen: Seen, key_result: KeyResult) -> list[GoalThen]:
    cycle = seen.project.cycle_of(key_result)
    goals = seen.past.goals.get(key_result.id, ())
    before = [goal for goal in goals if goal.on < cycle.start_on][-1:]
    return [*before, *(goal for goal in goals if cycle.start_on <= goal.on <= cycle.end_on)]


def _recorded_way(goal: Mapping[str, object]) -> Decimal | None:
    """Return how far a recorded goal asked to go; None where it is not from a number to a number."""
    baseline, target = goal.get("baseline"), goal.get("target")
    if not isinstance(baseline, str) or not isinstance(target, str):
        return None
    return abs(Decimal(target) - Decimal(baseline))


RULES = (
    Rule(
        code="OKRL21",
        title="No baseline",
        reason="Without knowing where you stand, half of the way may be behind you already.",
        example="`from: auto` measures it on the first day; `find_baseline: true` where nobody knows yet.",
        find=no_baseline,
    ),
    Rule(
        code="OKRL22",
        title="Ambition out of line with the metric's own history",
        reason="A metric that never moved by 1 % will not move by 10 % because a file says so.",
        example="Aim at a few times the largest move so far, or say in `note` what changes the game.",
        find=too_far,
    ),
    Rule(
        code="OKRL23",
        title="A leap without a history",
        reason="A multiple of today's number is a wish until something shows that it moves at all.",
        example="`find_baseline: true` for a cycle, or `commit:` at the promise, `stretch:` at the leap.",
        find=leap,
    ),
    Rule(
        code="OKRL24",
        title="Sandbagging",
        reason="A target that comes by itself teaches that targets are for looking good.",
        example="Ask for what you reach in seven of ten cases, and say so: `aspiration: aspirational`.",
        find=sandbagging,
    ),
    Rule(
        code="OKRL25",
        title="A goal that is changed often",
        reason="A target that follows the number is a forecast: nothing can be learned from meeting it.",
        example="Change it once, with a `revisions:` entry that says what was learned.",
        find=changed_often,
    ),
    Rule(
        code="OKRL26",
        title="A target that is eased late",
        reason="Eased in the last weeks, a miss becomes a success on paper, and the lesson is gone.",
        example="Leave it, miss it, and write down at the close what you learned.",
        find=eased_late,
    ),
    Rule(
        code="OKRL27",
        title="A curve that ends short of its target",
        reason="A target that nobody is expected to reach is eased before the cycle has begun.",
        example="Leave the last day out: it is 100 %. Where less is the promise, `aspiration: aspirational`.",
        find=short_curve,
    ),
)
