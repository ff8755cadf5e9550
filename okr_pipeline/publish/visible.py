"""Text from people, made safe to set beside our own: what would hide or reorder it is shown instead."""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"}
_JOINERS = "\u200c\u200d"  # needed inside emoji and in Persian or Indic words
_WHITE = {"\n": " ", "\t": " ", "\r": " "}


def visible(text: str) -> str:
    """
    Return *text* with every hidden or reordering character written out, as `⟨U+202E⟩`.

    Line breaks and tabs become blanks. Joiners stay where they join: between two non-ASCII signs.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(text, place) for place in range(len(text)))


def one_line(text: str, width: int) -> str:
    """Return the visible *text*, cut to *width* signs with an ellipsis."""
    seen = visible(text)
    return seen if len(seen) <= width else seen[: width - 1].rstrip() + "…"


def _shown(text: str, place: int) -> str:
    sign = text[place]
    if sign in _WHITE:
        return _WHITE[sign]
    if unicodedata.category(sign) not in _HIDDEN:
        return sign
    if sign in _JOINERS and _joins(text, place):
        return sign
    return f"⟨U+{ord(sign):04X}⟩"


def _joins(text: str, place: int) -> bool:
    around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    return len(around) == 2 and not any(sign.isascii() or sign in _JOINERS for sign in around)
