"""One answer, read completely, and what may be wrong with it although it arrived."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors import json_text
from connectors.errors import ConnectorError, SetupError, Transient
from connectors.transport.fault import Disturbed
from connectors.transport.redaction import hide

Body = Literal["json", "csv", "any"]

PASSING = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Statuses that another try may not meet; those from 520 on are told by networks in front of a source."""
MALFORMED_TRIES = 3
_WITH_BODY = (200, 201, 202, 203, 206)

REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "x-github-request-id",
    "x-hubspot-correlation-id",
    "x-arequestid",
    "x-amzn-requestid",
    "x-correlation-id",
)
"""Headers in which servers commonly say what they call a request."""

_ID = re.compile(r"[\w.:/+=@~-]{1,100}", re.ASCII)


@dataclass(slots=True, kw_only=True)
class Answer:
    """
    What came back. *place* is method, host and path; *value* the parsed body where JSON was wanted
    (numbers int or Decimal), else None; *request_id* what the server calls this request.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str
    request_id: str | None = None
    value: Any = None

    def named(self) -> str:
        """Return where it came from, with the request id where there is one."""
        return f"{self.place} (request {self.request_id})" if self.request_id else self.place


def request_id(headers: Mapping[str, str], names: Collection[str]) -> str | None:
    """Return the first of the headers *names* that is there, if it is one word of at most 100 signs."""
    found = next((headers[name].strip() for name in names if headers.get(name)), "")
    # Anything else may be what was sent to the server, or its data.
    return hide(found) if _ID.fullmatch(found) else None


def look_at(answer: Answer, *, wanted: Body) -> None:
    """
    Parse the body as *wanted*; raise Disturbed if a success holds HTML, nothing, or JSON that is none.

    Other statuses carry whatever they carry: JSON is parsed there only if it is some.
    """
    if answer.status not in _WITH_BODY:
        if wanted == "json":
            answer.value = _parsed_or_none(answer.body)
        return
    kind = answer.headers.get("Content-Type", "").lower()
    if "html" in kind or answer.body[:64].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise Disturbed("a web page came instead of data")
    if not answer.body.strip():
        raise Disturbed("an empty answer came")
    try:
        if wanted == "json":
            answer.value = json_text.parse(answer.body.decode("utf-8-sig"))
        elif wanted == "any" and "json" in kind:
            json.loads(answer.body)
    except UnicodeDecodeError:
        raise Disturbed("the answer is not UTF-8 text", tries=MALFORMED_TRIES) from None
    except ValueError as problem:
        told = "not JSON" if isinstance(problem, json.JSONDecodeError) else str(problem)
        raise Disturbed(f"the answer cannot be used: {told}", tries=MALFORMED_TRIES) from None


def _parsed_or_none(body: bytes) -> Any:
    try:
        return json_text.parse(body.decode("utf-8-sig"))
    except ValueError:
        return None


def refused(answer: Answer) -> ConnectorError:
    """Return the error of a status that is no success. What the body says is not repeated."""
    told = f"{answer.named()}: status {answer.status}"
    if answer.status == 401:
        return SetupError(told, mend="the credential is wrong or has expired: renew it")
    if answer.status == 403:
        return SetupError(told, mend="give the credential the right to read this, or use another one")
    if answer.status in (404, 410):
        return SetupError(told, mend="mend the path, or give the credential access to it")
    if answer.status in PASSING:
        return Transient(told, mend="try again with the next run")
    return SetupError(told, mend="mend the request: the source says that it is not valid")
