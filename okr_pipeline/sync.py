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
from dataclasses import dataclass
from datetime import date, datetime

from connectors.errors import ConnectorError
from okr_pipeline.coverage import Coverage
from okr_pipeline.extract import Extracted, extract, failed
from okr_pipeline.land import Loaded, catch_up, land
from okr_pipeline.ledger.instant import instant_text
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.measure import baseline_cut, cut_of, measure, past_cuts, source_lines
from okr_pipeline.model.report import Report
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.progress import observe, roll_up
from okr_pipeline.publish.outbox import Published, publish
from okr_pipeline.report import build_report
from okr_pipeline.snapshot import Findings, baselines_at, failed_checks, good_values, record
from okr_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: the instant it asks about, and the instant it is written down."""

    as_of: datetime
    recorded_at: datetime

    @property
    def id(self) -> str:
        """The run's name in the ledger."""
        return f"run {instant_text(self.recorded_at)}"


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
    with workspace.ledger() as ledger:
        extracted = extract_all(workspace, ledger, run, datasets=datasets)
        loaded = land_all(workspace, ledger, run, accept=accept)
        snapshot = measure_all(workspace, ledger, run)
        report = build_report(workspace.project, snapshot, ledger)
        published = publish_all(workspace, ledger, run, report) if publishing else []
    return Synced(extracted=extracted, loaded=loaded, snapshot=snapshot, report=report, published=published)


def extract_all(
    workspace: Workspace,
    ledger: Ledger,
    run: Run,
    *,
    datasets: Collection[str] | None = None,
    backfill_since: date | None = None,
) -> list[Extracted]:
    """Read *datasets* (None: all), source by source; a source out of reach fails its own datasets alone."""
    project, lake = workspace.project, workspace.lake
    lake.sweep()
    extracted = []
    written = {"ledger": ledger, "as_of": run.as_of, "recorded_at": run.recorded_at, "run": run.id}
    for source in project.sources.values():
        wanted = [
            d
            for d in project.datasets.values()
            if d.source == source.id and (datasets is None or d.id in datasets)
        ]
        try:
            connector = workspace.connect(source)
        except ConnectorError as error:
            extracted += [failed(dataset, error, **written) for dataset in wanted]
            continue
        try:
            extracted += [
                extract(d, connector, lake=lake, backfill_since=backfill_since, **written) for d in wanted
            ]
        finally:
            connector.close()
    return extracted


def land_all(workspace: Workspace, ledger: Ledger, run: Run, *, accept: Collection[str] = ()) -> list[Loaded]:
    """Land everything that was read and has no verdict yet, after what the warehouse may have missed."""
    datasets = list(workspace.project.datasets.values())
    lake = workspace.lake
    with workspace.writable_warehouse() as db:
        catch_up(db, datasets, ledger=ledger, lake=lake)
        return [
            loaded
            for dataset in datasets
            for loaded in land(
                db, dataset, ledger=ledger, lake=lake, recorded_at=run.recorded_at, run=run.id, accept=accept
            )
        ]


def measure_all(workspace: Workspace, ledger: Ledger, run: Run) -> Snapshot:
    """Measure, hold against goals, and record one snapshot at the run's as-of."""
    project = workspace.project
    coverage = {id: Coverage.of(ledger, dataset) for id, dataset in project.datasets.items()}
    key_results = [kr for kr in project.key_results() if kr.metric]
    now = {(kr.id, cut_of(project, kr, run.as_of)) for kr in key_results}
    starts = [(kr, cut) for kr in key_results if (cut := baseline_cut(project, kr)) and cut <= run.as_of]
    wanted = [
        (kr, cut)
        for kr in key_results
        for cut in [*past_cuts(project, kr, run.as_of), cut_of(project, kr, run.as_of)]
    ]
    with workspace.measuring() as (db, sandbox):
        measurements = measure(db, project, wanted, coverage=coverage, sandbox=sandbox)
        at_start = measure(db, project, starts, coverage=coverage, sandbox=sandbox)
        baselines, frozen = baselines_at(ledger, project, at_start)
        observations = observe(
            db, project, measurements, baselines=baselines, earlier=good_values(ledger, project, run.as_of)
        )
        current = [o for o in observations if (o.key_result, o.as_of) in now]
        findings = Findings(
            now=current,
            past=[o for o in observations if (o.key_result, o.as_of) not in now],
            objectives=roll_up(db, project, current),
            sources=source_lines(db, project, coverage, run.as_of),
            checks=failed_checks(ledger, project, run.as_of),
            baselines=frozen,
        )
    return record(
        ledger,
        project,
        findings,
        config_files=workspace.config_files(),
        as_of=run.as_of,
        recorded_at=run.recorded_at,
        run=run.id,
    )


def publish_all(workspace: Workspace, ledger: Ledger, run: Run, report: Report) -> list[Published]:
    """Give *report* to every publisher that the project declares."""
    return publish(
        workspace.project.publishers,
        report,
        base=workspace.base,
        ledger=ledger,
        recorded_at=run.recorded_at,
        run=run.id,
    )
