"""Whether goals fit one another: OKRL31 to OKRL35."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from okr_pipeline.lint.advice import Found, Rule, Seen, about
from okr_pipeline.model.goal import Keep, Reach, Steps
from okr_pipeline.model.okr import KeyResult


def same_at_two_levels(seen: Seen) -> Iterator[Found]:
    """Yield key results that are declared again, metric and goal alike, at another level."""
    first: dict[tuple[str, object], KeyResult] = {}
    for key_result in seen.open_key_results():
        if key_result.metric is None:
            continue
        other = first.setdefault((key_result.metric, key_result.goal), key_result)
        if other is not key_result and other.objective != key_result.objective:
            yield about(key_result, f"the same metric and goal as {other.id}")


def opposite_directions(seen: Seen) -> Iterator[Found]:
    """Yield key results that pull one metric up while another pulls it down, in cycles that overlap."""
    by_metric: dict[str, list[tuple[KeyResult, int]]] = defaultdict(list)
    for key_result in seen.open_key_results():
        if key_result.metric and (direction := _direction(key_result)):
            by_metric[key_result.metric].append((key_result, direction))
    for pulls in by_metric.values():
        for i, (key_result, direction) in enumerate(pulls):
            for other, opposite in pulls[:i]:
                if direction != opposite and _overlap(seen, key_result, other):
                    yield about(key_result, f"pulls {key_result.metric} the other way than {other.id}")


def unanswered_dependency(seen: Seen) -> Iterator[Found]:
    """Yield objectives that depend on one that runs at another time, or answers with no key result."""
    for objective in seen.open_objectives():
        cycle = seen.project.cycles[objective.cycle]
        for id in objective.depends_on:
            needed = seen.project.objectives.get(id)
            if needed is None:
                continue
            theirs = seen.project.cycles[needed.cycle]
            if theirs.end_on < cycle.start_on or theirs.start_on > cycle.end_on:
                yield about(objective, f"depends on {id}, which runs in another time ({needed.cycle})")
            elif needed.retired or not any(kr.retired is None for kr in needed.key_results):
                yield about(objective, f"depends on {id}, which has no key result to answer with")
            elif (
                objective.id not in needed.supports
                and needed.contributes_to != objective.id
                and needed.level != "company"
            ):
                yield about(objective, f"depends on {id}, which does not say that it supports it")


def no_strategy(seen: Seen) -> Iterator[Found]:
    """Yield objectives without a why, or without a link to a strategy or another objective."""
    for objective in seen.open_objectives():
        if not objective.why:
            yield about(objective, "no `why`")
        elif not (objective.strategy or objective.supports or objective.contributes_to):
            yield about(objective, "no link to a strategy, nor to an objective that it supports")


def unrelated_to_parent_cycle(seen: Seen) -> Iterator[Found]:
    """Yield objectives of a team or person that support nothing above them although there is something."""
    above = {o.id for o in seen.open_objectives() if o.level == "company"}
    for objective in seen.open_objectives():
        links = {*objective.supports, objective.contributes_to}
        if objective.level != "company" and above and not links & set(seen.project.objectives):
            yield about(objective, f"an objective of a {objective.level} that supports none of the company's")


def unmeasured_star(seen: Seen) -> Iterator[Found]:
    """Yield the North Star's metric if no key result that runs measures it."""
    star = seen.project.north_star
    if star and star in seen.project.metrics and not any(kr.metric == star for kr in seen.open_key_results()):
        metric = seen.project.metrics[star]
        yield Found(metric.id, metric.at, "the North Star is measured by no key result that runs")


def _direction(key_result: KeyResult) -> int:
    """Return 1 for up, -1 for down, 0 where a goal pulls nowhere or its direction is not known."""
    match key_result.goal:
        case Reach(direction="up"):
            return 1
        case Reach(direction="down"):
            return -1
        case Reach(baseline=Decimal() as start, target=Decimal() as end):
            return (end > start) - (end < start)
        case Steps(baseline=Decimal() as start, steps=steps):
            return (steps[-1][1] > start) - (steps[-1][1] < start)
        case Keep(bounds=bounds) if (bounds.low is None) != (bounds.high is None):
            return 1 if bounds.high is None else -1
        case _:
            return 0


def _overlap(seen: Seen, one: KeyResult, other: KeyResult) -> bool:
    first, second = seen.project.cycle_of(one), seen.project.cycle_of(other)
    return first.start_on <= second.end_on and second.start_on <= first.end_on


RULES = (
    Rule(
        code="OKRL31",
        title="The same key result in two objectives",
        reason="Copied down, a goal has two owners and no plan: the team below should say what it will move.",
        example="At the team: the leading number it can move; link them with `supports:`.",
        find=same_at_two_levels,
    ),
    Rule(
        code="OKRL32",
        title="Two key results pull one metric in opposite directions",
        reason="One of the two teams must fail, and each will explain the other's failure.",
        example="Agree on one direction, and put the other worry as `keep:` bounds beside it.",
        find=opposite_directions,
    ),
    Rule(
        code="OKRL33",
        title="A dependency without a matching objective",
        reason="Who you depend on has not promised anything: their quarter is planned without you.",
        example="At theirs: `supports: [your_objective]`, with a key result that delivers what you need.",
        find=unanswered_dependency,
    ),
    Rule(
        code="OKRL34",
        title="No strategy link or why",
        reason="Without its reason a goal cannot be given up when the reason is gone.",
        example="`why: Small deals cost us more to serve than they pay`, `strategy: mid_market_first`.",
        find=no_strategy,
    ),
    Rule(
        code="OKRL35",
        title="An objective that supports none of the company's",
        reason="Work that answers to no shared aim is the first to be cut, or the last to be noticed.",
        example="`supports: [win_the_mid_market]`; or make it the company's objective.",
        find=unrelated_to_parent_cycle,
    ),
    Rule(
        code="OKRL36",
        title="A North Star that no key result measures",
        reason="What everything is for is then the one number that no page shows.",
        example="A key result with `metric:` the North Star's, if only `find_baseline: true`.",
        find=unmeasured_star,
    ),
)
