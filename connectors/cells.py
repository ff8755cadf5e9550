"""One cell against its declared type: the exact value, or why it does not fit. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors import json_text
from connectors.column_type import ColumnType

INTEGER = r"^[+-]?[0-9]+$"
DECIMAL = r"^[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
BOOLEAN = r"^(?i:true|false|t|f|1|0)$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\.0+)?)?)?$"
NAIVE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"
AWARE = NAIVE[:-1] + r"(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)$"

_WHOLE = {
    pattern: re.compile(pattern[:-1] + r"\Z") for pattern in (INTEGER, DECIMAL, BOOLEAN, DATE, NAIVE, AWARE)
}
_INT64 = 2**63


class MisfitError(ValueError):
    """A cell does not fit its column. The text is the reason and holds no value."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that its source shows but that holds no value, such as a formula's error, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Column:
    """
    How one column is declared. *zone* places times that carry none. *format* (strptime) is how its
    dates and times are written as text; None is ISO 8601.
    """

    name: str
    type: ColumnType
    zone: ZoneInfo | None = None
    format: str | None = None


def read_cell(value: object, column: Column) -> object:
    """Return *value*, never None, as the column's declared type holds it; MisfitError if it is none."""
    read: dict[str, Callable[[object, Column], object]] = {
        "string": _string,
        "integer": _integer,
        "decimal": _decimal,
        "boolean": _boolean,
        "date": _date,
        "timestamp": _timestamp,
        "json": _json,
    }
    if isinstance(value, Unreadable):
        raise MisfitError(value.reason)
    return read[column.type.name](value, column)


def _string(value: object, column: Column) -> str:
    text = _text_of(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MisfitError("a text that is not valid Unicode") from None
    return text


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(_finite(Decimal(repr(value).removesuffix(".0"))), "f")
    if isinstance(value, Decimal):
        return format(_finite(value), "f")
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (int, UUID)):
        return str(value)
    raise MisfitError(f"{type(value).__name__} where a text is expected")


def _integer(value: object, column: Column) -> int:
    if isinstance(value, str):
        if not _WHOLE[INTEGER].match(value):
            raise MisfitError("not an integer")
        digits = value.lstrip("+-").lstrip("0")
        if len(digits) > 19:
            raise MisfitError("an integer beyond 64 bits")
        return _in_64_bits(int(digits or "0") * (-1 if value.startswith("-") else 1))
    if isinstance(value, (float, Decimal)):
        number = _finite(Decimal(repr(value)) if isinstance(value, float) else value)
        if number.adjusted() > 19:
            raise MisfitError("an integer beyond 64 bits")
        if number != number.to_integral_value():
            raise MisfitError("a fraction where an integer is expected")
        return _in_64_bits(int(number))
    if isinstance(value, int) and not isinstance(value, bool):
        return _in_64_bits(value)
    raise MisfitError(f"{type(value).__name__} where an integer is expected")


def _in_64_bits(number: int) -> int:
    if not -_INT64 <= number < _INT64:
        raise MisfitError("an integer beyond 64 bits")
    return number


def _decimal(value: object, column: Column) -> Decimal:
    if isinstance(value, str):
        if not _WHOLE[DECIMAL].match(value):
            raise MisfitError("not a decimal number")
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        number = Decimal(value)
    else:
        raise MisfitError(f"{type(value).__name__} where a decimal is expected")
    return _fitted(_finite(number), column.type)


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise MisfitError("not a finite number")
    return abs(number) if number.is_zero() else number  # zero has no sign


def _fitted(number: Decimal, kind: ColumnType) -> Decimal:
    exact = Context(prec=kind.precision, traps=[InvalidOperation, Inexact])
    try:
        return number.quantize(Decimal(1).scaleb(-kind.scale), context=exact)
    except InvalidOperation:
        whole = kind.precision - kind.scale
        raise MisfitError(f"more than {whole} digit{'s' * (whole != 1)} before the point") from None
    except Inexact:
        raise MisfitError(f"more than {kind.scale} decimal{'s' * (kind.scale != 1)}") from None


def _boolean(value: object, column: Column) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    if isinstance(value, str) and _WHOLE[BOOLEAN].match(value):
        return value.lower() in ("true", "t", "1")
    raise MisfitError("not a boolean: true, false, t, f, 1 or 0")


def _date(value: object, column: Column) -> date:
    if isinstance(value, str):
        return _date_of(_read_format(value, column.format)) if column.format else _iso_date(value)
    if isinstance(value, date):
        return _date_of(value)
    raise MisfitError(f"{type(value).__name__} where a date is expected")


def _iso_date(text: str) -> date:
    if not _WHOLE[DATE].match(text):
        raise MisfitError("not an ISO date (YYYY-MM-DD)")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise MisfitError("a day that no calendar has") from None


def _date_of(value: date) -> date:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is not None or value.time() != datetime.min.time():
        raise MisfitError("an instant where a date is expected")
    return value.date()


def _read_format(text: str, form: str) -> datetime:
    if not text.isascii():
        raise MisfitError("not written as its declared format")
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is placed by the caller
    except ValueError:
        raise MisfitError("not written as its declared format") from None


def _timestamp(value: object, column: Column) -> datetime:
    if isinstance(value, str):
        found = _read_format(value, column.format) if column.format else _iso_instant(value)
        return placed(found, column)
    if isinstance(value, datetime):
        return placed(value, column)
    raise MisfitError(f"{type(value).__name__} where an instant is expected")


def _iso_instant(text: str) -> datetime:
    if not _WHOLE[AWARE].match(text) and not _WHOLE[NAIVE].match(text):
        raise MisfitError("not an ISO instant (YYYY-MM-DDTHH:MM:SS and an offset from UTC)")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise MisfitError("an instant that no clock shows") from None


def placed(value: datetime, column: Column) -> datetime:
    """
    Return *value* in UTC. A local time without an offset is placed by the column's zone: of an hour
    that the clocks repeat it means the first; one that they skip is a misfit.
    """
    if value.tzinfo is None:
        if column.zone is None:
            raise MisfitError("an instant without a zone: write `zone:` at the dataset")
        local = value.replace(tzinfo=column.zone, fold=0)
    else:
        local = value
    try:
        found = local.astimezone(UTC)
        skipped = value.tzinfo is None and found.astimezone(column.zone).replace(tzinfo=None) != value
    except OverflowError:
        raise MisfitError("an instant outside the years 1 to 9999") from None
    if skipped:
        raise MisfitError("a local time that the clocks of its zone skip")
    return found


def _json(value: object, column: Column) -> str:
    try:
        return json_text.canonical(json_text.parse(value) if isinstance(value, str) else value)
    except TypeError:
        raise MisfitError("a value that JSON does not have") from None
    except ValueError as problem:
        raise MisfitError(str(problem)) from None
