"""One snapshot of all key results at one as-of, appended with everything it rests on in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from okr_pipeline.cuts import baseline_cut
from okr_pipeline.definition import definition_hash, definition_of, measure_hash
from okr_pipeline.findings import Baseline, Findings, Good, Measurement
from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.instant import instant_from, instant_text
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import (
    Cause,
    CheckResult,
    ObjectiveObservation,
    Observation,
    State,
    Status,
)
from okr_pipeline.model.okr import Project
from okr_pipeline.model.report import SourceLine
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.record import decimal_text, digest, observation_body, observation_from, says
from okr_pipeline.run import Run


def record(run: Run, project: Project, findings: Findings, *, config_files: Mapping[str, str]) -> Snapshot:
    """
    Write down *findings* and return the snapshot.

    What the ledger already says is not said again: the same findings twice append nothing. A day
    recorded under another definition keeps its number.
    """
    drafts = [
        *_configuration(run.ledger, project, config_files),
        *_definitions(run.ledger, project),
        *findings.baselines,
        *_observations(run.ledger, findings),
    ]
    body = _snapshot_body(project, findings, as_of=run.as_of)
    there = run.ledger.latest("snapshot", subject=project.id, valid_from=run.as_of, valid_to=run.as_of)
    last = there.get((project.id, run.as_of))
    if not drafts and last is not None and last.body == body:
        return snapshot_from(last, findings.now)
    entries = run.write([*drafts, Draft("snapshot", project.id, run.as_of, body)])
    return snapshot_from(entries[-1], findings.now)


def snapshot_from(entry: Entry, observations: Sequence[Observation]) -> Snapshot:
    """Return the snapshot that *entry* records, with its *observations*."""
    body: Mapping[str, Any] = entry.body
    return Snapshot(
        id=entry.body_hash,
        project=entry.subject,
        as_of=instant_from(body["as_of"]),
        known_at=entry.recorded_at,
        config_digest=body["config"],
        key_results=tuple(observations),
        objectives=tuple(_objective_from(row) for row in body["objectives"]),
        sources=tuple(_source_from(row) for row in body["sources"]),
        checks=tuple(CheckResult(**row) for row in body["checks"]),
        seq=entry.seq,
        head=entry.hash,
    )


def read_snapshot(ledger: Ledger, project: str, *, as_of: datetime | None = None) -> Snapshot | None:
    """
    Return the newest snapshot of *project*, or the newest one at or before *as_of*; None if there is none.

    Its observations are those it was made of, whatever was restated since.
    """
    entries = [
        e
        for e in ledger.entries("snapshot", subject=project)
        if as_of is None or (e.valid_at and e.valid_at <= as_of)
    ]
    if not entries:
        return None
    entry = max(entries, key=lambda e: (e.valid_at, e.seq))
    cited: Mapping[str, Any] = entry.body["key_results"]  # type: ignore[assignment]
    instants = [instant_from(cut) for cut, _ in cited.values()]
    known = ledger.latest(
        "observation",
        valid_from=min(instants, default=None),
        valid_to=max(instants, default=None),
        before_seq=entry.seq,
    )
    found = [observation_from(known[id, instant_from(cut)]) for id, (cut, _) in cited.items()]
    return snapshot_from(entry, found)


def baselines_at(
    ledger: Ledger, project: Project, measured: Sequence[Measurement]
) -> tuple[dict[str, Baseline], list[Draft]]:
    """
    Return the measured baseline of every key result that has one, and those to be frozen now.

    What was frozen stays, whatever is measured for that day later; only another metric, cycle or
    zone makes it another number. A day that has not ended, or that the data does not reach, gives
    no baseline yet.
    """
    frozen = {
        (entry.subject, entry.valid_at, entry.body["measure"]): entry for entry in ledger.entries("baseline")
    }
    found = {(m.key_result, m.cut): m for m in measured}
    baselines, drafts = {}, []
    for key_result in project.key_results():
        if (cut := baseline_cut(project, key_result)) is None:
            continue
        place = (key_result.id, cut)
        measure = measure_hash(definition_of(project, key_result))
        if entry := frozen.get((*place, measure)):
            baselines[key_result.id] = Baseline(Decimal(str(entry.body["value"])))
            continue
        baselines[key_result.id] = _baseline(project.calendar.day_of(cut), found.get(place))
        if (value := baselines[key_result.id].value) is not None:
            body = {
                "value": decimal_text(value),
                "measure": measure,
                "loads": dict(found[place].loads),
                "stocks": dict(found[place].stocks),
            }
            drafts.append(Draft("baseline", *place, body))
    return baselines, drafts


def _baseline(day: date, measured: Measurement | None) -> Baseline:
    if measured is None:
        return Baseline(None, f"the baseline is measured when {day} is over")
    reason = measured.gap or measured.answer.reason
    if reason is None:
        return Baseline(measured.answer.value)
    return Baseline(None, f"no baseline for {day}: {reason}")


def good_values(ledger: Ledger, project: Project, as_of: datetime) -> list[Good]:
    """
    Return every good value recorded in the project's cycles up to *as_of*: what may be carried on.

    Values of another metric, cycle or zone than declared now are none.
    """
    measured_by = _measures(ledger, project)
    starts = [project.calendar.midnight(project.cycle_of(kr).start_on) for kr in project.key_results()]
    if not starts:
        return []
    entries = ledger.latest("observation", valid_from=min(starts), valid_to=as_of)
    seen = map(observation_from, entries.values())
    return [
        Good(o.key_result, o.as_of, o.value)
        for o in seen
        if o.state is State.OK and o.value is not None and o.definition in measured_by.get(o.key_result, ())
    ]


def _measures(ledger: Ledger, project: Project) -> dict[str, set[str]]:
    """Return the hashes of all recorded definitions that measure a key result as it is measured now."""
    now = {kr.id: measure_hash(definition_of(project, kr)) for kr in project.key_results()}
    same: dict[str, set[str]] = {id: set() for id in now}
    for entry in ledger.entries("definition"):
        definition: Any = entry.body["definition"]
        if entry.subject in now and measure_hash(definition) == now[entry.subject]:
            same[entry.subject].add(str(entry.body["hash"]))
    return same


def failed_checks(ledger: Ledger, project: Project, as_of: datetime) -> list[CheckResult]:
    """Return the failed checks of each dataset's last load at or before *as_of*."""
    failed: list[CheckResult] = []
    for id in project.datasets:
        loads = [e for e in ledger.entries("load", subject=id) if e.valid_at and e.valid_at <= as_of]
        if loads:
            checks: Any = max(loads, key=lambda e: (e.valid_at, e.seq)).body["checks"]
            failed += [CheckResult(**check) for check in checks if not check["passed"]]
    return failed


def _configuration(ledger: Ledger, project: Project, files: Mapping[str, str]) -> list[Draft]:
    last = ledger.last("configuration", subject=project.id)
    if last is not None and last.body["digest"] == project.digest:
        return []
    return [Draft("configuration", project.id, None, {"digest": project.digest, "files": dict(files)})]


def _definitions(ledger: Ledger, project: Project) -> list[Draft]:
    known = {entry.subject: entry.body["hash"] for entry in ledger.entries("definition")}
    drafts = []
    for key_result in project.key_results():
        definition = definition_of(project, key_result)
        if known.get(key_result.id) != (hash_ := definition_hash(definition)):
            drafts.append(Draft("definition", key_result.id, None, {"hash": hash_, "definition": definition}))
    return drafts


def _observations(ledger: Ledger, findings: Findings) -> list[Draft]:
    everything = [*findings.past, *findings.now]
    instants = [o.as_of for o in everything]
    known = ledger.latest(
        "observation", valid_from=min(instants, default=None), valid_to=max(instants, default=None)
    )
    now = {(o.key_result, o.as_of) for o in findings.now}
    drafts = []
    for observation in everything:
        place = (observation.key_result, observation.as_of)
        cause = _cause(known.get(place), observation)
        if cause is None or (cause is Cause.DEFINITION and place not in now):
            continue
        drafts.append(Draft("observation", *place, observation_body(observation, cause=cause)))
    return drafts


def _cause(before: Entry | None, after: Observation) -> Cause | None:
    """Return why *after* differs from what was said *before*; None where it does not."""
    if before is None:
        return Cause.FIRST
    if before.body["says"] == says(after):
        return None
    earlier = observation_from(before)
    if earlier.definition != after.definition:
        return Cause.DEFINITION
    return Cause.CODE if (earlier.loads, earlier.stocks) == (after.loads, after.stocks) else Cause.DATA


def _snapshot_body(project: Project, findings: Findings, *, as_of: datetime) -> dict[str, Any]:
    return {
        "as_of": instant_text(as_of),
        "config": project.digest,
        "key_results": {o.key_result: [instant_text(o.as_of), digest(says(o))] for o in findings.now},
        "objectives": [_objective_body(objective) for objective in findings.objectives],
        "sources": [_source_body(source) for source in findings.sources],
        "checks": [asdict(check) for check in findings.checks],
    }


def _objective_body(o: ObjectiveObservation) -> dict[str, Any]:
    return {**asdict(o), "progress": decimal_text(o.progress), "status": o.status.value}


def _objective_from(row: Mapping[str, Any]) -> ObjectiveObservation:
    progress = row["progress"]
    return ObjectiveObservation(
        **{
            **row,
            "progress": None if progress is None else Decimal(progress),
            "status": Status(row["status"]),
        }
    )


def _source_body(source: SourceLine) -> dict[str, Any]:
    return {**asdict(source), "newest_at": instant_text(source.newest_at) if source.newest_at else None}


def _source_from(row: Mapping[str, Any]) -> SourceLine:
    newest = row["newest_at"]
    return SourceLine(**{**row, "newest_at": None if newest is None else instant_from(newest)})
