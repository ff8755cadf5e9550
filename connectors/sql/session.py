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
        options["connect_args"] = {"read_only": True}
    elif url.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        address = with_patience(url)
    elif url.drivername.endswith("+pymysql"):
        patience = {"connect_timeout": 10, "read_timeout": reading.limit_s + _GRACE_S}
        options["connect_args"] = {"charset": "utf8mb4", **patience}
    try:
        return sqlalchemy.create_engine(address, **options)
    except (sqlalchemy.exc.NoSuchModuleError, ImportError):
        backend = url.get_backend_name()
        raise SetupError(
            f"no driver for {backend} is installed", mend=f"install {package_for(backend)}"
        ) from None
    except (sqlalchemy.exc.ArgumentError, ValueError, TypeError):
        # The cause quotes settings of the URL.
        raise SetupError("the url holds a setting that its driver refuses", mend="mend the url") from None


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
def session(engine: Engine, reading: Reading) -> Iterator[Connection]:
    """Connect, limit the session, and roll back on leaving whatever happens."""
    import sqlalchemy

    reading.start()
    try:
        connection = engine.connect()
    except sqlalchemy.exc.DBAPIError as problem:
        raise unreachable(problem.orig) from None
    except (sqlalchemy.exc.SQLAlchemyError, TypeError, ValueError, OSError, configparser.Error) as problem:
        # Of settings in the url that their driver does not know, or that name no readable file.
        raise unreachable(problem) from None
    try:
        with translated(reading):
            for statement in settings(server_of(engine.dialect), reading.limit_s):
                connection.exec_driver_sql(statement)
        yield connection
    finally:
        with suppress(sqlalchemy.exc.DBAPIError):  # of a connection that is gone nothing is left to undo
            connection.rollback()
        connection.close()
        engine.dispose()
