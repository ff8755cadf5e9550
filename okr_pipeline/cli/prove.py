"""Commands for auditors: explain, verify."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.shell import FINDINGS, counted, load_workspace, parse_as_of, say
from okr_pipeline.layout import LATEST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from okr_pipeline.ledger.entry import Head
    from okr_pipeline.model.report import Report

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
    """Follow a number back to its rows. Shows formula, query, extracts and checks on the way."""
    from okr_pipeline.audit import explain as audit
    from okr_pipeline.audit.telling import as_data, as_text, matches
    from okr_pipeline.spelling import did_you_mean

    workspace = load_workspace(context.obj)
    asked = parse_as_of(as_of, workspace.project.calendar) if as_of else None
    with workspace.ledger(read_only=True) as ledger:
        try:
            explained = audit.explain(ledger, workspace.project, key_result, as_of=asked)
        except audit.NothingPublished:
            known = [kr.id for kr in workspace.project.key_results()]
            if key_result not in known:
                hint = did_you_mean(key_result, known) or "`okr ls` lists those there are"
                raise click.BadParameter(
                    f"no key result {key_result}; {hint}", param_hint="KEY_RESULT"
                ) from None
            say(f"no snapshot{f' at or before {as_of}' if as_of else ''} holds {key_result}; run `okr sync`")
            context.exit(FINDINGS)
    with workspace.measuring() as (db, sandbox):
        again = audit.recompute(db, sandbox, explained)
        behind = audit.rows_behind(db, explained, most=rows) if rows else {}
    if style == "json":
        click.echo(json.dumps(as_data(explained, again, rows=behind), indent=2))
    else:
        click.echo(as_text(explained, again, rows=behind, sql=sql))
    context.exit(0 if again is None or matches(explained, again) else FINDINGS)


@click.command()
@click.option(
    "--head",
    "noted",
    multiple=True,
    metavar="[N:]HASH",
    callback=lambda _, __, written: {text: _head(text) for text in written},
    help="A ledger head noted elsewhere: the ledger must still hold it.",
)
@click.pass_context
def verify(context: click.Context, noted: Mapping[str, Head]) -> None:
    """Prove what was published. Recomputes every recorded number from the lake, and checks the chain."""
    from okr_pipeline.audit.verify import verify as prove
    from okr_pipeline.publish.outbox import witnesses

    workspace = load_workspace(context.obj)
    published, unread = _published(workspace.base)
    outside = witnesses(workspace.project.publishers, workspace.base)
    heads = {file.relative_to(workspace.base).as_posix(): head for file, head in outside.items()}
    with workspace.ledger(read_only=True) as ledger:
        heads |= {f"--head {text}": head for text, head in noted.items()}
        verdict = prove(workspace, ledger, published=published, witnesses=heads)
    faults = [*unread, *verdict.faults]
    for fault in faults[:_MOST_FAULTS]:
        click.echo(f"FAULT {fault}")
    if (more := len(faults) - _MOST_FAULTS) > 0:
        click.echo(f"... and {more} more")
    for told in verdict.retired:
        click.echo(told)
    proved = (
        counted(verdict.entries, "ledger entry"),
        counted(verdict.extracts, "extract"),
        counted(verdict.numbers, "number"),
        counted(verdict.snapshots, "snapshot"),
    )
    whole = "all that is kept recompute" if verdict.retired else "all recompute"
    outcome = counted(len(faults), "fault") if faults else whole
    if not faults and verdict.entries == 0:
        outcome = "nothing to prove yet; run `okr sync`"
    click.echo(f"{', '.join(proved)}: {outcome}")
    if verdict.entries:
        click.echo(f"head {verdict.head.seq}:{verdict.head.hash}")
    context.exit(FINDINGS if faults else 0)


def _head(text: str) -> Head:
    """Return the head that was noted as *text*; a hash may be shortened to 12 digits."""
    from okr_pipeline.ledger.entry import Head

    if written := re.fullmatch(r"(?:(\d{1,18}):)?([0-9a-f]{12,64})", text):
        return Head(int(written[1] or 0), written[2])
    hint = "write it as `okr verify` and the page do: 866:5b20..."
    raise click.BadParameter(f"{text!r} is no ledger head; {hint}", param_hint="--head")


def _published(base: Path) -> tuple[Report | None, list[str]]:
    """Return what readers have, a witness outside the ledger; and what is wrong with its file."""
    from okr_pipeline.publish.latest import ReportFileError
    from okr_pipeline.publish.outbox import last_published

    try:
        return last_published(base), []
    except ReportFileError:
        return None, [f"{LATEST} cannot be read, so that nothing witnesses the ledger; run `okr page`"]
