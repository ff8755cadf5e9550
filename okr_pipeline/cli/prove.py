"""Commands for auditors: explain, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.shell import FINDINGS, counted, load_workspace, parse_as_of, say
from okr_pipeline.layout import LATEST, STATE_FOLDER

if TYPE_CHECKING:
    from okr_pipeline.ledger.entry import Head


_MOST_FAULTS = 20


@click.command()
@click.argument("key_result")
@click.option("--as-of", metavar="TIME", help="In the snapshot that stood at this day or instant.")
@click.option("--sql", is_flag=True, help="With the query behind each step.")
@click.option("--rows", type=click.IntRange(1), metavar="N", help="With the first N rows behind each step.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def explain(
    context: click.Context, key_result: str, as_of: str | None, *, sql: bool, rows: int | None, style: str
) -> None:
    """Follow a number to its formula, query, extracts, checks and rows."""
    from okr_pipeline.audit import explain as audit
    from okr_pipeline.audit.telling import as_data, as_text

    workspace = load_workspace(context.obj)
    asked = parse_as_of(as_of, workspace.project.calendar) if as_of else None
    with workspace.ledger() as ledger:
        try:
            explained = audit.explain(ledger, workspace.project, key_result, as_of=asked)
        except audit.NothingPublished:
            say(f"no snapshot holds {key_result}; run `okr sync`, or see `okr ls` for those there are")
            context.exit(FINDINGS)
    with workspace.measuring() as (db, sandbox):
        again = audit.recompute(db, sandbox, explained)
        behind = audit.rows_behind(db, explained, most=rows) if rows else {}
    if style == "json":
        click.echo(json.dumps(as_data(explained, again, rows=behind), indent=2))
    else:
        click.echo(as_text(explained, again, rows=behind, sql=sql))
    context.exit(0 if again.value == explained.observation.value else FINDINGS)


@click.command()
@click.pass_context
def verify(context: click.Context) -> None:
    """Recompute every recorded number from the lake and compare exactly; check the chain."""
    from okr_pipeline.audit.verify import verify as prove

    workspace = load_workspace(context.obj)
    with workspace.ledger() as ledger:
        verdict = prove(workspace, ledger, anchor=_published_head(Path(context.obj)))
    for fault in verdict.faults[:_MOST_FAULTS]:
        click.echo(f"FAULT {fault}")
    if (more := len(verdict.faults) - _MOST_FAULTS) > 0:
        click.echo(f"... and {more} more")
    proved = (
        counted(verdict.entries, "ledger entry"),
        counted(verdict.extracts, "extract"),
        counted(verdict.numbers, "number"),
        counted(verdict.snapshots, "snapshot"),
    )
    outcome = counted(len(verdict.faults), "fault") if verdict.faults else "all recompute"
    click.echo(f"{', '.join(proved)}: {outcome}")
    context.exit(FINDINGS if verdict.faults else 0)


def _published_head(base: Path) -> Head | None:
    """Return the head that the published report names: a witness outside the ledger."""
    from okr_pipeline.ledger.entry import Head
    from okr_pipeline.publish.latest import ReportFileError, report_from_json

    try:
        report = report_from_json((base / STATE_FOLDER / LATEST).read_text(encoding="utf-8"))
    except (OSError, ReportFileError):
        return None
    return Head(report.seq, report.head)
