"""Commands for readers: show, page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.shell import FAILED, FINDINGS, load_workspace, parse_as_of, running, say
from okr_pipeline.layout import LATEST, STATE_FOLDER

if TYPE_CHECKING:
    from okr_pipeline.model.report import Report


@click.command()
@click.argument("key_result", required=False)
@click.option("--as-of", metavar="TIME", help="The snapshot that stood at this day or instant.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
@click.pass_context
def show(context: click.Context, key_result: str | None, as_of: str | None, *, as_json: bool) -> None:
    """Show where every key result stands, or one of them."""
    report = _latest(context) if as_of is None else _as_of(context, as_of)
    if as_json:
        from okr_pipeline.publish.latest import report_to_json

        click.echo(report_to_json(report), nl=False)
        return
    from rich.console import Console

    from okr_pipeline.publish.terminal import print_key_result, print_overview

    if key_result is None:
        print_overview(report, Console())
        return
    try:
        print_key_result(report, key_result, Console())
    except KeyError:
        raise click.BadParameter(
            f"no key result {key_result} in the snapshot", param_hint="KEY_RESULT"
        ) from None


@click.command()
@click.pass_context
def page(context: click.Context) -> None:
    """Publish the newest snapshot again: the page, and whatever else the project declares."""
    from okr_pipeline.publish.outbox import publish
    from okr_pipeline.report import build_report
    from okr_pipeline.snapshot import read_snapshot

    workspace = load_workspace(context.obj)
    with running(workspace, None) as run:
        snapshot = read_snapshot(run.ledger, workspace.project.id)
        if snapshot is None:
            say("nothing was measured yet; run `okr sync`")
            context.exit(FINDINGS)
        report = build_report(workspace.project, snapshot, run.ledger)
        published = publish(workspace.project.publishers, report, run, base=workspace.base)
    for one in published:
        say(f"{one.publisher}: {one.path if one.failure is None else one.failure}")
    context.exit(FAILED if any(one.failure is not None for one in published) else 0)


def _latest(context: click.Context) -> Report:
    """Read the last published report: one file, so that a look costs next to nothing."""
    from okr_pipeline.publish.latest import ReportFileError, report_from_json

    file = Path(context.obj) / STATE_FOLDER / LATEST
    try:
        return report_from_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        say("nothing was published yet; run `okr sync`")
    except (OSError, ReportFileError) as error:
        say(f"{file} cannot be read; run `okr page` to write it again ({type(error).__name__})")
    raise click.exceptions.Exit(FINDINGS)


def _as_of(context: click.Context, as_of: str) -> Report:
    from okr_pipeline.audit.replay import projects_by_digest
    from okr_pipeline.report import build_report
    from okr_pipeline.snapshot import read_snapshot

    workspace = load_workspace(context.obj)
    with workspace.ledger() as ledger:
        snapshot = read_snapshot(
            ledger, workspace.project.id, as_of=parse_as_of(as_of, workspace.project.calendar)
        )
        if snapshot is None:
            say(f"no snapshot at or before {as_of}")
            context.exit(FINDINGS)
        project = projects_by_digest(ledger, workspace.project)[snapshot.config_digest]
        return build_report(project, snapshot, ledger)
