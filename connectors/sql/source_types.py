"""What the database says its columns are, and how each is asked for so that its value arrives exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.cells import Column
from connectors.column_type import declared_types
from connectors.contract import ExtractRequest
from connectors.errors import SetupError
from connectors.instants import naive_without_zone
from connectors.sql.dialects import NAIVE_TIMES

if TYPE_CHECKING:
    from sqlalchemy import Connection

_AS_IT_IS = {"int2", "int4", "int8", "bool", "text", "varchar", "bpchar", "name", "bytea"}
# Not "numeric": ADBC makes a text of it at 0.5 us of our CPU a value, the server's own text costs 0.1.
_IN_ARROW = {
    "float4": {"decimal"},
    "float8": {"decimal"},
    "date": {"date"},
    "timestamp": {"timestamp"},
    "timestamptz": {"timestamp"},
}
_TEXTS = {"text", "varchar", "bpchar", "name", "char", "text or blob"}
_MYSQL = {
    0: "decimal",
    1: "tinyint",
    2: "smallint",
    3: "int",
    4: "float",
    5: "double",
    7: "timestamp",
    8: "bigint",
    9: "mediumint",
    10: "date",
    11: "time",
    12: "datetime",
    13: "year",
    16: "bit",
    245: "json",
    246: "decimal",
    **dict.fromkeys((249, 250, 251, 252), "text or blob"),
    **dict.fromkeys((15, 253, 254), "char"),
}
"""The protocol's numbers. An unknown one is read as it comes."""
# Six digits of a float are all that MySQL shows of it; an instant comes without saying that it is in UTC.
_ASKED_IN_MYSQL = {
    "float": "({column} + 0e0)",
    "bit": "({column} + 0)",
    "time": "CAST({column} AS char)",
    "timestamp": "CONCAT({column}, '+00\\:00')",
}


def source_types(connection: Connection, description: Sequence[Sequence[Any]]) -> list[tuple[str, str]]:
    """
    Return the columns of a DBAPI *description*, in order, with their types in the database.

    Types are named for PostgreSQL and MySQL; other drivers describe them in ways of their own, and get "".
    """
    names = [str(column[0]) for column in description]
    if connection.dialect.name in ("mysql", "mariadb"):
        return [(str(column[0]), _MYSQL.get(column[1], "")) for column in description]
    if connection.dialect.name != "postgresql":
        return [(name, "") for name in names]
    oids = sorted({int(column[1]) for column in description})
    listed = ", ".join(map(str, oids)) or "0"
    known = connection.exec_driver_sql(f"SELECT oid, typname FROM pg_catalog.pg_type WHERE oid IN ({listed})")
    type_of = {int(oid): str(name) for oid, name in known}
    return [(name, type_of.get(int(column[1]), "")) for name, column in zip(names, description, strict=True)]


def expressions(
    request: ExtractRequest,
    types: Mapping[str, str],
    *,
    quoted: Mapping[str, str],
    backend: str,
    in_arrow: bool,
) -> list[str]:
    """
    Return the SQL expression of each declared column.

    PostgreSQL gives everything that a driver could round or refuse (numbers, times, infinities,
    its many types) as its own exact text; only Arrow transport carries floats and times unharmed.
    `_int4` is its name for a list of `int4`; its text of money follows the server's language.
    """
    wanted = declared_types(request.columns)
    if backend in ("mysql", "mariadb"):
        return [_ASKED_IN_MYSQL.get(types[name], "{column}").format(column=quoted[name]) for name in wanted]
    return [
        _expression(types[name], kind.name, quoted[name], in_arrow=in_arrow) for name, kind in wanted.items()
    ]


def _expression(source: str, declared: str, column: str, *, in_arrow: bool) -> str:
    if not source or source in _AS_IT_IS or (in_arrow and declared in _IN_ARROW.get(source, ())):
        return column
    if source == "numeric" and declared == "integer":
        return f"CAST(trim_scale({column}) AS text)"
    if source == "money":
        return f"CAST(CAST({column} AS numeric) AS text)"
    if source.startswith("_") and declared == "json":
        return f"CAST(to_json({column}) AS text)"
    return f"CAST({column} AS text)"


def singles(request: ExtractRequest, types: Mapping[str, str], *, backend: str) -> tuple[int, ...]:
    """Return the positions of 32-bit floats that come as 64-bit ones: 9.8 would be 9.800000190734863."""
    if backend not in ("mysql", "mariadb"):
        return ()
    return tuple(at for at, name in enumerate(request.columns) if types[name] == "float")


def refuse_text_as_cursor(request: ExtractRequest, types: Mapping[str, str]) -> None:
    """Raise SetupError if a cursor of instants is a text in the database, whose order is another one."""
    kind = types.get(request.cursor or "", "")
    if kind in _TEXTS and request.columns[str(request.cursor)] == "timestamp":
        raise SetupError(
            f"the cursor {request.cursor} is {kind}, declared as timestamp: texts are not in order of time",
            mend="cast it to a timestamp in a `query`, or leave `cursor` out",
        )


def refuse_naive(request: ExtractRequest, types: Mapping[str, str], *, backend: str) -> None:
    """Raise SetupError if times without a zone are declared as instants and no zone is."""
    if request.zone is not None:
        return
    for name, kind in declared_types(request.columns).items():
        if kind.name == "timestamp" and types[name] and types[name] == NAIVE_TIMES.get(backend):
            raise naive_without_zone(Column(name, kind))
