"""SQLite and PostgreSQL as the ledger needs them: durable, one writer at a time, and clear when they fail."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from okr_pipeline.ledger import tables
from okr_pipeline.ledger.errors import LedgerBusy, LedgerUnreachable
from okr_pipeline.ledger.failures import meaning

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

# One number for all ledgers of a database: a lock too many costs nothing, one too few a fork.
_APPEND_LOCK = int.from_bytes(b"okrentry")
_PUBLISH_LOCK = int.from_bytes(b"okrpubli")


class Database:
    """
    The opened database of one ledger.

    *place* names it in messages: a file's path, or a database and its host.
    """

    def __init__(self, engine: Engine, *, place: str, wait_s: float) -> None:
        self._engine = engine
        self._wait_s = wait_s
        self.place = place

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection whose reads see one state of the ledger."""
        with self._clear_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """
        Lend a connection that alone may write, and commit what it did, or nothing at all.

        Raises:
            LedgerBusy: If another writer does not finish within the wait.
        """
        engine = self._engine.execution_options(okr_writes=True)
        with self._clear_errors(), engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                _lock(connection, _APPEND_LOCK, wait_s=self._wait_s)
            yield connection

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """
        Hold a lock of its own: others who want it wait, writers do not. It ends with its process or session.

        Raises:
            LedgerBusy: If whoever has it does not finish within ten times the wait for a writer.
        """
        wait_s = 10 * self._wait_s
        is_file = self._engine.dialect.name == "sqlite"
        engine = _lock_file(Path(f"{self.place}.publishing"), wait_s) if is_file else self._engine
        with ExitStack() as held:
            try:
                with self._clear_errors():
                    connection = held.enter_context(engine.execution_options(okr_writes=True).connect())
                    # Nothing to commit; and a session that the server has ended is no failure any more.
                    held.callback(connection.invalidate)
                    connection.begin()
                    if not is_file:
                        # Servers end idle transactions, and this one is idle while others write.
                        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                        _lock(connection, _PUBLISH_LOCK, wait_s=wait_s)
            except LedgerBusy:
                what = f"another run publishes from the ledger at {self.place}, for over {wait_s:g} s"
                raise LedgerBusy(what, mend="let it finish, then run `okr page`") from None
            yield

    def is_sound(self) -> bool:
        """Say whether the file's pages and indexes agree; True on PostgreSQL, which looks after its own."""
        with self.reading() as connection:
            if connection.dialect.name == "postgresql":
                return True
            return connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar() == "ok"

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            clear = meaning(error, place=self.place, wait_s=self._wait_s)
            if clear is None:
                raise
            raise clear from error


def open_database(url: str, *, base: Path, wait_s: float, read_only: bool = False) -> Database:
    """
    Open the database at *url*, and create the ledger's tables where there are none.

    A relative SQLite path starts at *base*; its folder is created. Writers wait *wait_s* seconds
    for one another. With *read_only* nothing is created and no right to write is needed; where
    there is no ledger yet, it reads as an empty one.

    Raises:
        LedgerError: If that cannot be done; the subclass says what to mend.
    """
    address = _address(url, base=base)
    if address.get_backend_name() == "sqlite":
        place = str(address.database)
        opened = _sqlite_to_read if read_only else _sqlite
        database = Database(opened(address, wait_s), place=place, wait_s=wait_s)
    else:
        place = f"PostgreSQL database {address.database or ''} at {address.host or 'this machine'}"
        database = Database(_postgresql(address, wait_s), place=place, wait_s=wait_s)
    try:
        return _begun(database) if read_only else _prepared(database)
    except BaseException:
        database.close()
        raise


def _address(url: str, *, base: Path) -> URL:
    mend = "write `sqlite:///path/to/ledger.db` or `postgresql://user@host/database`"
    try:
        address = make_url(url)
        backend = address.get_dialect().name
    except (SQLAlchemyError, ImportError, ValueError):
        # The cause may quote the URL, and with it a password.
        raise LedgerUnreachable("the ledger's URL is none that can be read", mend=mend) from None
    if backend not in ("sqlite", "postgresql"):
        raise LedgerUnreachable(f"a ledger cannot live on {backend}", mend=mend)
    if backend == "postgresql":
        return address
    if address.database in (None, "", ":memory:"):
        raise LedgerUnreachable("the ledger's URL names no file", mend=mend)
    return address.set(database=str(base / str(address.database)))


def _sqlite(address: URL, wait_s: float) -> Engine:
    folder = Path(str(address.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the ledger's folder {folder} cannot be created ({error.strerror})"
        raise LedgerUnreachable(what, mend="give this user the right to write there") from error
    engine = create_engine(address, hide_parameters=True, connect_args={"timeout": wait_s})
    event.listen(engine, "connect", lambda connection, _: _make_durable(connection, wait_s))
    event.listen(engine, "begin", _begin)
    return engine


def _lock_file(file: Path, wait_s: float) -> Engine:
    """Return an engine on a file whose lock is all that it is for: SQLite's end with their process."""
    connect = {"timeout": wait_s, "isolation_level": None}
    engine = create_engine(URL.create("sqlite", database=str(file)), connect_args=connect, poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    return engine


def _sqlite_to_read(address: URL, wait_s: float) -> Engine:
    file = Path(str(address.database)).resolve()
    if not _is_there(file):
        return _nothing()

    def connected() -> sqlite3.Connection:
        uri = f"file:{quote(str(file))}?{_reading_mode(file)}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    # No pool: how the file can be read changes with whoever writes to it meanwhile.
    engine = create_engine(address, hide_parameters=True, creator=connected, poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    return engine


def _reading_mode(file: Path) -> str:
    """Return the options by which *file* is read with this user's rights, and nothing is left beside it."""
    if _may(os.W_OK, file) and _may(os.W_OK, file.parent):
        return "mode=rw"  # else the helper files that reading makes would stay
    # Immutable: without locks, which need write access. Nobody writes where no helper file lies.
    return "mode=ro" if _is_in_use(file) else "mode=ro&immutable=1"


def _is_there(file: Path) -> bool:
    try:
        file.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        mend = "give this user the right to read the file and its folder"
        raise LedgerUnreachable(
            f"the ledger at {file} cannot be read ({error.strerror})", mend=mend
        ) from error
    return True


def _is_in_use(file: Path) -> bool:
    """
    Say whether the newest entries lie beside *file*, where another process writes or died.

    Raises:
        LedgerUnreachable: If they do, and cannot be read from where they are.
    """
    log, index = (file.with_name(file.name + ending) for ending in ("-wal", "-shm"))
    if not log.exists() or not (index.exists() or log.stat().st_size):
        return False
    has_index = _may(os.R_OK, index) if index.exists() else _may(os.W_OK, file.parent)
    if has_index and _may(os.R_OK, log):
        return True
    raise LedgerUnreachable(
        f"the newest entries of the ledger at {file} lie in {log.name}, which cannot be read from a folder "
        "that may not be written",
        mend="copy both files to a folder of yours, or copy the ledger with `VACUUM INTO`",
    )


def _may(right: int, path: Path) -> bool:
    return os.access(path, right, effective_ids=os.access in os.supports_effective_ids)


def _nothing() -> Engine:
    """Return a ledger without entries, in memory."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        tables.create(connection)
    return engine


def _make_durable(connection: DBAPIConnection, wait_s: float) -> None:
    connection.isolation_level = None  # else Python's module begins transactions of its own
    cursor = connection.cursor()
    give_up_at = time.monotonic() + wait_s
    while not _is_write_ahead(cursor) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _is_write_ahead(cursor: DBAPICursor) -> bool:
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Two who create a ledger at once: SQLite refuses one of them at once, whatever its timeout.
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _begin(connection: Connection) -> None:
    # A writer that began as a reader cannot wait: SQLite refuses it at once when another wrote meanwhile.
    writes = connection.get_execution_options().get("okr_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _lock(connection: Connection, lock: int, *, wait_s: float) -> None:
    """Take a lock of PostgreSQL until the transaction ends."""
    connection.execute(text(f"SET LOCAL lock_timeout = {int(wait_s * 1000)}"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def _postgresql(address: URL, wait_s: float) -> Engine:
    patience = {"connect_timeout": str(max(2, int(wait_s)))}
    address = address.set(query={**patience, **address.query})
    return create_engine(address, hide_parameters=True, pool_pre_ping=True)


def _prepared(database: Database) -> Database:
    with database.reading() as connection:
        if tables.is_current(connection):
            return database
    with database.writing() as connection:
        # Another process may have created them since.
        if not tables.is_current(connection):
            tables.create(connection)
    return database


def _begun(database: Database) -> Database:
    """Return *database*; one without entries in its stead if it has no tables yet."""
    with database.reading() as connection:
        if tables.is_current(connection):
            return database
    database.close()
    return Database(_nothing(), place=database.place, wait_s=0)
