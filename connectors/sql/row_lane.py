"""Rows through SQLAlchemy: any driver, by a server-side cursor, turned into columns."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from connectors.sql.faults import Reading, translated

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROWS_A_FETCH = 20_000


def chunks(
    connection: Connection, sql: str, parameters: dict[str, Any], reading: Reading
) -> Generator[Sequence[Sequence[object]]]:
    """Yield the columns of up to 20,000 rows at a time. The time limit is on each fetch."""
    from sqlalchemy import text

    with translated(reading):
        reading.start()
        options = {"yield_per": ROWS_A_FETCH}
        result = connection.execute(text(sql), parameters, execution_options=options)
    with result:
        while True:
            with translated(reading):
                reading.start()
                rows = result.fetchmany(ROWS_A_FETCH)
            if not rows:
                return
            yield list(zip(*rows, strict=True))
