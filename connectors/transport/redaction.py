"""Secrets out of every text that may reach a message, a log or a receipt."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
from collections.abc import Collection, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST = 4
"""Secrets shorter than this are not looked for: they would hide ordinary words."""

_SHAPES = (
    re.compile(r"(?i)(?<=\bbearer )[^\s\"',;]+"),
    re.compile(r"(?i)(?<=\bbasic )[A-Za-z0-9+/=_-]{6,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"),
    re.compile(r"(?<=://)[^\s/@\"']+(?=@)"),
    re.compile(
        r"(?i)(?<=[?&;])((?:[\w.-]*(?:token|secret|passw(?:or)?d|pwd|api[_-]?key|apikey|signature|"
        r"assertion|credential|session[_-]?id)[\w.-]*|key|sig|code|auth)=)[^\s&\"'#]+"
    ),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
)

_ESCAPE = re.compile("%[0-9A-F]{2}")


class Known:
    """Secrets that are looked for, in every form that a text may have them in. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._longest_first: tuple[str, ...] = ()

    def remember(self, secrets: Collection[str]) -> None:
        """Look for *secrets* too from now on."""
        forms = {form for secret in secrets for part in _parts(secret) for form in _forms(part)}
        with self._lock:
            if not forms <= self._forms:
                self._forms |= forms
                # No pattern: one of all forms takes a tenth of a second to compile, at every new token.
                self._longest_first = tuple(sorted(self._forms, key=len, reverse=True))

    def hide(self, text: str) -> str:
        """Return *text* without the known secrets and without anything that has a secret's shape."""
        for form in self._longest_first:
            if form in text:
                text = text.replace(form, HIDDEN)
        for shape in _SHAPES:
            text = shape.sub(lambda found: (found[1] if found.re.groups else "") + HIDDEN, text)
        return text


_process = Known()
remember = _process.remember
"""Hide these secrets in every text of this process."""
hide = _process.hide
"""Return a text without what this process knows to be secret, or what looks like it."""


def _parts(secret: str) -> Iterator[str]:
    """Yield the secret, and each long line of one that has several: a key file is quoted in pieces."""
    stripped = secret.strip()
    if len(stripped) >= SHORTEST:
        yield stripped
    if "\n" in stripped:
        # Not the line that begins a key: by it, keys that nobody told us of are known.
        lines = (line.strip() for line in stripped.splitlines())
        yield from (line for line in lines if len(line) >= 16 and not line.startswith("-----"))


def _forms(secret: str) -> Iterator[str]:
    yield secret
    for quoted in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield quoted
        yield _ESCAPE.sub(lambda escape: escape[0].lower(), quoted)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    raw = secret.encode()
    if len(raw) >= 8:
        yield raw.hex()
        yield base64.b64encode(raw).decode()
        for lead in range(3):
            yield from _in_base64(raw, lead=lead)


def _in_base64(raw: bytes, *, lead: int) -> Iterator[str]:
    """Yield what base64 makes of *raw* behind *lead* other bytes: the signs that depend on *raw* alone."""
    padded = b"\0" * lead + raw
    whole = base64.b64encode(padded[: len(padded) // 3 * 3]).decode()
    inner = whole[4 if lead else 0 :]
    yield inner
    yield inner.replace("+", "-").replace("/", "_")
    yield quote(inner, safe="")


_LIBRARIES = (
    "urllib3",
    "requests",
    "simple_salesforce",
    "gspread",
    "google",
    "requests_oauthlib",
    "oauthlib",
)
_QUERY = re.compile(r"\?[^\s\"']*")


class _HidingFilter(logging.Filter):
    """Lets every record pass, without its secrets and without the query of any address."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _QUERY.sub("?[hidden]", hide(record.getMessage()))
        record.args = ()
        if record.exc_info:
            told = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = _QUERY.sub("?[hidden]", hide(told)), None
        return True


_filter = _HidingFilter()


_guarded = 0


def guard_library_logs() -> None:
    """Put the filter on every logger of the HTTP and client libraries; cheap when there is no new one."""
    global _guarded
    names = logging.root.manager.loggerDict
    if len(names) == _guarded:
        return
    for name in [*_LIBRARIES, *(name for name in list(names) if name.partition(".")[0] in _LIBRARIES)]:
        logging.getLogger(name).addFilter(_filter)
    _guarded = len(names)
