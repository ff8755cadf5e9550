"""What Google's refusals mean to the caller; its messages are looked at and not repeated."""

from __future__ import annotations

from typing import Any

from connectors.errors import ConnectorError, QuotaExhausted, SetupError
from connectors.google_sheets.sign_in import WRITE
from connectors.transport.answer import Answer, refused

_GONE = ("unable to parse range", "exceeds grid limits", "no grid with id", "freeze all visible rows")
"""What is said of rows, columns and tabs that somebody has deleted since we looked."""


class TokenEndedError(SetupError):
    """Google no longer takes the token."""


class RangeGoneError(SetupError):
    """A range that was there a moment ago is not any more."""


def of(answer: Answer, *, email: str | None, scope: str) -> ConnectorError:
    """
    Return the error of *answer*, which is no success.

    *email* is whom to share with, None if nobody; *scope* is what was to be done.
    """
    message, reasons = _told(answer.value)
    if answer.status == 401:
        return TokenEndedError(f"{_named(answer)}: the token is not valid", mend="renew the credential")
    if answer.status == 403:
        return _forbidden(answer, message, reasons, email=email, scope=scope)
    if answer.status == 429:
        return _exhausted(answer)
    if answer.status == 404:
        option = "to" if scope == WRITE else "spreadsheet"
        return SetupError(
            f"{_named(answer)}: there is no such spreadsheet",
            mend=f"mend `{option}`: the part of its URL behind /d/",
        )
    if "protected cell" in message:
        whom = f"let {email} edit the protected range" if email else "take the protection off its cells"
        return SetupError(f"{_named(answer)}: the tab is protected", mend=whom)
    if "above the limit of" in message:
        return SetupError(
            f"{_named(answer)}: the spreadsheet is full",
            mend="delete empty rows and columns of its tabs, or name another",
        )
    if "api key not valid" in message:
        return SetupError(f"{_named(answer)}: the API key is not valid", mend="mend api_key")
    if any(told in message for told in _GONE):
        return RangeGoneError(f"{_named(answer)}: a range has just gone", mend="read again")
    if "not supported for this document" in message:
        return SetupError(
            f"{_named(answer)}: the file is no Google spreadsheet",
            mend="open it in Google Sheets and save it as one, or read it with connector: files",
        )
    return refused(answer)


def _forbidden(
    answer: Answer, message: str, reasons: str, *, email: str | None, scope: str
) -> ConnectorError:
    done, role = ("written", "an editor") if scope == WRITE else ("read", "a viewer")
    told = f"{_named(answer)}: may not be {done}"
    if "ratelimit" in reasons or "quota" in reasons:
        return _exhausted(answer)
    if "service_disabled" in reasons or "has not been used in project" in message:
        return SetupError(
            told, mend="enable the Google Sheets API (for `okr discover` also Drive) in the project"
        )
    if "insufficient" in message and "scope" in message:
        return SetupError(told, mend=f"let the person agree to {scope}")
    if email is not None:
        return SetupError(f"{told}: it is not shared", mend=f"share it with {email}, as {role}")
    return SetupError(told, mend="share it with whom you sign in as; an API key reads what anyone may see")


def _exhausted(answer: Answer) -> QuotaExhausted:
    return QuotaExhausted(f"{_named(answer)}: too many requests", mend="it is tried again next run")


def _named(answer: Answer) -> str:
    """Return which call it was: the path holds the spreadsheet's id, which may be all it takes to read it."""
    return f"Google Sheets (request {answer.request_id})" if answer.request_id else "Google Sheets"


def _told(value: Any) -> tuple[str, str]:
    """Return an error's message and its reasons, both in small letters."""
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return "", ""
    details = [*(error.get("details") or []), *(error.get("errors") or [])]
    reasons = [str(entry.get("reason", "")) for entry in details if isinstance(entry, dict)]
    return str(error.get("message", "")).lower(), " ".join(reasons).lower()
