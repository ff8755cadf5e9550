"""Hold measurements against goals: progress, expected, gap and status, and the roll-up to objectives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

import pyarrow as pa

from okr_pipeline.definition import definition_hash, definition_of
from okr_pipeline.findings import Baseline, Good, Measurement
from okr_pipeline.model.observation import ObjectiveObservation, Observation, State, Status
from okr_pipeline.model.okr import KeyResult, MeasuredOn, Objective, Project, Reach, RelativeTarget
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database

_NUMBER = pa.decimal128(38, 9)
_INSTANT = pa.timestamp("us", tz="UTC")
_OBSERVED = pa.schema(
    {
        "key_result": pa.string(),
        "cut": _INSTANT,
        "state": pa.string(),
        "reason": pa.string(),
        "value": _NUMBER,
        "fresh": pa.bool_(),
        "stale_reason": pa.string(),
        "elapsed_days": pa.int64(),
        "started": pa.bool_(),
    }
)
_DEFINED = pa.schema(
    {
        "key_result": pa.string(),
        "kind": pa.string(),
        "baseline": _NUMBER,
        "baseline_reason": pa.string(),
        "target_how": pa.string(),
        "target_amount": _NUMBER,
        "low": _NUMBER,
        "high": _NUMBER,
        "low_inclusive": pa.bool_(),
        "high_inclusive": pa.bool_(),
        "cycle_days": pa.int64(),
    }
)
_PARTS = pa.schema(
    {
        "objective": pa.string(),
        "how": pa.string(),
        "progress": _NUMBER,
        "weight": _NUMBER,
        "status": pa.string(),
    }
)


def observe(
    db: Database,
    project: Project,
    measurements: Sequence[Measurement],
    *,
    baselines: Mapping[str, Baseline],
    earlier: Iterable[Good],
) -> list[Observation]:
    """
    Return the observation behind each of *measurements*, ordered by key result and cut.

    *baselines* holds those that are measured, by key result. *earlier* values only serve to be
    carried forward; a measurement at the same cut replaces one.
    """
    key_results = {kr.id: kr for kr in project.key_results()}
    by_place = {(m.key_result, m.cut): m for m in measurements}
    rows = [_observed(project, key_results[m.key_result], m) for m in measurements]
    rows += [_carriable(good) for good in earlier if (good.key_result, good.cut) not in by_place]
    concerned = {m.key_result: key_results[m.key_result] for m in measurements}
    definitions = {id: definition_hash(definition_of(project, kr)) for id, kr in concerned.items()}
    found = statements.progress(
        db,
        observed=pa.Table.from_pylist(rows, _OBSERVED),
        defined=pa.Table.from_pylist(
            [_defined(project, kr, baselines) for kr in concerned.values()], _DEFINED
        ),
    ).to_pylist()
    return [
        _observation(row, by_place[place], definition=definitions[place[0]], config=project.digest)
        for row in found
        if (place := (row["key_result"], row["cut"].astimezone(UTC))) in by_place
    ]


def roll_up(
    db: Database, project: Project, observations: Sequence[Observation]
) -> list[ObjectiveObservation]:
    """
    Return every objective at one as-of, in declared order, from its key results at that as-of.

    Objectives that contribute to another are parts of it, each with weight 1, beside its own key
    results. An objective without any part has no data.
    """
    by_key_result = {o.key_result: o for o in observations}
    done: dict[str, ObjectiveObservation] = {}
    for level in _levels(project.objectives):
        parts = [part for objective in level for part in _parts(project, objective, by_key_result, done)]
        found = statements.roll_up(db, pa.Table.from_pylist(parts, _PARTS)).to_pylist()
        done |= {
            row["objective"]: ObjectiveObservation(**{**row, "status": Status(row["status"])})
            for row in found
        }
        done |= {
            o.id: ObjectiveObservation(
                objective=o.id, progress=None, status=Status.NO_DATA, counted=0, declared=0
            )
            for o in level
            if o.id not in done
        }
    return [done[id] for id in project.objectives]


def _observed(project: Project, key_result: KeyResult, m: Measurement) -> dict[str, Any]:
    cycle = project.cycle_of(key_result)
    return {
        "key_result": m.key_result,
        "cut": m.cut,
        "state": m.answer.state.value,
        "reason": m.answer.reason,
        "value": m.answer.value,
        "fresh": m.gap is None,
        "stale_reason": m.gap,
        "elapsed_days": cycle.elapsed_days(project.calendar.day_of(m.cut)),
        "started": m.cut > project.calendar.midnight(cycle.start_on),
    }


def _carriable(good: Good) -> dict[str, Any]:
    return {
        "key_result": good.key_result,
        "cut": good.cut,
        "state": State.OK.value,
        "value": good.value,
        "fresh": True,
        "elapsed_days": 0,
        "started": True,
    }


def _defined(project: Project, key_result: KeyResult, baselines: Mapping[str, Baseline]) -> dict[str, Any]:
    row: dict[str, Any] = {"key_result": key_result.id, "cycle_days": project.cycle_of(key_result).days}
    goal = key_result.goal
    if not isinstance(goal, Reach):
        bounds = {name: getattr(goal, name) for name in ("low", "high", "low_inclusive", "high_inclusive")}
        return row | {"kind": "keep"} | bounds
    frozen = baselines[key_result.id] if isinstance(goal.baseline, MeasuredOn) else Baseline(goal.baseline)
    return row | {
        "kind": "reach",
        "baseline": frozen.value,
        "baseline_reason": frozen.reason,
        "target_how": goal.target.how if isinstance(goal.target, RelativeTarget) else "absolute",
        "target_amount": goal.target.amount if isinstance(goal.target, RelativeTarget) else goal.target,
    }


def _observation(row: dict[str, Any], m: Measurement, *, definition: str, config: str) -> Observation:
    carried_from = row["carried_from"]
    numbers = ("value", "baseline", "target", "low", "high", "progress", "expected", "gap")
    return Observation(
        key_result=m.key_result,
        as_of=m.cut,
        state=State(row["state"]),
        status=Status(row["status"]),
        reason=row["reason"],
        definition=definition,
        carried_from=carried_from.astimezone(UTC) if carried_from else None,
        newest_at=m.newest_at,
        loads=m.loads,
        stocks=m.stocks,
        config=config,
        **{name: row[name] for name in numbers},
    )


def _parts(
    project: Project,
    objective: Objective,
    observations: Mapping[str, Observation],
    done: Mapping[str, ObjectiveObservation],
) -> list[dict[str, Any]]:
    parts: list[tuple[Observation | ObjectiveObservation, Decimal]]
    parts = [(observations[kr.id], kr.weight) for kr in objective.key_results if kr.id in observations]
    contributing = [o for o in project.objectives.values() if o.contributes_to == objective.id]
    parts += [(done[o.id], Decimal(1)) for o in contributing]
    return [
        {
            "objective": objective.id,
            "how": objective.roll_up,
            "progress": part.progress,
            "weight": weight,
            "status": part.status.value,
        }
        for part, weight in parts
    ]


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
