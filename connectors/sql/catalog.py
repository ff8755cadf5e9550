"""What a role finds in its database: who it is, what it may do, which tables it sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.contract import Check, Table
from connectors.errors import SchemaChanged
from connectors.names import nearest
from connectors.sql.dialects import server_of
from connectors.suggest import LOOKED_AT, cursors_of, declared_as, guessed_from, mark_of_deletion

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


_MAY_WRITE_IN_MYSQL = """
SELECT current_user(), EXISTS (
    SELECT 1 FROM (
        SELECT grantee, privilege_type FROM information_schema.user_privileges
        UNION ALL SELECT grantee, privilege_type FROM information_schema.schema_privileges
        UNION ALL SELECT grantee, privilege_type FROM information_schema.table_privileges
    ) AS p
    WHERE grantee = CONCAT('''', REPLACE(current_user(), '@', '''@'''), '''')
      AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'FILE', 'SUPER'))
"""


_ASKED = {
    "postgresql": _MAY_WRITE,
    "mysql": _MAY_WRITE_IN_MYSQL,
    "mariadb": _MAY_WRITE_IN_MYSQL,
}


def role_checks(connection: Connection) -> list[Check]:
    """Return who answers and, where the database can say it, whether our role could write."""
    told = () if connection.dialect.name == "duckdb" else connection.dialect.server_version_info
    release = ".".join(map(str, told or ()))
    reached = Check(
        subject="connection", passed=True, seen=f"{server_of(connection.dialect)} {release}".strip()
    )
    asked = _ASKED.get(connection.dialect.name)
    if asked is None:
        return [reached]
    role, may_write = connection.exec_driver_sql(asked).one()
    if may_write:
        mend = "use a role that may only SELECT: reads here are read only, the role is the last guard"
        advised = Check(subject="role", passed=False, seen=f"{role} may write", mend=mend, advice=True)
        return [reached, advised]
    return [reached, Check(subject="role", passed=True, seen=f"{role} may only read")]


def visible_tables(connection: Connection) -> list[Table]:
    """Return tables and views; those of the default schema without its name."""
    from sqlalchemy import inspect
    from sqlalchemy.engine.reflection import ObjectKind

    if connection.dialect.name == "duckdb":
        return _listed(connection)
    inspector = inspect(connection)
    found: list[Table] = []
    for schema in inspector.get_schema_names():
        if schema in _SYSTEM or schema.startswith("pg_"):
            continue
        prefix = "" if schema == inspector.default_schema_name else f"{schema}."
        keys = inspector.get_multi_pk_constraint(schema=schema, kind=ObjectKind.ANY)
        columns = inspector.get_multi_columns(schema=schema, kind=ObjectKind.ANY)
        for place in sorted(columns, key=lambda place: place[1]):
            key = keys.get(place)
            found.append(_table(prefix + place[1], columns[place], key["constrained_columns"] if key else ()))
    return found


def one_table(connection: Connection, name: str) -> Table | None:
    """Return the table or view that is called *name*, as table or schema.table; None if there is none."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import NoSuchTableError

    if connection.dialect.name == "duckdb":
        return next((table for table in _listed(connection) if table.name == name), None)
    inspector = inspect(connection)
    schema, _, bare = name.rpartition(".")
    try:
        columns = inspector.get_columns(bare, schema=schema or None)
        key = inspector.get_pk_constraint(bare, schema=schema or None)
    except NoSuchTableError:
        return None
    if not columns:
        return None
    found = _table(name, columns, key["constrained_columns"])
    return _looked_into(connection, found) if connection.dialect.name == "sqlite" else found


def _listed(connection: Connection) -> list[Table]:
    """Return what DuckDB's own list of columns holds: its dialect asks for more than DuckDB has."""
    asked = (
        "SELECT CASE table_schema WHEN current_schema() THEN '' ELSE table_schema || '.' END || table_name, "
        "column_name, data_type FROM information_schema.columns "
        "WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY 1, ordinal_position"
    )
    rows = connection.exec_driver_sql(asked).all()
    named = {name: [row for row in rows if row[0] == name] for name in dict.fromkeys(row[0] for row in rows)}
    return [
        _table(name, [{"name": column, "type": kind} for _, column, kind in found], ())
        for name, found in named.items()
    ]


def _looked_into(connection: Connection, table: Table) -> Table:
    """Return *table* with types for its text columns, which are where SQLite keeps days and instants."""
    quote = connection.dialect.identifier_preparer.quote
    texts = [name for name, kind in table.declared.items() if kind == "string"]
    if not texts:
        return table
    asked = f"SELECT {', '.join(map(quote, texts))} FROM {'.'.join(map(quote, table.name.split('.')))}"
    rows = connection.exec_driver_sql(f"{asked} LIMIT {LOOKED_AT}").all()
    declared = {**table.declared, **{n: guessed_from(r[at] for r in rows) for at, n in enumerate(texts)}}
    deleted = mark_of_deletion(declared)
    return replace(table, declared=declared, cursors=cursors_of(declared), deleted=deleted)


def _table(name: str, columns: Sequence[Mapping[str, Any]], key: Iterable[str]) -> Table:
    types = {str(column["name"]): _shown(column["type"]) for column in columns}
    declared = {column: declared_as(kind) for column, kind in types.items()}
    return Table(
        name=name,
        columns=types,
        declared=declared,
        cursors=cursors_of(declared),
        key=tuple(key),
        deleted=mark_of_deletion(declared),
        options={"table": name},
    )


def with_nearest(connection: Connection, problem: SchemaChanged, *, read: Iterable[str]) -> SchemaChanged:
    """Return *problem* with the likeliest name: of a table, or of a column of the tables *read*."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import SQLAlchemyError

    connection.rollback()
    inspector = inspect(connection)
    try:
        present = [*inspector.get_table_names(), *inspector.get_view_names()]
        columns = [column for table in set(read) & set(present) for column in inspector.get_columns(table)]
    except SQLAlchemyError:  # the role may not look there
        return problem
    names = present + [str(column["name"]) for column in columns]
    close = nearest(problem.column.rpartition(".")[2], names)
    mend = f"did you mean {close}?" if close else problem.mend
    return SchemaChanged(problem.message, mend=mend, column=problem.column, nearest=close)


def _shown(kind: Any) -> str:
    """Return a column's type in the database's own words; a type that SQLAlchemy does not know is no word."""
    shown = str(kind)
    if shown == "TINYINT" and getattr(kind, "display_width", None) == 1:
        return "TINYINT(1)"
    if getattr(kind, "unsigned", False) and "UNSIGNED" not in shown.upper():
        shown = f"{shown} UNSIGNED"
    return f"{shown} WITH TIME ZONE" if getattr(kind, "timezone", False) else shown
