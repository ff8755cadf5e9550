"""Instants as whole columns: placed in UTC, kept within the calendar, refused without a zone."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from connectors.cells import Column
from connectors.errors import SetupError

FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first and last microsecond of the years 1 to 9999, from 1970 in UTC."""
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""Their first and last day, from 1970."""


def localised(naive: pa.Array, column: Column) -> pa.Array | None:
    """Return local times as UTC, None where a clock skips one or its zone is unknown to Arrow."""
    try:
        placed = pc.assume_timezone(naive, str(column.zone), ambiguous="earliest", nonexistent="raise")
    except pa.ArrowInvalid:
        return None
    return within_calendar(placed.cast(column.type.arrow()))


def within_calendar(instants: pa.Array) -> pa.Array | None:
    """Return *instants* (microseconds) if all lie in the years 1 to 9999, else None."""
    ends = pc.min_max(instants.cast(pa.int64()))
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return instants if low is None or (low >= FIRST_US and high <= LAST_US) else None


def naive_without_zone(column: Column) -> SetupError:
    """Return the error of a source whose times carry no zone when none is declared."""
    return SetupError(
        f"column {column.name} holds times without a zone",
        mend="write the zone they are meant in at the dataset, for example `zone: Europe/Berlin`",
    )
