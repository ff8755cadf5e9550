"""Rows of pages to columns of declared names, and the places they came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors import json_text
from connectors.errors import SchemaChanged
from connectors.names import nearest
from connectors.rest import path
from connectors.rest.path import ABSENT, Steps
from connectors.rest.renaming import Renaming

if TYPE_CHECKING:
    from connectors.contract import ExtractRequest
    from connectors.rest.options import RestDataset
    from connectors.rest.page import Page

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000}
_FARTHEST = Decimal(10) ** 18


class Columns:
    """Picks the declared columns out of rows, and notes which of them were ever there."""

    def __init__(self, request: ExtractRequest, options: RestDataset) -> None:
        self._types = request.columns
        self._formats = options.formats
        self._optional = frozenset(options.optional)
        self._steps = {name: path.parse(options.fields.get(name, name)) for name in request.columns}
        self._never_there = set(request.columns)
        self.renaming = Renaming({n: way for n, way in self._steps.items() if n not in self._optional})
        self._names: dict[str, None] = {}
        self._has_rows = False
        self.source_schema: dict[str, str] = {}

    def strptime_formats(self) -> dict[str, str]:
        """Return the formats that are left for the reader of cells."""
        return {name: form for name, form in self._formats.items() if form not in _UNITS}

    def picked(self, rows: Sequence[Any]) -> list[list[Any]]:
        """Return the columns of *rows* in declared order; None where a row has nothing there."""
        if rows and not self._has_rows:
            self._has_rows = True
            self._note_names(rows)
        return [self._column(name, steps, rows) for name, steps in self._steps.items()]

    def check(self, *, where: str) -> None:
        """Raise SchemaChanged if rows came and none of them had one of the columns."""
        missing = [name for name in self._types if name in self._never_there - self._optional]
        if not self._has_rows or not missing:
            return
        name = missing[0]
        close = nearest(name, self._names)
        mend = f"did you mean {close}?" if close else "mend `fields`"
        raise SchemaChanged(
            f"{where}: no row has the column {name}",
            mend=f"{mend} If rows may lack it, name it under `optional`",
            column=name,
            nearest=close,
        )

    def _column(self, name: str, steps: Steps, rows: Sequence[Any]) -> list[Any]:
        values = [path.find(row, steps) for row in rows] if len(steps) != 1 else _picked(rows, steps[0])
        if name in self._never_there and any(value is not ABSENT for value in values):
            self._never_there.discard(name)
        if ABSENT in values:
            values = [None if value is ABSENT else value for value in values]
        if self._types[name] == "json":
            return [None if value is None else json_text.canonical(value) for value in values]
        unit = _UNITS.get(self._formats.get(name, ""))
        return values if unit is None else [_instant(value, unit) for value in values]

    def _note_names(self, rows: Sequence[Any]) -> None:
        for row in rows[:100]:
            if isinstance(row, dict):
                self._names.update(dict.fromkeys(row))
                for inner in row.values():
                    if isinstance(inner, dict):
                        self._names.update(dict.fromkeys(inner))
        first = rows[0]
        if isinstance(first, dict):
            self.source_schema = {str(key): _KINDS.get(type(value), "null") for key, value in first.items()}


_KINDS: Mapping[type, str] = {
    str: "string",
    int: "number",
    Decimal: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
}


def _picked(rows: Sequence[Any], step: str | int) -> list[Any]:
    if isinstance(step, int):
        return [path.find(row, (step,)) for row in rows]
    return [row.get(step, ABSENT) if isinstance(row, dict) else ABSENT for row in rows]


def _instant(value: Any, unit: int) -> Any:
    """Return a count of *unit* microseconds since 1970 as an instant; all else as it is, to be refused."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 18:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or abs(Decimal(value)) > _FARTHEST:
        return value
    counted = Decimal(value) * unit
    if counted != counted.to_integral_value():
        return value
    try:
        return _EPOCH + timedelta(microseconds=int(counted))
    except OverflowError:
        return value


class Places:
    """Finds the page and row of any row that was gathered."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._numbers: list[int] = []
        self._count = 0

    def add(self, page: Page) -> None:
        self._starts.append(self._count)
        self._numbers.append(page.number)
        self._count += len(page.rows)

    def __call__(self, row: int, column: str) -> str:
        found = bisect_right(self._starts, row) - 1
        return f"page {self._numbers[found]}, row {row - self._starts[found] + 1}"
