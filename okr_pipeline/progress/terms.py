"""The terms that a key result is judged on: from where to where, or inside what, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa

from okr_pipeline.findings import Baseline, Baselines, PastCycle
from okr_pipeline.model.goal import (
    AllOf,
    FindBaseline,
    HeldInGroups,
    HeldOverTime,
    Keep,
    Manual,
    Milestones,
    OpenTarget,
    Reach,
    RelativeTarget,
    Steps,
)
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.ninths import LARGEST, column, ninths, number, widest
from okr_pipeline.progress.bands import Band, band_of
from okr_pipeline.progress.rule import Rule, rule_of
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database


# Found by identity: comparing all of a key result would take most of the time.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """
    What one key result is held against from day *since* on (None: from the beginning).

    *target* is a number, or None where there is none to reach. *problem* says why there is no way
    to measure, where a value is there.
    """

    key_result: KeyResult
    rule: Rule
    since: date | None = None
    baseline: Decimal | None = None
    target: Decimal | None = None
    band: Band | None = None
    problem: str | None = None

    @property
    def walk(self) -> tuple[int, int] | None:
        """Baseline and way to the target, in units of the ninth place; None where it cannot be walked."""
        if self.baseline is None or self.target is None or self.problem:
            return None
        start, end = ninths(self.baseline), ninths(self.target)
        return None if start == end or widest([start, end]) >= LARGEST else (start, end - start)

    @property
    def held_over_time(self) -> HeldOverTime | None:
        match self.key_result.goal:
            case Keep(held=HeldOverTime() as held):
                return held
            case _:
                return None

    @property
    def is_compound(self) -> bool:
        """Whether more than one number decides where it stands: parts, or the ends of periods."""
        match self.key_result.goal:
            case AllOf() | Milestones() | Keep(held=HeldOverTime() | HeldInGroups()):
                return True
            case _:
                return False


def terms_of(
    db: Database,
    project: Project,
    key_results: Sequence[KeyResult],
    *,
    baselines: Baselines,
    past_cycles: Mapping[str, PastCycle],
) -> dict[str, list[Terms]]:
    """Return the terms of each of *key_results* in order of time; a revised baseline begins new ones."""
    starts = {kr.id: _starts(kr, baselines) for kr in key_results}
    targets = _counted_targets(db, key_results, starts)
    return {
        kr.id: [
            _terms(project, kr, start, targets.get((kr.id, n)), past_cycles.get(kr.id))
            for n, start in enumerate(starts[kr.id])
        ]
        for kr in key_results
    }


def _starts(key_result: KeyResult, baselines: Baselines) -> tuple[Baseline, ...]:
    match key_result.goal:
        case Reach(baseline=Decimal() as declared) | Steps(baseline=Decimal() as declared):
            return (Baseline(declared),)
        case Reach() | Steps():
            return baselines[key_result.id]
        case Manual(baseline=declared):
            return (Baseline(declared),)
        case _:
            return (Baseline(None),)


def _counted_targets(
    db: Database, key_results: Sequence[KeyResult], starts: Mapping[str, Sequence[Baseline]]
) -> dict[tuple[str, int], Decimal | None]:
    """Return the targets that are counted from baselines, by key result and place of the baseline."""
    relative = [
        ((kr.id, n), ninths(start.value), kr.goal.target)
        for kr in key_results
        if isinstance(kr.goal, Reach) and isinstance(kr.goal.target, RelativeTarget)
        for n, start in enumerate(starts[kr.id])
        if start.value is not None
    ]
    if not relative:
        return {}
    declared = pa.table(
        {
            "key_result": pa.array(range(len(relative)), pa.int64()),
            "baseline": column([baseline for _, baseline, _ in relative], wide=True),
            "how": pa.array([target.how for _, _, target in relative], pa.string()),
            "amount": column([ninths(target.amount) for _, _, target in relative], wide=True),
        }
    )
    found = statements.targets(db, declared).to_pylist()
    return {relative[row["key_result"]][0]: number(row["target"]) for row in found}


def _terms(
    project: Project, kr: KeyResult, start: Baseline, counted: Decimal | None, past: PastCycle | None
) -> Terms:
    policy = project.policy_of(kr)
    target = _target(kr, counted)
    return Terms(
        key_result=kr,
        rule=rule_of(kr, cycle=project.cycle_of(kr), policy=policy, baseline=start.value, past=past),
        since=start.since,
        baseline=start.value,
        target=target,
        band=_band(kr, strict=policy.keep_strict),
        problem=_problem(kr, start, target),
    )


def _target(key_result: KeyResult, counted: Decimal | None) -> Decimal | None:
    match key_result.goal:
        case Reach(target=Decimal() as declared) | Manual(target=declared):
            return declared
        case Reach(target=RelativeTarget()):
            return counted
        case Steps(steps=steps):
            return steps[-1][1]
        case _:
            return None


def _band(key_result: KeyResult, *, strict: bool) -> Band | None:
    match key_result.goal:
        case Keep(bounds=bounds, warn=warn):
            return band_of(bounds, warn, strict=strict)
        case _:
            return None


def _problem(key_result: KeyResult, start: Baseline, target: Decimal | None) -> str | None:
    match key_result.goal:
        case Reach(target=OpenTarget(why="private")):
            return "the target is private"
        case Reach(target=OpenTarget()):
            return "the target is not known yet"
        case FindBaseline():
            return "its baseline is being found: there is no target yet"
        case Reach() | Steps() | Manual() if start.value is None:
            return start.reason
        case Reach() | Steps() | Manual() if start.value == target:
            return "the target equals the baseline: no way to measure"
        case Reach() as reach if _is_behind(reach, start.value, target):
            return "the target lies on the wrong side of the baseline: no way to measure"
        case _:
            return None


def _is_behind(goal: Reach, start: Decimal | None, target: Decimal | None) -> bool:
    return start is not None and target is not None and _way_declared(goal) * (target - start) < 0


def _way_declared(goal: Reach) -> int:
    """Return 1 for up, -1 for down, 0 where only baseline and target tell."""
    match goal:
        case Reach(direction="up" | "down" as direction):
            return 1 if direction == "up" else -1
        case Reach(target=RelativeTarget(how=how, amount=amount)):
            # Of a negative number, +15% and x2 are less than it.
            more = amount - 1 if how == "times" else amount
            return (more > 0) - (more < 0)
        case _:
            return 0
