"""One read-only connection: opened without surprises, limited in time, rolled back at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.errors import SetupError
from connectors.sql.faults import Reading, translated, unreachable

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_STEPS_BETWEEN_LOOKS = 20_000

_SETTINGS: dict[str, tuple[str, ...]] = {
    "postgresql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL statement_timeout = '{limit_s}s'",
        "SET LOCAL TIME ZONE 'UTC'",
        "SET LOCAL DateStyle = 'ISO, YMD'",
        "SET LOCAL extra_float_digits = 1",
    ),
    "mysql": (
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION max_execution_time = {limit_s}000",
        "SET SESSION time_zone = '+00:00'",
    ),
    "mariadb": (
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION max_statement_time = {limit_s}",
        "SET SESSION time_zone = '+00:00'",
    ),
    "sqlite": ("PRAGMA query_only = ON",),
}

_PACKAGES = {
    "mysql": "pymysql",
    "mariadb": "pymysql",
    "mssql": "pyodbc",
    "oracle": "oracledb",
    "snowflake": "snowflake-sqlalchemy",
    "bigquery": "sqlalchemy-bigquery",
    "redshift": "sqlalchemy-redshift",
    "trino": "trino",
    "databricks": "databricks-sqlalchemy",
    "duckdb": "duckdb-engine",
}


def settings(backend: str, limit_s: int) -> tuple[str, ...]:
    """Return the statements that make a session read only and limit its time; empty where none are known."""
    return tuple(statement.format(limit_s=limit_s) for statement in _SETTINGS.get(backend, ()))


def warnings(backend: str) -> tuple[str, ...]:
    """Return what a receipt must say of a database whose session is not limited by us."""
    if backend in _SETTINGS:
        return ()
    return (f"{backend}: read only and the time limit rest on the role alone, no session setting is known",)


def parsed(url: str) -> URL:
    """Return *url*; SetupError, without a part of it, if it is none."""
    import sqlalchemy

    try:
        return sqlalchemy.make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        # The cause quotes a part of the URL.
        raise SetupError(
            "the url is no SQLAlchemy URL", mend="write dialect://user:password@host/database"
        ) from None


def with_patience(url: URL) -> URL:
    """Return a libpq URL that gives up on a server that does not answer, unless it says so itself."""
    return url.update_query_dict({name: value for name, value in _PATIENCE.items() if name not in url.query})


def engine_for(url: URL, *, base: Path, reading: Reading) -> Engine:
    """Return an engine that connects when asked, keeps no connection and hides parameters."""
    import sqlalchemy
    from sqlalchemy.pool import NullPool

    options: dict[str, Any] = {"hide_parameters": True, "poolclass": NullPool}
    address = url
    if url.get_backend_name() == "sqlite":
        options["creator"] = lambda: _open_sqlite(url, base, reading)
        address = sqlalchemy.URL.create("sqlite")
    elif url.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        address = with_patience(url)
    try:
        return sqlalchemy.create_engine(address, **options)
    except (sqlalchemy.exc.NoSuchModuleError, ImportError):
        backend = url.get_backend_name()
        package = _PACKAGES.get(backend, "the package that brings its SQLAlchemy dialect")
        raise SetupError(f"no driver for {backend} is installed", mend=f"install {package}") from None


def _open_sqlite(url: URL, base: Path, reading: Reading) -> sqlite3.Connection:
    if not url.database or url.database == ":memory:":
        raise SetupError("the url names no SQLite file", mend="write sqlite:///path/from/the/project.db")
    path = base / url.database
    if not path.is_file():
        raise SetupError(
            f"no SQLite file is at {url.database}", mend="mend the path in the url; none is created"
        )
    connection = sqlite3.connect(
        f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, check_same_thread=False
    )
    # bytes that are not UTF-8 become a reject of their row, not an error that quotes them
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    connection.set_progress_handler(lambda: reading.elapsed_s() > reading.limit_s, _STEPS_BETWEEN_LOOKS)
    return connection


@contextmanager
def session(engine: Engine, reading: Reading) -> Iterator[Connection]:
    """Connect, limit the session, and roll back on leaving whatever happens."""
    import sqlalchemy

    reading.start()
    try:
        connection = engine.connect()
    except sqlalchemy.exc.DBAPIError as problem:
        raise unreachable(problem.orig) from None
    try:
        with translated(reading):
            for statement in settings(engine.dialect.name, reading.limit_s):
                connection.exec_driver_sql(statement)
        yield connection
    finally:
        with suppress(sqlalchemy.exc.DBAPIError):  # of a connection that is gone nothing is left to undo
            connection.rollback()
        connection.close()
        engine.dispose()
