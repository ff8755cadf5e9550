"""
The main path: from sources to published numbers.

    extract   every dataset into the lake, each failure its own
    land      what was read into the warehouse, checked
    measure   every key result, now and for each day of its cycle
    record    observations and one snapshot, in one transaction
    publish   each rendering, replaced whole
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from connectors.contract import Announced, Connector
from connectors.errors import ConnectorError
from okr_pipeline.coverage import Coverage
from okr_pipeline.cuts import baseline_cut, cut_of, past_cuts
from okr_pipeline.extract import Extracted, extract, failed, request_for
from okr_pipeline.findings import Findings
from okr_pipeline.history import (
    baselines_at,
    closed_key_results,
    failed_checks,
    good_values,
    read_history,
)
from okr_pipeline.land import Loaded, catch_up, catch_up_each, land
from okr_pipeline.late import late_places
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.measure import measure, source_lines, unsettled
from okr_pipeline.model.metric import Dataset
from okr_pipeline.model.report import Report
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.people import record_check_ins, unusable_rows, with_people
from okr_pipeline.progress import observe
from okr_pipeline.publish.outbox import Published, publish
from okr_pipeline.report import build_report
from okr_pipeline.retire import retire
from okr_pipeline.roll_up import roll_up
from okr_pipeline.run import Run
from okr_pipeline.snapshot import record
from okr_pipeline.stated import stated
from okr_pipeline.warehouse.cube import refresh_cubes
from okr_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What one sync did, stage by stage."""

    extracted: Sequence[Extracted]
    loaded: Sequence[Loaded]
    snapshot: Snapshot
    report: Report
    published: Sequence[Published]


def sync(
    workspace: Workspace,
    run: Run,
    *,
    datasets: Collection[str] | None = None,
    accept: Collection[str] = (),
    publishing: bool = True,
) -> Synced:
    """
    Bring every key result up to date at the run's as-of.

    Only *datasets* are read again (None: all); the rest stands as it was landed. A dataset in
    *accept* lands even if its checks fail.
    """
    extracted = extract_all(workspace, run, datasets=datasets)
    loaded = land_all(workspace, run, accept=accept)
    if differing := {one.dataset for one in loaded if one.differs}:
        # Once: what still differs then is written down, and shown.
        extracted += extract_all(workspace, run, datasets=differing, whole=True)
        loaded += land_all(workspace, run, accept=accept)
    snapshot = measure_all(workspace, run)
    report = build_report(workspace.project, snapshot, run.ledger)
    published = []
    if publishing:
        publishers = workspace.project.publishers
        published = publish(publishers, report, run, base=workspace.base, resolve=workspace.resolved)
    return Synced(extracted=extracted, loaded=loaded, snapshot=snapshot, report=report, published=published)


def extract_all(
    workspace: Workspace,
    run: Run,
    *,
    datasets: Collection[str] | None = None,
    backfill_since: date | None = None,
    whole: bool = False,
) -> list[Extracted]:
    """
    Read *datasets* (None: all), source by source; a source out of reach fails its own datasets alone.

    With *whole*, each is read as if its full read were due.
    """
    lake = workspace.lake
    lake.sweep()
    extracted = []
    for source in workspace.project.sources.values():
        wanted = [
            dataset
            for dataset in workspace.project.datasets.values()
            if dataset.source == source.id and (datasets is None or dataset.id in datasets)
        ]
        try:
            connector = workspace.connect(source)
        except ConnectorError as error:
            extracted += [failed(dataset, error, run) for dataset in wanted]
            continue
        try:
            _announce(wanted, connector, workspace)
            extracted += [
                extract(
                    dataset,
                    source,
                    connector,
                    run,
                    lake=lake,
                    resolve=workspace.resolved,
                    backfill_since=backfill_since,
                    whole=whole,
                    unfinished=workspace.unfinished(dataset.id),
                )
                for dataset in wanted
            ]
        finally:
            connector.close()
    return extracted


def _announce(datasets: Sequence[Dataset], connector: Connector, workspace: Workspace) -> None:
    """Tell a connector that reads several datasets in one go which ones will be asked for."""
    if isinstance(connector, Announced):
        requests = []
        for dataset in datasets:
            with suppress(ConnectorError):  # raised again, and written down, when it is read
                requests.append(request_for(dataset, connector, resolve=workspace.resolved))
        connector.announce(tuple(requests))


def land_all(
    workspace: Workspace,
    run: Run,
    *,
    datasets: Collection[str] | None = None,
    accept: Collection[str] = (),
) -> list[Loaded]:
    """
    Land what was read of *datasets* (None: all) and has no verdict, after what the warehouse missed.

    Then extracts that are older than a dataset retains leave the lake.
    """
    declared = workspace.project.datasets.values()
    wanted = [dataset for dataset in declared if datasets is None or dataset.id in datasets]
    lake = workspace.lake
    with workspace.writable_warehouse() as db:
        _, lost = catch_up_each(db, wanted, ledger=run.ledger, lake=lake)
        loaded = [
            one for d in wanted for one in land(db, d, run, lake=lake, accept=accept, lost=lost.get(d.id))
        ]
        refresh_cubes(db, workspace.project, [dataset.id for dataset in wanted])
    for dataset in wanted:
        retire(dataset, run, lake=lake)
    return loaded


def rebuild_warehouse(workspace: Workspace, ledger: Ledger) -> int:
    """Make the warehouse again from lake and ledger; return how many loads it took."""
    workspace.warehouse.unlink(missing_ok=True)
    workspace.warehouse.with_name(workspace.warehouse.name + ".wal").unlink(missing_ok=True)
    with workspace.writable_warehouse() as db:
        return catch_up(db, list(workspace.project.datasets.values()), ledger=ledger, lake=workspace.lake)


def measure_all(workspace: Workspace, run: Run) -> Snapshot:
    """Measure, hold against goals, and record one snapshot at the run's as-of."""
    project, ledger, as_of = workspace.project, run.ledger, run.as_of
    coverage = {id: Coverage.of(ledger, dataset) for id, dataset in project.datasets.items()}
    history = read_history(ledger, project, until=as_of)
    closed = closed_key_results(ledger)
    key_results = [kr for kr in project.key_results() if kr.ready]
    now = [(kr, cut_of(project, kr, as_of)) for kr in key_results]
    days = [(kr, cut) for kr in key_results for cut in past_cuts(project, kr, as_of)]
    past = unsettled(project, days, coverage=coverage, history=history)
    starts = [(kr, cut) for kr in key_results if (cut := baseline_cut(project, kr)) and cut <= as_of]
    with workspace.measuring() as (db, sandbox):
        reader = project.check_ins_dataset
        record_check_ins(db, project, run, load=coverage[reader].load if reader else None)
        project = with_people(project, ledger)
        wanted = [*past, *now, *starts]
        measured = measure(db, project, wanted, coverage=coverage, sandbox=sandbox)
        measured += stated(project, wanted, project.check_ins)
        baselines, frozen = baselines_at(ledger, project, measured, as_of=as_of, closed=closed)
        asked = {(kr.id, cut) for kr, cut in now}
        # A past day that cannot be measured again stands as it was recorded.
        measured = [m for m in measured if not m.lost or (m.key_result, m.cut) in asked]
        earlier = good_values(ledger, project, history)
        observations = observe(
            db,
            project,
            measured,
            baselines=baselines,
            earlier=earlier,
            check_ins=project.check_ins,
            recorded=history,
            closed=closed,
        )
        by_place = {(o.key_result, o.as_of): o for o in observations}
        current = [by_place[kr.id, cut] for kr, cut in now]
        findings = Findings(
            now=current,
            past=[by_place[kr.id, cut] for kr, cut in past if (kr.id, cut) in by_place],
            objectives=roll_up(db, project, current, as_of=as_of),
            sources=source_lines(db, project, coverage, as_of),
            checks=[*failed_checks(ledger, project, as_of), *unusable_rows(project, ledger)],
            baselines=frozen,
            late=late_places(db, project, observations, history=history),
        )
    return record(run, project, findings, history=history, config_files=workspace.config_files())
