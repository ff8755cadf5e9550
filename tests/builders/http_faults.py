"""What the fake HTTP server does wrong when it is told to."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from http_message import Reply, chunks

if TYPE_CHECKING:
    from fake_http import Exchange

CUT_WITHOUT_LENGTH = -1


Fault = Callable[["Exchange"], None]
"""A fault sends what it likes through the exchange, in place of or around the real reply."""


def status(code: int, *, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Fault:
    """Answer with *code* and nothing useful."""
    return lambda exchange: exchange.send(
        Reply(status=code, body=body, headers={"Content-Type": "application/json", **(headers or {})})
    )


def retry_after(seconds: str, code: int = 429) -> Fault:
    """Answer 429 that asks to wait: a number of seconds or an HTTP date."""
    return status(code, headers={"Retry-After": seconds})


def html(code: int = 200) -> Fault:
    """Answer with a web page."""
    page = b"<!DOCTYPE html><html><body>Down for maintenance</body></html>"
    return status(code, headers={"Content-Type": "text/html; charset=utf-8"}, body=page)


def empty(kind: str = "application/json") -> Fault:
    """Answer 200 without a body."""
    return status(200, headers={"Content-Type": kind}, body=b"")


def malformed() -> Fault:
    """Answer 200 with the real body, its last two bytes missing, announced as whole."""
    return edited(lambda reply: replace(reply, body=reply.body[:-2]))


def edited(change: Callable[[Reply], Reply]) -> Fault:
    """Answer with the real reply as *change* makes it: a short page, a renamed field, an error cell."""
    return lambda exchange: exchange.send(change(exchange.reply()))


def edited_json(change: Callable[[Any], Any]) -> Fault:
    """Answer with the real JSON as *change* returns it."""
    return edited(lambda reply: replace(reply, body=json.dumps(change(json.loads(reply.body))).encode()))


def instead(reply: Reply) -> Fault:
    """Answer with *reply*."""
    return lambda exchange: exchange.send(reply)


def duplicate() -> Fault:
    """Answer with what the request before got."""

    def send(exchange: Exchange) -> None:
        earlier = exchange.server.requests[exchange.request.number - 2]
        exchange.send(exchange.server.answered(earlier))

    return send


def slow(seconds: float) -> Fault:
    """Send the right answer after *seconds* of silence."""

    def send(exchange: Exchange) -> None:
        exchange.pause(seconds)
        exchange.send(exchange.reply())

    return send


def drip(interval: float) -> Fault:
    """Send head and body whole, but one byte every *interval* seconds."""

    def send(exchange: Exchange) -> None:
        reply = exchange.reply()
        exchange.head(reply, length=len(reply.body))
        for byte in reply.body:
            if exchange.server.stopping.is_set():
                return
            exchange.handler.wfile.write(bytes([byte]))
            exchange.handler.wfile.flush()
            exchange.pause(interval)

    return send


def drip_head(interval: float) -> Fault:
    """Send a head that never ends, one byte every *interval* seconds."""

    def send(exchange: Exchange) -> None:
        exchange.handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not exchange.server.stopping.is_set():
            exchange.handler.wfile.write(b"x")
            exchange.handler.wfile.flush()
            exchange.pause(interval)

    return send


def reset() -> Fault:
    """Reset the connection before any answer."""
    return lambda exchange: exchange.hang_up(reset=True)


def cut(share: float = 0.9, *, chunked: bool = False, without_length: bool = False) -> Fault:
    """
    Send *share* of the body, then close: short of its Content-Length, within chunks, or, when
    *without_length*, as an HTTP/1.0 body whose end is the end of the connection (nobody can tell).
    """

    def send(exchange: Exchange) -> None:
        reply = exchange.reply()
        part = reply.body[: int(len(reply.body) * share)]
        length = CUT_WITHOUT_LENGTH if without_length else None if chunked else len(reply.body)
        exchange.head(reply, length=length)
        exchange.handler.wfile.write(chunks(part) if chunked else part)
        exchange.handler.wfile.flush()
        exchange.hang_up()

    return send


def redirect(url: str, code: int = 302) -> Fault:
    """Send the caller to *url*."""
    return status(code, headers={"Location": url}, body=b"")


def gzip_bomb(mebibytes: int = 512) -> Fault:
    """Answer with that much of nothing, packed a thousandfold."""
    packed = b"".join(gzip.compress(bytes(1 << 20), 9) for _ in range(1)) * mebibytes
    return status(200, headers={"Content-Encoding": "gzip"}, body=packed)
