"""Commands on what a source offers: discover, add."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click

from okr_pipeline.cli.shell import FINDINGS, counted, load_workspace, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.contract import Table
    from okr_pipeline.model.metric import Source
    from okr_pipeline.workspace import Workspace


@click.command()
@click.argument("source")
@click.argument("table", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def discover(context: click.Context, source: str, table: str | None, *, as_json: bool) -> None:
    """Ask a source what it offers: its tables, or the fields of one with the types to declare."""
    from okr_pipeline import discovery

    workspace = load_workspace(context.obj)
    asked = _source(workspace, source)
    if table is None:
        found = discovery.tables(workspace, asked)
    else:
        found = [discovery.table_called(workspace, asked, table)]
    if as_json:
        shown = {"version": 1, "source": source, "tables": [_as_data(one) for one in found]}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    elif not found:
        say(f"source {source} offers nothing: mend where its connection leads, or let it see something there")
    elif table is None:
        _echo([[one.name, _size(one), _cursors(one)] for one in found])
        say(f"{counted(len(found), 'table')}; `okr discover {source} TABLE` shows the fields of one")
    else:
        _echo([[f.name, f.type, f.declared, _serves(f)] for f in discovery.fields(found[0])])
        say(f"next: okr add dataset {source} {shlex.quote(table)}")


@click.command()
@click.argument("what", type=click.Choice(["dataset"]))
@click.argument("source")
@click.argument("table")
@click.option("--name", metavar="ID", help="Its id in the source's file; made from TABLE when left out.")
@click.pass_context
def add(context: click.Context, what: str, source: str, table: str, name: str | None) -> None:
    """Declare a table of a source as a dataset, in the source's file. Nothing there is changed."""
    from okr_pipeline import discovery
    from okr_pipeline.add_dataset import CannotInsert, add_dataset

    workspace = load_workspace(context.obj)
    asked = _source(workspace, source)
    declared = discovery.declaration(discovery.table_called(workspace, asked, table), name=name)
    try:
        path, lines = add_dataset(workspace.config_root, source, declared)
    except CannotInsert as problem:
        say(f"nothing was written: {problem}")
        context.exit(FINDINGS)
    click.echo(lines)
    say(f"added to {path}; look over types, key and freshness", "next: okr doctor")


def _source(workspace: Workspace, id: str) -> Source:
    from okr_pipeline.spelling import did_you_mean

    if id in workspace.project.sources:
        return workspace.project.sources[id]
    hint = did_you_mean(id, workspace.project.sources) or "see the files under okr_config/sources/"
    raise click.BadParameter(f"no source {id}; {hint}", param_hint="SOURCE")


def _as_data(table: Table) -> dict[str, object]:
    from dataclasses import asdict

    from okr_pipeline.discovery import fields

    return {"name": table.name, "fields": [asdict(field) for field in fields(table)]}


def _size(table: Table) -> str:
    return counted(len(table.columns), "field") if table.columns else ""


def _cursors(table: Table) -> str:
    return f"cursor: {', '.join(table.cursors[:3])}" if table.cursors else ""


def _serves(field: object) -> str:
    words = [word for word in ("key", "cursor", "calculated", "deleted") if getattr(field, word)]
    return ", ".join(words)


def _echo(rows: Sequence[Sequence[str]]) -> None:
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
