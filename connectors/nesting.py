"""How deep brackets nest: a compiled parser that recurses too far ends the whole process."""

from __future__ import annotations

MOST = 200


def too_deep(text: str) -> bool:
    """Return whether brackets in *text*, those in quotes and comments included, nest deeper than MOST."""
    depth = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if depth > MOST:
            return True
    return False
