"""Cycles, windows and cuts: every question of *when*, answered in the project's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from okr_pipeline.model.periods import (
    FiscalMonths,
    FiscalWeeks,
    FiscalYear,
    earlier_day,
    period_around,
)
from okr_pipeline.model.periods import Period as Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """The period an objective lives in. *start_on* and *end_on* are both inside."""

    id: str
    start_on: date
    end_on: date
    parent: str | None = None

    @property
    def days(self) -> int:
        """The number of days in the cycle."""
        return (self.end_on - self.start_on).days + 1

    def elapsed_days(self, day: date) -> int:
        """Return how many days have begun by *day*: 0 before the cycle, all from its last day on."""
        return min(max((day - self.start_on).days + 1, 0), self.days)


@dataclass(frozen=True, slots=True)
class CycleToDate:
    """From the first day of the key result's cycle to the cut."""


@dataclass(frozen=True, slots=True)
class AllTime:
    """Everything before the cut."""


@dataclass(frozen=True, slots=True)
class Trailing:
    """The last *days* local days; the day of the cut counts as the last of them."""

    days: int


@dataclass(frozen=True, slots=True)
class LastComplete:
    """The newest *period* that ended at or before the cut."""

    period: Period


@dataclass(frozen=True, slots=True)
class ToDate:
    """From the first day of the *period* the cut falls in, to the cut."""

    period: Period


Window = CycleToDate | AllTime | Trailing | LastComplete | ToDate


def window_words(window: Window) -> str:
    """Return *window* as a user writes it."""
    match window:
        case CycleToDate():
            return "cycle_to_date"
        case AllTime():
            return "all time"
        case Trailing(days):
            return f"trailing {days} day{'s' if days > 1 else ''}"
        case LastComplete(period):
            return f"last complete {period}"
        case ToDate(period):
            return f"{period} to date"


@dataclass(frozen=True, slots=True)
class Span:
    """
    A half-open stretch of time, `[start, end)`.

    *start* and *end* are UTC instants for timestamp columns; *start_on* and *end_on* are the
    local days for date columns, also half-open. None as a start means no lower bound.
    """

    start: datetime | None
    end: datetime
    start_on: date | None
    end_on: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    Local days of one time zone, and the first month and day of its fiscal year.

    With *fiscal_weeks* fiscal years are made of whole weeks instead.
    """

    zone: ZoneInfo
    fiscal_month: int = 1
    fiscal_day: int = 1
    fiscal_weeks: FiscalWeeks | None = None

    @property
    def fiscal(self) -> FiscalYear:
        """How fiscal years are divided."""
        return self.fiscal_weeks or FiscalMonths(self.fiscal_month, self.fiscal_day)

    def midnight(self, day: date) -> datetime:
        """Return the UTC instant at which *day* begins here."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """Return the cut that covers the whole of *day*: the instant the next day begins."""
        return self.midnight(day + timedelta(days=1))

    def day_of(self, cut: datetime) -> date:
        """Return the last day that *cut* covers any part of; a cut at midnight covers the day before."""
        return (cut - timedelta(microseconds=1)).astimezone(self.zone).date()

    def told(self, at: datetime) -> str:
        """Return *at* as a reader here tells it: `2026-10-05 09:00 CEST`."""
        local = at.astimezone(self.zone)
        name = local.tzname() or "UTC"
        return f"{local:%Y-%m-%d %H:%M} {f'UTC{name}' if name[0] in '+-' else name}"

    def offsets(self, first: datetime, last: datetime) -> list[tuple[datetime, timedelta]]:
        """
        Return the zone's offsets from UTC between *first* and *last*: since when, and how much.

        The first one holds from *first* on. Offsets are taken to change at most once a day.
        """
        at = first.replace(microsecond=0)
        offsets = [(at, self._offset(at))]
        while at < last:
            after = at + timedelta(days=1)
            if self._offset(after) != offsets[-1][1]:
                offsets.append((self._change(at, after), self._offset(after)))
            at = after
        return offsets

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self.zone).utcoffset() or timedelta(0)

    def _change(self, before: datetime, after: datetime) -> datetime:
        """Return the first second at which the offset of *after* holds, which at *before* did not."""
        wanted = self._offset(after)
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
            before, after = (before, middle) if self._offset(middle) == wanted else (middle, after)
        return after

    def day_cuts(self, first: date, *, before: datetime) -> list[datetime]:
        """Return the end-of-day cuts from *first* on that lie strictly before *before*, oldest first."""
        cuts = []
        while (cut := self.end_of(first)) < before:
            cuts.append(cut)
            first += timedelta(days=1)
        return cuts

    def span(self, window: Window, *, cut: datetime, cycle: Cycle | None) -> Span:
        """Return the stretch of time that *window* covers when it is asked for at *cut*."""
        today = self.day_of(cut)
        match window:
            case AllTime():
                return Span(None, cut, None, today + timedelta(days=1))
            case CycleToDate():
                if cycle is None:
                    raise ValueError("a cycle_to_date window needs the cycle of its key result")
                first = cycle.start_on
            case Trailing(days):
                first = today - timedelta(days=days - 1)
            case ToDate(period):
                first = self._first_day(period, today)
            case LastComplete(period):
                whole_days_end = cut.astimezone(self.zone).date()
                end_on = self._first_day(period, whole_days_end)
                first = self._first_day(period, end_on - timedelta(days=1))
                return Span(self.midnight(first), self.midnight(end_on), first, end_on)
        return Span(self.midnight(first), cut, first, today + timedelta(days=1))

    def period_ends(self, period: Period, first: date, last: date) -> list[date]:
        """Return the last days of all *period*s that end from *first* to *last*, both inside, in order."""
        ends = []
        end = period_around(period, first, self.fiscal)[1] - timedelta(days=1)
        while end <= last:
            ends.append(end)
            end = period_around(period, end + timedelta(days=1), self.fiscal)[1] - timedelta(days=1)
        return ends

    def earlier(self, cut: datetime, period: Period, since: Literal["previous", "last_year"]) -> datetime:
        """Return the cut that *cut* is held against: the same time on the day that `earlier_day` gives."""
        day = self.day_of(cut)
        then = earlier_day(day, period, since, self.fiscal)
        if cut == self.end_of(day):
            return self.end_of(then)
        return datetime.combine(then, cut.astimezone(self.zone).time(), self.zone).astimezone(UTC)

    def _first_day(self, period: Period, day: date) -> date:
        return period_around(period, day, self.fiscal)[0]
