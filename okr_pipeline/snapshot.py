"""One snapshot of all key results at one as-of, appended with everything it rests on in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from okr_pipeline.definition import definition_hash, definition_of, measure_hash
from okr_pipeline.findings import Findings
from okr_pipeline.history import History
from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.errors import LedgerCorrupt
from okr_pipeline.ledger.instant import instant_from, instant_text
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.memory import rests_on, rests_on_check_ins
from okr_pipeline.model.observation import (
    Cause,
    CheckResult,
    ObjectiveObservation,
    Observation,
    Status,
)
from okr_pipeline.model.okr import Project
from okr_pipeline.model.report import SourceLine
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.record import decimal_text, digest, observation_body, observation_from, says
from okr_pipeline.run import Run

_REDEFINED = (Cause.DEFINITION, Cause.TARGET)
_OBJECTIVE_NUMBERS = ("progress", "expected", "value", "baseline", "target")
_OBJECTIVE_ALWAYS = ("objective", "progress", "status", "counted", "declared")


def record(
    run: Run, project: Project, findings: Findings, *, history: History, config_files: Mapping[str, str]
) -> Snapshot:
    """
    Write down *findings* and return the snapshot; *history* is what was recorded before.

    What the ledger already says is not said again: the same findings twice append nothing. A day
    recorded under another definition keeps its number; that it would read another value is counted.
    """
    observations, read_otherwise = _observations(project, findings, history, _Meanings(run.ledger, project))
    drafts = [
        *_configuration(run.ledger, project, config_files),
        *_definitions(run.ledger, project),
        *findings.baselines,
        *observations,
    ]
    body = _snapshot_body(project, findings, read_otherwise, as_of=run.as_of)
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
        read_otherwise=body.get("read_otherwise", {}),
    )


def read_snapshot(ledger: Ledger, project: str, *, as_of: datetime | None = None) -> Snapshot | None:
    """
    Return the newest snapshot of *project*, or the newest one at or before *as_of*; None if there is none.

    Its observations are those it was made of, whatever was restated since.
    """
    entry = ledger.newest("snapshot", subject=project, valid_to=as_of)
    return None if entry is None else snapshot_at(ledger, entry)


def snapshot_at(ledger: Ledger, entry: Entry) -> Snapshot:
    """
    Return the snapshot that *entry* records, with the observations that it was made of.

    Raises:
        LedgerCorrupt: If the ledger holds another observation than the one that was cited.
    """
    cited: Mapping[str, Any] = entry.body["key_results"]  # type: ignore[assignment]
    instants = [instant_from(cut) for cut, _ in cited.values()]
    known = ledger.latest(
        "observation",
        valid_from=min(instants, default=None),
        valid_to=max(instants, default=None),
        before_seq=entry.seq,
    )
    found = []
    for id, (cut, hash_) in cited.items():
        observed = known.get((id, instant_from(cut)))
        if observed is None or digest(observed.body["says"]) != hash_:  # type: ignore[arg-type]
            raise LedgerCorrupt(
                f"the observation of {id} that the snapshot at ledger entry {entry.seq} cites is not there",
                mend="see what `okr verify` finds, and compare the ledger with a copy",
            )
        found.append(observation_from(observed))
    return snapshot_from(entry, found)


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


def _observations(
    project: Project, findings: Findings, history: History, meanings: _Meanings
) -> tuple[list[Draft], Counter[str]]:
    """Return what is to be written; and of how many days, kept under another target, it says otherwise."""
    now = {(o.key_result, o.as_of) for o in findings.now}
    # Days of these bear on the days after them: what reads otherwise under another goal is written anew.
    remembering = {kr.id for kr in project.key_results() if rests_on(project, kr)}
    drafts, read_otherwise = [], Counter[str]()
    for observation in [*findings.past, *findings.now]:
        place = (observation.key_result, observation.as_of)
        before = history.get(place)
        cause = _cause(before, observation, meanings)
        if cause is Cause.DATA and place in findings.late:
            cause = Cause.LATE_DATA
        if cause in _REDEFINED and place not in now:
            reads_otherwise = _reads(before) != _reads(observation)
            if place[0] not in remembering or not (cause is Cause.DEFINITION or reads_otherwise):
                if cause is Cause.TARGET and reads_otherwise:
                    read_otherwise[place[0]] += 1
                continue
        if cause is not None:
            drafts.append(Draft("observation", *place, observation_body(observation, cause=cause)))
    return drafts, read_otherwise


class _Meanings:
    """What definitions have in common, by their hashes; and which key results people state."""

    def __init__(self, ledger: Ledger, project: Project) -> None:
        self._measured_by: dict[object, str] = {}
        for entry in ledger.entries("definition"):
            definition: Any = entry.body["definition"]
            self._measured_by[entry.body["hash"]] = measure_hash(definition)
        for key_result in project.key_results():
            now = definition_of(project, key_result)
            self._measured_by[definition_hash(now)] = measure_hash(now)
        self.stated = {kr.id for kr in project.key_results() if rests_on_check_ins(kr)}

    def changed(self, before: str, after: str) -> Cause:
        """Return what makes two definitions differ: what is measured, or only what it is held against."""
        measured = [self._measured_by.get(hash_) for hash_ in (before, after)]
        return Cause.TARGET if None not in measured and measured[0] == measured[1] else Cause.DEFINITION


def _reads(observation: Observation | None) -> object:
    """Return what was measured, whatever it is held against."""
    if observation is None:
        return None
    return observation.state, observation.value, [part.value for part in observation.parts]


def _cause(before: Observation | None, after: Observation, meanings: _Meanings) -> Cause | None:
    """Return why *after* differs from what was said *before*; None where it does not."""
    if before is None:
        return Cause.FIRST
    if before == after:
        return None
    if before.definition != after.definition:
        return meanings.changed(before.definition, after.definition)
    if (before.loads, before.stocks) != (after.loads, after.stocks):
        return Cause.DATA
    if (before.baseline, before.expected) != (after.baseline, after.expected):
        return Cause.BASELINE
    return Cause.MANUAL if after.key_result in meanings.stated else Cause.CODE


def _snapshot_body(
    project: Project, findings: Findings, read_otherwise: Mapping[str, int], *, as_of: datetime
) -> dict[str, Any]:
    return {
        "as_of": instant_text(as_of),
        "config": project.digest,
        "key_results": {o.key_result: [instant_text(o.as_of), digest(says(o))] for o in findings.now},
        "objectives": [_objective_body(objective) for objective in findings.objectives],
        "sources": [_source_body(source) for source in findings.sources],
        "checks": [asdict(check) for check in findings.checks],
        **({"read_otherwise": dict(read_otherwise)} if read_otherwise else {}),
    }


def _objective_body(o: ObjectiveObservation) -> dict[str, Any]:
    numbers = {name: decimal_text(getattr(o, name)) for name in _OBJECTIVE_NUMBERS}
    said = {**asdict(o), **numbers, "status": o.status.value}
    # What is nothing and came later is left out: an older snapshot of the same stays the same.
    return {name: value for name, value in said.items() if value or name in _OBJECTIVE_ALWAYS}


def _objective_from(row: Mapping[str, Any]) -> ObjectiveObservation:
    numbers = {name: Decimal(row[name]) for name in _OBJECTIVE_NUMBERS if row.get(name) is not None}
    return ObjectiveObservation(**{**row, **numbers, "status": Status(row["status"])})


def _source_body(source: SourceLine) -> dict[str, Any]:
    return {**asdict(source), "newest_at": instant_text(source.newest_at) if source.newest_at else None}


def _source_from(row: Mapping[str, Any]) -> SourceLine:
    newest = row["newest_at"]
    return SourceLine(**{**row, "newest_at": None if newest is None else instant_from(newest)})
