"""
Prove that what was published still follows from what was read.

Every extract is hashed again, every number measured again from a warehouse made anew, under the
configuration it was recorded with and at the loads it was recorded at, and compared exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from okr_pipeline.audit.recompute import batches, recomputed
from okr_pipeline.audit.replay import projects_by_digest, replayed
from okr_pipeline.counts import counted
from okr_pipeline.history import same_measures
from okr_pipeline.lake import Lake, LakeError
from okr_pipeline.layout import LATEST
from okr_pipeline.ledger.entry import Entry, Head
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import Project
from okr_pipeline.model.report import Report
from okr_pipeline.people import KIND
from okr_pipeline.record import digest, observation_from, says
from okr_pipeline.report import build_report
from okr_pipeline.retire import Load, retired_loads
from okr_pipeline.snapshot import snapshot_at
from okr_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What was proved, in counts, and every fault found. No fault means that all of it holds.

    *retired* says what could not be proved because its extracts are gone by policy.
    """

    entries: int
    extracts: int
    numbers: int
    snapshots: int
    head: Head
    faults: tuple[str, ...]
    retired: tuple[str, ...] = ()


def verify(
    workspace: Workspace,
    ledger: Ledger,
    *,
    published: Report | None = None,
    witnesses: Mapping[str, Head] | None = None,
) -> Verdict:
    """
    Check the chain, the lake and every recorded number of the project.

    *witnesses* are heads that were published or noted, by who names them: with them a ledger that
    lost its tail, or was written anew, is told from a whole one. *published* is the report that
    readers have; it is held against the ledger itself.
    """
    faults = [f"ledger entry {fault.seq}: {fault.what}" for fault in ledger.verify_chain()]
    faults += _unknown_heads(ledger, witnesses or {})
    gone = retired_loads(ledger)
    landed = [e for e in ledger.entries("load") if e.body["verdict"] == "landed"]
    loads = [e for e in landed if (e.subject, e.body["number"]) not in gone]
    damaged = list(_damaged_extracts(workspace.lake, loads))
    entries = list(ledger.entries("observation"))
    faults += damaged
    provable = [entry for entry in entries if not _rests_on(gone, entry)]
    if not damaged:
        faults += _changed_numbers(workspace, ledger, entries, provable)
    faults += _undefined(entries, ledger.entries("definition"))
    snapshots = list(ledger.entries("snapshot", subject=workspace.project.id))
    faults += _broken_snapshots(entries, snapshots)
    if published and not faults and published != _recorded(workspace, ledger, snapshots, published):
        faults.append(f"{LATEST} does not say what the ledger recorded; `okr page` writes it again")
    return Verdict(
        entries=(head := ledger.head()).seq,
        extracts=len(loads),
        numbers=0 if damaged else len(provable),
        snapshots=len(snapshots),
        head=head,
        faults=tuple(faults),
        retired=tuple(_retired(workspace.project, gone, unproved=len(entries) - len(provable))),
    )


def _rests_on(gone: Mapping[Load, datetime], entry: Entry) -> bool:
    source: Mapping[str, Mapping[str, int]] = entry.body["from"]  # type: ignore[assignment]
    return any(load in gone for kind in ("loads", "stocks") for load in source[kind].items())


def _retired(project: Project, gone: Mapping[Load, datetime], *, unproved: int) -> Iterator[str]:
    since: dict[str, datetime] = {}
    for (dataset, _), at in gone.items():
        since[dataset] = min(since.get(dataset, at), at)
    for dataset, at in since.items():
        count = sum(name == dataset for name, _ in gone)
        told = project.calendar.told(at)
        yield f"digest only: {counted(count, 'extract')} of {dataset}, since {told}, by policy (`retain`)"
    if unproved:
        yield f"digest only: {counted(unproved, 'number')} on those; recorded, chained, not recomputed"


def _unknown_heads(ledger: Ledger, witnesses: Mapping[str, Head]) -> Iterator[str]:
    ends_at = ledger.head().seq
    for name, head in witnesses.items():
        if ledger.holds(head):
            continue
        entry = f"entry {head.seq} with hash" if head.seq else "an entry with hash"
        known = f"{name}: the ledger once held {entry} {head.hash[:12]}, and does not"
        if head.seq > ends_at:
            yield f"{known}; it was rolled back from entry {head.seq} to {ends_at}"
        else:
            yield f"{known}; it was rolled back, or rewritten, or is another one"


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


def _changed_numbers(
    workspace: Workspace, ledger: Ledger, entries: Sequence[Entry], provable: Sequence[Entry]
) -> Iterator[str]:
    """Find numbers of *provable* that come out otherwise; values may be carried from any of *entries*."""
    projects = projects_by_digest(ledger, workspace.project)
    configs = Counter(observation_from(entry).config for entry in provable)
    said = _recorded_values(entries)
    closes, people = list(ledger.entries("close")), list(ledger.entries(KIND))
    asked = frozenset(entry.seq for entry in provable)
    for config, numbers in configs.items():
        if config not in projects:
            which = f"configuration {config[:12]}, which is not in the ledger"
            yield f"recorded under {which}: {counted(numbers, 'number')}"
            continue
        project = projects[config]
        with replayed(workspace, ledger, project) as (db, sandbox):
            same = same_measures(ledger, project)
            for batch in batches(project, entries, closes=closes, people=people, provable=asked):
                again = recomputed(db, sandbox, project, batch, same_measure=same)
                yield from _compare(project, batch.recorded, again, said)


def _undefined(entries: Sequence[Entry], definitions: Iterable[Entry]) -> Iterator[str]:
    """Find numbers whose definition is not in the ledger, or does not have the hash it goes by."""
    known = {e.body["hash"] for e in definitions if e.body["hash"] == digest(e.body["definition"])}  # type: ignore[arg-type]
    for subject, definition in dict.fromkeys(
        (o.key_result, o.definition) for o in map(observation_from, entries)
    ):
        if definition not in known:
            yield f"{subject} was recorded under definition {definition[:12]}, which is not in the ledger"


def _compare(
    project: Project,
    recorded: Sequence[Observation],
    again: Mapping[tuple[str, datetime], Observation],
    said: Mapping[tuple[str, object], set[object]],
) -> Iterator[str]:
    for before in recorded:
        place = f"{before.key_result} at {project.calendar.told(before.as_of)}"
        # What a number means is proved by its definition entry; here it is the number that is proved.
        after = again.get((before.key_result, before.as_of), before)
        after = replace(after, definition=before.definition)
        if before.state is State.STALE:
            if (before.value, before.parts) not in said[before.key_result, before.carried_from]:
                yield f"{place} carries a value that was never recorded"
            carried = ("state", "status", "reason", "carried_from")
            after = replace(after, **{name: getattr(before, name) for name in carried})
        if says(before) != says(after):
            yield f"{place}: computed again, these differ: {_differences(before, after)}"


def _recorded_values(entries: Sequence[Entry]) -> Mapping[tuple[str, object], set[object]]:
    values: dict[tuple[str, object], set[object]] = defaultdict(set)
    for entry in entries:
        observation = observation_from(entry)
        if observation.state is State.OK:
            values[observation.key_result, observation.as_of].add((observation.value, observation.parts))
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
    return ", ".join(name for name in {**old, **new} if old.get(name) != new.get(name))
