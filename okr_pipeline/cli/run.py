"""Commands that bring numbers up to date: sync, backfill, rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.choose import SELECT, chosen
from okr_pipeline.cli.shell import (
    FAILED,
    PARTLY,
    counted,
    load_workspace,
    parse_day,
    running,
    say,
    tell_published,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from okr_pipeline.extract import Extracted
    from okr_pipeline.land import Loaded
    from okr_pipeline.model.okr import Project
    from okr_pipeline.model.report import Report
    from okr_pipeline.publish.outbox import Published

_AS_OF = click.option("--as-of", metavar="TIME", help="Ask about this day or instant.  [default: now]")
_ACCEPT = click.option("--accept", multiple=True, metavar="DATASET", help="Land it although a check fails.")


@click.command()
@_AS_OF
@SELECT
@_ACCEPT
@click.option("--no-publish", is_flag=True, help="Stop before anything reaches a reader.")
@click.pass_context
def sync(
    context: click.Context,
    as_of: str | None,
    patterns: tuple[str, ...],
    accept: tuple[str, ...],
    *,
    no_publish: bool,
) -> None:
    """Extract, land, measure, record one snapshot, publish."""
    from okr_pipeline.publish.sentences import headline
    from okr_pipeline.sync import sync as run_sync

    workspace = load_workspace(context.obj)
    datasets = _datasets(context, workspace.project, patterns)
    known = set(workspace.project.datasets)
    if unknown := [name for name in accept if name not in known]:
        raise click.BadParameter(f"no dataset {', '.join(unknown)}", param_hint="--accept")
    with running(workspace, as_of) as run:
        synced = run_sync(workspace, run, datasets=datasets, accept=accept, publishing=not no_publish)
    _tell(synced.extracted, synced.loaded)
    _tell_missing(synced.report)
    say(f"snapshot  {synced.snapshot.id[:12]} at ledger entry {synced.snapshot.seq}")
    if not no_publish:
        tell_published(synced.published, workspace.project.publishers)
    click.echo(headline(synced.report))
    context.exit(_exit_code(synced.extracted, synced.loaded, synced.published))


@click.command()
@click.option("--since", required=True, metavar="DAY", help="Read again from this day on.")
@_AS_OF
@SELECT
@_ACCEPT
@click.pass_context
def backfill(
    context: click.Context, since: str, as_of: str | None, patterns: tuple[str, ...], accept: tuple[str, ...]
) -> None:
    """Read past days again and restate what changed. The watermark stays where it is."""
    from okr_pipeline.sync import extract_all, land_all, measure_all

    workspace = load_workspace(context.obj)
    first = parse_day(since, option="--since")
    datasets = _datasets(context, workspace.project, patterns)
    with running(workspace, as_of) as run:
        if first > workspace.project.calendar.day_of(run.as_of):
            raise click.BadParameter(f"{since} is after the time that is asked about", param_hint="--since")
        extracted = extract_all(workspace, run, datasets=datasets, backfill_since=first)
        loaded = land_all(workspace, run, accept=accept)
        snapshot = measure_all(workspace, run)
    _tell(extracted, loaded)
    say(f"snapshot  {snapshot.id[:12]} at ledger entry {snapshot.seq}; publish it with `okr page`")
    context.exit(_exit_code(extracted, loaded, []))


@click.command()
@click.pass_context
def rebuild(context: click.Context) -> None:
    """Make the warehouse again from lake and ledger."""
    from okr_pipeline.sync import rebuild_warehouse

    workspace = load_workspace(context.obj)
    with workspace.ledger(read_only=True) as ledger:
        count = rebuild_warehouse(workspace, ledger)
    say(f"rebuilt {workspace.project.stores.warehouse} from {counted(count, 'load')}")


def _datasets(context: click.Context, project: Project, patterns: Sequence[str]) -> Collection[str] | None:
    from okr_pipeline.selection import datasets_in

    return datasets_in(project, chosen(context, project, patterns)) if patterns else None


def _tell(extracted: Sequence[Extracted], loaded: Sequence[Loaded]) -> None:
    for one in extracted:
        if one.error is not None:
            say(
                f"extract   dataset={one.dataset} FAILED: {one.error.message}",
                f"          mend: {one.error.mend}",
            )
        else:
            say(f"extract   dataset={one.dataset} mode={one.mode} rows={one.rows}")
            for warning in one.warnings:
                say(f"          note: {warning}")
    for done in loaded:
        say(f"land      dataset={done.dataset} {done.verdict} load={done.number or 'none'}")
        for check in done.failed:
            say(f"          check {check.check} failed: expected {check.expected}, seen {check.observed}")


def _tell_missing(report: Report) -> None:
    from okr_pipeline.model.observation import State

    for objective in report.objectives:
        for line in objective.key_results:
            if line.state not in (State.OK, State.STALE):
                say(f"measure   key_result={line.id} has no number: {line.reason or line.state}")


def _exit_code(
    extracted: Sequence[Extracted], loaded: Sequence[Loaded], published: Sequence[Published]
) -> int:
    if any(one.failure is not None for one in published):
        return FAILED
    wrong = [one for one in extracted if one.error is not None]
    if extracted and len(wrong) == len(extracted):
        return FAILED
    return PARTLY if wrong or any(one.verdict == "quarantined" for one in loaded) else 0
