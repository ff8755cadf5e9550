"""Cells as the Sheets API gives them, unformatted, to values that their declared types may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.cells import Unreadable

_ERRORS = frozenset(
    ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#ERROR!", "#SPILL!", "#CALC!")
)
_LOADING = "Loading..."
_EPOCH = date(1899, 12, 30).toordinal()
_DAY_US = 86_400_000_000
_NEAR_US = 5
_LAST = date.max.toordinal()


def column_of(cells: Sequence[object], kind: str) -> list[object]:
    """
    Return the cells of one column as values for the type *kind*.

    An empty cell is None. An error, a cell still loading, and a text where a number is declared
    become Unreadable: a text of digits may mean a thousand times more in another country.
    """
    read = _READ.get(kind.partition("(")[0], _as_is)
    return [None if cell is None or cell == "" else _checked(cell, read) for cell in cells]


def _checked(cell: object, read: Callable[[object], object]) -> object:
    if isinstance(cell, str):
        if cell in _ERRORS:
            return Unreadable(f"error cell {cell}")
        if cell == _LOADING:
            return Unreadable("a cell that was still loading")
    return read(cell)


def _as_is(cell: object) -> object:
    return cell


def _number(cell: object) -> object:
    return Unreadable("a text where a number is expected") if isinstance(cell, str) else cell


def _date(cell: object) -> object:
    if isinstance(cell, bool) or not isinstance(cell, (int, Decimal)):
        return cell
    if cell != int(cell):
        return Unreadable("an instant where a date is expected")
    return _day(int(cell)) or Unreadable(_BEYOND)


def _instant(cell: object) -> object:
    """
    Return a day number as a time without a zone.

    A double holds day numbers of our time to 0.6 microseconds and sums of them to a few: what lies
    within 5 microseconds of a millisecond, the finest that a sheet shows, is that millisecond.
    """
    if isinstance(cell, bool) or not isinstance(cell, (int, Decimal)):
        return cell
    in_us = int((Decimal(cell) * _DAY_US).to_integral_value(ROUND_HALF_EVEN))
    whole_ms = round(in_us, -3)
    days, rest = divmod(whole_ms if abs(in_us - whole_ms) <= _NEAR_US else in_us, _DAY_US)
    day = _day(days)
    if day is None:
        return Unreadable(_BEYOND)
    return datetime(day.year, day.month, day.day) + timedelta(microseconds=rest)  # noqa: DTZ001 - placed later


_BEYOND = "a day outside the years 1 to 9999"


def _day(serial: int) -> date | None:
    ordinal = _EPOCH + serial
    return date.fromordinal(ordinal) if 1 <= ordinal <= _LAST else None


_READ: dict[str, Callable[[object], object]] = {
    "integer": _number,
    "decimal": _number,
    "date": _date,
    "timestamp": _instant,
}
