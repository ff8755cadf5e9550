"""What a database's error means to the caller, told by its code, never by repeating its message."""

from __future__ import annotations

import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.errors import BadValue, ConnectorError, Interrupted, SchemaChanged, SetupError, Transient

# MySQL and MariaDB number their errors; their drivers do not tell the SQLSTATE.
_SQLSTATES = {
    **dict.fromkeys((1317, 1969, 3024), "57014"),
    **dict.fromkeys((1045, 1698, 4151), "28000"),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370), "42501"),
    **dict.fromkeys((1290, 1792), "25006"),
    **dict.fromkeys((1205, 1213), "40001"),
    **dict.fromkeys((1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055), "08006"),
    **dict.fromkeys((2002, 2003), "08001"),
    1040: "53300",
    1049: "3D000",
    1054: "42S22",
    1064: "42000",
    1146: "42S02",
    1365: "22012",
    1690: "22003",
}
# Trino names its errors; its client and DuckDB tell some by their class.
_NAMED_STATES = {
    "PermissionException": "42501",
    "TrinoConnectionError": "08006",
    "TABLE_NOT_FOUND": "42P01",
    "COLUMN_NOT_FOUND": "42703",
    "SCHEMA_NOT_FOUND": "3F000",
    "PERMISSION_DENIED": "42501",
    "EXCEEDED_TIME_LIMIT": "57014",
    "DIVISION_BY_ZERO": "22012",
    "NUMERIC_VALUE_OUT_OF_RANGE": "22003",
    "INVALID_CAST_ARGUMENT": "22018",
}
_PAST_SQLALCHEMY = (
    ("adbc_driver_manager", "Error"),
    ("google.api_core.exceptions", "GoogleAPIError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("trino.exceptions", "HttpError"),
    ("json", "JSONDecodeError"),  # Trino's, of a page that is none of its own
)
_MISSING = {"42703": "column", "42P01": "table", "3F000": "schema", "42S02": "table", "42S22": "column"}
_LOST = ("08", "53", "57P", "58", "40")
_LOST_WORDS = re.compile(
    r"server closed|connection (is|was|has been)? ?(closed|lost|reset)|terminat|database is locked", re.I
)
_REFUSED = re.compile(
    r"refused|timeout|timed out|could not receive|no route|unreachable|starting up|error 5\d\d|max retry",
    re.I,
)
_UNKNOWN_HOST = re.compile(r"translate host|name or service|resolve|nodename", re.I)
_WRONG_LOGIN = re.compile(
    r"password|authentication|no pg_hba|role .* does not exist|access denied|not permitted to log"
    r"|error 40[13]",
    re.I,
)
_NO_DATABASE = re.compile(r"database .* does not exist|unknown database", re.I)
_NAMED = re.compile(r'"([^"]{1,128})"|no such (?:table|column): ([\w.]{1,128})|\'([^\']{1,128})\'')


@dataclass(slots=True)
class Reading:
    """One read under way: what it may take, and since when its statement runs."""

    limit_s: int
    started: float = 0.0

    def start(self) -> None:
        """Begin to count what one statement takes."""
        self.started = time.monotonic()

    def elapsed_s(self) -> float:
        """Return the seconds since the statement began."""
        return time.monotonic() - self.started


@contextmanager
def translated(reading: Reading) -> Iterator[None]:
    """
    Turn what a driver raises inside the block into a ConnectorError.

    The cause is cut off: drivers put values, users and hosts into their messages.
    """
    import sqlalchemy.exc

    try:
        yield
    except sqlalchemy.exc.DBAPIError as problem:
        raise _meaning(problem.orig, reading, lost=problem.connection_invalidated) from None
    except sqlalchemy.exc.SQLAlchemyError as problem:
        raise SetupError(
            f"SQLAlchemy refuses ({type(problem).__name__})",
            mend="mend the url or the query",
        ) from None
    except driver_errors() as problem:
        raise _meaning(problem, reading, lost=False) from None


def driver_errors() -> tuple[type[Exception], ...]:
    """Return what drivers raise past SQLAlchemy, of those that are loaded."""
    loaded = [(sys.modules.get(module), name) for module, name in _PAST_SQLALCHEMY]
    return (sqlite3.Error, *(getattr(module, name) for module, name in loaded if module is not None))


def _meaning(problem: BaseException | None, reading: Reading, *, lost: bool) -> ConnectorError:
    state, text = _told(problem)
    gone = lost or state.startswith(_LOST) or _LOST_WORDS.search(text) is not None
    if state == "57014" or text == "interrupted" or (gone and reading.elapsed_s() > reading.limit_s):
        taken = f"stopped after {reading.elapsed_s():.1f} s, its limit is {reading.limit_s} s"
        mend = "narrow the query, add an index, or raise `timeout`"
        return SetupError(f"the statement was {taken}", mend=mend)
    if "file is not a database" in text:
        return SetupError("the file is no SQLite database", mend="mend the path in the url")
    if (missing := _missing(state, text)) is not None:
        return missing
    if state in ("42501", "25006") or "readonly database" in text:
        mend = _OPEN if type(problem).__name__ == "PermissionException" else _GRANT
        return SetupError(f"the database does not permit it (SQLSTATE {state or 'none'})", mend=mend)
    if state.startswith("22"):
        return _wrong_value(state)
    if gone:
        what = f"the connection was lost (SQLSTATE {state or 'none'})"
        return Interrupted(what, mend="it is read again next run")
    named = f"SQLSTATE {state}" if state else type(problem).__name__
    what = f"the database refuses the query ({named})"
    return SetupError(what, mend="run the query by hand as the same role")


def _told(problem: BaseException | None) -> tuple[str, str]:
    """Return the SQLSTATE of a driver's error, empty if there is none, and its message."""
    state = str(getattr(problem, "sqlstate", None) or "")
    match problem.args if problem is not None else ():
        case (int(number), str(text)):
            return _SQLSTATES.get(number, state), text
        case ({"C": str(code), "M": str(text)},):  # Redshift's
            return code, text
    name = getattr(problem, "error_name", None) or type(problem).__name__
    return state or _NAMED_STATES.get(name, ""), str(getattr(problem, "message", problem))


def _wrong_value(state: str) -> BadValue:
    what, mend = _WRONG_VALUES.get(state, ("cannot compute a value of the query", "guard the expression"))
    return BadValue(f"the database {what} (SQLSTATE {state})", mend=f"{mend} in the query", place="query")


_WRONG_VALUES = {
    "22012": ("divides by zero", "guard the division, as in `a / nullif(b, 0)`,"),
    "22P02": ("finds a text that is none of the type it is cast to", "cast only the texts that fit"),
    "22018": ("finds a text that is none of the type it is cast to", "cast only the texts that fit"),
    "22007": ("finds a text that is no date or time", "cast only the texts that fit"),
    "22008": ("finds a date or time that no calendar has", "cast only the texts that fit"),
    "22003": ("finds a number beyond the range of its type", "cast its parts to a wider type"),
}
_GRANT = "grant the role SELECT on what the query reads, and write queries that only read"
_OPEN = "read what is in the file, or write `?enable_external_access=true` at the end of a DuckDB url"


def _missing(state: str, text: str) -> SchemaChanged | None:
    kind = _MISSING.get(state) or (
        "table" if "no such table" in text else "column" if "no such column" in text else None
    )
    if kind is None:
        return None
    found = _NAMED.search(text)
    name = (found[1] or found[2] or found[3]) if found else "of that name"
    return SchemaChanged(f"the database has no {kind} {name}", mend=f"mend the {kind}'s name", column=name)


def unreachable(problem: BaseException | None) -> ConnectorError:
    """Return the error of a connection that could not be made."""
    state, text = _told(problem)
    if type(problem).__name__ == "DefaultCredentialsError":  # BigQuery's, before anything is sent
        mend = "set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account"
        return SetupError("the database's credentials are missing or unfit", mend=mend)
    if state.startswith("28") or _WRONG_LOGIN.search(text):
        return SetupError(
            "the database refuses the login", mend="mend user, password or the server's access rules"
        )
    if state == "3D000" or _NO_DATABASE.search(text):
        return SetupError("the server has no such database", mend="mend the database name in the url")
    if _UNKNOWN_HOST.search(text):
        return SetupError("the database's host is unknown", mend="mend the host in the url")
    if state.startswith(_LOST) or _REFUSED.search(text):
        return Transient(
            "the database does not answer", mend="see that it runs and that host and port are right"
        )
    return SetupError("the database cannot be connected to", mend="mend the url and what it names")
