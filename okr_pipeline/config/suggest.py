"""The last line of a diagnostic: did you mean, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from okr_pipeline.spelling import nearest

MAX_LISTED = 8
MAX_COMPARED = 2_000


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the likeliest of *known* and, if they are few, all of them; empty when there are none."""
    choices = list(known)
    near = nearest(word[:64], choices[:MAX_COMPARED])
    listed = f"({', '.join(choices)})" if 0 < len(choices) <= MAX_LISTED else ""
    if near is None:
        return f"expected one of {listed}" if listed else ""
    return f"did you mean `{near}`?" + (f"  {listed}" if listed else "")
