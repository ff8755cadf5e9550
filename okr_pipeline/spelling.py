"""Names that do not exist: how they are shown, and which was likely meant."""

from __future__ import annotations

from collections.abc import Collection

from connectors.names import nearest as nearest

MAX_SHOWN = 130
MAX_LISTED = 8
MAX_COMPARED = 2_000


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return the likeliest of *known* and, if they are few, all of them; empty when there are none."""
    choices = list(known)
    near = nearest(word[:64], choices[:MAX_COMPARED])
    listed = f"({', '.join(choices)})" if 0 < len(choices) <= MAX_LISTED else ""
    if near is None:
        return f"expected one of {listed}" if listed else ""
    return f"did you mean `{near}`?" + (f"  {listed}" if listed else "")


def shown(name: str) -> str:
    """Return *name* between backticks; `this` for what is too long to be one."""
    return f"`{name}`" if len(name) <= MAX_SHOWN else "this"
