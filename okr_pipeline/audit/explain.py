"""One published number, followed back: goal, formula, query, loads, extracts, checks, rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from okr_pipeline.audit.origins import Origin, origins_of
from okr_pipeline.audit.recompute import Batch, answered, recomputed
from okr_pipeline.audit.replay import projects_by_digest
from okr_pipeline.audit.steps import Step, on_the_way, rows_query, step
from okr_pipeline.cuts import baseline_day
from okr_pipeline.definition import definition_of, measure_hash
from okr_pipeline.history import read_history, same_measures
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.memory import rests_on
from okr_pipeline.model.goal import Manual, Milestones
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.model.report import KeyResultLine, Report
from okr_pipeline.people import with_people
from okr_pipeline.record import observation_from
from okr_pipeline.report import build_report
from okr_pipeline.snapshot import read_snapshot
from okr_pipeline.stated import last_value
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.landing import landed_loads
from okr_pipeline.warehouse.sandbox import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A baseline that was measured once: for the end of *day*, in a ledger entry, from loads of datasets."""

    day: date
    value: str
    entry: int
    loads: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    Everything about one number of one snapshot; *published* are (publisher, recorded at).

    *stated* are the check-ins that it comes from. *batch* is what it takes to compute it again, with
    *same_measure* as in `recomputed`.
    """

    project: Project
    key_result: KeyResult
    observation: Observation
    report: Report
    line: KeyResultLine
    steps: tuple[Step, ...]
    origins: tuple[Origin, ...]
    restated: tuple[Observation, ...]
    published: tuple[tuple[str, datetime], ...]
    stated: tuple[CheckIn, ...]
    frozen: Frozen | None
    batch: Batch
    same_measure: Mapping[str, set[str]]


class NothingPublished(LookupError):
    """There is no snapshot yet, or none that holds the key result."""


def explain(
    ledger: Ledger, current: Project, key_result: str, *, as_of: datetime | None = None
) -> Explanation:
    """
    Explain *key_result* in the newest snapshot, or in the newest one at or before *as_of*.

    Raises:
        NothingPublished: If no such snapshot holds it.
    """
    snapshot = read_snapshot(ledger, current.id, as_of=as_of)
    found = [o for o in snapshot.key_results if o.key_result == key_result] if snapshot else []
    if snapshot is None or not found:
        raise NothingPublished(key_result)
    observation = found[0]
    project = projects_by_digest(ledger, current)[snapshot.config_digest]
    project = with_people(project, ledger, before_seq=snapshot.seq)
    declared = project.key_result(key_result)
    versions = ledger.entries("observation", subject=key_result)
    report = build_report(project, snapshot, ledger)
    return Explanation(
        project=project,
        key_result=declared,
        observation=observation,
        report=report,
        line=next(line for o in report.objectives for line in o.key_results if line.id == key_result),
        steps=tuple(step(project, metric, ask) for metric, ask in on_the_way(project, declared, observation)),
        origins=tuple(origins_of(ledger, project, observation)),
        restated=tuple(o for o in map(observation_from, versions) if o.as_of == observation.as_of)[1:],
        published=tuple(
            (e.subject, e.recorded_at)
            for e in ledger.entries("publication")
            if e.body["snapshot"] == snapshot.id
        ),
        stated=tuple(_stated(project, declared, observation)),
        frozen=_frozen(ledger, project, declared, before_seq=snapshot.seq),
        batch=_batch(ledger, project, observation, before_seq=snapshot.seq),
        same_measure=same_measures(ledger, project),
    )


def recompute(db: Database, sandbox: Sandbox, explanation: Explanation) -> Observation | None:
    """
    Return the observation as stored rows and check-ins give it now; None where rows are gone by policy.

    Of a value that was carried on, the rows of the time that it is carried from.
    """
    project, seen = explanation.project, explanation.observation
    retired = {(origin.dataset, origin.load) for origin in explanation.origins if origin.retired_at}
    if retired - landed_loads(db):
        return None
    if seen.state is not State.STALE:
        found = recomputed(db, sandbox, project, explanation.batch, same_measure=explanation.same_measure)
        return replace(found[seen.key_result, seen.as_of], definition=seen.definition)
    then = replace(seen, as_of=seen.carried_from or seen.as_of)
    [(answer, parts)] = answered(db, sandbox, project, [(explanation.key_result, then)])
    values = {name: part.value for name, part in parts}
    again = tuple(replace(part, value=values.get(part.name, part.value)) for part in seen.parts)
    return replace(seen, value=answer.value, parts=again)


def rows_behind(db: Database, explanation: Explanation, *, most: int) -> dict[str, list[dict[str, Any]]]:
    """Return up to *most* rows behind each aggregate on the way, by metric id."""
    project, found = explanation.project, {}
    for metric, ask in on_the_way(project, explanation.key_result, explanation.observation):
        if query := rows_query(project, metric, ask, most=most):
            found[metric.id] = db.rows(query)
    return found


def _stated(project: Project, key_result: KeyResult, observation: Observation) -> Iterator[CheckIn]:
    """Yield the check-ins that decide a number: the last value, or those that say what is done."""
    day = project.calendar.day_of(observation.as_of)
    match key_result.goal:
        case Manual():
            if last := last_value(key_result.id, project.check_ins, day):
                yield last
        case Milestones():
            own = (said for said in project.check_ins if said.key_result == key_result.id)
            yield from (said for said in own if said.done and said.on <= day)
        case _:
            return


def _frozen(ledger: Ledger, project: Project, key_result: KeyResult, *, before_seq: int) -> Frozen | None:
    day = baseline_day(project, key_result)
    if day is None:
        return None
    measured, end = measure_hash(definition_of(project, key_result)), project.calendar.end_of(day)
    own = [
        entry
        for entry in ledger.entries("baseline", subject=key_result.id)
        if entry.seq < before_seq and entry.valid_at == end and entry.body["measure"] == measured
    ]
    if not own:
        return None
    loads: Any = own[-1].body.get("loads") or {}
    return Frozen(day=day, value=str(own[-1].body["value"]), entry=own[-1].seq, loads=loads)


def _batch(ledger: Ledger, project: Project, observation: Observation, *, before_seq: int) -> Batch:
    """Return *observation* with the past that it rests on, as the snapshot before a ledger entry knew it."""
    key_result = project.key_result(observation.key_result)
    ids = {*rests_on(project, key_result), *((key_result.id,) if baseline_day(project, key_result) else ())}
    past = read_history(ledger, project, until=observation.as_of, before_seq=before_seq) if ids else {}
    closed: dict[str, Mapping[str, Any]] = {}
    for entry in ledger.entries("close"):
        said: Any = entry.body["key_results"]
        closed |= said if entry.seq < before_seq else {}
    kept = {place: o for place, o in past.items() if place[0] in ids and place[1] < observation.as_of}
    return Batch(recorded=[observation], past=kept, closed=closed, check_ins=project.check_ins)
