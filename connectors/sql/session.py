"""One read-only connection: opened without surprises, limited in time, rolled back at the end."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import SetupError
from connectors.sql.dialects import package_for, plain_driver, server_of, settings
from connectors.sql.drivers import REDSHIFT, told_to_driver
from connectors.sql.faults import Reading, driver_errors, translated, unreachable

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

# Of settings in the url that their driver does not know, or that name no readable file.
_UNREADY: tuple[type[Exception], ...] = (TypeError, ValueError, OSError, configparser.Error)


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


def engine_for(url: URL, *, base: Path, reading: Reading) -> Engine:
    """Return an engine that connects when asked, keeps no connection and hides parameters."""
    import sqlalchemy
    from sqlalchemy.pool import NullPool

    address, options = told_to_driver(url, base=base, reading=reading)
    try:
        engine = sqlalchemy.create_engine(address, hide_parameters=True, poolclass=NullPool, **options)
    except (sqlalchemy.exc.NoSuchModuleError, ImportError):
        backend = url.get_backend_name()
        raise SetupError(f"no driver for {backend} is installed", mend=package_for(backend)) from None
    except (sqlalchemy.exc.ArgumentError, ValueError, TypeError):
        # The cause quotes settings of the URL.
        raise SetupError("the url holds a setting that its driver refuses", mend="mend the url") from None
    except driver_errors() as problem:  # BigQuery's looks for its credentials here
        raise unreachable(problem) from None
    if url.drivername == REDSHIFT:
        sqlalchemy.event.listen(engine, "before_cursor_execute", _with_single_percents, retval=True)
    return engine


def _with_single_percents(
    _connection: object, cursor: Any, statement: str, parameters: object, _context: object, _many: bool
) -> tuple[str, object]:
    """Undo what Redshift's dialect does to percent signs: its driver leaves them doubled inside of texts."""
    cursor.paramstyle = "named"
    return statement.replace("%%", "%"), parameters


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
