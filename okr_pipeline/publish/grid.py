"""Rows in columns for a terminal: rich's own tables take a second for a thousand key results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

_GAP = 2


class Column(NamedTuple):
    """One column: *width* in terminal cells, *heading* above it."""

    heading: str
    justify: Literal["left", "right"]
    width: int


class Cell(NamedTuple):
    """One cell; *colour* None is the terminal's own."""

    text: str
    colour: str | None = None


def room_for_titles(columns: Sequence[Column], *, width: int) -> int:
    """Return the cells that *columns* leave for a title in a window *width* wide; it may be negative."""
    return width - sum(_GAP + column.width for column in columns)


def table(
    console: Console, indicator: str, columns: Sequence[Column], rows: Sequence[tuple[str, Sequence[Cell]]]
) -> Iterator[Segment]:
    """Yield a heading and *rows*: a title and a cell for each of *columns*; what is too long is folded."""
    layout = [Column(indicator, "left", room_for_titles(columns, width=console.width)), *columns]
    headings = [Cell(column.heading, "dim") for column in layout]
    for cells in (headings, *([Cell(title), *rest] for title, rest in rows)):
        for line in _lines(console, layout, cells):
            yield from _drawn(console, layout, line)
            yield Segment.line()


def _lines(console: Console, layout: Sequence[Column], cells: Sequence[Cell]) -> Iterator[Sequence[Cell]]:
    """Yield *cells* line by line: more than one where a cell is wider than its column."""
    if all(cell_len(cell.text) <= column.width for cell, column in zip(cells, layout, strict=True)):
        yield cells
        return
    folded = [
        [line.plain.rstrip() for line in Text(cell.text).wrap(console, column.width, overflow="fold")]
        for cell, column in zip(cells, layout, strict=True)
    ]
    for texts in zip_longest(*folded, fillvalue=""):
        yield [cell._replace(text=text) for cell, text in zip(cells, texts, strict=True)]


def _drawn(console: Console, layout: Sequence[Column], cells: Sequence[Cell]) -> Iterator[Segment]:
    """Yield one line of cells, each as wide as its column; equal styles side by side are one segment."""
    plain = ""
    for place, (column, cell) in enumerate(zip(layout, cells, strict=True)):
        blank = " " * (column.width - cell_len(cell.text))
        before, after = (blank, "") if column.justify == "right" else ("", blank)
        gap = " " * _GAP if place else ""
        if cell.colour is None:
            plain += f"{gap}{before}{cell.text}{after}"
            continue
        yield Segment(f"{plain}{gap}{before}")
        yield Segment(cell.text, _style(console, cell.colour))
        plain = after
    yield Segment(plain)


def _style(console: Console, name: str) -> Style:
    return console.get_style(name)
