"""Rows of any source to batches of declared Arrow types, and a count of those that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.cells import Column
from connectors.column_type import arrow_schema, declared_types
from connectors.contract import ExtractRequest, Reject
from connectors.errors import BadValue, SetupError

if TYPE_CHECKING:
    import pyarrow as pa

KEPT_REJECTS = 20


class TypedRows:
    """
    Turns raw columns into batches of a request's declared types.

    A row with a cell that does not fit is left out, counted and placed; more of them than the
    request's reject_limit raise BadValue. *formats* maps columns to the strptime format in which
    their dates are written as text.
    """

    def __init__(self, request: ExtractRequest, *, formats: Mapping[str, str] | None = None) -> None:
        zone = _zone(request)
        written = formats or {}
        self.schema = arrow_schema(request.columns)
        self.reject_count = 0
        self.rejects: tuple[Reject, ...] = ()
        self._request = request
        types = declared_types(request.columns)
        self._columns = [Column(name, kind, zone, written.get(name)) for name, kind in types.items()]

    def batch(
        self, columns: Sequence[pa.Array | Sequence[object]], place: Callable[[int, str], str]
    ) -> pa.RecordBatch:
        """
        Return the rows that fit, in order.

        *columns* are all of one length and in declared order: Arrow arrays of whatever type the
        source gives, or Python objects. *place* says where row n of them (from 0) and a column are
        found; it is asked in ascending order of rows.
        """
        import pyarrow as pa

        from connectors.columns import convert

        arrays: list[pa.Array] = []
        reasons: dict[int, tuple[str, str]] = {}
        for values, column in zip(columns, self._columns, strict=True):
            array, misfits = convert(values, column)
            arrays.append(array)
            for row, reason in misfits.items():
                reasons.setdefault(row, (column.name, reason))
        batch = pa.record_batch(arrays, schema=self.schema)
        return self._without(batch, reasons, place) if reasons else batch

    def facts(self) -> dict[str, object]:
        """Return the receipt's fields about rejects."""
        return {"reject_count": self.reject_count, "rejects": self.rejects}

    def _without(
        self, batch: pa.RecordBatch, reasons: Mapping[int, tuple[str, str]], place: Callable[[int, str], str]
    ) -> pa.RecordBatch:
        import pyarrow as pa

        kept = sorted(reasons)[: KEPT_REJECTS - len(self.rejects)]
        for row in kept:
            column, reason = reasons[row]
            self.rejects += (Reject(place=place(row, column), column=column, reason=reason),)
        self.reject_count += len(reasons)
        if self.reject_count > self._request.reject_limit:
            raise self._too_many()
        return batch.filter(pa.array([row not in reasons for row in range(batch.num_rows)]))

    def _too_many(self) -> BadValue:
        first = self.rejects[0]
        counted = "1 row does" if self.reject_count == 1 else f"{self.reject_count} rows do"
        return BadValue(
            f"{counted} not fit, {self._request.reject_limit} may; "
            f"the first at {first.place}, column {first.column}: {first.reason}",
            mend="mend the source, or declare the column as it is, or raise reject_limit",
            place=first.place,
        )


def _zone(request: ExtractRequest) -> ZoneInfo | None:
    if request.zone is None:
        return None
    try:
        return ZoneInfo(request.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SetupError("unknown time zone", mend="write an IANA name such as Europe/Berlin") from None
