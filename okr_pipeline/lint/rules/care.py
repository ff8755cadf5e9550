"""Whether somebody looks after it: OKRL41 to OKRL48."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from okr_pipeline.expression import row_columns
from okr_pipeline.lint.advice import Found, Rule, Seen, about
from okr_pipeline.model.goal import Manual, Milestones
from okr_pipeline.model.metric import Aggregate, Dataset, Metric
from okr_pipeline.model.observation import State

_MADE = re.compile(r"created|inserted", re.IGNORECASE)


def no_owner(seen: Seen) -> Iterator[Found]:
    """Yield objectives without an owner, and key results that nobody answers for."""
    for objective in seen.open_objectives():
        if objective.owner is None:
            yield about(objective, "no owner")
            yield from (about(kr, "no owner") for kr in objective.key_results if kr.owner is None)


def no_action_plan(seen: Seen) -> Iterator[Found]:
    """Yield objectives that do not say what follows."""
    for objective in seen.open_objectives():
        if objective.action_plan is None or not objective.action_plan.missed:
            yield about(objective, "nothing says what follows when it is missed")


def unsourced(seen: Seen) -> Iterator[Found]:
    """Yield key results whose number nobody can recompute."""
    for key_result in seen.open_key_results():
        if not key_result.ready:
            yield about(key_result, "no metric: it cannot be measured yet")
        elif isinstance(key_result.goal, Manual):
            yield about(key_result, "its number is typed by hand")
        elif isinstance(key_result.goal, Milestones) and not key_result.parts:
            yield about(key_result, "all of its milestones are ticked by hand")


def stale(seen: Seen) -> Iterator[Found]:
    """Yield key results whose last observation carries an old value, or none."""
    for key_result in seen.open_key_results():
        newest = seen.past.newest.get(key_result.id)
        if newest is not None and newest.state is not State.OK and newest.reason:
            yield about(key_result, f"{newest.state.value.replace('_', ' ')}: {newest.reason}")


def silent_change(seen: Seen) -> Iterator[Found]:
    """Yield goals that changed in their cycle without a declared revision since then."""
    for objective in seen.open_objectives():
        cycle = seen.project.cycles[objective.cycle]
        for key_result in objective.key_results:
            goals = seen.past.goals.get(key_result.id, ())
            for before, after in pairwise(goals):
                declared = [r for r in objective.revisions if r.change.startswith(f"{key_result.id}.")]
                told = any(abs((r.on - after.on).days) <= 7 for r in declared)
                if cycle.start_on <= after.on <= cycle.end_on and before.goal != after.goal and not told:
                    yield about(key_result, f"its goal changed on {after.on}, and no revision says why")


def silent_owner(seen: Seen) -> Iterator[Found]:
    """Yield key results without a check-in for three weeks, where people do check in."""
    said = [*seen.project.check_ins]
    if not said:
        return
    last = {check_in.key_result: check_in.on for check_in in said}
    for key_result in seen.open_key_results():
        cycle = seen.project.cycle_of(key_result)
        since = max(last.get(key_result.id, cycle.start_on), cycle.start_on)
        if (days := (min(seen.today, cycle.end_on) - since).days) > 21:
            yield about(key_result, f"no check-in for {days} days")


def proxy(seen: Seen) -> Iterator[Found]:
    """Yield key results that stand for something else without a lagging number beside them."""
    for objective in seen.open_objectives():
        if objective.key_results and all(kr.proxy_for for kr in objective.key_results):
            yield about(objective, "every key result is a proxy: nothing measures the aim itself")


def blind_to_changes(seen: Seen) -> Iterator[Found]:
    """Yield datasets read by when a row was made, while a metric asks how the row stands now."""
    project = seen.project
    measured = {metric for kr in seen.open_key_results() for metric in kr.parts.values()}
    used = {dataset for metric in measured for dataset in project.datasets_of(metric)}
    for dataset in project.datasets.values():
        if dataset.id in used and dataset.full_read is None and _MADE.search(dataset.cursor or ""):
            asking = (id for id, metric in project.metrics.items() if _asks_for_state(metric, dataset))
            if metric := next(asking, None):
                said = f"the cursor `{dataset.cursor}` stays when a row changes"
                yield Found(dataset.id, dataset.at, f"{said}, and {metric} counts rows by what they say now")


def _asks_for_state(metric: Metric, dataset: Dataset) -> bool:
    measure = metric.measure
    if not isinstance(measure, Aggregate) or measure.dataset != dataset.id or not measure.where:
        return False
    return not {*row_columns(measure.where)} <= {*dataset.key, dataset.cursor}


RULES = (
    Rule(
        code="OKRL41",
        title="No owner",
        reason="What everybody owns nobody asks about on Monday.",
        example="`owner: a.okafor@fernhill.example`: one person, who need not do the work.",
        find=no_owner,
    ),
    Rule(
        code="OKRL42",
        title="No action plan",
        reason="Decided beforehand, a miss has a consequence; decided afterwards, it has an excuse.",
        example="`action_plan: {missed: We stop the pilot and move two people to support}`.",
        find=no_action_plan,
    ),
    Rule(
        code="OKRL43",
        title="A number without a source",
        reason="A number typed by hand is late, sometimes wrong, and nobody can prove it.",
        example="`metric: crm.open_pipeline`; until then the page says that the number is stated.",
        find=unsourced,
    ),
    Rule(
        code="OKRL44",
        title="A number that stands still",
        reason="An old number in a fresh page is the most believable kind of wrong.",
        example="`okr doctor` asks the source what is wrong; where people state it, `okr check-in`.",
        find=stale,
    ),
    Rule(
        code="OKRL45",
        title="A goal that changed without a word",
        reason="Readers compare with the goal they remember: a change without who and why costs their trust.",
        example="`revisions: [{on: 2026-12-03, change: sales.pipeline.to, from: 5M, to: 4M, why: ...}]`.",
        find=silent_change,
    ),
    Rule(
        code="OKRL46",
        title="No check-in for weeks",
        reason="The number says where it stands; only its owner knows where it goes.",
        example="`okr check-in mid_market.pipeline --confidence 60% --note ...` once a week.",
        find=silent_owner,
    ),
    Rule(
        code="OKRL47",
        title="Nothing but proxies",
        reason="A proxy that everybody works on stops standing for what it stood for.",
        example="Beside the proxies, one lagging key result that measures the aim, however late.",
        find=proxy,
    ),
    Rule(
        code="OKRL48",
        title="A dataset that is not read again when its rows change",
        reason="An order that is cancelled later stays in the number for ever, and no check can see it.",
        example="`cursor: updated_at`, a column that moves with the row; or `full_read: daily` beside it.",
        find=blind_to_changes,
    ),
)
