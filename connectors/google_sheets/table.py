"""A region's rows to batches: columns by header name, every cell with its address."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from connectors.cells import Unreadable
from connectors.contract import ExtractRequest
from connectors.errors import SourceEmpty
from connectors.google_sheets.book import Box, Region, letters
from connectors.google_sheets.values import column_of
from connectors.names import positions
from connectors.typed import TypedRows

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_ROWS = 8192
"""Rows that are Python objects at one time."""

Cells = Sequence[Any]
Line = tuple[int, Cells]
"""Row number, from 0, and its cells from the region's left edge on, empty ends left out."""

_MERGED = Unreadable("a merged cell: no row of its own")


def cell_batch(
    region: Region, lines: Iterator[Cells], request: ExtractRequest, rows: TypedRows
) -> pa.RecordBatch:
    """Return the row of a single cell, null if it is empty."""
    [kind] = request.columns.values()
    first = next(lines, ())
    place = f"{region.tab.title}!{letters(region.box.left)}{region.box.top + 1}"
    return rows.batch([column_of([first[0] if first else None], kind)], lambda row, column: place)


class Table:
    """The table below a header row. *columns* is what the header offers."""

    def __init__(self, region: Region, lines: Iterator[Cells], request: ExtractRequest) -> None:
        self._region = region
        self._lines = enumerate(lines, start=region.box.top)
        self._where = f"tab {region.tab.title}"
        header = self._header()
        self.columns = {name: "cell" for name in header if name}
        self._wanted = positions(request.columns, header, where=self._where)
        self._kinds = list(request.columns.values())
        self._letters = dict(zip(request.columns, map(letters, self._wanted), strict=True))
        self._merged = [_rows_merged(region, at) for at in self._wanted]

    def batches(self, rows: TypedRows) -> Generator[pa.RecordBatch]:
        """Yield the rows that are not blank in every declared column."""
        filled = (line for line in self._lines if self._is_filled(line[1]))
        while chunk := list(islice(filled, CHUNK_ROWS)):
            columns = [
                self._column(chunk, at, kind, merged)
                for at, kind, merged in zip(self._wanted, self._kinds, self._merged, strict=True)
            ]
            yield rows.batch(columns, self._placed(chunk))

    def _header(self) -> list[str]:
        above = [cells for _, cells in islice(self._lines, self._region.header - self._region.box.top + 1)]
        last = above[-1] if len(above) > self._region.header - self._region.box.top else ()
        names = [_name(cell) for cell in last] + [""] * (self._region.tab.columns - len(last))
        for box in self._region.headed:
            cells = above[box.top - self._region.box.top]
            names[box.left] = _name(cells[box.left]) if box.left < len(cells) else ""
        if not any(names):
            row = self._region.header + 1
            raise SourceEmpty(f"{self._where} names no column in row {row}", mend="mend `header_row`")
        return names

    def _is_filled(self, cells: Cells) -> bool:
        return any(at < len(cells) and cells[at] not in ("", None) for at in self._wanted)

    def _column(self, chunk: list[Line], at: int, kind: str, merged: list[range]) -> list[object]:
        found = column_of([cells[at] if at < len(cells) else None for _, cells in chunk], kind)
        if merged:
            for position, (number, _) in enumerate(chunk):
                if any(number in span for span in merged):
                    found[position] = _MERGED
        return found

    def _placed(self, chunk: list[Line]) -> Callable[[int, str], str]:
        title = self._region.tab.title
        return lambda row, column: f"{title}!{self._letters[column]}{chunk[row][0] + 1}"


def _rows_merged(region: Region, column: int) -> list[range]:
    """Return the rows below the header in which cells of *column* are merged with others."""
    below = region.header + 1
    return [
        range(max(box.top, below), box.bottom)
        for box in region.tab.merges
        if box.left <= column < box.right and box.bottom > below and not _is_one_cell(box)
    ]


def _is_one_cell(box: Box) -> bool:
    return (box.bottom - box.top, box.right - box.left) == (1, 1)


def _name(cell: object) -> str:
    """Return the name in a header cell: blanks and line breaks in it count as one space."""
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return " ".join(str(cell).split()) if isinstance(cell, (str, int)) else ""
