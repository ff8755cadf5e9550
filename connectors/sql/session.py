"""One read-only connection: opened without surprises, limited in time, rolled back at the end."""

from __future__ import annotations

import configparser
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.errors import SetupError
from connectors.sql.dialects import package_for, plain_driver, server_of, settings
from connectors.sql.faults import Reading, driver_errors, translated, unreachable

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_REDSHIFT = "redshift+redshift_connector"
_STEPS_BETWEEN_LOOKS = 20_000
# Of settings in the url that their driver does not know, or that name no readable file.
_UNREADY: tuple[type[Exception], ...] = (TypeError, ValueError, OSError, configparser.Error)
_GRACE_S = 30
"""How much longer than its limit a server is waited for: it should have stopped the statement by then."""


def parsed(url: str) -> URL:
    """Return *url* with the driver it means; SetupError, without a part of it, if it is none."""
    import sqlalchemy

    try:
        made = sqlalchemy.make_url(url)
        return made.set(drivername=plain_driver(made.drivername))
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
    elif url.get_backend_name() == "duckdb":
        address = url.set(database=str(_file_of(url, base, "DuckDB")))
        address = address.difference_update_query(["access_mode"])  # it would go before read_only
        # no other file, no network, none of our own variables that a name could mean
        options["connect_args"] = {"read_only": True, "config": {"enable_external_access": False}}
    elif url.get_backend_name() == "trino" and (url.password or "access_token" in url.query):
        options["connect_args"] = {"http_scheme": "https"}  # its dialect knows it of port 443 alone
    elif url.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        address = with_patience(url)
    elif url.drivername.endswith("+pymysql"):
        patience = {"connect_timeout": 10, "read_timeout": reading.limit_s + _GRACE_S}
        options["connect_args"] = {"charset": "utf8mb4", **patience}
    elif url.get_backend_name() == "databricks":  # which tries to connect for a quarter of an hour
        options["connect_args"] = {"_retry_stop_after_attempts_duration": reading.limit_s}
    elif url.drivername == _REDSHIFT:
        options["paramstyle"] = "named"
    try:
        engine = sqlalchemy.create_engine(address, **options)
    except (sqlalchemy.exc.NoSuchModuleError, ImportError):
        backend = url.get_backend_name()
        raise SetupError(f"no driver for {backend} is installed", mend=package_for(backend)) from None
    except (sqlalchemy.exc.ArgumentError, ValueError, TypeError):
        # The cause quotes settings of the URL.
        raise SetupError("the url holds a setting that its driver refuses", mend="mend the url") from None
    except driver_errors() as problem:  # BigQuery's looks for its credentials here
        raise unreachable(problem) from None
    if url.drivername == _REDSHIFT:
        sqlalchemy.event.listen(engine, "before_cursor_execute", _with_single_percents, retval=True)
    return engine


def _with_single_percents(
    _connection: object, cursor: Any, statement: str, parameters: object, _context: object, _many: bool
) -> tuple[str, object]:
    """Undo what Redshift's dialect does to percent signs: its driver leaves them doubled inside of texts."""
    cursor.paramstyle = "named"
    return statement.replace("%%", "%"), parameters


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


@contextmanager
def _reaching() -> Iterator[None]:
    import sqlalchemy

    try:
        yield
    except sqlalchemy.exc.SQLAlchemyError as problem:
        raise unreachable(getattr(problem, "orig", problem)) from None
    except _UNREADY + driver_errors() as problem:
        raise unreachable(problem) from None


@contextmanager
def session(engine: Engine, reading: Reading) -> Iterator[Connection]:
    """Connect, limit the session, and roll back on leaving whatever happens."""
    import sqlalchemy

    reading.start()
    with _reaching():
        connection = engine.connect()
    try:
        if not settings(engine.dialect.name, 0):  # then nothing may have been sent so far, as by Trino's
            with _reaching():
                connection.execute(sqlalchemy.select(sqlalchemy.literal_column("1")))
        with translated(reading):
            for statement in settings(server_of(engine.dialect), reading.limit_s):
                connection.exec_driver_sql(statement)
        yield connection
    finally:
        with suppress(sqlalchemy.exc.DBAPIError):  # of a connection that is gone nothing is left to undo
            connection.rollback()
        connection.close()
        engine.dispose()
