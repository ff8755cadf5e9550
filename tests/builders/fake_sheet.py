"""Spreadsheets as the fake Google holds them: tabs, merged cells, named ranges, and their wire form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

EPOCH = date(1899, 12, 30)
DAY_US = 86_400_000_000

Box = tuple[int, int, int, int]
"""First row, end row, first column, end column, from 0; the ends are open."""


@dataclass
class Tab:
    """One tab. A cell is None, a text, a boolean, a number, a date or a datetime (read as UTC)."""

    title: str
    gid: int
    rows: Sequence[Sequence[Any]] = ()
    merges: list[Box] = field(default_factory=list)
    grid: tuple[int, int] = (1000, 26)
    protected: bool = False
    frozen: int = 0
    bold: Box | None = None
    patterns: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """How many rows and columns the grid has."""
        widest = max((len(row) for row in self.rows), default=0) if len(self.rows) < 10_000 else 26
        return max(self.grid[0], len(self.rows)), max(self.grid[1], widest)


@dataclass
class Book:
    """
    One spreadsheet. *readers* and *writers* are e-mail addresses, readers also `anyone`; *named* maps
    names to gid and box. It takes no more than *most_cells*.
    """

    id: str
    title: str
    tabs: list[Tab] = field(default_factory=list)
    named: dict[str, tuple[int, Box]] = field(default_factory=dict)
    zone: str = "UTC"
    locale: str = "en_US"
    readers: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    most_cells: int = 10_000_000
    modified: str = "2026-10-01T08:00:00.000Z"

    def tab(self, title: str) -> Tab | None:
        """Return the tab called *title*, as Google finds it: whatever the case."""
        return next((tab for tab in self.tabs if tab.title.casefold() == title.casefold()), None)

    def resource(self) -> dict[str, Any]:
        """Return the Spreadsheet resource without cells."""
        return {
            "spreadsheetId": self.id,
            "properties": {"title": self.title, "locale": self.locale, "timeZone": self.zone},
            "sheets": [_sheet(tab, index) for index, tab in enumerate(self.tabs)],
            "namedRanges": [
                {"namedRangeId": f"n{at}", "name": name, "range": grid_range(gid, box)}
                for at, (name, (gid, box)) in enumerate(self.named.items())
            ],
            "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{self.id}/edit",
        }

    def located(self, text: str) -> tuple[Tab, Box] | None:
        """Return where the range *text* lies; None as for a range that cannot be parsed."""
        title, _, cells = text.rpartition("!")
        if not title and text in self.named:
            gid, box = self.named[text]
            return next(tab for tab in self.tabs if tab.gid == gid), box
        if not title:
            title, cells = text, ""
        if title.startswith("'"):
            title = title[1:-1].replace("''", "'")
        tab = self.tab(title)
        if tab is None:
            return None
        rows, columns = tab.size
        return tab, box_of(cells, rows, columns) if cells else (0, rows, 0, columns)


def _sheet(tab: Tab, index: int) -> dict[str, Any]:
    rows, columns = tab.size
    found: dict[str, Any] = {
        "properties": {
            "sheetId": tab.gid,
            "title": tab.title,
            "index": index,
            "sheetType": "GRID",
            "gridProperties": {"rowCount": rows, "columnCount": columns},
        }
    }
    if tab.merges:
        found["merges"] = [grid_range(tab.gid, box) for box in tab.merges]
    return found


def grid_range(gid: int, box: Box) -> dict[str, int]:
    """Return a GridRange; like the real one, it leaves out a sheetId of 0."""
    found = dict(
        zip(("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"), box, strict=True)
    )
    return {"sheetId": gid, **found} if gid else found


def box_of(cells: str, rows: int, columns: int) -> Box:
    """Return the box of A1 text such as `B2`, `A1:C9` or `1:50`."""
    first, _, last = cells.partition(":")
    (r0, c0), (r1, c1) = _corner(first), _corner(last or first)
    return r0 or 0, rows if r1 is None else r1 + 1, c0 or 0, columns if c1 is None else c1 + 1


def _corner(text: str) -> tuple[int | None, int | None]:
    letters, digits = re.fullmatch(r"\$?([A-Z]*)\$?([0-9]*)", text.upper()).groups()
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits) - 1 if digits else None, column - 1 if letters else None


def letters_of(column: int) -> str:
    """Return the letters of *column*, counted from 0."""
    text, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def echoed(tab: Tab, box: Box) -> str:
    """Return the range as Google writes it back."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", tab.title) is not None
    title = tab.title if plain else "'" + tab.title.replace("'", "''") + "'"
    start = f"{letters_of(box[2])}{box[0] + 1}"
    end = f"{letters_of(box[3] - 1)}{box[1]}"
    return f"{title}!{start}" if start == end else f"{title}!{start}:{end}"


def value_range(tab: Tab, box: Box) -> Iterator[str]:
    """Yield one ValueRange as JSON text, a row at a time; empty ends are left out."""
    yield f'{{"range":{json.dumps(echoed(tab, box), ensure_ascii=False)},"majorDimension":"ROWS"'
    blank = 0
    started = False
    for row in tab.rows[box[0] : box[1]]:
        cells = _trimmed(row[box[2] : box[3]])
        if not cells:
            blank += 1
            continue
        yield ("," if started else ',"values":[') + "[]," * blank
        started, blank = True, 0
        yield "[" + ",".join(map(wire, cells)) + "]"
    yield "]}" if started else "}"


def _trimmed(cells: Sequence[Any]) -> Sequence[Any]:
    end = len(cells)
    while end and cells[end - 1] in (None, ""):
        end -= 1
    return cells[:end]


def wire(cell: Any) -> str:
    """Return a cell as UNFORMATTED_VALUE and SERIAL_NUMBER give it, as JSON text."""
    if cell is None:
        return '""'
    if isinstance(cell, Decimal):
        return format(cell, "f") if cell.is_finite() else '"#NUM!"'
    if isinstance(cell, date):
        return repr(serial(cell)).removesuffix(".0")
    return json.dumps(cell, ensure_ascii=False)


def serial(value: date) -> float:
    """Return the day number of *value*, as near as a double is."""
    if not isinstance(value, datetime):
        return float((value - EPOCH).days)
    local = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    since_midnight = local - datetime.combine(local.date(), time())
    return (local.date() - EPOCH).days + (since_midnight // timedelta(microseconds=1)) / DAY_US


def grid_data(tab: Tab, box: Box) -> list[dict[str, Any]]:
    """Return the rowData of includeGridData for a part of *tab*."""
    return [
        {"values": [_cell_data(cell) for cell in row[box[2] : box[3]]]} for row in tab.rows[box[0] : box[1]]
    ]


def _cell_data(cell: Any) -> dict[str, Any]:
    if cell is None or cell == "":
        return {}
    if isinstance(cell, bool):
        return {"effectiveValue": {"boolValue": cell}}
    if isinstance(cell, str):
        return {"effectiveValue": {"stringValue": cell}, "formattedValue": cell}
    if isinstance(cell, date):
        kind = "DATE_TIME" if isinstance(cell, datetime) else "DATE"
        number = serial(cell)
    else:
        kind, number = "NUMBER", float(cell)
    return {
        "effectiveValue": {"numberValue": number},
        "effectiveFormat": {"numberFormat": {"type": kind}},
        "formattedValue": str(cell),
    }


class Refusal(Exception):
    """A request that the real one answers with 400."""


def changed(book: Book, requests: Sequence[dict[str, Any]]) -> list[Tab]:
    """
    Return the tabs of *book* as *requests* make them: all or, by a Refusal, none of them.

    Raises:
        NotImplementedError: For a request that this fake does not know.
    """
    tabs = deepcopy(book.tabs)
    for request in requests:
        [(name, asked)] = request.items()
        if name not in _CHANGES:
            raise NotImplementedError(f"this fake has no request {name}")
        _CHANGES[name]({tab.gid: tab for tab in tabs}, asked)
        if sum(tab.size[0] * tab.size[1] for tab in tabs) > book.most_cells:
            told = "the number of cells in the workbook above the limit of 10000000 cells."
            raise Refusal(f"Invalid requests[0].{name}: This action would increase {told}")
    return tabs


def _tab(tabs: dict[int, Tab], asked: dict[str, Any]) -> Tab:
    if asked["sheetId"] not in tabs:
        raise Refusal(f"Invalid requests[0].updateCells: No grid with id: {asked['sheetId']}")
    return tabs[asked["sheetId"]]


def _append_dimension(tabs: dict[int, Tab], asked: dict[str, Any]) -> None:
    tab = _tab(tabs, asked)
    rows, columns = tab.size
    more = {"ROWS": (asked["length"], 0), "COLUMNS": (0, asked["length"])}[asked["dimension"]]
    tab.grid = rows + more[0], columns + more[1]


def _update_properties(tabs: dict[int, Tab], asked: dict[str, Any]) -> None:
    if asked["fields"] != "gridProperties.frozenRowCount":
        raise NotImplementedError("this fake sets frozenRowCount alone")
    tab = _tab(tabs, asked["properties"])
    tab.frozen = asked["properties"]["gridProperties"]["frozenRowCount"]
    if tab.frozen >= tab.size[0]:
        told = "You can't freeze all visible rows on the sheet."
        raise Refusal(f"Invalid requests[0].updateSheetProperties: {told}")


def _unmerge(tabs: dict[int, Tab], asked: dict[str, Any]) -> None:
    tab, box = _written_box(tabs, asked["range"])
    if box not in tab.merges:
        raise NotImplementedError("this fake unmerges one merge at a time")
    tab.merges = [merge for merge in tab.merges if merge != box]


def _repeat_cell(tabs: dict[int, Tab], asked: dict[str, Any]) -> None:
    if asked["fields"] != "userEnteredFormat.textFormat.bold":
        raise NotImplementedError("this fake sets bold alone")
    tab, box = _written_box(tabs, asked["range"])
    tab.bold = box


def _update_cells(tabs: dict[int, Tab], asked: dict[str, Any]) -> None:
    """
    Write values and number formats; like the real one, clear what *rows* do not cover of the range, and
    keep of merged cells the first alone.
    """
    if set(asked["fields"].split(",")) != {"userEnteredValue", "userEnteredFormat.numberFormat"}:
        raise NotImplementedError("this fake writes values and number formats together, and alone")
    tab, (top, bottom, left, right) = _written_box(tabs, asked["range"])
    if len(asked["rows"]) > bottom - top:
        told = f"Attempting to write row: {bottom}, beyond the last requested row of: {bottom - 1}"
        raise Refusal(f"Invalid requests[0].updateCells: {told}")
    rows = [list(row) for row in tab.rows]
    rows += [[] for _ in range(bottom - len(rows))]
    for y in range(top, bottom):
        rows[y] += [None] * (right - len(rows[y]))
        line = asked["rows"][y - top].get("values", []) if y - top < len(asked["rows"]) else []
        for x in range(left, right):
            cell = line[x - left] if x - left < len(line) else {}
            rows[y][x] = None if _is_hidden(tab, y, x) else _entered(cell.get("userEnteredValue", {}))
            if shown := cell.get("userEnteredFormat", {}).get("numberFormat"):
                tab.patterns[y, x] = _pattern(**shown)
    tab.rows = rows


def _written_box(tabs: dict[int, Tab], asked: dict[str, int]) -> tuple[Tab, Box]:
    tab = _tab(tabs, asked)
    if tab.protected:
        told = "You are trying to edit a protected cell or object. Please contact the spreadsheet owner"
        raise Refusal(f"Invalid requests[0].updateCells: {told} to remove protection if you need to edit.")
    keys = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    box = tuple(asked[key] for key in keys)
    if box[1] > tab.size[0] or box[3] > tab.size[1]:
        raise Refusal(f"Invalid requests[0]: Range exceeds grid limits. Max rows: {tab.size[0]}")
    return tab, box


def _entered(value: dict[str, Any]) -> Any:
    """
    Return what a cell holds: a stringValue is a text whatever it begins with, a numberValue the nearest
    double; formulas are not known.
    """
    match value:
        case {"stringValue": str(text), **rest} if not rest:
            if len(text) > 50_000:
                told = "Your input contains more than the maximum of 50000 characters in a single cell."
                raise Refusal(f"Invalid requests[0].updateCells: {told}")
            return text
        case {"numberValue": number, **rest} if not rest:
            return Decimal(repr(float(number)))
        case {} if not value:
            return None
    raise NotImplementedError("this fake takes stringValue and numberValue alone")


def _is_hidden(tab: Tab, y: int, x: int) -> bool:
    """Return whether merged cells show another one in this place."""
    return any(
        top <= y < bottom and left <= x < right and (y, x) != (top, left)
        for top, bottom, left, right in tab.merges
    )


def _pattern(*, type: str, pattern: str) -> str:
    """Return *pattern*, of which this fake knows digits and literals; refused if a literal does not end."""
    if type != "NUMBER":
        raise NotImplementedError("this fake formats numbers alone")
    known = r'"[^"\\]*"|\\.|[#0,.%+;-]'
    if re.sub(known, "", pattern):
        raise Refusal(f"Invalid requests[0].updateCells: Invalid format pattern: {pattern}")
    return pattern


_CHANGES: dict[str, Callable[[dict[int, Tab], dict[str, Any]], None]] = {
    "appendDimension": _append_dimension,
    "updateSheetProperties": _update_properties,
    "unmergeCells": _unmerge,
    "repeatCell": _repeat_cell,
    "updateCells": _update_cells,
}


def masked(value: Any, mask: str) -> Any:
    """Return the part of *value* that a `fields` mask names; ValueError for a field that is not known."""
    return _kept(value, _tree(mask))


def _tree(mask: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for part in _parts(mask):
        head, _, rest = re.sub(r"\((.*)\)\Z", r".(\1)", part).partition(".")
        inner = rest.removeprefix("(").removesuffix(")") if rest.startswith("(") else rest
        tree.setdefault(head, {}).update(_tree(inner) if inner else {})
    return tree


def _parts(mask: str) -> Iterable[str]:
    depth, part = 0, ""
    for sign in mask:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield part
            part = ""
        else:
            part += sign
    yield part


def _kept(value: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_kept(inner, tree) for inner in value]
    return {name: _kept(value[name], inner) for name, inner in tree.items() if name in value}
