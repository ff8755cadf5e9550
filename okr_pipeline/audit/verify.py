"""
Prove that what was published still follows from what was read.

Every extract is hashed again, every number measured again from a warehouse made anew, under the
configuration it was recorded with and at the loads it was recorded at, and compared exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from okr_pipeline.audit.replay import projects_by_digest, replayed
from okr_pipeline.cuts import baseline_cut
from okr_pipeline.findings import Baseline, Measurement
from okr_pipeline.lake import Lake, LakeError
from okr_pipeline.layout import LATEST
from okr_pipeline.ledger.entry import Entry, Head
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.report import Report
from okr_pipeline.progress import observe
from okr_pipeline.record import digest, observation_from, says
from okr_pipeline.report import build_report
from okr_pipeline.snapshot import snapshot_at
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.measure import measure
from okr_pipeline.warehouse.question import Answer, Ask
from okr_pipeline.warehouse.sandbox import Sandbox
from okr_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was proved, in counts, and every fault found. No fault means that all of it holds."""

    entries: int
    extracts: int
    numbers: int
    snapshots: int
    faults: tuple[str, ...]


def verify(
    workspace: Workspace,
    ledger: Ledger,
    *,
    published: Report | None = None,
    witnesses: Collection[Head] = (),
) -> Verdict:
    """
    Check the chain, the lake and every recorded number of the project.

    *witnesses* are heads that were published: with them a ledger that lost its tail, or was written
    anew, is told from a whole one. *published* is the report that readers have; it is held against
    the ledger itself.
    """
    anchor = max(witnesses, key=lambda head: head.seq, default=None)
    faults = [f"ledger entry {fault.seq}: {fault.what}" for fault in ledger.verify_chain(anchor=anchor)]
    loads = [e for e in ledger.entries("load") if e.body["verdict"] == "landed"]
    damaged = list(_damaged_extracts(workspace.lake, loads))
    entries = list(ledger.entries("observation"))
    faults += damaged
    if not damaged:
        faults += _changed_numbers(workspace, ledger, entries)
    faults += _undefined(entries, ledger.entries("definition"))
    snapshots = list(ledger.entries("snapshot", subject=workspace.project.id))
    faults += _broken_snapshots(entries, snapshots)
    if published and not faults and published != _recorded(workspace, ledger, snapshots, published):
        faults.append(f"{LATEST} does not say what the ledger recorded; `okr page` writes it again")
    return Verdict(
        entries=ledger.head().seq,
        extracts=len(loads),
        numbers=0 if damaged else len(entries),
        snapshots=len(snapshots),
        faults=tuple(faults),
    )


def _recorded(
    workspace: Workspace, ledger: Ledger, snapshots: Sequence[Entry], published: Report
) -> Report | None:
    """Return the report that the ledger gives of the snapshot that *published* names."""
    projects = projects_by_digest(ledger, workspace.project)
    for entry in snapshots:
        if entry.seq == published.seq:
            snapshot = snapshot_at(ledger, entry)
            return build_report(projects[snapshot.config_digest], snapshot, ledger)
    return None


def _damaged_extracts(lake: Lake, loads: Sequence[Entry]) -> Iterator[str]:
    for subject, extract_id in dict.fromkeys((e.subject, str(e.body["extract_id"])) for e in loads):
        try:
            lake.verify(subject, extract_id)
        except LakeError as error:
            yield f"{subject}: {error}; numbers that rest on it cannot be proved"


def _changed_numbers(workspace: Workspace, ledger: Ledger, entries: Sequence[Entry]) -> Iterator[str]:
    projects = projects_by_digest(ledger, workspace.project)
    by_config: dict[str, list[Observation]] = defaultdict(list)
    for entry in entries:
        observation = observation_from(entry)
        by_config[observation.config].append(observation)
    values = _recorded_values(entries)
    for config, recorded in by_config.items():
        if config not in projects:
            yield f"{len(recorded)} numbers rest on configuration {config[:12]}, which is not in the ledger"
            continue
        with replayed(workspace, ledger, projects[config]) as (db, sandbox):
            for group in _groups(recorded):
                yield from _compare(db, sandbox, projects[config], group, values)


def _undefined(entries: Sequence[Entry], definitions: Iterable[Entry]) -> Iterator[str]:
    """Find numbers whose definition is not in the ledger, or does not have the hash it goes by."""
    known = {e.body["hash"] for e in definitions if e.body["hash"] == digest(e.body["definition"])}  # type: ignore[arg-type]
    for subject, definition in dict.fromkeys(
        (o.key_result, o.definition) for o in map(observation_from, entries)
    ):
        if definition not in known:
            yield f"{subject} was recorded under definition {definition[:12]}, which is not in the ledger"


def _groups(recorded: Sequence[Observation]) -> list[list[Observation]]:
    """Split *recorded* so that no place and no kind of baseline occurs twice in a group."""
    versions: dict[tuple[str, object], int] = defaultdict(int)
    groups: dict[tuple[int, bool], list[Observation]] = defaultdict(list)
    for observation in recorded:
        place = (observation.key_result, observation.as_of)
        groups[versions[place], observation.baseline is None].append(observation)
        versions[place] += 1
    return list(groups.values())


def _compare(
    db: Database,
    sandbox: Sandbox,
    project: Project,
    recorded: Sequence[Observation],
    values: Mapping[tuple[str, object], set[object]],
) -> Iterator[str]:
    key_results = {kr.id: kr for kr in project.key_results()}
    asks = [_ask(project, key_results[o.key_result], o) for o in recorded]
    answers = measure(db, project, asks, sandbox=sandbox)
    measured = [_measurement(o, answers[ask]) for o, ask in zip(recorded, asks, strict=True)]
    baselines = {
        o.key_result: Baseline(o.baseline, o.reason)
        for o in recorded
        if baseline_cut(project, key_results[o.key_result]) is not None
    }
    again = {
        (o.key_result, o.as_of): o for o in observe(db, project, measured, baselines=baselines, earlier=())
    }
    for before in recorded:
        # What a number means is proved by its definition entry; here it is the number that is proved.
        after = replace(again[before.key_result, before.as_of], definition=before.definition)
        place = f"{before.key_result} at {before.as_of:%Y-%m-%d %H:%M} UTC"
        if before.state is State.STALE:
            if before.value not in values[before.key_result, before.carried_from]:
                yield f"{place} carries a value that was never recorded"
            carried = ("state", "status", "reason", "carried_from")
            after = replace(after, **{name: getattr(before, name) for name in carried})
        if says(before) != says(after):
            yield f"{place}: computed again, these differ: {_differences(before, after)}"


def _ask(project: Project, key_result: KeyResult, recorded: Observation) -> Ask:
    return Ask(
        metric=str(key_result.metric),
        cycle=project.cycle_of(key_result).id,
        cut=recorded.as_of,
        loads=tuple(sorted(recorded.loads.items())),
        stocks=tuple(sorted(recorded.stocks.items())),
    )


def _measurement(recorded: Observation, answer: Answer) -> Measurement:
    """Return the measurement behind *recorded*: a carried value as it was carried, a gap as it was told."""
    gap = None
    if recorded.state is State.STALE:
        answer = Answer(recorded.value)
    elif recorded.state is State.NO_DATA and answer.reason != recorded.reason:
        gap = recorded.reason
    return Measurement(
        key_result=recorded.key_result,
        cut=recorded.as_of,
        answer=answer,
        gap=gap,
        newest_at=recorded.newest_at,
        loads=recorded.loads,
        stocks=recorded.stocks,
    )


def _recorded_values(entries: Sequence[Entry]) -> Mapping[tuple[str, object], set[object]]:
    values: dict[tuple[str, object], set[object]] = defaultdict(set)
    for entry in entries:
        observation = observation_from(entry)
        if observation.state is State.OK:
            values[observation.key_result, observation.as_of].add(observation.value)
    return values


def _broken_snapshots(entries: Sequence[Entry], snapshots: Sequence[Entry]) -> Iterator[str]:
    """Find snapshots that cite what was not recorded before them."""
    said: dict[tuple[str, str], int] = {}
    for entry in entries:
        body: Mapping[str, Mapping[str, object]] = entry.body  # type: ignore[assignment]
        said.setdefault((entry.subject, digest(body["says"])), entry.seq)
    for snapshot in snapshots:
        cited: Mapping[str, Sequence[str]] = snapshot.body["key_results"]  # type: ignore[assignment]
        missing = [
            id for id, (_, hash_) in cited.items() if said.get((id, hash_), snapshot.seq) >= snapshot.seq
        ]
        if missing:
            yield f"snapshot at ledger entry {snapshot.seq} cites what was not recorded: {', '.join(missing)}"


def _differences(before: Observation, after: Observation) -> str:
    old, new = says(before), says(after)
    return ", ".join(name for name in old if old[name] != new[name])
