"""Weeks, months, quarters and years, civil and fiscal: where each begins, and its day in an earlier one."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Period = Literal[
    "day",
    "week",
    "month",
    "quarter",
    "half_year",
    "year",
    "fiscal_month",
    "fiscal_quarter",
    "fiscal_half",
    "fiscal_year",
]

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_FISCAL_MONTHS = {"fiscal_month": 1, "fiscal_quarter": 3, "fiscal_half": 6, "fiscal_year": 12}
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class FiscalMonths:
    """A fiscal year that begins on *day* of *month* each year, and its months on that day."""

    month: int = 1
    day: int = 1

    def months(self, on: date) -> list[date]:
        """Return the first days of the twelve fiscal months around *on*, and of the next year."""
        first = on.year if self._starts(on.year, 0) <= on else on.year - 1
        return [self._starts(first, n) for n in range(13)]

    def _starts(self, year: int, months: int) -> date:
        years, month = divmod(self.month - 1 + months, 12)
        # Counted from the month's first day: 29 February is 1 March where there is none.
        return date(year + years, month + 1, 1) + timedelta(days=self.day - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalWeeks:
    """
    A fiscal year of whole weeks: 4-4-5 and its kin.

    *pattern* gives the weeks of a quarter's three months. A year ends on the last *weekday* (0 is
    Monday) of *month*, or on the one *nearest* to that month's end; so some years have a 53rd week,
    which belongs to the last month.
    """

    pattern: tuple[int, int, int]
    weekday: int
    month: int
    nearest: bool = False

    def months(self, on: date) -> list[date]:
        """Return the first days of the twelve fiscal months around *on*, and of the next year."""
        ends = [self._end(year) for year in range(on.year - 1, on.year + 3)]
        after = next(i for i, end in enumerate(ends) if on <= end)
        before = ends[after - 1] if after else self._end(on.year - 2)
        firsts = [before + timedelta(days=1)]
        for weeks in (*self.pattern, *self.pattern, *self.pattern, *self.pattern):
            firsts.append(firsts[-1] + weeks * _WEEK)
        return [*firsts[:12], ends[after] + timedelta(days=1)]

    def _end(self, year: int) -> date:
        last = date(year, self.month, monthrange(year, self.month)[1])
        back = (last.weekday() - self.weekday) % 7
        return last + timedelta(days=7 - back) if self.nearest and back > 3 else last - timedelta(days=back)


FiscalYear = FiscalMonths | FiscalWeeks


def period_around(period: Period, day: date, fiscal: FiscalYear) -> tuple[date, date]:
    """Return the first day of the *period* that *day* lies in, and the first day after it."""
    if period == "day":
        return day, day + timedelta(days=1)
    if period == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + _WEEK
    if months := _MONTHS.get(period):
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
        return first, _months_later(first, months)
    length, firsts = _FISCAL_MONTHS[period], fiscal.months(day)
    at = (bisect_right(firsts, day) - 1) // length * length
    return firsts[at], firsts[at + length]


def earlier_day(
    day: date, period: Period, since: Literal["previous", "last_year"], fiscal: FiscalYear
) -> date:
    """
    Return the day of the period before, or of the same period a year ago, that *day* is held against.

    It lies as many months and days from its period's start, at most at its end; the last day of a
    period is held against the last day. Days and weeks go back a week's worth: by 1 or 7 days, or by
    364 to keep their weekday; so do years of whole weeks.
    """
    if period in ("day", "week"):
        back = 364 if since == "last_year" else 1 if period == "day" else 7
        return day - timedelta(days=back)
    first, end = period_around(period, day, fiscal)
    then = _year_ago(first, period, fiscal) if since == "last_year" else first - timedelta(days=1)
    start, after = period_around(period, then, fiscal)
    last = after - timedelta(days=1)
    if day == end - timedelta(days=1):
        return last
    if period in _FISCAL_MONTHS:
        return min(start + (day - first), last)
    months = (day.year - first.year) * 12 + day.month - first.month
    month = _months_later(start, months)
    return min(date(month.year, month.month, min(day.day, monthrange(month.year, month.month)[1])), last)


def _year_ago(first: date, period: Period, fiscal: FiscalYear) -> date:
    """Return a day in the same *period* of the year before, of the one that begins on *first*."""
    if period in _MONTHS:
        return date(first.year - 1, first.month, 1)
    firsts = fiscal.months(first)
    return fiscal.months(firsts[0] - timedelta(days=1))[firsts.index(first)]


def _months_later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
