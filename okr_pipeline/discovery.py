"""What a source offers, and the declaration of a dataset that follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.contract import Describing, Table
from connectors.errors import SetupError
from connectors.names import nearest
from connectors.suggest import declared_as, moves_with_changes
from okr_pipeline.model.metric import Source
from okr_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a table: its type there, the one to declare, and what it may serve as."""

    name: str
    type: str
    declared: str
    cursor: bool
    calculated: bool
    key: bool
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """
    A dataset as it may be declared. *options* is what its connector needs to find it.

    *advice* are lines of comment: what could not be told from the outside.
    """

    name: str
    options: dict[str, object]
    columns: dict[str, str]
    calculated: frozenset[str] = frozenset()
    settings: dict[str, object] = field(default_factory=dict)
    advice: tuple[str, ...] = ()


def tables(workspace: Workspace, source: Source) -> list[Table]:
    """Return what *source* offers, by name. Columns may be missing where each would cost a look."""
    connector = workspace.connect(source)
    try:
        return sorted(connector.discover(), key=lambda table: table.name)
    finally:
        connector.close()


def table_called(workspace: Workspace, source: Source, name: str) -> Table:
    """
    Return the table of *source* that is called *name*, with its columns.

    Raises:
        SetupError: If there is none; it names the likeliest one.
    """
    connector = workspace.connect(source)
    try:
        if isinstance(connector, Describing):
            found = connector.describe(name)
        else:
            found = next((table for table in connector.discover() if table.name == name), None)
        if found is None:
            close = nearest(name, [table.name for table in connector.discover()])
            hint = f"did you mean {close}?" if close else f"`okr discover {source.id}` lists those there are"
            raise SetupError(f"source {source.id} offers no {name}", mend=hint)
        return found
    finally:
        connector.close()


def fields(table: Table) -> Iterator[Field]:
    """Yield the columns of *table*, in its order."""
    for name, kind in table.columns.items():
        yield Field(
            name=name,
            type=kind,
            declared=table.declared.get(name) or declared_as(kind),
            cursor=name in table.cursors,
            calculated=name in table.calculated,
            key=name in table.key,
            deleted=name == table.deleted,
        )


def declaration(table: Table, *, name: str | None = None) -> Declaration:
    """
    Return how to declare *table*, as *name* or one made from its own.

    Raises:
        SetupError: If its connector does not say how a dataset reads it.
    """
    if not table.options:
        raise SetupError(
            f"{table.name} cannot be declared by itself",
            mend="write the dataset by hand: docs/configuration.md shows its connector's keys",
        )
    columns = {column.name: column.declared for column in fields(table)}
    settings: dict[str, object] = {"key": list(table.key)} if table.key else {}
    advice = [] if table.key else [_NO_KEY]
    cursor = next(iter(table.cursors), None)
    if cursor is not None and table.key and moves_with_changes(cursor):
        settings |= {"cursor": cursor, "overlap": "10m", "full_read": "weekly", "freshness": "1d"}
    elif cursor is not None:
        advice.append(
            f"# cursor: {cursor}    # if every change of a row moves it; else each read is a full one"
        )
    if table.deleted is not None:
        settings["deleted"] = table.deleted
    if any(columns[n] == "timestamp" and _WITHOUT_ZONE.fullmatch(kind) for n, kind in table.columns.items()):
        advice.append(_NO_ZONE)
    return Declaration(
        name=name or id_from(table.name),
        options=dict(table.options),
        columns=columns,
        calculated=frozenset(table.calculated),
        settings=settings,
        advice=tuple(advice),
    )


_NO_KEY = "# key: [...]    # what identifies a row; without one each read replaces all rows"
_NO_ZONE = "# zone: UTC    # where times are meant that carry no zone"
_WITHOUT_ZONE = re.compile(r"TEXT|DATETIME.*|TIMESTAMP(\(\d\))?|text|cell|str")
_EXTENSION = re.compile(r"\.(csv|tsv|json|jsonl|ndjson|parquet|pq|xlsx|xlsm|xml|txt)$")


def id_from(name: str) -> str:
    """Return an id made of a table's name: of `app.OrderItems` order_items, of `a/b.xlsx!Plan` plan."""
    last = re.split(r"[!/.]", _EXTENSION.sub("", name))[-1]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower().removesuffix("__c")
    made = re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:64]
    return made if re.match(r"[a-z]", made) else f"t_{made}".rstrip("_")[:64]
