"""The command `lint`: advice on the goals themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.choose import SELECT, chosen
from okr_pipeline.cli.shell import DONE, FINDINGS, counted, load_workspace, parse_as_of, say

if TYPE_CHECKING:
    from okr_pipeline.lint.advice import Advice


@click.command()
@SELECT
@click.option(
    "--profile", type=click.Choice(["lean", "balanced", "strict"]), help="Instead of the project's own."
)
@click.option("--as-of", "as_of", metavar="DAY", help="Advise as on that day.  [default: today]")
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text")
@click.option("--exit-code", is_flag=True, help="End with 1 if there is advice.")
@click.pass_context
def lint(
    context: click.Context,
    patterns: tuple[str, ...],
    *,
    profile: str | None,
    as_of: str | None,
    style: str,
    exit_code: bool,
) -> None:
    """Give advice on the OKRs themselves, each with its reason. Advice blocks nothing."""
    from okr_pipeline.lint import advise
    from okr_pipeline.lint.past import read_past

    workspace = load_workspace(context.obj)
    project = workspace.project
    asked = parse_as_of(as_of, project.calendar) if as_of else datetime.now(UTC)
    with workspace.ledger(read_only=True) as ledger:
        past = read_past(ledger, project)
    today = project.calendar.day_of(asked)
    found = advise(project, past, today=today, profile=profile)
    if patterns:
        wanted = chosen(context, project, patterns)
        found = [advice for advice in found if advice.subject in wanted]
    if text := {"text": _text, "json": _json, "github": _github}[style](found):
        click.echo(text)
    if all(cycle.end_on < today for cycle in project.cycles.values()):
        say("every cycle is over: advice is for goals that still run; --as-of asks for an earlier day")
    kept = f"; {counted(len(project.lint_exceptions), 'rule')} excepted" if project.lint_exceptions else ""
    say(f"{counted(len(found), 'piece')} of advice{kept}")
    context.exit(FINDINGS if found and exit_code else DONE)


def _text(found: Sequence[Advice]) -> str:
    """Return the advice for people; the reason of a rule is told once, where it is met first."""
    told: set[str] = set()
    blocks = []
    for advice in found:
        rows = [f"{advice.file}:{advice.line}: {advice.code} {advice.subject}: {advice.message}"]
        if advice.code not in told:
            told.add(advice.code)
            rows += [f"    why      {advice.reason}", f"    instead  {advice.example}"]
        blocks.append("\n".join(rows))
    return "\n".join(blocks)


def _json(found: Sequence[Advice]) -> str:
    return json.dumps(
        {"version": 1, "advice": [asdict(advice) for advice in found]}, indent=2, ensure_ascii=False
    )


def _github(found: Sequence[Advice]) -> str:
    from okr_pipeline.config.diagnostic import Diagnostic, render_github

    return render_github(
        Diagnostic(
            code=advice.code,
            message=f"{advice.subject}: {advice.message}",
            mend=advice.example,
            file=advice.file,
            line=advice.line,
            warning=True,
        )
        for advice in found
    )
