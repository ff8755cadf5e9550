"""Requests and replies of the fake HTTP server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it came. *number* counts from 1; *host* is the Host header without its port."""

    number: int
    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """Return the body as form fields."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What to send. *chunked* sends the body in chunks, without its length."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = False


def reply_json(value: Any, *, status: int = 200, **headers: str) -> Reply:
    """Return *value* as JSON; of keyword headers `Retry_After` becomes `Retry-After`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(
        status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **named}
    )


def reply_text(text: str, kind: str = "text/csv", *, status: int = 200, **headers: str) -> Reply:
    """Return *text* as it is."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body=text.encode(), headers={"Content-Type": kind, **named})


def chunks(body: bytes) -> bytes:
    """Return *body* in chunks, without the one that ends them."""
    parts = [body[start : start + 8192] for start in range(0, len(body), 8192)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
