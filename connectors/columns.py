"""Whole columns to their declared Arrow type: one vectorised cast where all fit, cell by cell where not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors import cells
from connectors.cells import Column, MisfitError, read_cell
from connectors.instants import (
    FIRST_DAY,
    FIRST_US,
    LAST_DAY,
    LAST_US,
    localised,
    naive_without_zone,
    within_calendar,
)

Misfits = Mapping[int, str]
"""Row number to reason."""

Converted = tuple[pa.Array, Misfits]
"""A column of the declared type, meaningless where a cell does not fit, and why it does not."""

_PATTERNS = {
    "integer": cells.INTEGER,
    # Arrow reads 1E-900 as 0: exponents that long are looked at one by one.
    "decimal": cells.DECIMAL.replace("{1,3}", "{1,2}"),
    "boolean": cells.BOOLEAN,
    "date": cells.DATE,
}


def convert(values: pa.Array | Sequence[object], column: Column) -> Converted:
    """Return *values* (an Arrow column as the source types it, or Python objects) as *column* declares."""
    if isinstance(values, pa.Array):
        return _from_arrow(values, column)
    return _from_objects(values, column)


def _from_text(values: pa.Array, column: Column) -> Converted:
    if column.type.name == "string":
        return values, {}
    fast = None if column.format else _cast_text(values, column)
    return _distinct_cells(values, column) if fast is None else (fast, {})


def _cast_text(values: pa.Array, column: Column) -> pa.Array | None:
    """Return the column cast at once, None if any cell needs a closer look."""
    kind = column.type
    if kind.name == "timestamp":
        return _cast_instants(values, column)
    if kind.name not in _PATTERNS or not _all_match(values, _PATTERNS[kind.name]):
        return None
    try:
        return values.cast(kind.arrow())
    except pa.ArrowInvalid:
        return None


def _all_match(values: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(values, pattern)).as_py() is not False


def _cast_instants(values: pa.Array, column: Column) -> pa.Array | None:
    try:
        if column.zone is not None and _all_match(values, cells.NAIVE):
            return localised(values.cast(pa.timestamp("us")), column)
        if _all_match(values, cells.AWARE):
            return within_calendar(values.cast(column.type.arrow()))
    except pa.ArrowInvalid:
        return None
    return None


def _distinct_cells(values: pa.Array, column: Column) -> Converted:
    """Read every distinct text once: dates and flags repeat, and a bad cell usually does too."""
    encoded = values.dictionary_encode()
    found, reasons = _cell_by_cell(encoded.dictionary.to_pylist(), column)
    if not reasons:
        return found.take(encoded.indices), {}
    bad = pc.is_in(encoded.indices, value_set=pa.array(list(reasons), encoded.indices.type))
    rows = pc.indices_nonzero(bad).to_pylist()
    return found.take(encoded.indices), {row: reasons[encoded.indices[row].as_py()] for row in rows}


def _cell_by_cell(values: Sequence[object], column: Column) -> Converted:
    found: list[object] = []
    reasons: dict[int, str] = {}
    for row, value in enumerate(values):
        try:
            found.append(None if value is None else read_cell(value, column))
        except MisfitError as problem:
            found.append(None)
            reasons[row] = str(problem)
    return pa.array(found, column.type.arrow()), reasons


def _from_arrow(values: pa.Array, column: Column) -> Converted:
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _from_arrow(values.dictionary_decode(), column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _from_text(values.cast(pa.string()), column)
    if pa.types.is_timestamp(kind):
        return _from_instants(values, column)
    if pa.types.is_date64(kind):
        values = values.cast(pa.date32())
    if pa.types.is_floating(kind) or (pa.types.is_integer(kind) and column.type.name == "decimal"):
        # through text: the shortest that names the number, so 9.8 stays 9.8 in 32 bits too
        return _from_numerals(values.cast(pa.string()), column)
    try:
        return _same_kind(values, column)
    except pa.ArrowInvalid:
        return _from_objects(values.to_pylist(), column)


def _same_kind(values: pa.Array, column: Column) -> Converted:
    """Cast between equal kinds of different width; ArrowInvalid sends the column through its cells."""
    alike: dict[str, Callable[[pa.DataType], bool]] = {
        "integer": lambda t: pa.types.is_integer(t) or pa.types.is_decimal(t),
        "decimal": pa.types.is_decimal,
        "boolean": pa.types.is_boolean,
        "date": pa.types.is_date32,
        "string": pa.types.is_integer,
    }
    if not alike.get(column.type.name, pa.types.is_null)(values.type):
        return _from_objects(_objects(values), column)
    found = values.cast(column.type.arrow())
    if column.type.name == "date" and _outside_calendar(found):
        return _from_objects(_objects(values), column)
    return found, {}


def _outside_calendar(days: pa.Array) -> bool:
    ends = pc.min_max(days.cast(pa.int32()))
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return low is not None and (low < FIRST_DAY or high > LAST_DAY)


def _objects(values: pa.Array) -> list[object]:
    """Return Python objects; a day that Python has no date for becomes a text that fits no date."""
    if not pa.types.is_date32(values.type):
        return list(values.to_pylist())
    days = values.cast(pa.int32()).to_pylist()
    real = [day is None or FIRST_DAY <= day <= LAST_DAY for day in days]
    return [values[row].as_py() if fits else "beyond" for row, fits in enumerate(real)]


def _from_numerals(values: pa.Array, column: Column) -> Converted:
    if column.type.name == "decimal":
        return _from_text(values, column)
    return _from_objects([None if text is None else Decimal(text) for text in values.to_pylist()], column)


def _from_instants(values: pa.Array, column: Column) -> Converted:
    if column.type.name != "timestamp":
        return _from_objects(values.cast(pa.timestamp("us", values.type.tz)).to_pylist(), column)
    if values.type.tz is None and column.zone is None:
        raise naive_without_zone(column)
    try:
        in_us = values.cast(pa.timestamp("us", values.type.tz))
    except pa.ArrowInvalid:
        return _finer_than_us(values, column)
    placed = localised(in_us, column) if in_us.type.tz is None else within_calendar(in_us)
    if placed is None:
        return _instants_by_cell(in_us, column)
    return placed.cast(column.type.arrow()), {}


def _finer_than_us(values: pa.Array, column: Column) -> Converted:
    in_us = values.cast(pa.timestamp("us", values.type.tz), safe=False)
    lost = pc.fill_null(pc.not_equal(in_us.cast(values.type), values), False)
    rows = pc.indices_nonzero(lost).to_pylist()
    found, reasons = _from_instants(in_us, column)
    return found, {**reasons, **dict.fromkeys(rows, "an instant finer than a microsecond")}


def _instants_by_cell(in_us: pa.Array, column: Column) -> Converted:
    numbers = in_us.cast(pa.int64()).to_pylist()
    inside = [number is None or FIRST_US <= number <= LAST_US for number in numbers]
    readable = pc.if_else(pa.array(inside), in_us, pa.scalar(None, in_us.type))
    found, reasons = _from_objects(readable.to_pylist(), column, vectorised=False)
    beyond = {row: "an instant outside the years 1 to 9999" for row, fits in enumerate(inside) if not fits}
    return found, {**reasons, **beyond}


def _from_objects(values: Sequence[object], column: Column, *, vectorised: bool = True) -> Converted:
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pa.nulls(len(values), column.type.arrow()), {}
    try:
        fast = _cast_objects(values, kinds, column) if vectorised else None
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        fast = None
    return _cell_by_cell(values, column) if fast is None else fast


def _cast_objects(values: Sequence[Any], kinds: set[type], column: Column) -> Converted | None:
    name, arrow = column.type.name, column.type.arrow()
    type_names = {kind.__name__ for kind in kinds}
    if type_names == {"str"}:
        return _from_text(pa.array(values, pa.string()), column)
    if type_names <= {"int", "float"} and "float" in type_names and name == "decimal":
        return _from_text(pa.array([v if v is None else repr(v) for v in values], pa.string()), column)
    if (name, type_names) in (("integer", {"int"}), ("boolean", {"bool"}), ("date", {"date"})):
        return pa.array(values, arrow), {}
    if name == "decimal" and type_names <= {"int", "Decimal"}:
        return pa.array(values, arrow), {}
    if name == "timestamp" and type_names == {"datetime"}:
        return _cast_datetimes(values, column)
    return None


def _cast_datetimes(values: Sequence[Any], column: Column) -> Converted | None:
    naive = {value.tzinfo is None for value in values if value is not None}
    if True in naive and column.zone is None:
        raise naive_without_zone(column)
    if naive == {True}:
        found = localised(pa.array(values, pa.timestamp("us")), column)
    elif naive == {False}:
        found = within_calendar(pa.array(values, column.type.arrow()))
    else:
        return None
    return None if found is None else (found, {})
