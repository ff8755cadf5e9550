"""
A real HTTP server on loopback that misbehaves on demand: what a fake of a vendor's API is built on.

A fake is one function from `Request` to `Reply`; None means "I do not know this" and is answered
with 501. Faults are injected by the number of the request that meets them, counting from 1 over all
requests, or over those whose path matches a pattern:

    with FakeServer(answer) as server:                      # plain http://127.0.0.1:port
        server.inject(status(500), at=1, times=3)
        server.inject(cut(0.9), at=2, path="*/query*")
        ... server.url, server.requests

`FakeServer(answer, secure=True)` speaks https with a certificate of `server.ca_path` (a file below
*folder*). With `hosts=("login.salesforce.com", ...)` it is also a proxy at `server.proxy_url`: it
takes CONNECT to those hosts, with a certificate for each, and answers for them itself, so that a
client library that knows its vendor's addresses by heart talks to the fake unmodified. Any other
host gets 502.

What is sent and what goes wrong lie in `http_message` and `http_faults`; both are to be had from here.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import trustme
from http_faults import CUT_WITHOUT_LENGTH as CUT_WITHOUT_LENGTH
from http_faults import Fault as Fault
from http_faults import cut as cut
from http_faults import drip as drip
from http_faults import drip_head as drip_head
from http_faults import duplicate as duplicate
from http_faults import edited as edited
from http_faults import edited_json as edited_json
from http_faults import empty as empty
from http_faults import gzip_bomb as gzip_bomb
from http_faults import html as html
from http_faults import instead as instead
from http_faults import malformed as malformed
from http_faults import redirect as redirect
from http_faults import reset as reset
from http_faults import retry_after as retry_after
from http_faults import slow as slow
from http_faults import status as status
from http_message import Reply as Reply
from http_message import Request as Request
from http_message import chunks
from http_message import reply_json as reply_json
from http_message import reply_text as reply_text

Answer = Callable[[Request], Reply | None]


class Exchange:
    """One request being answered: what a fault has in its hands."""

    def __init__(self, server: FakeServer, handler: _Handler, request: Request) -> None:
        self.server = server
        self.handler = handler
        self.request = request

    def reply(self) -> Reply:
        """Return what the fake answers, 501 where it does not know."""
        return self.server.answered(self.request)

    def send(self, reply: Reply) -> None:
        """Send *reply* whole."""
        self.head(reply, length=None if reply.chunked else len(reply.body))
        self.handler.wfile.write(chunks(reply.body) + b"0\r\n\r\n" if reply.chunked else reply.body)
        self.handler.wfile.flush()

    def head(self, reply: Reply, *, length: int | None) -> None:
        """Send status and headers; *length* None announces chunks."""
        self.handler.send_response_only(reply.status)
        for name, value in {"Date": self.handler.date_time_string(), **reply.headers}.items():
            self.handler.send_header(name, value)
        if length is None:
            self.handler.send_header("Transfer-Encoding", "chunked")
        elif length != CUT_WITHOUT_LENGTH:
            self.handler.send_header("Content-Length", str(length))
        self.handler.end_headers()
        self.handler.wfile.flush()

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection, with a reset instead of an orderly end if wanted."""
        self.handler.close_connection = True
        connection = self.handler.connection
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the server lives."""
        self.server.stopping.wait(seconds)


@dataclass(kw_only=True)
class _Injected:
    fault: Fault
    first: int
    last: int
    path: str
    seen: int = 0

    def meets(self, request: Request) -> bool:
        if not fnmatchcase(request.path, self.path):
            return False
        self.seen += 1
        return self.first <= self.seen <= self.last


class FakeServer:
    """See the head of this module. Start and stop it with `with`."""

    def __init__(
        self,
        answer: Answer,
        *,
        secure: bool = False,
        folder: Path | None = None,
        hosts: Sequence[str] = (),
        self_signed: bool = False,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._answer = answer
        self._injected: list[_Injected] = []
        self._lock = threading.Lock()
        self._hosts = frozenset(hosts)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._secure = secure
        self._ca = trustme.CA() if secure or hosts else None
        self.ca_path = folder / "ca.pem" if folder and self._ca else None
        if self.ca_path and self._ca:
            self._ca.cert_pem.write_to_path(str(self.ca_path))
        if self_signed:
            self._ca = trustme.CA()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        if secure:
            self._server.context = self.context_of("localhost", "127.0.0.1")
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """Return its address, without a slash at the end."""
        return f"{'https' if self._secure else 'http'}://127.0.0.1:{self.port}"

    @property
    def proxy_url(self) -> str:
        """Return where it takes CONNECT to its hosts."""
        return f"http://127.0.0.1:{self.port}"

    def inject(self, fault: Fault, *, at: int = 1, times: int = 1, path: str = "*") -> None:
        """Let the requests number *at* to *at + times - 1* to *path*, from now on, meet *fault*."""
        self._injected.append(_Injected(fault=fault, first=at, last=at + times - 1, path=path))

    def heal(self) -> None:
        """Forget every fault and every request."""
        self._injected.clear()
        self.requests.clear()

    def answered(self, request: Request) -> Reply:
        """Return what the fake answers, 501 where it does not know the request."""
        return self._answer(request) or reply_json({"error": "not known to this fake"}, status=501)

    def take(self, handler: _Handler, request: Request) -> None:
        """Write the request down and answer it, or let a fault do so."""
        with self._lock:
            request = replace(request, number=len(self.requests) + 1)
            self.requests.append(request)
            met = [injected for injected in self._injected if injected.meets(request)]
        exchange = Exchange(self, handler, request)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            if met:
                met[0].fault(exchange)
            else:
                exchange.send(exchange.reply())

    def knows_host(self, host: str) -> bool:
        return host in self._hosts

    def context_of(self, *names: str) -> ssl.SSLContext:
        """Return a TLS context with a certificate for *names*."""
        key = names[0]
        if key not in self._contexts:
            assert self._ca is not None
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._ca.issue_cert(*names).configure_cert(context)
            self._contexts[key] = context
        return self._contexts[key]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    fake: FakeServer
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.fake.connections += 1
        if self.context is not None:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up on faults."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True  # head and body are sent apart: each answer would wait 40 ms
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _take(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            number=0,
            method=self.command,
            host=(self.headers.get("Host") or "").partition(":")[0],
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=dict(self.headers.items()),
            body=self.rfile.read(length),
        )
        self.server.fake.take(self, request)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _take  # noqa: N815 - the library's names

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        if not self.server.fake.knows_host(host):
            self.send_error(502)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        try:
            self.connection = self.server.fake.context_of(host).wrap_socket(self.connection, server_side=True)
        except OSError:
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", -1)
        self.close_connection = False
