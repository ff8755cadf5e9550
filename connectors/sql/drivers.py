"""What each driver is told before it connects: to read only, to give up in time, and to look nowhere else."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.errors import SetupError
from connectors.sql.faults import Reading

if TYPE_CHECKING:
    from sqlalchemy import URL

REDSHIFT = "redshift+redshift_connector"

_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_STEPS_BETWEEN_LOOKS = 20_000
_GRACE_S = 30
"""How much longer than its limit a server is waited for: it should have stopped the statement by then."""


def told_to_driver(url: URL, *, base: Path, reading: Reading) -> tuple[URL, dict[str, Any]]:
    """
    Return the address to connect to, and the options of the engine that does.

    Raises:
        SetupError: If *url* is that of a file which is not there.
    """
    match url.get_backend_name():
        case "sqlite":
            import sqlalchemy

            return sqlalchemy.URL.create("sqlite"), {"creator": lambda: _open_sqlite(url, base, reading)}
        case "duckdb":
            address = url.set(database=str(_file_of(url, base, "DuckDB")))
            # no other file, no network, none of our own variables that a name could mean
            told = {"read_only": True, "config": {"enable_external_access": False}}
            # its access_mode would go before read_only
            return address.difference_update_query(["access_mode"]), {"connect_args": told}
        case "postgresql" if url.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
            return with_patience(url), {}
        case _:
            told = _arguments(url, reading)
            paramstyle = {"paramstyle": "named"} if url.drivername == REDSHIFT else {}
            return url, {**({"connect_args": told} if told else {}), **paramstyle}


def _arguments(url: URL, reading: Reading) -> dict[str, Any]:
    """Return what the driver of a server is told beside the address."""
    match url.get_backend_name():
        case "trino":
            # Of the scheme, its dialect knows only what port 443 means.
            scheme = {"http_scheme": "https"} if url.password or "access_token" in url.query else {}
            limit = {"session_properties": {"query_max_run_time": f"{reading.limit_s}s"}}
            return scheme | ({} if "session_properties" in url.query else limit)
        case "databricks":  # which tries to connect for a quarter of an hour
            return {"_retry_stop_after_attempts_duration": reading.limit_s}
        case _ if url.drivername.endswith("+pymysql"):
            longest = reading.limit_s + _GRACE_S
            return {"charset": "utf8mb4", "connect_timeout": 10, "read_timeout": longest}
        case _:
            return {}


def with_patience(url: URL) -> URL:
    """Return a libpq URL that gives up on a server that does not answer, unless it says so itself."""
    return url.update_query_dict({name: value for name, value in _PATIENCE.items() if name not in url.query})


def _file_of(url: URL, base: Path, kind: str) -> Path:
    if not url.database or url.database == ":memory:":
        mend = f"write {kind.lower()}:///path/from/the/project.db"
        raise SetupError(f"the url names no {kind} file", mend=mend)
    path = base / url.database
    if not path.is_file():
        mend = "mend the path in the url; none is created"
        raise SetupError(f"no {kind} file is at {url.database}", mend=mend)
    return path


def _open_sqlite(url: URL, base: Path, reading: Reading) -> sqlite3.Connection:
    path = _file_of(url, base, "SQLite")
    connection = sqlite3.connect(
        f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, check_same_thread=False
    )
    # bytes that are not UTF-8 become a reject of their row, not an error that quotes them
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    connection.set_progress_handler(lambda: reading.elapsed_s() > reading.limit_s, _STEPS_BETWEEN_LOOKS)
    return connection
