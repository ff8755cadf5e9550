"""Counts with their noun, wherever a reader meets one."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return *number* with its noun: `1 load`, `2 loads`, `2 days`, `2 entries`."""
    if number == 1:
        return f"1 {noun}"
    ends_in_ies = noun.endswith("y") and noun[-2] not in "aeou"
    return f"{number} {noun.removesuffix('y')}ies" if ends_in_ies else f"{number} {noun}s"
