"""Roll key results up to objectives, and objectives to those they contribute to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from okr_pipeline.model.goal import AllOf, HeldInGroups, HeldOverTime, Keep
from okr_pipeline.model.observation import ObjectiveObservation, Observation, Status
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.model.policy import Policy
from okr_pipeline.ninths import ONE, column, exact_ninths, ninths, number
from okr_pipeline.progress.tables import policy_columns
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database

_NUMBERS = ("progress", "expected", "value", "baseline", "target")
_NOTHING = {"status": Status.NO_DATA, "counted": 0, "declared": 0, **dict.fromkeys(_NUMBERS)}
"""The row of an objective without any part."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A key result or an objective as part of another: what is said and expected of it, and its weight."""

    said: Observation | ObjectiveObservation
    expected: Decimal | None
    weight: Decimal = Decimal(1)


def roll_up(
    db: Database, project: Project, observations: Sequence[Observation], *, as_of: datetime | None = None
) -> list[ObjectiveObservation]:
    """
    Return every objective at *as_of*, in declared order, from its key results at that as-of.

    Those of cycles that are over stand at their end; *as_of* None is the newest of them all.

    Objectives that contribute to another are parts of it, each with weight 1, beside its own key
    results. What is retired by then is counted apart. An objective without any part has no data.
    """
    by_key_result = {o.key_result: o for o in observations}
    asked = [as_of] if as_of else [o.as_of for o in observations]
    on = max(map(project.calendar.day_of, asked), default=None)
    done: dict[str, ObjectiveObservation] = {}
    for level in _levels(project):
        parts = {o.id: _parts(project, o, by_key_result, done, on) for o in level}
        rows = _rolled(db, project, parts, on)
        done |= {
            o.id: _observation(o, rows.get(o.id, _NOTHING), parts[o.id], retired=_retired(project, o, on))
            for o in level
        }
    return [done[id] for id in project.objectives]


def _levels(project: Project) -> list[list[Objective]]:
    """Return objectives leaves first: each level after everything that contributes to it."""
    height: dict[str, int] = {}

    def climb(objective: Objective) -> int:
        if objective.id not in height:
            height[objective.id] = 1 + max(map(climb, _below(project, objective)), default=-1)
        return height[objective.id]

    levels: dict[int, list[Objective]] = defaultdict(list)
    for objective in project.objectives.values():
        levels[climb(objective)].append(objective)
    return [levels[n] for n in sorted(levels)]


def _below(project: Project, objective: Objective) -> list[Objective]:
    """Return the objectives that contribute to *objective*."""
    return [o for o in project.objectives.values() if o.contributes_to == objective.id]


def _parts(
    project: Project,
    objective: Objective,
    observations: Mapping[str, Observation],
    done: Mapping[str, ObjectiveObservation],
    on: date | None,
) -> list[_Part]:
    key_results = [
        _Part(observations[kr.id], _expected(project, kr, observations[kr.id]), kr.weight)
        for kr in objective.key_results
        if kr.id in observations and not _is_retired(kr, on)
    ]
    return key_results + [
        _Part(done[below.id], done[below.id].expected)
        for below in _below(project, objective)
        if not _is_retired(below, on)
    ]


def _expected(project: Project, key_result: KeyResult, o: Observation) -> Decimal | None:
    """Return what its curve expects; where it has none, all that is required of it by now, a share maybe."""
    match key_result.goal:
        case _ if o.progress is None:
            return o.expected
        case Keep(held=HeldOverTime(each=each, share=share, of="cycle")):
            calendar, cycle = project.calendar, project.cycle_of(key_result)
            ends = calendar.period_ends(each, cycle.start_on, cycle.end_on)
            ended = sum(calendar.end_of(end) <= o.as_of for end in ends)
            return Decimal(round(Fraction(ninths(share) * ended, len(ends)))).scaleb(-9)
        case Keep(held=HeldOverTime(share=share) | HeldInGroups(share=share)):
            return share
        case Keep() | AllOf():
            return Decimal(1)
        case _:
            return o.expected


def _rolled(
    db: Database, project: Project, parts: Mapping[str, Sequence[_Part]], on: date | None
) -> dict[str, dict[str, Any]]:
    """Return what `roll_up.sql` makes of *parts*, by objective."""
    rows = [(project.objectives[id], part) for id, own in parts.items() for part in own]
    found = statements.roll_up(db, _table(project, rows, on)).to_pylist() if rows else []
    return {row["objective"]: row for row in found}


def _table(project: Project, rows: Sequence[tuple[Objective, _Part]], on: date | None) -> pa.Table:
    policies = [objective.policy or project.policy for objective, _ in rows]
    elapsed = [
        _elapsed(project, objective, policy, on)
        for (objective, _), policy in zip(rows, policies, strict=True)
    ]
    said = ("progress", "value", "baseline", "target")
    return pa.table(
        {
            "objective": pa.array([objective.id for objective, _ in rows], pa.string()),
            "how": pa.array([objective.roll_up for objective, _ in rows], pa.string()),
            "status_how": pa.array([objective.status_roll_up for objective, _ in rows], pa.string()),
            "status": pa.array([part.said.status.value for _, part in rows], pa.string()),
            **{name: _numbers([getattr(part.said, name) for _, part in rows]) for name in said},
            "expected": _numbers([part.expected for _, part in rows]),
            "weight": _numbers([part.weight for _, part in rows]),
            **policy_columns(policies),
            "elapsed": column(elapsed),
        }
    )


def _numbers(values: Sequence[Decimal | None]) -> pa.Array:
    return column([exact_ninths(value) for value in values], wide=True)


def _elapsed(project: Project, objective: Objective, policy: Policy, on: date | None) -> int:
    """Return the share of the cycle that has elapsed, in ninths, rounded half-even."""
    cycle = project.cycles[objective.cycle]
    if on is None:
        return 0
    days, gone = cycle.days, cycle.elapsed_days(on)
    if policy.day_count == "from_zero":
        days, gone = days - 1, max(gone - 1, 0)
        if days == 0:
            return ONE if on >= cycle.start_on else 0
    return round(Fraction(gone * ONE, days))


def _observation(
    objective: Objective, row: Mapping[str, Any], parts: Sequence[_Part], *, retired: int
) -> ObjectiveObservation:
    left = Counter(part.said.status for part in parts if part.said.progress is None)
    return ObjectiveObservation(
        objective=objective.id,
        status=Status(row["status"]),
        counted=row["counted"],
        declared=row["declared"],
        measuring=left[Status.MEASURING],
        no_target=left[Status.NO_TARGET],
        no_data=left.total() - left[Status.MEASURING] - left[Status.NO_TARGET],
        retired=retired,
        **{name: number(row[name]) for name in _NUMBERS},
    )


def _retired(project: Project, objective: Objective, on: date | None) -> int:
    parts: list[KeyResult | Objective] = [*objective.key_results, *_below(project, objective)]
    return sum(_is_retired(part, on) for part in parts)


def _is_retired(declared: KeyResult | Objective, on: date | None) -> bool:
    return declared.retired is not None and on is not None and declared.retired.on <= on
