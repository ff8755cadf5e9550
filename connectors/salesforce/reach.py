"""What of a read is still to come: a stretch of its order, the query for it, and how it is cut in two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from connectors.salesforce import soql
from connectors.salesforce.plan import Plan, instant_literal

MOST_CUTS = 12
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIRST_DAY = date(1999, 1, 1)
_SHORTEST_S = 2

Key = tuple[str, ...]
"""Where a row stands in the order: (id,) or (cursor as a literal, id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    Rows whose first order field lies in [low, high) and that come after the row *after*.

    None is no bound. *cuts* says how often it was halved already.
    """

    low: str | None = None
    high: str | None = None
    after: Key | None = None
    cuts: int = 0

    @classmethod
    def of(cls, plan: Plan) -> Reach:
        """Return all of it. A window bounds the cursor, which is an order only where there is a window."""
        return cls(low=plan.low, high=plan.high) if plan.cursor_at is not None else cls()

    def past(self, key: Key) -> Reach:
        """Return what comes after the row at *key*."""
        return Reach(low=self.low, high=self.high, after=key, cuts=self.cuts)


def statement(plan: Plan, reach: Reach, *, limit: int | None = None) -> str:
    """Return the query for the rows of *reach*."""
    return soql.select(
        plan.paths, of=plan.object, conditions=conditions(plan, reach), order=plan.order, limit=limit
    )


def conditions(plan: Plan, reach: Reach) -> list[str]:
    """Return what rows of *reach* meet."""
    first = plan.order[0]
    low, high = (None if value is None else _literal(plan, value) for value in (reach.low, reach.high))
    found = list(plan.conditions)
    found += [f"{first} >= {low}"] if low and reach.after is None else []
    found += [f"{first} < {high}"] if high else []
    if reach.after is not None and len(plan.order) == 1:
        found.append(f"Id > {soql.quoted(reach.after[0])}")
    elif reach.after is not None:
        at, id = reach.after
        found += [f"{first} >= {at}", f"{first} > {at} OR Id > {soql.quoted(id)}"]
    return found


def halves(
    plan: Plan, reach: Reach, *, ends: Callable[[], tuple[str, str] | None]
) -> tuple[Reach, Reach] | None:
    """
    Return *reach* cut in two, None if it cannot be cut any more.

    *ends* gives the first and the last id of the object; it is asked where ids are the order.
    """
    if reach.cuts >= MOST_CUTS:
        return None
    cut = _between_ids(reach, ends) if plan.cursor_at is None else _between_times(plan, reach)
    if cut is None:
        return None
    cuts = reach.cuts + 1
    return (
        Reach(low=reach.low, high=cut, after=reach.after, cuts=cuts),
        Reach(low=cut, high=reach.high, cuts=cuts),
    )


def _between_times(plan: Plan, reach: Reach) -> str | None:
    if reach.high is None:
        return None
    low_text = reach.after[0] if reach.after else reach.low
    if "T" not in reach.high:
        low, high = date.fromisoformat(low_text) if low_text else _FIRST_DAY, date.fromisoformat(reach.high)
        return None if (high - low).days < _SHORTEST_S else (low + (high - low) / 2).isoformat()
    start = (
        datetime.fromisoformat(low_text)
        if low_text
        else datetime.combine(_FIRST_DAY, datetime.min.time(), UTC)
    )
    end = datetime.fromisoformat(reach.high)
    if (end - start).total_seconds() < _SHORTEST_S:
        return None
    return instant_literal((start + (end - start) / 2).replace(microsecond=0))


def _between_ids(reach: Reach, ends: Callable[[], tuple[str, str] | None]) -> str | None:
    low, high = (reach.after[0] if reach.after else reach.low), reach.high
    if low is None or high is None:
        first_and_last = ends()
        if first_and_last is None:
            return None
        low, high = low or first_and_last[0], high or first_and_last[1]
    # An id counts in base 62 behind the three signs that say what it is of.
    start, end = _number(low), _number(high)
    middle = (start + end) // 2
    return None if low[:3] != high[:3] or middle <= start else low[:3] + _digits(middle)


def _number(id: str) -> int:
    total = 0
    for sign in id[3:15]:
        total = total * 62 + _ALPHABET.index(sign)
    return total


def _digits(number: int) -> str:
    signs = ""
    for _ in range(12):
        number, digit = divmod(number, 62)
        signs = _ALPHABET[digit] + signs
    return signs


def _literal(plan: Plan, value: str) -> str:
    return soql.quoted(value) if plan.cursor_at is None else value
