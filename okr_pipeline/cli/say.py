"""The command `check-in`: what people say beside the numbers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal

import click

from okr_pipeline.cli.shell import USAGE, load_workspace, parse_day, say

STATUSES = ("on_track", "at_risk", "off_track")


@click.command("check-in")
@click.argument("key_result")
@click.option("--confidence", metavar="SHARE", help="That it will be reached: 70% or 0.7.")
@click.option("--note", metavar="TEXT", help="What a reader should know.")
@click.option("--value", metavar="NUMBER", help="The number, where people state it (`manual`).")
@click.option("--done", multiple=True, metavar="MILESTONE", help="A milestone that is done.")
@click.option(
    "--status", type=click.Choice(STATUSES), help="To stand beside the computed one, with --until and --note."
)
@click.option("--until", metavar="DAY", help="The last day on which --status stands.")
@click.option("--author", metavar="NAME", help="Who says so.  [default: $OKR_AUTHOR]")
@click.option("--on", "day", metavar="DAY", help="The day it is said of.  [default: today]")
@click.pass_context
def check_in(
    context: click.Context,
    key_result: str,
    *,
    confidence: str | None,
    note: str | None,
    value: str | None,
    done: tuple[str, ...],
    status: str | None,
    until: str | None,
    author: str | None,
    day: str | None,
) -> None:
    """Say how sure you are, and why; it goes into the project's check-in file."""
    from okr_pipeline.check_in import check_in as add
    from okr_pipeline.declare import CannotPlace
    from okr_pipeline.model.people import CheckIn, Override
    from okr_pipeline.spelling import did_you_mean

    workspace = load_workspace(context.obj)
    project = workspace.project
    known = [kr.id for kr in project.key_results()]
    if key_result not in known:
        hint = did_you_mean(key_result, known) or "`okr ls` lists those there are"
        raise click.BadParameter(f"no key result {key_result}; {hint}", param_hint="KEY_RESULT")
    if not (author := author or os.environ.get("OKR_AUTHOR")):
        raise click.UsageError("say who you are: --author, or OKR_AUTHOR in the environment")
    if confidence is None and note is None and value is None and not done:
        raise click.UsageError("nothing is said: give --confidence, --note, --value or --done")
    if (status is None) != (until is None) or (status and note is None):
        raise click.UsageError("--status stands for a time and a reason: give --until and --note as well")
    today = datetime.now(UTC).astimezone(project.calendar.zone).date()
    said = CheckIn(
        key_result=key_result,
        on=parse_day(day, option="--on") if day else today,
        author=author,
        confidence=_amount(confidence, "--confidence"),
        note=note if status is None else None,
        value=_amount(value, "--value"),
        done=done,
        override=Override(status=status, until=parse_day(until, option="--until"), why=note)
        if status and until and note
        else None,
    )
    try:
        path = add(workspace.base, project, said)
    except CannotPlace as error:
        say(f"error: {error}")
        context.exit(USAGE)
    say(f"wrote {path.relative_to(workspace.base)}; the next `okr sync` shows it")


def _amount(text: str | None, option: str) -> Decimal | None:
    from okr_pipeline.config.values import UnfitError, amount

    if text is None:
        return None
    try:
        return amount(text).value
    except UnfitError as error:
        raise click.BadParameter(f"{error.message}: {error.mend}", param_hint=option) from None
