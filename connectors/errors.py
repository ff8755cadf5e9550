"""
Errors of reading a source, grouped by what the caller should do.

    ConnectorError
    ├── SetupError        stop and mend the configuration: address, credential, permission
    ├── SchemaChanged     stop this dataset: a declared column is gone or has another type
    ├── BadValue          stop this dataset: more rows do not fit than its reject_limit allows
    ├── SourceEmpty       stop this dataset: nothing where something must be
    ├── Incomplete        do not use what was read; read again
    ├── QuotaExhausted    stop the source until the instant it names
    └── Transient         already retried; try again with the next run
        └── Interrupted   broke off on the way: read again from the start, a few times at most

Each names what happened, where in the source, what was expected and what to do. Who asked adds the
dataset. Messages hold names, places and counts; never a value from the data, never a secret.
"""

from __future__ import annotations

from datetime import datetime


class ConnectorError(Exception):
    """
    A dataset could not be read.

    *message* says what happened and where; *mend* says what to do about it.
    """

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message}; {self.mend}"


class SetupError(ConnectorError):
    """The source cannot be reached as configured."""


class SchemaChanged(ConnectorError):
    """A declared column is missing, doubled or of another type. *nearest* is the likeliest new name."""

    def __init__(self, message: str, *, mend: str, column: str, nearest: str | None = None) -> None:
        super().__init__(message, mend=mend)
        self.column = column
        self.nearest = nearest


class BadValue(ConnectorError):
    """More cells than *reject_limit* do not fit their declared type. *place* is the first of them."""

    def __init__(self, message: str, *, mend: str, place: str) -> None:
        super().__init__(message, mend=mend)
        self.place = place


class SourceEmpty(ConnectorError):
    """The source gave nothing at all where a header, a sheet or a body must be."""


class Incomplete(ConnectorError):
    """Fewer or more rows came than the source declared."""


class QuotaExhausted(ConnectorError):
    """The source refuses further reads until *until* (UTC; None when it does not say)."""

    def __init__(self, message: str, *, mend: str, until: datetime | None = None) -> None:
        super().__init__(message, mend=mend)
        self.until = until


class Transient(ConnectorError):
    """A passing failure that outlived every retry."""


class Interrupted(Transient):
    """
    The connection was lost after the read began. What came of it is of no use.

    Not retried by the connector: rows were handed on already, and to go on would mix two states.
    """
