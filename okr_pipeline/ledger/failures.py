"""What a database's error means for the person who runs us: foreign exceptions stop here."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

from okr_pipeline.ledger.errors import LedgerBusy, LedgerCorrupt, LedgerError, LedgerFull, LedgerUnreachable

_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_TORN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SQLITE_RIGHTS = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}

# https://www.postgresql.org/docs/current/errcodes-appendix.html, in full or by their start.
_POSTGRESQL_BUSY = {"55P03"}
_POSTGRESQL_FULL = {"53100"}
_POSTGRESQL_TORN = {"XX001", "XX002"}
_POSTGRESQL_RIGHTS = {"42501", "25006"}
_POSTGRESQL_GONE = ("08", "28", "3D000", "3F000", "53300", "57P")


def meaning(error: DBAPIError, *, place: str, wait_s: float) -> LedgerError | None:
    """Return what *error* means at *place*; None when it is a fault of this program."""
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error.orig, place, wait_s)
    return _of_postgresql(error, place, wait_s)


def corrupt(place: str, what: str) -> LedgerCorrupt:
    """Return the error for a ledger at *place* that holds what no ledger can hold."""
    mend = "put a backup in its place, and compare it with the head that was published last"
    return LedgerCorrupt(f"the ledger at {place} {what}", mend=mend)


def _of_sqlite(cause: sqlite3.Error, place: str, wait_s: float) -> LedgerError | None:
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    if code is None:  # raised by Python's module, not by SQLite: a text that is no UTF-8
        return corrupt(place, "holds bytes that are no text") if _is_undecodable(cause) else None
    match code & 0xFF:
        case kind if kind in _SQLITE_BUSY:
            return _busy(place, wait_s)
        case kind if kind in _SQLITE_TORN:
            return corrupt(place, "is torn, or no SQLite database")
        case sqlite3.SQLITE_FULL:
            return _full(place)
        case kind if kind in _SQLITE_RIGHTS:
            mend = "give this user the right to write the file and its folder; reading alone needs none"
            return LedgerUnreachable(f"the ledger at {place} cannot be opened for writing", mend=mend)
        case sqlite3.SQLITE_IOERR:
            mend = "look at the disk's health, room and limits, then run again"
            what = f"the disk failed under the ledger at {place} ({cause.sqlite_errorname})"
            return LedgerUnreachable(what, mend=mend)
    return None


def _is_undecodable(cause: sqlite3.Error) -> bool:
    return isinstance(cause, sqlite3.OperationalError) and "decode to UTF-8" in str(cause)


def _of_postgresql(error: DBAPIError, place: str, wait_s: float) -> LedgerError | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:  # no session came about, or it was lost
        return _no_session(error, place) if isinstance(error, OperationalError) else None
    if state in _POSTGRESQL_BUSY:
        return _busy(place, wait_s)
    if state in _POSTGRESQL_FULL:
        return _full(place)
    if state in _POSTGRESQL_TORN:
        return corrupt(place, "is torn")
    if state in _POSTGRESQL_RIGHTS:
        mend = "grant this user CREATE on its schema, SELECT and INSERT on its tables"
        return LedgerUnreachable(f"the ledger at {place} refuses this user", mend=mend)
    return _no_session(error, place) if state.startswith(_POSTGRESQL_GONE) else None


def _no_session(error: DBAPIError, place: str) -> LedgerUnreachable:
    if "authentication failed" in str(error.orig):
        return LedgerUnreachable(f"the ledger at {place} refuses the login", mend="mend its user or password")
    mend = "check that the server runs, that host and port are right, and that database and user exist"
    return LedgerUnreachable(f"the ledger at {place} cannot be reached", mend=mend)


def _busy(place: str, wait_s: float) -> LedgerBusy:
    mend = "let the other run finish, then run again"
    return LedgerBusy(f"another process wrote to the ledger at {place} for over {wait_s:g} s", mend=mend)


def _full(place: str) -> LedgerFull:
    mend = "free disk space there, then run again: nothing of this batch was kept"
    return LedgerFull(f"the disk that holds the ledger at {place} is full", mend=mend)
