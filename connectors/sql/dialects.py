"""What differs between databases: how a session is made safe, which package reads one, what is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Dialect

_SETTINGS: dict[str, tuple[str, ...]] = {
    "postgresql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL statement_timeout = '{limit_s}s'",
        "SET LOCAL TIME ZONE 'UTC'",
        "SET LOCAL DateStyle = 'ISO, YMD'",
        "SET LOCAL extra_float_digits = 1",
    ),
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET SESSION max_execution_time = {limit_s}000",
        "SET SESSION time_zone = '+00:00'",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "mariadb": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET SESSION max_statement_time = {limit_s}",
        "SET SESSION time_zone = '+00:00'",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "sqlite": ("PRAGMA query_only = ON", "BEGIN"),
    # The connection itself is opened read only.
    "duckdb": ("SET TimeZone = 'UTC'",),
}

_CLOCKS = {
    "mysql": "SELECT CURRENT_TIMESTAMP(6)",
    "mariadb": "SELECT CURRENT_TIMESTAMP(6)",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
}

_PACKAGES = {
    "mysql": '"okr-pipeline[mysql]"',
    "mariadb": '"okr-pipeline[mysql]"',
    "snowflake": "snowflake-sqlalchemy",
    "bigquery": "sqlalchemy-bigquery",
    "redshift": "sqlalchemy-redshift redshift-connector",
    "trino": "trino",
    "databricks": "databricks-sqlalchemy",
    "duckdb": "duckdb-engine",
    "mssql": "pyodbc",
    "oracle": "oracledb",
}

_PLAIN_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "redshift": "redshift+redshift_connector",
}

NAIVE_TIMES = {"postgresql": "timestamp", "mysql": "datetime", "mariadb": "datetime"}
"""The source type of times without a zone, where a database tells the types of its columns."""


def server_of(dialect: Dialect) -> str:
    """Return which server answers: MariaDB is read as MySQL, and takes other settings."""
    return "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name


def settings(server: str, limit_s: int) -> tuple[str, ...]:
    """Return the statements that make a session read only and limit its time; empty where none are known."""
    return tuple(statement.format(limit_s=limit_s) for statement in _SETTINGS.get(server, ()))


def clock(server: str) -> str | None:
    """Return the query for the server's time, finer than a second; None where its zone is not known."""
    if server not in _SETTINGS:
        return None
    return _CLOCKS.get(server, "SELECT CURRENT_TIMESTAMP")


def warnings(server: str) -> tuple[str, ...]:
    """Return what a receipt must say of a database whose session is not limited by us."""
    if server == "duckdb":
        return ("duckdb: a statement may take any time, no limit is known",)
    if server == "trino":
        return ("trino: read only rests on the role alone",)
    if server in _SETTINGS:
        return ()
    return (f"{server}: read only and the time limit rest on the role alone, no session setting is known",)


def package_for(backend: str) -> str:
    """Return how *backend* becomes readable: what to install."""
    found = _PACKAGES.get(backend)
    return f"pip install {found}" if found else "install the package that brings its SQLAlchemy dialect"


def plain_driver(drivername: str) -> str:
    """Return the driver that a URL without one means."""
    return _PLAIN_DRIVERS.get(drivername, drivername)
