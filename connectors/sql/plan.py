"""A look at what a dataset is in its database, and from that the one statement that reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from connectors.contract import ExtractRequest
from connectors.errors import SchemaChanged
from connectors.names import positions
from connectors.sql.faults import Reading, translated
from connectors.sql.options import SqlDataset

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from connectors.sql.statement import Source


@dataclass(slots=True)
class Seen:
    """What one extract has found out about its database so far."""

    types: dict[str, str] = field(default_factory=dict)
    server_time_at: datetime | None = None
    driver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    The statement to send. *in_arrow* is whether ADBC sends it; its values stand in it as literals then.

    *singles* are the positions of columns that hold 32-bit floats.
    """

    sql: str
    parameters: dict[str, Any]
    order: tuple[str, ...]
    in_arrow: bool
    singles: tuple[int, ...] = ()


def planned(connection: Connection, url: URL, request: ExtractRequest, seen: Seen, reading: Reading) -> Plan:
    """Look at the dataset's columns and return the statement that reads them."""
    from connectors.sql import arrow_lane, bounds, source_types, statement
    from connectors.sql.dialects import NAIVE_TIMES

    backend = connection.dialect.name
    source = _source(connection, request)
    own = partial(bounds.own_parameters, request, backend=backend, used=source.bound)
    naive = backend not in NAIVE_TIMES and request.zone is not None
    seen.types = _looked_at(connection, source, request, own(naive=naive), reading)
    with translated(reading):
        seen.server_time_at = server_time(connection)
    naive = naive or seen.types.get(request.cursor or "") == NAIVE_TIMES.get(backend, "")
    quoted = {name: f"okr_source.{_quoted(connection, name)}" for name in request.columns}
    window = bounds.conditions(
        request, backend=backend, naive=naive, cursor=quoted[request.cursor] if request.cursor else ""
    )
    parameters = {**own(naive=naive), **window.parameters}
    in_arrow = arrow_lane.speaks(url)
    order = tuple(dict.fromkeys(([request.cursor] if request.cursor else []) + list(request.key)))
    sql = statement.select(
        source,
        columns=source_types.expressions(
            request, seen.types, quoted=quoted, backend=backend, in_arrow=in_arrow
        ),
        conditions=window.sql,
        order=[quoted[name] for name in order],
    )
    if in_arrow:
        sql, parameters = bounds.written_out(sql, parameters), {}
    alone = source_types.singles(request, seen.types, backend=backend)
    return Plan(sql=sql, parameters=parameters, order=order, in_arrow=in_arrow, singles=alone)


def _source(connection: Connection, request: ExtractRequest) -> Source:
    from connectors.sql import statement

    options = cast("SqlDataset", request.options)
    if options.query is None:
        return statement.from_table(str(options.table), quote=lambda part: _quoted(connection, part))
    return statement.from_query(options.query, backend=connection.dialect.name)


def _quoted(connection: Connection, name: str) -> str:
    """Return an identifier as SQLAlchemy's `text` wants it: colons escaped, percent signs as they are."""
    quoted: str = connection.dialect.identifier_preparer.quote(name)
    if connection.dialect.paramstyle in ("format", "pyformat"):
        quoted = quoted.replace("%%", "%")  # the preparer doubles them, and `text` does again
    return quoted.replace(":", "\\:")


def _looked_at(
    connection: Connection, source: Source, request: ExtractRequest, own: dict[str, Any], reading: Reading
) -> dict[str, str]:
    """Return the source's columns with their types there; raise if they are not what *request* needs."""
    from connectors.sql.catalog import with_nearest
    from connectors.sql.source_types import refuse_naive, refuse_text_as_cursor

    try:
        with translated(reading):
            found = _described(connection, source, own)
    except SchemaChanged as problem:
        raise with_nearest(connection, problem, read=source.tables) from None
    options = cast("SqlDataset", request.options)
    positions(request.columns, [name for name, _ in found], where=options.table or "the query")
    refuse_naive(request, dict(found), backend=connection.dialect.name)
    refuse_text_as_cursor(request, dict(found))
    return dict(found)


def _described(connection: Connection, source: Source, own: dict[str, Any]) -> list[tuple[str, str]]:
    from sqlalchemy import text

    from connectors.sql import source_types, statement

    with connection.execute(text(statement.probe(source)), own) as result:
        description = result.cursor.description if result.cursor is not None else ()
        described = [(name, *column[1:]) for name, column in zip(result.keys(), description, strict=True)]
    return source_types.source_types(connection, described)


def server_time(connection: Connection) -> datetime | None:
    """Return the server's clock; None of servers whose sessions we do not know how to put into UTC."""
    from connectors.sql.dialects import clock

    asked = clock(connection.dialect.name)
    if asked is None:
        return None
    found = connection.exec_driver_sql(asked).scalar()
    found = datetime.fromisoformat(found) if isinstance(found, str) else found
    if not isinstance(found, datetime):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
