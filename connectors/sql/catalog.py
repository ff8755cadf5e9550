"""What a role finds in its database: who it is, what it may do, which tables it sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from connectors.contract import Check, Table
from connectors.errors import SchemaChanged
from connectors.names import nearest

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SYSTEM = {"information_schema", "pg_catalog", "pg_toast", "mysql", "performance_schema", "sys"}

_MAY_WRITE = """
SELECT current_user,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       OR EXISTS (
           SELECT 1 FROM pg_catalog.pg_class AS c
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
             AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
"""


def role_checks(connection: Connection) -> list[Check]:
    """Return who answers and, where the database can say it, whether our role could write."""
    from sqlalchemy import text

    release = ".".join(map(str, connection.dialect.server_version_info or ()))
    reached = Check(subject="connection", passed=True, seen=f"{connection.dialect.name} {release}".strip())
    if connection.dialect.name != "postgresql":
        return [reached]
    role, may_write = connection.execute(text(_MAY_WRITE)).one()
    if may_write:
        mend = "use a role that may only SELECT: reads here are read only, the role is the last guard"
        advised = Check(subject="role", passed=False, seen=f"{role} may write", mend=mend, advice=True)
        return [reached, advised]
    return [reached, Check(subject="role", passed=True, seen=f"{role} may only read")]


def visible_tables(connection: Connection) -> list[Table]:
    """Return tables and views; those of the default schema without its name. Times are possible cursors."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    found: list[Table] = []
    for schema in inspector.get_schema_names():
        if schema in _SYSTEM or schema.startswith("pg_"):
            continue
        prefix = "" if schema == inspector.default_schema_name else f"{schema}."
        names = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
        for name in sorted(names):
            columns = {str(c["name"]): _shown(c["type"]) for c in inspector.get_columns(name, schema=schema)}
            cursors = tuple(c for c, kind in columns.items() if kind.startswith(("TIMESTAMP", "DATE")))
            found.append(Table(name=prefix + name, columns=columns, cursors=cursors))
    return found


def with_nearest(connection: Connection, problem: SchemaChanged, *, read: Iterable[str]) -> SchemaChanged:
    """Return *problem* with the likeliest name: of a table, or of a column of the tables *read*."""
    from sqlalchemy import inspect

    connection.rollback()
    inspector = inspect(connection)
    present = [*inspector.get_table_names(), *inspector.get_view_names()]
    names = present + [
        str(column["name"]) for table in set(read) & set(present) for column in inspector.get_columns(table)
    ]
    close = nearest(problem.column.rpartition(".")[2], names)
    mend = f"did you mean {close}?" if close else problem.mend
    return SchemaChanged(problem.message, mend=mend, column=problem.column, nearest=close)


def _shown(kind: Any) -> str:
    return f"{kind} WITH TIME ZONE" if getattr(kind, "timezone", False) else str(kind)
