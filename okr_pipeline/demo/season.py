"""When things happen at Fernhill: office hours, weekdays, a quarter's growth and its slump in September."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")

ZONE = ZoneInfo("Europe/Berlin")
CYCLE_STARTS = date(2026, 8, 1)
CYCLE_ENDS = date(2026, 10, 31)
OFFICE = (8 * 60 + 15, 17 * 60 + 45)

_WEEKDAYS = (1.0, 1.08, 1.06, 1.02, 0.84, 0.07, 0.03)
_SLUMP = (date(2026, 9, 9), date(2026, 9, 25))


class Draw:
    """
    A seeded stream of chances; equal names give equal streams.

    Rests on `Random.random` alone, whose sequence Python keeps across versions and platforms.
    """

    def __init__(self, name: str) -> None:
        self._next = Random(f"fernhill/{name}").random  # noqa: S311  sample data, no secret

    def chance(self, share: float) -> bool:
        """Return True in *share* of all draws."""
        return self._next() < share

    def between(self, low: int, high: int) -> int:
        """Return a whole number from *low* to *high*, both possible."""
        return low + int(self._next() * (high - low + 1))

    def pick(self, among: Sequence[T]) -> T:
        """Return one of *among*, all equally likely."""
        return among[int(self._next() * len(among))]

    def count(self, rate: float) -> int:
        """Return a whole number whose mean is *rate*, never further from it than one."""
        return int(rate + self._next())


def days(first: date, last: date) -> Iterator[date]:
    """Yield every day from *first* to *last*, both inside."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def weekday_weight(day: date) -> float:
    """Return how much of an average weekday's work falls on *day*."""
    return _WEEKDAYS[day.weekday()]


def slump(day: date, depth: float) -> float:
    """Return 1, or 1 - *depth* on the days of the September slump."""
    return 1 - depth if _SLUMP[0] <= day <= _SLUMP[1] else 1.0


def growth(day: date, *, start: float, end: float) -> float:
    """Return *start* up to the cycle's first day, *end* on its last, a straight line between."""
    share = (day - CYCLE_STARTS).days / (CYCLE_ENDS - CYCLE_STARTS).days
    return start + (end - start) * max(share, 0.0)


def workday(day: date) -> date:
    """Return *day*, or the Monday after it when it falls on a weekend."""
    return day + timedelta(days=max(7 - day.weekday(), 0) if day.weekday() > 4 else 0)


def instant(day: date, minute: int, second: int = 0) -> datetime:
    """Return the UTC instant of *minute* of the local day."""
    return datetime.combine(day, time(minute // 60, minute % 60, second), ZONE).astimezone(UTC)


def morning(day: date) -> datetime:
    """Return 09:00 local on *day*: the instant at which the demo's systems are read."""
    return instant(day, 9 * 60)


def iso(at: datetime) -> str:
    """Return *at* (UTC) as an export writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
