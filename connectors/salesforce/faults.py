"""What Salesforce's error codes mean to the caller; its messages hold queries and values, and stay behind."""

from __future__ import annotations

import re
from typing import Any

from connectors.errors import (
    ConnectorError,
    Incomplete,
    QuotaExhausted,
    SchemaChanged,
    SetupError,
    Transient,
)
from connectors.transport.answer import Answer, refused

_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,79}\Z")
_FIELD = re.compile(r"No such column '([A-Za-z0-9_.]{1,160})'")


class SessionEnded(SetupError):
    """The session is no longer valid, or was signed out."""


class LocatorGone(Transient):
    """The rest of a query's pages is no longer kept for us."""


class QueryTimedOut(SetupError):
    """The query is too much for one go."""


class NotThere(SetupError):
    """What a path names is not there, or no longer."""


class NotForBulk(SetupError):
    """The Bulk API does not read this object."""


class JobFailed(Transient):
    """A Bulk job ended without results."""


class JobStuck(Transient):
    """A Bulk job stopped making progress."""


def raise_refusal(answer: Answer) -> None:
    """Raise what *answer* means if its status is no success."""
    if answer.status < 300:
        return
    raise _meaning(*_code_of(answer.value), answer)


def damaged(what: str, *, expected: object, got: object) -> Incomplete:
    """Return the error of rows that are not the ones the source counted or ordered."""
    return Incomplete(
        f"{what}: expected {expected}, got {got}", mend="nothing of it is used; it is read again next run"
    )


def _code_of(value: Any) -> tuple[str, str]:
    """Return the first error code of a body, and its message; both empty where there is none."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return "", ""
    code = str(first.get("errorCode") or "")
    return (code if _CODE.match(code) else ""), str(first.get("message") or "")


def _meaning(code: str, message: str, answer: Answer) -> ConnectorError:
    told = f"{answer.named()}: {code or f'status {answer.status}'}"
    if code == "INVALID_SESSION_ID" or answer.status == 401:
        return SessionEnded(told, mend="renew the access token, or let this source sign in by jwt")
    if code == "REQUEST_LIMIT_EXCEEDED":
        mend = "the day's requests, or those at one time, are used up: read less often, or buy more"
        return QuotaExhausted(told, mend=mend)
    if code == "INVALID_QUERY_LOCATOR":
        return LocatorGone(told, mend="it is read again next run")
    if code in ("QUERY_TIMEOUT", "OPERATION_TOO_LARGE", "QUERY_TOO_COMPLICATED"):
        return QueryTimedOut(told, mend="narrow `where`, by fields that are indexed, or read fewer columns")
    if code == "EXCEEDED_ID_LIMIT":
        mend = "group by fewer or coarser fields, narrow `where`, or read rows and aggregate in a metric"
        return SetupError(f"{told}: more than 2,000 groups", mend=mend)
    if code in ("INVALIDENTITY", "FEATURENOTENABLED", "FEATURE_NOT_ENABLED"):
        return NotForBulk(told, mend="write `read: rest` at the dataset")
    if code == "INVALID_FIELD":
        return _unknown_field(told, message)
    if code in ("INVALID_TYPE", "NOT_FOUND") or answer.status == 404:
        return NotThere(told, mend="mend the name, or give the user the right to read it (API name, profile)")
    if code in ("MALFORMED_QUERY", "INVALID_QUERY_FILTER_OPERATOR", "INVALID_OPERATION"):
        return SetupError(told, mend="mend `where` or `query`: try it in the Developer Console")
    if code in ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED"):
        return SetupError(told, mend="give the user's profile the permission API Enabled")
    if code in ("INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "FORBIDDEN"):
        return SetupError(told, mend="give the integration user the right to read this")
    return (
        refused(answer) if not code else SetupError(told, mend="look the code up in Salesforce's API guide")
    )


def _unknown_field(told: str, message: str) -> SchemaChanged:
    found = _FIELD.search(message)
    name = found[1] if found else "of the query"
    mend = "mend its name, or let the integration user see it (field-level security)"
    return SchemaChanged(f"{told}: there is no field {name}", mend=mend, column=name)
