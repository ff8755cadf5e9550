"""A column that a source renames while its pages are read: the rows of later pages would have null there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import SchemaChanged
from connectors.names import nearest
from connectors.rest import path
from connectors.rest.path import Steps

ENOUGH = 3
"""Rows that must have a new name which is not like the old one."""
MOST_NAMES = 10_000
"""Names beside a column; where there are more, names are data, and tell of no renaming."""


@dataclass(slots=True)
class _Trace:
    """
    One column: *beside* holds every name in pages that have it in all rows, *instead* those of all
    rows in pages that have it in none, which are *lacking*. *is_sparse*: one page has it in some rows,
    or nobody can tell.
    """

    beside: set[Steps] = field(default_factory=set)
    instead: set[Steps] | None = None
    lacking: int = 0
    is_sparse: bool = False


class Renaming:
    """
    Tells a renamed column from one that rows leave out.

    A renaming falls between two pages, and brings a new name. Who leaves out a null, in whatever
    order, does so in the middle of some page nearly always.
    """

    def __init__(self, columns: Mapping[str, Steps]) -> None:
        self._columns = {name: way for name, way in columns.items() if way and isinstance(way[-1], str)}
        self._parents = {way[:depth] for way in self._columns.values() for depth in range(len(way))}
        self._traces = {name: _Trace() for name in self._columns}

    def note(self, rows: Sequence[Any]) -> None:
        """Note which names all *rows* of one page have, and which some of them."""
        every: set[Steps] = set()
        some: set[Steps] = set()
        null = set()
        for parent in self._parents:
            found = [inner for row in rows if (inner := path.find(row, parent)) is not None]
            objects = [inner if isinstance(inner, dict) else {} for inner in found]
            if not objects:
                null.add(parent)
                continue
            every |= {(*parent, name) for name in set(objects[0]).intersection(*objects[1:])}
            some |= {(*parent, name) for name in set().union(*objects)}
        for name, way in self._columns.items():
            if way[:-1] not in null:
                _follow(self._traces[name], way, every, some, rows=len(rows))

    def check(self, *, where: str) -> None:
        """Raise SchemaChanged if a column was renamed between two pages."""
        for name, trace in self._split():
            new = [str(way[-1]) for way in sorted((trace.instead or set()) - trace.beside, key=str)]
            close = nearest(str(self._columns[name][-1]), new)
            if close or (new and trace.lacking >= ENOUGH):
                mend = f"it may be {close} now. " if close else ""
                raise SchemaChanged(
                    f"{where}: the column {name} is in every row of some pages and in none of others, "
                    "which have a new name",
                    mend=f"{mend}Read again, or mend `fields`; if rows may lack it, name it under `optional`",
                    column=name,
                    nearest=close,
                )

    def warnings(self) -> list[str]:
        """Say which columns some pages have in every row and others in none, for whatever reason."""
        return [
            f"the column {name} is in every row of some pages and in none of others; "
            "if rows may lack it, name it under `optional`"
            for name, _ in self._split()
        ]

    def _split(self) -> Iterator[tuple[str, _Trace]]:
        for name, trace in self._traces.items():
            if trace.beside and trace.instead is not None and not trace.is_sparse:
                yield name, trace


def _follow(trace: _Trace, way: Steps, every: set[Steps], some: set[Steps], *, rows: int) -> None:
    if trace.is_sparse:
        return
    if way in every:
        trace.beside |= some
    elif way in some:
        trace.is_sparse = True
    else:
        trace.instead = every if trace.instead is None else trace.instead & every
        trace.lacking += rows
    if trace.is_sparse or len(trace.beside) > MOST_NAMES:
        trace.is_sparse, trace.beside = True, set()
