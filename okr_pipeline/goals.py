"""Goals as numbers: the way or the band that a value is held against, with its rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa

from okr_pipeline.curves import Rule, rule_of
from okr_pipeline.findings import Baseline, Baselines, PastCycle
from okr_pipeline.model.goal import (
    Bounds,
    FindBaseline,
    Keep,
    Manual,
    OpenTarget,
    Reach,
    RelativeTarget,
    Steps,
)
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.ninths import LARGEST, column, ninths, number, places, widest
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database


@dataclass(frozen=True, slots=True)
class Band:
    """Bounds in units of the ninth place, all of them inside; None is no bound."""

    low: int | None = None
    high: int | None = None
    warn_low: int | None = None
    warn_high: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    One key result as it is judged from day *since* on (None: from the beginning).

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
    def way(self) -> int | None:
        """From baseline to target, in units of the ninth place; None where it cannot be walked."""
        if self.baseline is None or self.target is None or self.problem:
            return None
        ends = [ninths(self.baseline), ninths(self.target)]
        return None if widest(ends) >= LARGEST else ends[1] - ends[0] or None


def goals_held(
    db: Database,
    project: Project,
    key_results: Sequence[KeyResult],
    *,
    baselines: Baselines,
    past_cycles: Mapping[str, PastCycle],
) -> dict[str, list[Held]]:
    """Return how each of *key_results* is judged, the times of each in order."""
    starts = {kr.id: _starts(kr, baselines) for kr in key_results}
    targets = _counted(db, key_results, starts)
    return {
        kr.id: [
            _held(project, kr, start, targets.get((kr.id, n)), past_cycles.get(kr.id))
            for n, start in enumerate(starts[kr.id])
        ]
        for kr in key_results
    }


def band_of(bounds: Bounds, warn: Bounds | None = None, *, strict: bool) -> Band:
    """
    Return *bounds* with every bound inside: one that is not is the next number of nine places.

    With *strict* none is, however it is written; but one number alone stays inside itself.
    """
    low, high = _ends(bounds, strict)
    warn_low, warn_high = _ends(warn, strict) if warn else (None, None)
    return Band(low, high, warn_low, warn_high)


def _ends(bounds: Bounds, strict: bool) -> tuple[int | None, int | None]:
    strict = strict and bounds.low != bounds.high
    low_inside = bounds.low_inclusive and not strict
    high_inside = bounds.high_inclusive and not strict
    low = None if bounds.low is None else ninths(bounds.low) + (0 if low_inside else 1)
    high = None if bounds.high is None else ninths(bounds.high) - (0 if high_inside else 1)
    return low, high


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


def _held(
    project: Project, kr: KeyResult, start: Baseline, counted: Decimal | None, past: PastCycle | None
) -> Held:
    policy = project.policy_of(kr)
    rule = rule_of(kr, cycle=project.cycle_of(kr), policy=policy, baseline=start.value, past=past)
    band, target = None, None
    match kr.goal:
        case Reach(target=Decimal() as declared) | Manual(target=declared):
            target = declared
        case Reach(target=RelativeTarget()):
            target = counted
        case Steps(steps=steps):
            target = steps[-1][1]
        case Keep(bounds=bounds, warn=warn):
            band = band_of(bounds, warn, strict=policy.keep_strict)
        case _:
            pass
    return Held(
        key_result=kr,
        rule=rule,
        since=start.since,
        baseline=start.value,
        target=target,
        band=band,
        problem=_problem(kr, start, target),
    )


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


def _counted(
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


def goal_tables(
    ways: Mapping[int, Held], bands: Mapping[int, Held], rules: Mapping[Rule, int], *, wide: bool
) -> dict[str, pa.Table]:
    """Return the tables `ways`, `bands`, `rules` and `segments` of `progress.sql`; goals by their numbers."""
    return {
        "ways": pa.table(
            {
                **_numbered(ways, rules, below=len(ways) + len(bands)),
                "baseline": column([_walked(goal) for goal in ways.values()], wide=wide),
                "way": column([goal.way for goal in ways.values()], wide=wide),
            }
        ),
        "bands": pa.table(
            {
                **_numbered(bands, rules, below=len(ways) + len(bands)),
                **band_columns([goal.band or Band() for goal in bands.values()], wide=wide),
            }
        ),
        **_rule_tables(rules),
    }


def band_columns(bands: Sequence[Band], *, wide: bool) -> dict[str, pa.Array]:
    """Return the bounds of *bands* as four columns."""
    names = ("low", "high", "warn_low", "warn_high")
    return {name: column([getattr(band, name) for band in bands], wide=wide) for name in names}


def _numbered(goals: Mapping[int, Held], rules: Mapping[Rule, int], *, below: int) -> dict[str, pa.Array]:
    return {
        "key_result": places(goals, below=max(below, *(n + 1 for n in goals), 0)),
        "rule": pa.array([rules[goal.rule] for goal in goals.values()], pa.int32()),
    }


def _walked(goal: Held) -> int | None:
    return None if goal.way is None or goal.baseline is None else ninths(goal.baseline)


def _rule_tables(rules: Mapping[Rule, int]) -> dict[str, pa.Table]:
    policies = [rule.policy for rule in rules]
    segments = [(n, *segment) for rule, n in rules.items() for segment in rule.segments]
    return {
        "rules": pa.table(
            {
                "rule": pa.array(rules.values(), pa.int32()),
                "band": pa.array([rule.band for rule in rules], pa.bool_()),
                "shape": pa.array([rule.shape for rule in rules], pa.string()),
                "whole": column([rule.whole for rule in rules], wide=True),
                **{
                    name: column([getattr(r, name) for r in rules])
                    for name in ("unit", "start_at", "length", "last_at")
                },
                "basis": pa.array([policy.basis for policy in policies], pa.string()),
                "on_track": column([ninths(policy.on_track) for policy in policies]),
                "at_risk": column([ninths(policy.at_risk) for policy in policies]),
                "on_track_strict": pa.array([policy.on_track_strict for policy in policies], pa.bool_()),
                "at_risk_strict": pa.array([policy.at_risk_strict for policy in policies], pa.bool_()),
            }
        ),
        "segments": pa.table(
            {
                "rule": pa.array([n for n, *_ in segments], pa.int32()),
                "from_at": column([a for _, a, _, _, _ in segments]),
                "to_at": column([b for _, _, b, _, _ in segments]),
                "from_share": column([share for *_, share, _ in segments], wide=True),
                "to_share": column([share for *_, share in segments], wide=True),
            }
        ),
    }
