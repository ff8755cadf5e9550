"""How many, of which kind: OKRL01 to OKRL07."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from okr_pipeline.lint.advice import Found, Rule, Seen, about
from okr_pipeline.model.goal import AllOf, Keep, Manual, Milestones, Reach
from okr_pipeline.model.okr import KeyResult, Objective


def objectives_a_level(seen: Seen) -> Iterator[Found]:
    """Yield levels of a cycle with too few or too many objectives; teams count by their owner."""
    open_ = list(seen.open_objectives())
    counts = Counter((o.cycle, o.level, _whose(o)) for o in open_)
    least, most = seen.profile.objectives
    told = set()
    for objective in open_:
        group = (objective.cycle, objective.level, _whose(objective))
        if group not in told and not least <= counts[group] <= most:
            told.add(group)
            whose = f" of {group[2]}" if group[2] else ""
            yield about(
                objective,
                f"{counts[group]} objectives at level {objective.level}{whose} in {objective.cycle}; "
                f"{least} to {most} is the habit",
            )


def key_results_an_objective(seen: Seen) -> Iterator[Found]:
    """Yield objectives with too few or too many key results."""
    least, most = seen.profile.key_results
    for objective in seen.open_objectives():
        count = len(_counted(objective))
        if not least <= count <= most:
            noun = "key result" if count == 1 else "key results"
            yield about(objective, f"{count} {noun}; {least} to {most} is the habit")


def nothing_leads(seen: Seen) -> Iterator[Found]:
    """Yield objectives whose share of leading indicators is too small."""
    for objective in seen.open_objectives():
        counted = _counted(objective)
        leading = sum(kr.indicator == "leading" for kr in counted)
        wanted = seen.profile.leading_share
        if counted and wanted and Decimal(leading) < wanted * len(counted):
            yield about(objective, f"{leading} of {len(counted)} key results are leading indicators")


def nothing_confirms(seen: Seen) -> Iterator[Found]:
    """Yield objectives that have leading indicators alone."""
    for objective in seen.open_objectives():
        counted = _counted(objective)
        if counted and all(kr.indicator == "leading" for kr in counted):
            yield about(objective, "only leading indicators: nothing confirms that it came true")


def leads_nowhere(seen: Seen) -> Iterator[Found]:
    """Yield leading key results that no key result names in `led_by`."""
    named = {id for kr in seen.project.key_results() for id in kr.led_by}
    for key_result in seen.open_key_results():
        if key_result.indicator == "leading" and key_result.id not in named:
            yield about(key_result, "a leading indicator that no key result names in `led_by`")


def pass_or_fail(seen: Seen) -> Iterator[Found]:
    """Yield objectives with too many key results that are either done or not."""
    for objective in seen.open_objectives():
        counted = _counted(objective)
        binary = [kr for kr in counted if is_pass_or_fail(kr)]
        if len(binary) > 1 and Decimal(len(binary)) > seen.profile.pass_or_fail_share * len(counted):
            yield about(
                objective,
                f"{len(binary)} of {len(counted)} key results are either done or not, with no way between",
            )


def no_time_box(seen: Seen) -> Iterator[Found]:
    """Yield objectives of teams and persons whose cycle is too long to learn from."""
    for objective in seen.open_objectives():
        days = seen.project.cycles[objective.cycle].days
        longest = seen.profile.longest_days * (1 if objective.level != "company" else 4)
        if days > longest:
            yield about(objective, f"its cycle lasts {days} days; up to {longest} is the habit at its level")


def is_pass_or_fail(key_result: KeyResult) -> bool:
    """Whether *key_result* is done or not: a bound held now, joined conditions, few milestones, 0 to 1."""
    match key_result.goal:
        case Keep(held=None) | AllOf():
            return True
        case Milestones(milestones=milestones):
            return len(milestones) <= 2
        case Reach(baseline=baseline, target=target):
            return baseline == 0 and target == 1
        case Manual(baseline=baseline, target=target, score=False):
            return target - baseline == 1
        case _:
            return False


def _counted(objective: Objective) -> list[KeyResult]:
    return [kr for kr in objective.key_results if kr.retired is None]


def _whose(objective: Objective) -> str:
    return "" if objective.level == "company" else objective.owner or ""


RULES = (
    Rule(
        code="OKRL01",
        title="Too few or too many objectives at a level",
        reason="What is one of nine goals is nobody's goal: attention is what an objective buys.",
        example="Keep the three that would hurt most to miss; write the others down as not now.",
        find=objectives_a_level,
    ),
    Rule(
        code="OKRL02",
        title="Too few or too many key results in an objective",
        reason="One key result is gamed, seven are a dashboard: neither says whether it came true.",
        example="Two to five, each of which you would miss if the others were reached without it.",
        find=key_results_an_objective,
    ),
    Rule(
        code="OKRL03",
        title="Hardly a leading indicator",
        reason="Lagging numbers move when it is too late to act; leading ones say so weeks before.",
        example="Beside `New revenue` (lagging) put `Discovery calls a week` (leading).",
        find=nothing_leads,
    ),
    Rule(
        code="OKRL04",
        title="No lagging indicator",
        reason="Leading indicators are a hypothesis: without a lagging one nobody learns whether it held.",
        example="Say which number calls are meant to move, and declare it with `indicator: lagging`.",
        find=nothing_confirms,
    ),
    Rule(
        code="OKRL05",
        title="A leading indicator that names no lagging one",
        reason="A lead without the number it leads to is busyness: the link is the hypothesis to test.",
        example="At the lagging key result: `led_by: [calls]`.",
        find=leads_nowhere,
    ),
    Rule(
        code="OKRL06",
        title="Too many key results that are either done or not",
        reason="They stay at 0 until they jump to 1: nobody sees trouble come.",
        example="Measure what the launch was for: `Teams that use it each week, from 0 to 40`.",
        find=pass_or_fail,
    ),
    Rule(
        code="OKRL07",
        title="No time box",
        reason="What has a year is begun in November: short cycles are what makes a goal a loop of learning.",
        example="A yearly objective of the company, and quarterly ones of teams that support it.",
        find=no_time_box,
    ),
)
