"""The command `close`: freeze a cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from okr_pipeline.cli.shell import FINDINGS, load_workspace, running, say

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.argument("cycle")
@click.option("--why", metavar="TEXT", help="Why it is closed again, where something changed since.")
@click.pass_context
def close(context: click.Context, cycle: str, why: str | None) -> None:
    """Freeze a cycle that is over: score, grade and learning note of every key result."""
    from okr_pipeline.close import CannotClose, close_cycle
    from okr_pipeline.snapshot import read_snapshot

    workspace = load_workspace(context.obj)
    if cycle not in workspace.project.cycles:
        raise click.BadParameter(
            f"no cycle {cycle}; there are {', '.join(workspace.project.cycles)}", param_hint="CYCLE"
        )
    with running(workspace, None) as run:
        snapshot = read_snapshot(run.ledger, workspace.project.id)
        try:
            entry = close_cycle(workspace.project, snapshot, run, cycle=cycle, why=why)
        except CannotClose as error:
            say(*(f"cannot close {cycle}: {problem}" for problem in error.problems))
            context.exit(FINDINGS)
    body: Any = entry.body
    for id, graded in body["key_results"].items():
        click.echo(_line(id, graded))
    say(f"closed {cycle} at ledger entry {entry.seq}")


def _line(id: str, graded: Mapping[str, Any]) -> str:
    grade = (
        "no progress" if graded["score"] is None else f"score {graded['score'][:5]}  grade {graded['grade']}"
    )
    landed = "landed" if graded["landed"] else "not landed"
    return f"{id:<32} {grade:<24} {landed:<12} {graded['learned']}"
