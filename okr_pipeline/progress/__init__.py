"""Hold measurements against goals: progress, expected, gap and status of every key result at every cut."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from okr_pipeline.definition import definition_hash, definition_of
from okr_pipeline.findings import Baselines, Good, Measurement, PastCycle
from okr_pipeline.followed import past_cycle, predecessor
from okr_pipeline.model.observation import Observation
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.progress.cases import cases_of
from okr_pipeline.progress.observations import observation_of
from okr_pipeline.progress.parts import meet_parts
from okr_pipeline.progress.periods import hold_periods
from okr_pipeline.progress.terms import terms_of
from okr_pipeline.progress.verdicts import judge
from okr_pipeline.warehouse.database import Database

Place = tuple[str, datetime]


def observe(
    db: Database,
    project: Project,
    measurements: Sequence[Measurement],
    *,
    baselines: Baselines,
    earlier: Iterable[Good],
    check_ins: Sequence[CheckIn] = (),
    recorded: Mapping[Place, Observation] | None = None,
    closed: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Observation]:
    """
    Return the observation behind each of *measurements*, ordered by key result and cut.

    *baselines* holds those that are not declared as a number, by key result. *earlier* serves to be
    carried forward, and to those that remember their days; a measurement at the same cut replaces
    one. *check_ins* tell which milestones are done. What follows an earlier cycle takes it from the
    measurements, from what was *recorded*, and from how it was *closed*.
    """
    known = dict(recorded or {})
    observations: list[Observation] = []
    earlier = list(earlier)
    for follows in _generations(project, {m.key_result for m in measurements}):
        past_cycles = {
            id: past
            for id, before in follows.items()
            if before and (past := past_cycle(project, before, known, closed=closed or {}))
        }
        found = _observe_generation(
            db,
            project,
            [m for m in measurements if m.key_result in follows],
            baselines=baselines,
            earlier=earlier,
            check_ins=check_ins,
            past_cycles=past_cycles,
        )
        observations += found
        known |= {(o.key_result, o.as_of): o for o in found}
    return sorted(observations, key=lambda o: (o.key_result, o.as_of))


def _generations(project: Project, ids: Collection[str]) -> Iterator[dict[str, KeyResult | None]]:
    """Yield key results with what their curves follow (None: nothing), each after what it follows."""
    follows = {
        kr.id: predecessor(project, kr) if kr.expected == "last_cycle" else None
        for kr in project.key_results()
        if kr.id in ids
    }
    while follows:
        ready = {id: before for id, before in follows.items() if before is None or before.id not in follows}
        # Two that follow each other have no cycle before them: they go without.
        yield ready or dict.fromkeys(follows)
        follows = {id: before for id, before in follows.items() if ready and id not in ready}


def _observe_generation(
    db: Database,
    project: Project,
    measurements: Sequence[Measurement],
    *,
    baselines: Baselines,
    earlier: Iterable[Good],
    check_ins: Sequence[CheckIn],
    past_cycles: Mapping[str, PastCycle],
) -> list[Observation]:
    """Return the observations behind *measurements*, of key results none of which follows another."""
    ids = {m.key_result for m in measurements}
    key_results = [kr for kr in project.key_results() if kr.id in ids]
    terms = terms_of(db, project, key_results, baselines=baselines, past_cycles=past_cycles)
    cases = cases_of(project, terms, measurements, earlier=earlier)
    meet_parts(db, cases, check_ins=check_ins)
    hold_periods(db, project, cases)
    definitions = {kr.id: definition_hash(definition_of(project, kr)) for kr in key_results}
    return [
        observation_of(
            case.measured, case, verdict, definition=definitions[case.key_result.id], config=project.digest
        )
        for case, verdict in judge(db, project, cases)
        if case.measured
    ]
