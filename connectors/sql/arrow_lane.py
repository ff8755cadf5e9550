"""Rows through ADBC: PostgreSQL's binary stream straight into Arrow, five times the rows a second."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from importlib.util import find_spec
from typing import TYPE_CHECKING

from connectors.contract import BATCH_ROWS
from connectors.sql.dialects import settings
from connectors.sql.drivers import with_patience
from connectors.sql.faults import Reading, translated

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_manager.dbapi import Cursor
    from sqlalchemy import URL


def speaks(url: URL) -> bool:
    """Return whether *url* names PostgreSQL without a driver and ADBC is installed to be that driver."""
    return url.drivername == "postgresql" and find_spec("adbc_driver_postgresql") is not None


def chunks(url: URL, sql: str, reading: Reading) -> Generator[Sequence[pa.Array]]:
    """Yield the columns of up to 65,536 rows at a time. *sql* is escaped for SQLAlchemy and binds nothing."""
    from adbc_driver_postgresql import dbapi

    address = with_patience(url).render_as_string(hide_password=False)
    with translated(reading):
        reading.start()
        connection = dbapi.connect(address)
    with closing(connection), closing(connection.cursor()) as cursor:
        with translated(reading):
            for statement in settings("postgresql", reading.limit_s):
                cursor.execute(statement)
            reading.start()
            cursor.execute(sql.replace("\\:", ":"))
            batches = _batches(cursor)
        while True:
            with translated(reading):
                batch = next(batches, None)
            if batch is None:
                break
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield batch.slice(start, BATCH_ROWS).columns
        connection.rollback()


def _batches(cursor: Cursor) -> Iterator[pa.RecordBatch]:
    """Yield what the cursor streams. The public reader would raise an ArrowInvalid without a SQLSTATE."""
    results = cursor._results
    return iter(()) if results is None else iter(results.reader)
