"""The connector for databases: looks at what a dataset is, then reads it by the fastest exact way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from connectors.contract import Check, Extract, ExtractRequest, Table
from connectors.errors import ConnectorError
from connectors.probe import clock, one_row
from connectors.sql.faults import Reading, translated
from connectors.sql.options import SqlConnection, SqlDataset
from connectors.sql.plan import Seen, planned
from connectors.typed import TypedRows
from connectors.window import within

if TYPE_CHECKING:
    import pyarrow as pa
    import sqlalchemy
    from pydantic import BaseModel


class SqlConnector:
    """Any database that SQLAlchemy has a dialect for; PostgreSQL through Arrow where ADBC is installed."""

    kind: ClassVar[str] = "sql"
    Connection: ClassVar[type[BaseModel]] = SqlConnection
    Dataset: ClassVar[type[BaseModel]] = SqlDataset

    def __init__(self, connection: SqlConnection, *, base: Path) -> None:
        self._connection = connection
        self._base = base

    def extract(self, request: ExtractRequest) -> Extract:
        """
        Read one dataset in one statement and one read-only transaction, ordered by cursor and key.

        A plain `postgresql://` goes through ADBC where that is installed; the rows are the same.
        """
        rows = TypedRows(request)
        seen = Seen()
        from connectors.sql.dialects import warnings
        from connectors.sql.session import parsed

        url = parsed(self._connection.url)

        def facts() -> dict[str, Any]:
            unordered = () if request.key or request.cursor else (_UNORDERED,)
            return {
                "complete": "yes",
                "origin": _origin(url, cast("SqlDataset", request.options)),
                "source_schema": seen.types,
                "requests": 1,
                "server_time_at": seen.server_time_at,
                "warnings": (*warnings(url.get_backend_name()), *unordered),
                "libraries": _libraries(seen.driver),
                **rows.facts(),
            }

        return Extract(request, rows.schema, within(self._batches(url, request, rows, seen), request), facts)

    def check(self, requests: tuple[ExtractRequest, ...]) -> list[Check]:
        """Say whether the role could write, how the clocks stand, and whether each dataset gives a row."""
        from connectors.sql.catalog import role_checks
        from connectors.sql.plan import server_time
        from connectors.transport.policy import Timing

        try:
            with ExitStack() as stack:
                connection, reading = self._session(stack)
                with translated(reading):
                    found = role_checks(connection)
                    if connection.dialect.name not in ("sqlite", "duckdb"):  # theirs is ours
                        found += clock(server_time(connection), now=Timing().now())
        except ConnectorError as problem:
            return [Check(subject="connection", passed=False, seen=problem.message, mend=problem.mend)]
        return [*found, *(one_row(self.extract, request) for request in requests)]

    def discover(self) -> list[Table]:
        """Return every table and view that the role can see, system schemas left out."""
        from connectors.sql.catalog import visible_tables

        with ExitStack() as stack:
            connection, reading = self._session(stack)
            with translated(reading):
                return visible_tables(connection)

    def describe(self, name: str) -> Table | None:
        """Return one table or view; None if the role sees none of that name."""
        from connectors.sql.catalog import one_table

        with ExitStack() as stack:
            connection, reading = self._session(stack)
            with translated(reading):
                return one_table(connection, name)

    def close(self) -> None:
        """Hold nothing open between reads."""

    def _session(self, stack: ExitStack) -> tuple[sqlalchemy.Connection, Reading]:
        from connectors.sql.session import engine_for, parsed, session

        reading = Reading(self._connection.timeout_s)
        engine = engine_for(parsed(self._connection.url), base=self._base, reading=reading)
        opened: AbstractContextManager[sqlalchemy.Connection] = session(engine, reading)
        return stack.enter_context(opened), reading

    def _batches(
        self, url: sqlalchemy.URL, request: ExtractRequest, rows: TypedRows, seen: Seen
    ) -> Generator[pa.RecordBatch]:
        from connectors.sql import arrow_lane, row_lane

        with ExitStack() as stack:
            connection, reading = self._session(stack)
            plan = planned(connection, url, request, seen, reading)
            chunks: Generator[Sequence[Any]]
            if plan.in_arrow:
                stack.close()
                chunks = arrow_lane.chunks(url, plan.sql, reading)
            else:
                chunks = row_lane.chunks(connection, plan.sql, plan.parameters, reading, singles=plan.singles)
            seen.driver = "adbc-driver-postgresql" if plan.in_arrow else connection.dialect.driver
            start = 0
            for columns in stack.enter_context(closing(chunks)):
                yield rows.batch(columns, _place(start, plan.order))
                start += len(columns[0])


_UNORDERED = (
    "neither key nor cursor is declared: row order, and so the content hash, is the database's choice"
)


def _place(start: int, order: tuple[str, ...]) -> Callable[[int, str], str]:
    by = f" by {', '.join(order)}" if order else ""
    return lambda row, column: f"row {start + row + 1}{by}"


def _origin(url: sqlalchemy.URL, options: SqlDataset) -> str:
    if options.table is not None:
        return f"{url.get_backend_name()} table {options.table}"
    return f"{url.get_backend_name()} query sha256:{hashlib.sha256(str(options.query).encode()).hexdigest()}"


def _libraries(driver: str) -> dict[str, str]:
    found = {}
    for name in ("sqlalchemy", "pyarrow", driver):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a driver of the standard library
            continue
    return found
