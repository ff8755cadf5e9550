"""What went wrong on the way: foreign exceptions as one of ours, with nothing of their text."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from urllib3.exceptions import ProxyError

from connectors.errors import ConnectorError, SetupError


class Disturbed(Exception):
    """
    One try failed in a way that another may not. *reason* says how, without any value.

    *after_s* is what the server asks to wait (None: it does not say), *tries* the most tries that
    make sense for this (None: as the policy has it). *quota* says that the server refused for the
    number of calls.
    """

    def __init__(
        self, reason: str, *, after_s: float | None = None, tries: int | None = None, quota: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        self.tries = tries
        self.quota = quota


def of(problem: BaseException, *, host: str, proxied: bool) -> Disturbed | ConnectorError:
    """Return what *problem*, raised while *host* was asked, means: worth another try, or a wrong setup."""
    chain = list(_chain(problem))
    for inner in chain:
        if isinstance(inner, ConnectorError):
            return inner
        if isinstance(inner, ssl.SSLCertVerificationError):
            return SetupError(
                f"{host}: its certificate is not valid here (verification code {inner.verify_code})",
                mend="mend the host name or the server's certificate; name your own authorities under `ca`",
            )
        if isinstance(inner, socket.gaierror) and inner.errno == socket.EAI_NONAME and not proxied:
            return SetupError(f"{host}: no such host", mend="mend the host name")
        if isinstance(inner, UnicodeEncodeError):
            return SetupError(
                f"{host}: a header holds signs that HTTP cannot carry", mend="mend the credential or header"
            )
        if "407 " in str(inner) and proxied:
            return SetupError("the proxy asks for a credential", mend="write it into the URL of `proxy`")
    if any(isinstance(inner, ProxyError) for inner in chain):
        return Disturbed("the proxy did not let it through")
    return Disturbed(_told(chain[-1]))


def _chain(problem: BaseException) -> Iterator[BaseException]:
    """Yield *problem* and what caused it, outermost first; urllib3 hides some of it in `reason` and args."""
    seen: set[int] = set()
    todo = [problem]
    while todo:
        current = todo.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [getattr(current, "reason", None), current.__cause__, current.__context__, *current.args]
        todo.extend(found for found in inner if isinstance(found, BaseException))


def _told(innermost: BaseException) -> str:
    if isinstance(innermost, TimeoutError):
        return "no answer in time"
    if isinstance(innermost, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(innermost, ConnectionError):
        return "the connection was reset"
    return f"the connection failed ({type(innermost).__name__})"
