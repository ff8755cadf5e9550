"""Commands on what is declared: init, check, ls, schema, doctor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from okr_pipeline.cli.choose import SELECT, chosen
from okr_pipeline.cli.shell import FAILED, FINDINGS, config_folder, counted, load_workspace, parse_day, say


@click.command()
@click.argument("directory", default=".", metavar="[DIR]")
@click.option("--demo", is_flag=True, help="A working company with seeded data; no account needed.")
@click.option("--on", "day", metavar="DAY", help="The demo's data as its systems stood on that morning.")
def init(directory: str, *, demo: bool, day: str | None) -> None:
    """Write a new project to DIR."""
    target = Path(directory)
    if demo:
        from okr_pipeline.demo import DAYS, write_demo

        on = DAYS[-1] if day is None else parse_day(day, option="--on")
        try:
            write_demo(target, on=on)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--on") from None
        say(f"wrote the demo company to {target}", f"next: okr -C {target} sync --as-of {on}T09:00")
        return
    if day is not None:
        raise click.UsageError("--on goes with --demo")
    from okr_pipeline.starter import ProjectExists, write_starter

    try:
        for path in write_starter(target, today=datetime.now(UTC).date()):
            say(f"wrote {path}")
    except ProjectExists as error:
        raise click.BadParameter(
            f"{error} is already there; choose another folder", param_hint="DIR"
        ) from None
    say(f"next: `okr -C {target} sync`; then put your own sources into {target / 'okr_config'}")


@click.command()
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text")
@click.pass_context
def check(context: click.Context, style: str) -> None:
    """Check the configuration, offline. Every problem is told with its place and its mend."""
    folder = config_folder(context.obj)
    from okr_pipeline import config

    checked = config.check(folder)
    render = {"text": config.render_text, "json": config.render_json, "github": config.render_github}[style]
    if checked.diagnostics or style == "json":
        click.echo(render(checked.diagnostics))
    if checked.project is None:
        context.exit(FINDINGS)
    key_results = list(checked.project.key_results())
    waiting = [kr.id for kr in key_results if not kr.ready]
    declared = (
        f"{counted(len(checked.project.objectives), 'objective')}, {counted(len(key_results), 'key result')}"
    )
    say(f"{declared}: no problem found")
    if waiting:
        say(f"not ready, for want of a metric: {', '.join(waiting)}")


@click.command()
@SELECT
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def ls(context: click.Context, patterns: tuple[str, ...], *, as_json: bool) -> None:
    """List objectives, key results, metrics and datasets."""
    from okr_pipeline.cli.listing import listed

    project = load_workspace(context.obj).project
    rows = listed(project, chosen(context, project, patterns) if patterns else None)
    if as_json:
        click.echo(json.dumps({"version": 1, "items": [row._asdict() for row in rows]}, indent=2))
        return
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@click.command()
@click.pass_context
def schema(context: click.Context) -> None:
    """Print the JSON Schema of this project, for editors."""
    folder = config_folder(context.obj)
    from okr_pipeline import config
    from okr_pipeline.config.json_schema import json_schema

    _, draft = config.read_draft(folder)
    click.echo(json.dumps(json_schema(draft), indent=2))


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Ask each source: credential, permission, one real row a dataset. Says how to mend what fails."""
    from okr_pipeline.audit.doctor import examine

    failed = 0
    for source, found in examine(load_workspace(context.obj)):
        click.echo(source)
        for one in found:
            verdict = "ok " if one.passed else "tip" if one.advice else "no "
            click.echo(f"  {verdict} {one.subject}: {one.seen}")
            if not one.passed:
                click.echo(f"      mend: {one.mend}")
                failed += not one.advice
    context.exit(FAILED if failed else 0)
