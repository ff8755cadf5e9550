"""Roll key results up to objectives, and objectives to those they contribute to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from okr_pipeline.model.goal import AllOf, HeldInGroups, HeldOverTime, Keep
from okr_pipeline.model.observation import ObjectiveObservation, Observation, Status
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.model.policy import Policy
from okr_pipeline.ninths import LARGEST, ONE, column, ninths, number
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A key result or an objective as part of another."""

    status: Status
    progress: Decimal | None
    expected: Decimal | None
    weight: Decimal
    value: Decimal | None = None
    baseline: Decimal | None = None
    target: Decimal | None = None


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
    for level in _levels(project.objectives):
        parts = {o.id: _parts(project, o, by_key_result, done, on) for o in level}
        done |= _rolled(db, project, level, parts, on)
        for objective in level:
            if objective.id not in done:
                done[objective.id] = ObjectiveObservation(
                    objective=objective.id, progress=None, status=Status.NO_DATA, counted=0, declared=0,
                    retired=_retired(project, objective, on),
                )  # fmt: skip
    return [done[id] for id in project.objectives]


def _rolled(
    db: Database,
    project: Project,
    level: Sequence[Objective],
    parts: Mapping[str, Sequence[_Part]],
    on: date | None,
) -> dict[str, ObjectiveObservation]:
    rows = [(objective, part) for objective in level for part in parts[objective.id]]
    if not rows:
        return {}
    found = statements.roll_up(db, _table(project, rows, on)).to_pylist()
    done = {}
    for row in found:
        objective = project.objectives[row["objective"]]
        left = Counter(part.status for part in parts[objective.id] if part.progress is None)
        done[objective.id] = ObjectiveObservation(
            objective=objective.id,
            status=Status(row["status"]),
            counted=row["counted"],
            declared=row["declared"],
            measuring=left[Status.MEASURING],
            no_target=left[Status.NO_TARGET],
            no_data=sum(left.values()) - left[Status.MEASURING] - left[Status.NO_TARGET],
            retired=_retired(project, objective, on),
            **{name: number(row[name]) for name in ("progress", "expected", "value", "baseline", "target")},
        )
    return done


def _table(project: Project, rows: Sequence[tuple[Objective, _Part]], on: date | None) -> pa.Table:
    policies = [objective.policy or project.policy for objective, _ in rows]
    elapsed = [
        _elapsed(project, objective, policy, on)
        for (objective, _), policy in zip(rows, policies, strict=True)
    ]
    numbers = ("progress", "expected", "weight", "value", "baseline", "target")
    return pa.table(
        {
            "objective": pa.array([objective.id for objective, _ in rows], pa.string()),
            "how": pa.array([objective.roll_up for objective, _ in rows], pa.string()),
            "status_how": pa.array([objective.status_roll_up for objective, _ in rows], pa.string()),
            "status": pa.array([part.status.value for _, part in rows], pa.string()),
            **{
                name: column([_units(getattr(part, name)) for _, part in rows], wide=True) for name in numbers
            },
            "basis": pa.array([policy.basis for policy in policies], pa.string()),
            "on_track": column([ninths(policy.on_track) for policy in policies]),
            "at_risk": column([ninths(policy.at_risk) for policy in policies]),
            "on_track_strict": pa.array([policy.on_track_strict for policy in policies], pa.bool_()),
            "at_risk_strict": pa.array([policy.at_risk_strict for policy in policies], pa.bool_()),
            "elapsed": column(elapsed),
        }
    )


def _units(value: Decimal | None) -> int | None:
    """Return *value* in ninths; None as well where sums of it might not fit."""
    units = None if value is None else ninths(value)
    return None if units is None or abs(units) >= LARGEST else units


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


def _parts(
    project: Project,
    objective: Objective,
    observations: Mapping[str, Observation],
    done: Mapping[str, ObjectiveObservation],
    on: date | None,
) -> list[_Part]:
    parts = [
        _of_key_result(project, kr, observations[kr.id])
        for kr in objective.key_results
        if kr.id in observations and not _is_retired(kr, on)
    ]
    return parts + [
        _of_objective(done[below.id])
        for below in project.objectives.values()
        if below.contributes_to == objective.id and not _is_retired(below, on)
    ]


def _of_key_result(project: Project, key_result: KeyResult, o: Observation) -> _Part:
    constant = isinstance(key_result.goal, Keep | AllOf) and o.progress is not None
    return _Part(
        status=o.status,
        progress=o.progress,
        expected=_held_by(project, key_result, o) if constant else o.expected,
        weight=key_result.weight,
        value=o.value,
        baseline=o.baseline,
        target=o.target,
    )


def _held_by(project: Project, key_result: KeyResult, o: Observation) -> Decimal:
    """Return the progress that is required of what has no curve: all, or a share; of a cycle, so far."""
    match key_result.goal:
        case Keep(held=HeldOverTime(each=each, share=share, of="cycle")):
            calendar, cycle = project.calendar, project.cycle_of(key_result)
            ends = calendar.period_ends(each, cycle.start_on, cycle.end_on)
            ended = sum(calendar.end_of(end) <= o.as_of for end in ends)
            return Decimal(round(Fraction(ninths(share) * ended, len(ends)))).scaleb(-9)
        case Keep(held=HeldOverTime(share=share) | HeldInGroups(share=share)):
            return share
        case _:
            return Decimal(1)


def _of_objective(o: ObjectiveObservation) -> _Part:
    return _Part(
        status=o.status,
        progress=o.progress,
        expected=o.expected,
        weight=Decimal(1),
        value=o.value,
        baseline=o.baseline,
        target=o.target,
    )


def _is_retired(declared: KeyResult | Objective, on: date | None) -> bool:
    return declared.retired is not None and on is not None and declared.retired.on <= on


def _retired(project: Project, objective: Objective, on: date | None) -> int:
    below = [o for o in project.objectives.values() if o.contributes_to == objective.id]
    parts: list[KeyResult | Objective] = [*objective.key_results, *below]
    return sum(_is_retired(part, on) for part in parts)


def _levels(objectives: Mapping[str, Objective]) -> list[list[Objective]]:
    """Return *objectives* leaves first: each level after everything that contributes to it."""
    height: dict[str, int] = {}

    def climb(id: str) -> int:
        if id not in height:
            below = [o.id for o in objectives.values() if o.contributes_to == id]
            height[id] = 1 + max(map(climb, below), default=-1)
        return height[id]

    for id in objectives:
        climb(id)
    return [
        [o for o in objectives.values() if height[o.id] == n]
        for n in range(max(height.values(), default=-1) + 1)
    ]
