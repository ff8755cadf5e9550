"""One text for one body (RFC 8785), so that equal facts have equal hashes on every machine."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

# Beyond these a JSON number is not exact in other languages (RFC 8785, appendix D).
_LARGEST = 2**53 - 1

# RFC 8785 orders keys by UTF-16 units, Python by code points: they differ only above the BMP.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

_sorting = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_in_order = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def canonical(body: Mapping[str, object] | list[object]) -> str:
    """
    Return the canonical JSON text of *body*.

    Raises:
        TypeError: If it holds anything but str, int, bool, None, list and dict (a float, say).
        ValueError: If an integer is beyond 2**53 - 1, or a text cannot be written as UTF-8.
    """
    held = dict(body) if isinstance(body, Mapping) else body
    _refuse_foreign(held, "body")
    text = _sorting.encode(held)
    if not text.isascii():
        _refuse_surrogates(text)
        if _ASTRAL.search(text):
            return _in_order.encode(_in_utf16_order(held))
    return text


def sha256(text: str) -> str:
    """Return the SHA-256 of *text* in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_foreign(value: object, place: str) -> None:
    match value:
        case str() | None | bool():
            pass
        case int():
            if not -_LARGEST <= value <= _LARGEST:
                raise ValueError(f"{place} is an integer beyond 2**53 - 1; write it as a string")
        case dict():
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise TypeError(f"{place} has a key of type {type(key).__name__}; keys are strings")
                _refuse_foreign(inner, key)
        case list():
            for inner in value:
                _refuse_foreign(inner, place)
        case _:
            found = f"{place} is a {type(value).__name__}"
            raise TypeError(f"{found}; a body holds str, int, bool, None, list and dict: write it as one")


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        # The error holds the text itself: it must not travel on.
        raise ValueError("a text in the body is half a surrogate pair and has no UTF-8") from None


def _in_utf16_order(value: object) -> object:
    match value:
        case dict():
            ordered = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
            return {key: _in_utf16_order(inner) for key, inner in ordered}
        case list():
            return [_in_utf16_order(inner) for inner in value]
        case _:
            return value
