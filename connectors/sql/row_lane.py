"""Rows through SQLAlchemy: any driver, by a server-side cursor, turned into columns."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from typing import TYPE_CHECKING, Any

from connectors.sql.faults import Reading, translated

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Connection

ROWS_A_FETCH = 20_000
_ONE_STATEMENT = ("mysql", "mariadb")
"""Here the limit is on the statement with all of its fetches; elsewhere it is on each fetch."""


def chunks(
    connection: Connection,
    sql: str,
    parameters: dict[str, Any],
    reading: Reading,
    *,
    singles: Collection[int] = (),
) -> Generator[Sequence[pa.Array | Sequence[object]]]:
    """Yield the columns of up to 20,000 rows at a time. Columns at *singles* hold 32-bit floats."""
    from sqlalchemy import text

    with translated(reading):
        reading.start()
        options = {"yield_per": ROWS_A_FETCH}
        result = connection.execute(text(sql), parameters, execution_options=options)
    each_fetch = connection.dialect.name not in _ONE_STATEMENT
    unread: Any = getattr(result.cursor, "_result", None)
    ended = False
    try:
        while not ended:
            with translated(reading):
                if each_fetch:
                    reading.start()
                rows = result.fetchmany(ROWS_A_FETCH)
            ended = not rows
            if rows:
                yield _columns(rows, singles)
    finally:
        if ended or not hasattr(unread, "unbuffered_active"):
            result.close()
        else:
            # PyMySQL would read all that is left before it closes a cursor, or stumble where it cannot.
            unread.unbuffered_active = False
            result.close()
            connection.invalidate()


def _columns(
    rows: Sequence[Sequence[object]], singles: Collection[int]
) -> Sequence[pa.Array | Sequence[object]]:
    columns: list[pa.Array | Sequence[object]] = list(zip(*rows, strict=True))
    if singles:
        import pyarrow as pa

        for at in singles:
            columns[at] = pa.array(columns[at], pa.float32())
    return columns
