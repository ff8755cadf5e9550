"""The part of a dataset that one read is for: cursor values in [since, until), and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.column_type import ColumnType, declared_types
from connectors.errors import SetupError

if TYPE_CHECKING:
    import pyarrow as pa

    from connectors.contract import ExtractRequest

Bound = int | Decimal | date | datetime

_READ: dict[str, Callable[[str], Bound]] = {
    "integer": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}


def cursor_type(request: ExtractRequest) -> ColumnType | None:
    """Return the declared type of the request's cursor, None without one; SetupError if it has no order."""
    if request.cursor is None:
        return None
    found = declared_types(request.columns).get(request.cursor)
    if found is None or found.name not in _READ:
        raise SetupError(
            f"column {request.cursor} cannot be the cursor",
            mend="name a declared column of type integer, decimal, date or timestamp",
        )
    return found


def _bound(text: str | None, kind: ColumnType) -> Bound | None:
    """Return canonical cursor text as a value that *kind* holds exactly; ValueError if it is none."""
    import pyarrow as pa

    if text is None:
        return None
    value = _READ[kind.name](text)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC")
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    pa.scalar(value, kind.arrow())
    return value


def bounds(request: ExtractRequest) -> tuple[Bound | None, Bound | None]:
    """Return since and until as values, None where the window is open."""
    kind = cursor_type(request)
    if kind is None:
        return None, None
    try:
        return _bound(request.since, kind), _bound(request.until, kind)
    except (ValueError, ArithmeticError) as problem:
        raise SetupError(
            f"the window is not written as the cursor's type, {kind.name}",
            mend="give canonical text: digits, an ISO date, or an ISO instant with Z",
        ) from problem


def canonical_text(value: Bound) -> str:
    """Return a cursor value as text: digits, plain decimals, ISO dates, ISO instants in UTC with Z."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def within(batches: Generator[pa.RecordBatch], request: ExtractRequest) -> Generator[pa.RecordBatch]:
    """
    Yield the rows of *batches* inside the request's window.

    A row without a cursor value belongs to the open window alone.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    since, until = bounds(request)
    with closing(batches):
        for batch in batches:
            if since is not None:
                column = batch.column(request.cursor)
                batch = batch.filter(pc.greater_equal(column, pa.scalar(since, column.type)))
            if until is not None:
                column = batch.column(request.cursor)
                batch = batch.filter(pc.less(column, pa.scalar(until, column.type)))
            yield batch
