"""A spreadsheet without its cells: tabs, named ranges and merged cells; and where a dataset lies in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from connectors.errors import SchemaChanged, SourceEmpty
from connectors.google_sheets.options import SheetsDataset
from connectors.names import nearest

FIELDS = (
    "properties(title,locale,timeZone),"
    "sheets(properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount)),merges),"
    "namedRanges(name,range)"
)
"""What is asked of spreadsheets.get."""

_ADDRESS = re.compile(r"(?:(?P<tab>.+)!)?\$?(?P<letters>[A-Za-z]{1,3})\$?(?P<row>[1-9][0-9]{0,6})")


class Box(NamedTuple):
    """A part of a grid, counted from 0; *bottom* and *right* are the first row and column outside."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab: *rows* and *columns* is the size of its grid."""

    gid: int
    title: str
    rows: int
    columns: int
    merges: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """
    Where a dataset lies: *asked* is the range to ask for, *box* what of *tab* it was when we looked.

    Of a table, *header* is the row, from 0, that names its columns, and *headed* are the merged cells
    that begin above it: their name is in their first row. *warnings* tell what is not where it was.
    """

    tab: Tab
    asked: str
    box: Box
    header: int = 0
    headed: tuple[Box, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A spreadsheet; *zone* is where its clock times are. *named* maps each named range to gid and box."""

    title: str
    zone: str
    tabs: tuple[Tab, ...]
    named: Mapping[str, tuple[int, Box]]

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Book:
        """Return the book that a Spreadsheet resource describes; KeyError, TypeError if it describes none."""
        tabs = [_tab(sheet) for sheet in resource["sheets"] if "gridProperties" in sheet["properties"]]
        sizes = {tab.gid: tab for tab in tabs}
        return cls(
            title=str(resource["properties"]["title"]),
            zone=str(resource["properties"].get("timeZone", "")),
            tabs=tuple(tabs),
            named={
                str(entry["name"]): (tab.gid, _box(entry["range"], tab.rows, tab.columns))
                for entry in resource.get("namedRanges", [])
                if (tab := sizes.get(entry["range"].get("sheetId", 0)))
            },
        )

    def region(self, options: SheetsDataset) -> Region:
        """
        Return where the dataset of *options* lies.

        Raises:
            SchemaChanged: If its tab or named range is not there, or is not one cell.
            SourceEmpty: If its tab ends before the header row.
        """
        if options.cell is None:
            return self._table(options)
        address = _ADDRESS.fullmatch(options.cell)
        return self._named(options.cell) if address is None else self._addressed(address, options)

    def _table(self, options: SheetsDataset) -> Region:
        tab, warnings = self._tab(options.tab, options.declared_gid)
        row = options.header_row - 1
        if tab.rows <= row:
            raise SourceEmpty(f"tab {tab.title} ends before row {row + 1}", mend="mend `header_row`")
        headed = [box for box in tab.merges if box.top < row < box.bottom and box.right - box.left == 1]
        top = min([row, *(box.top for box in headed)])
        return Region(
            tab=tab,
            asked=f"{quoted(tab.title)}!A{top + 1}:{letters(tab.columns - 1)}",
            box=Box(top, tab.rows, 0, tab.columns),
            header=row,
            headed=tuple(headed),
            warnings=warnings,
        )

    def _addressed(self, address: re.Match[str], options: SheetsDataset) -> Region:
        title = options.tab if address["tab"] is None else unquoted(address["tab"])
        tab, warnings = self._tab(title, None if address["tab"] else options.declared_gid)
        row, column = int(address["row"]) - 1, number(address["letters"])
        cell = f"{letters(column)}{row + 1}"
        if row >= tab.rows or column >= tab.columns:
            raise SchemaChanged(
                f"tab {tab.title} has no cell {cell}", mend="mend `cell`, or name the cell", column=cell
            )
        box = Box(row, row + 1, column, column + 1)
        return Region(tab=tab, asked=f"{quoted(tab.title)}!{cell}", box=box, warnings=warnings)

    def _named(self, name: str) -> Region:
        if name not in self.named:
            raise _missing(f"the spreadsheet has no named range {name}", name, list(self.named), "cell")
        gid, box = self.named[name]
        tab = next(tab for tab in self.tabs if tab.gid == gid)
        if box not in tab.merges and (box.bottom - box.top, box.right - box.left) != (1, 1):
            raise SchemaChanged(
                f"the named range {name} is not one cell", mend="name the one cell that counts", column=name
            )
        return Region(tab=tab, asked=name, box=box)

    def _tab(self, title: str | None, gid: int | None) -> tuple[Tab, tuple[str, ...]]:
        titles = [tab.title for tab in self.tabs]
        if gid is not None:
            return self._by_gid(gid, title)
        if title is None and len(self.tabs) == 1:
            return self.tabs[0], ()
        found = next((tab for tab in self.tabs if tab.title == title), None)
        if found is None and title is None:
            raise _missing(f"the spreadsheet has {len(titles)} tabs and none is named", "", titles, "tab")
        if found is None:
            raise _missing(f"the spreadsheet has no tab {title}", str(title), titles, "tab")
        return found, ()

    def _by_gid(self, gid: int, title: str | None) -> tuple[Tab, tuple[str, ...]]:
        found = next((tab for tab in self.tabs if tab.gid == gid), None)
        if found is None:
            known = [tab.title for tab in self.tabs]
            raise _missing(f"the spreadsheet has no tab with gid {gid}", title or "", known, "gid")
        if title is not None and title != found.title:
            return found, (f"tab {title} (gid {gid}) is called {found.title} now",)
        return found, ()


def _tab(sheet: Mapping[str, Any]) -> Tab:
    properties = sheet["properties"]
    rows, columns = (int(properties["gridProperties"][key]) for key in ("rowCount", "columnCount"))
    return Tab(
        gid=int(properties.get("sheetId", 0)),
        title=str(properties["title"]),
        rows=rows,
        columns=columns,
        merges=tuple(_box(merge, rows, columns) for merge in sheet.get("merges", [])),
    )


def _box(found: Mapping[str, Any], rows: int, columns: int) -> Box:
    """Return a GridRange as a box: what it leaves out is unbounded."""
    return Box(
        int(found.get("startRowIndex", 0)),
        int(found.get("endRowIndex", rows)),
        int(found.get("startColumnIndex", 0)),
        int(found.get("endColumnIndex", columns)),
    )


def _missing(what: str, name: str, present: list[str], key: str) -> SchemaChanged:
    close = nearest(name, present) if name else None
    listed = ", ".join(present[:20]) or "none at all"
    mend = f"did you mean {close}?" if close else f"mend `{key}`; there is {listed}"
    return SchemaChanged(what, mend=mend, column=name or key, nearest=close)


def letters(column: int) -> str:
    """Return the letters of *column*, counted from 0."""
    text, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def number(column: str) -> int:
    """Return the position, from 0, of the column with these letters."""
    found = 0
    for letter in column.upper():
        found = found * 26 + ord(letter) - ord("A") + 1
    return found - 1


def quoted(title: str) -> str:
    """Return a tab's title as ranges are written."""
    return "'" + title.replace("'", "''") + "'"


def unquoted(title: str) -> str:
    """Return the title that a range's text names."""
    return title[1:-1].replace("''", "'") if title[:1] == title[-1:] == "'" else title
