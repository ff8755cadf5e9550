"""Commands for readers: show, page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.choose import SELECT, chosen, last_report
from okr_pipeline.cli.shell import FAILED, FINDINGS, load_workspace, parse_as_of, running, say, tell_published

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from okr_pipeline.model.report import Report


@click.command()
@click.argument("key_result", required=False)
@SELECT
@click.option("--as-of", metavar="TIME", help="The snapshot that stood at this day or instant.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.pass_context
def show(
    context: click.Context,
    key_result: str | None,
    patterns: tuple[str, ...],
    as_of: str | None,
    *,
    as_json: bool,
) -> None:
    """Show where every key result stands, or one of them."""
    if as_json:
        from okr_pipeline.publish.latest import report_to_json

        click.echo(report_to_json(_asked(context, patterns, as_of, trends=None)), nl=False)
        return
    from okr_pipeline.publish import terminal

    screen = terminal.Screen()
    if key_result is None:
        trends = None if terminal.draws_trends(screen) else ()
        terminal.print_overview(_asked(context, patterns, as_of, trends=trends), screen)
        return
    try:
        report = _asked(context, patterns, as_of, trends=[key_result])
        terminal.print_key_result(report, key_result, screen)
    except terminal.UnknownKeyResultError as error:
        raise click.BadParameter(str(error), param_hint="KEY_RESULT") from None


def _asked(
    context: click.Context, patterns: Sequence[str], as_of: str | None, *, trends: Collection[str] | None
) -> Report:
    report = last_report(context, trends=trends) if as_of is None else _as_of(context, as_of)
    return _narrowed(context, report, patterns) if patterns else report


@click.command()
@click.pass_context
def page(context: click.Context) -> None:
    """Publish the newest snapshot again. Writes the page, and whatever else the project declares."""
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
        publishers = workspace.project.publishers
        published = publish(publishers, report, run, base=workspace.base, resolve=workspace.resolved)
    tell_published(published, publishers)
    context.exit(FAILED if any(one.failure is not None for one in published) else 0)


def _narrowed(context: click.Context, report: Report, patterns: Sequence[str]) -> Report:
    from okr_pipeline.report import narrowed
    from okr_pipeline.selection import key_results_in

    project = load_workspace(context.obj).project
    found = narrowed(report, key_results_in(project, chosen(context, project, patterns, report=report)))
    if not found.objectives:
        say("no key result is selected")
        context.exit(0)
    return found


def _as_of(context: click.Context, as_of: str) -> Report:
    from okr_pipeline.audit.replay import report_at

    workspace = load_workspace(context.obj)
    asked = parse_as_of(as_of, workspace.project.calendar)
    with workspace.ledger(read_only=True) as ledger:
        report = report_at(ledger, workspace.project, as_of=asked)
    if report is None:
        say(f"no snapshot at or before {as_of}")
        context.exit(FINDINGS)
    return report
