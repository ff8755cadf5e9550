"""
What of a line may be shown, and what counts as a secret.

Works on text alone, line by line, so that it also holds for files that cannot be parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MASK = "***"
MAX_SHOWN = 300

_SECRET_NAME = re.compile(
    r"(^|[_\-.])(pass(word|wd|phrase)?|pwd|secrets?|token|credentials?|authorization|cookie|bearer|webhook|sas|"
    r"(api|access|private|secret|consumer|account|auth|signing|session|shared|master|encryption)_?key|"
    r"key_(data|material)|service_account(_(json|info))?)([_\-.]|$)|(password|secret|token|apikey)$",
    re.IGNORECASE,
)
_NAME_OF_SOMETHING_ELSE = re.compile(
    r"_(url|uri|endpoint|path|type|name|field|id|header|parameter|param|column|lifetime|expires)$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b[a-z][a-z0-9+.\-]{0,30}://[^\s/@:]{0,250}:(?!\d+/)[^\s@]{1,500}@"
    r"|[?&;](password|pwd|passwd|token|secret|api_?key|access_?key|sig|signature)=[^&\s]+"
    r"|\b(gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[sr]k_live_|AKIA|ya29\.|eyJ[a-z0-9_\-]{8,500}\.)[\w\-.]{8,}"
    r"|https://hooks\.slack\.com/services/\S+",
    re.IGNORECASE,
)
REFERENCE = re.compile(r"(env:(?P<variable>[A-Za-z_][A-Za-z0-9_]*)|file:(?!//)(?P<path>\S.*))\Z")
"""What stands for a secret. `file://` begins an address."""
_REFERENCE_IN_LINE = re.compile(
    r"""["']?(env:[A-Za-z_][A-Za-z0-9_]*|file:(?!//)[^\s,}\]"']+)["']?\s*([,}\]#].*)?\Z"""
)
_KEY = re.compile(
    r"""(?P<quote>["'])(?P<quoted>[\w.\-]+)(?P=quote)\s*:|\b(?P<plain>[A-Za-z][\w.\-]*)\s*:(?=\s|$)"""
)
_LONG_RUN = re.compile(
    r"(?<![\w+/=\-])((?=[\w+/=\-]*[A-Z])(?=[\w+/=\-]*[a-z])(?=[\w+/=\-]*\d)[A-Za-z0-9+/=_\-]{40,}|[0-9a-fA-F]{32,})(?![\w])"
)


def is_secret_name(name: str) -> bool:
    """Whether a field called *name* holds a secret: `api_key` does, `token_url` does not."""
    return bool(_SECRET_NAME.search(name)) and not _NAME_OF_SOMETHING_ELSE.search(name)


def is_secret_text(text: str) -> bool:
    """Whether *text* shows itself to be a secret: key material, known tokens, a URL with a password."""
    return bool(_SECRET_TEXT.search(text))


def is_reference(text: str) -> bool:
    """Whether *text* is a reference to a secret, `env:NAME` or `file:PATH`."""
    return bool(REFERENCE.match(text))


def refers(value: object) -> bool:
    """Whether *value* is a reference, or holds one anywhere."""
    if isinstance(value, str):
        return is_reference(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(map(refers, inner))


def masked_lines(lines: Iterable[str]) -> list[str]:
    """
    Return *lines*, cut off where a secret may begin: places to the left of the cut stay true.

    A line of more than `MAX_SHOWN` characters is not shown at all.
    """
    shown: list[str] = []
    below: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if below is not None and (not line.strip() or indent > below):
            shown.append(line if _holds_reference(line) else " " * indent + MASK if line.strip() else "")
            continue
        start = _secret_start(line[:MAX_SHOWN])
        below = indent if start is not None else None
        visible = line if start is None else f"{line[:start]}{MASK if line[start:] else ''}"
        shown.append(_masked(visible) if len(line) <= MAX_SHOWN else "")
    return shown


def _secret_start(line: str) -> int | None:
    """Return where the value of a secretly named key begins, None if there is none or it is a reference."""
    for found in _KEY.finditer(line):
        if is_secret_name(found["quoted"] or found["plain"]):
            rest = line[found.end() :]
            value = rest.lstrip()
            if not _REFERENCE_IN_LINE.match(value):
                return found.end() + len(rest) - len(value)
    return None


def _holds_reference(line: str) -> bool:
    found = _KEY.search(line[:MAX_SHOWN])
    return bool(found and _REFERENCE_IN_LINE.match(line[found.end() :].strip()))


def _masked(line: str) -> str:
    for pattern in (_SECRET_TEXT, _LONG_RUN):
        if found := pattern.search(line):
            line = f"{line[: found.start()]}{MASK}"
    return line
