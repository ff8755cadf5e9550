"""Connections that go to checked addresses only, and that a deadline can cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    from connectors.transport.addresses import Addresses

_current = threading.local()


class Deadline:
    """
    Cuts the connection that this thread uses once *seconds* are over, whatever it waits for.

    Timeouts of a socket start anew with every byte; this one does not. `passed` says whether it cut.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _current.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _current.deadline = None

    def watch(self, sock: socket.socket | None) -> None:
        """Cut *sock* when the time comes, and at once if it has passed."""
        self._socket = sock
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        self.passed = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: it would turn encrypted bytes that are left into an answer.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _watch(sock: socket.socket | None) -> None:
    deadline = getattr(_current, "deadline", None)
    if deadline is not None:
        deadline.watch(sock)


class _Watched:
    """What both kinds of connection add: the deadline knows their socket."""

    sock: socket.socket | None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _watch(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]


class _Checked(_Watched):
    """Resolves its host once, has every address checked, and connects to just those."""

    addresses: Addresses

    def _new_conn(self) -> socket.socket:
        host, port, limit = self._dns_host, self.port, self.timeout  # type: ignore[attr-defined]
        try:
            found = self.addresses.resolve(host, port)
        except (socket.gaierror, UnicodeError) as problem:
            raise NameResolutionError(host, self, problem) from problem  # type: ignore[arg-type]
        failure: OSError | None = None
        for address in found:
            try:
                sock = create_connection((address, port), limit, socket_options=self.socket_options)  # type: ignore[attr-defined]
            except OSError as problem:
                failure = problem
            else:
                _watch(sock)
                return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time") from failure
        raise NewConnectionError(self, "no connection") from failure  # type: ignore[arg-type]


def pool_classes(addresses: Addresses | None) -> dict[str, type[HTTPConnectionPool]]:
    """
    Return what a urllib3 pool manager makes connections with.

    With *addresses* None they go to the proxy that the user named, unchecked.
    """
    added, named = (_Watched, {}) if addresses is None else (_Checked, {"addresses": addresses})
    plain = type("GuardedHTTPConnection", (added, HTTPConnection), named)
    secure = type("GuardedHTTPSConnection", (added, HTTPSConnection), named)
    return {
        "http": type("GuardedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("GuardedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
