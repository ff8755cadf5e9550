"""A tab that is written whole: read back, then replaced in one call that happens whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from connectors.google_sheets import grid_json
from connectors.google_sheets.book import Box, Tab
from connectors.google_sheets.opening import open_api
from connectors.google_sheets.options import SheetTarget
from connectors.google_sheets.sign_in import WRITE

_WRITTEN = "userEnteredValue,userEnteredFormat.numberFormat"


class Cell(NamedTuple):
    """
    What a cell is to hold: a text, which is never taken for a formula, a number, or nothing.

    *pattern* is how a number is shown, as Google writes number formats.
    """

    value: str | Decimal | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the tab holds: rows from the first on, numbers int or Decimal; ends that are empty left out."""

    tab: Tab
    rows: list[list[Any]]
    warnings: tuple[str, ...]


class Board:
    """One tab, to be written by one run at a time; close it when done."""

    def __init__(self, target: SheetTarget, *, base: Path) -> None:
        self._place = target.place
        self._api = open_api(target.connection, base=base, policy=None, timing=None, scopes=(WRITE,))

    @property
    def who(self) -> str:
        """Who writes, in words."""
        return self._api.sign_in.who

    def close(self) -> None:
        """Close every connection."""
        self._api.close()

    def read(self) -> Held:
        """
        Return what the tab holds now.

        Raises:
            ConnectorError: If the spreadsheet or the tab is not there, or may not be read.
        """
        region = self._api.book(self._place.spreadsheet_id).region(self._place)
        values = self._api.values(self._place.spreadsheet_id, [region.asked])
        try:
            rows = list(grid_json.rows(values.file, values.ranges[0]))
        finally:
            values.close()
        return Held(tab=region.tab, rows=rows, warnings=region.warnings)

    def write(
        self, rows: Sequence[Sequence[Cell]], *, over: Held, cleared: tuple[int, int], head: int
    ) -> None:
        """
        Replace the tab's first rows by *rows*, all equally long, in one step; what lies beyond stays.

        *cleared* is how many rows and columns are emptied where *rows* do not reach. In a tab that was
        blank, the first *head* rows are set bold and kept in sight. Only values and number formats are
        written later, so that what people set by hand stays; but cells are taken apart that were merged
        where something is written.

        Raises:
            SetupError: If the tab may not be written, or is full; RangeGoneError if it is smaller by now.
            Transient: If no answer came; `read` tells whether it was done.
        """
        # A row below the head in any case: Google freezes no tab whole.
        size = max(len(rows), head + 1, cleared[0]), max(len(rows[0]), cleared[1])
        requests = [*_grown(over.tab, *size), *_apart(over.tab, rows)]
        if not over.rows:
            requests += _first_look(over.tab.gid, rows=head, columns=size[1])
        requests.append(
            {
                "updateCells": {
                    "range": _range(over.tab.gid, Box(0, size[0], 0, size[1])),
                    "rows": [{"values": [_cell(cell) for cell in row]} for row in rows],
                    "fields": _WRITTEN,
                }
            }
        )
        self._api.change(self._place.spreadsheet_id, requests)


def _grown(tab: Tab, rows: int, columns: int) -> Iterator[dict[str, Any]]:
    """Yield what makes *tab* large enough. Never a size: a tab that somebody else made larger is not cut."""
    for dimension, wanted, there in (("ROWS", rows, tab.rows), ("COLUMNS", columns, tab.columns)):
        if wanted > there:
            more = {"sheetId": tab.gid, "dimension": dimension, "length": wanted - there}
            yield {"appendDimension": more}


def _apart(tab: Tab, rows: Sequence[Sequence[Cell]]) -> Iterator[dict[str, Any]]:
    """Yield what takes those merged cells of *tab* apart that would hide something of *rows*."""
    for merge in tab.merges:
        lines = [row[merge.left : merge.right] for row in rows[merge.top : merge.bottom]]
        if any(cell.value is not None for cell in [cell for line in lines for cell in line][1:]):
            yield {"unmergeCells": {"range": _range(tab.gid, merge)}}


def _first_look(gid: int, *, rows: int, columns: int) -> Iterator[dict[str, Any]]:
    frozen = {"sheetId": gid, "gridProperties": {"frozenRowCount": rows}}
    yield {"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}}
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    yield {
        "repeatCell": {
            "range": _range(gid, Box(0, rows, 0, columns)),
            "cell": bold,
            "fields": "userEnteredFormat.textFormat.bold",
        }
    }


def _range(gid: int, box: Box) -> dict[str, int]:
    return {
        "sheetId": gid,
        "startRowIndex": box.top,
        "endRowIndex": box.bottom,
        "startColumnIndex": box.left,
        "endColumnIndex": box.right,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    """Return a CellData: a stringValue stays a text whatever it begins with."""
    match cell.value:
        case None:
            return {}
        case Decimal():
            shown = {"numberFormat": {"type": "NUMBER", "pattern": cell.pattern}} if cell.pattern else {}
            return {"userEnteredValue": {"numberValue": cell.value}, "userEnteredFormat": shown}
        case text:
            return {"userEnteredValue": {"stringValue": text}}
