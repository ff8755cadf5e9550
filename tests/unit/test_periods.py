"""Fiscal and civil periods: golden dates, and the laws that every calendar keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Calendar, LastComplete, ToDate
from okr_pipeline.model.periods import (
    FiscalMonths,
    FiscalWeeks,
    FiscalYear,
    Period,
    earlier_day,
    period_around,
)

RETAIL = FiscalWeeks(pattern=(4, 5, 4), weekday=5, month=1, nearest=True)
LAST_SATURDAY = FiscalWeeks(pattern=(4, 4, 5), weekday=5, month=9)
APRIL_6 = FiscalMonths(4, 6)
DAY = timedelta(days=1)

days = st.dates(date(1995, 1, 1), date(2060, 12, 31))
calendars = st.sampled_from(
    [FiscalMonths(), FiscalMonths(2), APRIL_6, FiscalMonths(3, 31), RETAIL, LAST_SATURDAY]
)
periods = st.sampled_from(list(get_args(Period)))


@pytest.mark.parametrize(
    ("fiscal", "on", "first", "last"),
    [
        # The retail calendar of the National Retail Federation: 2023 had 53 weeks.
        (RETAIL, date(2023, 6, 1), date(2023, 1, 29), date(2024, 2, 3)),
        (RETAIL, date(2024, 2, 4), date(2024, 2, 4), date(2025, 2, 1)),
        (RETAIL, date(2025, 2, 2), date(2025, 2, 2), date(2026, 1, 31)),
        (RETAIL, date(2018, 2, 3), date(2017, 1, 29), date(2018, 2, 3)),
        # A year that ends on the last Saturday of September, as Apple's does.
        (LAST_SATURDAY, date(2023, 9, 30), date(2022, 9, 25), date(2023, 9, 30)),
        (LAST_SATURDAY, date(2024, 1, 1), date(2023, 10, 1), date(2024, 9, 28)),
        (LAST_SATURDAY, date(2025, 9, 27), date(2024, 9, 29), date(2025, 9, 27)),
        (APRIL_6, date(2026, 4, 5), date(2025, 4, 6), date(2026, 4, 5)),
        (APRIL_6, date(2026, 4, 6), date(2026, 4, 6), date(2027, 4, 5)),
        (FiscalMonths(2), date(2028, 1, 31), date(2027, 2, 1), date(2028, 1, 31)),
    ],
)
def test_fiscal_years_begin_and_end_as_published(
    fiscal: FiscalYear, on: date, first: date, last: date
) -> None:
    """Golden dates, at both ends of years of 52 and 53 weeks."""
    assert (first, last + DAY) == period_around("fiscal_year", on, fiscal)


def test_the_53rd_week_belongs_to_the_last_month() -> None:
    """Retail 2023: January 2024 has five weeks instead of four, and the quarter fourteen."""
    assert (date(2023, 12, 31), date(2024, 2, 4)) == period_around("fiscal_month", date(2024, 2, 3), RETAIL)
    first, end = period_around("fiscal_quarter", date(2024, 2, 3), RETAIL)
    assert end - first == timedelta(weeks=14)


@pytest.mark.parametrize(
    ("period", "on", "first", "end"),
    [
        ("week", date(2027, 1, 3), date(2026, 12, 28), date(2027, 1, 4)),  # ISO week 53 of 2026
        ("week", date(2027, 1, 4), date(2027, 1, 4), date(2027, 1, 11)),
        ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
        ("quarter", date(2026, 3, 31), date(2026, 1, 1), date(2026, 4, 1)),
        ("half_year", date(2026, 7, 1), date(2026, 7, 1), date(2027, 1, 1)),
        ("half_year", date(2026, 6, 30), date(2026, 1, 1), date(2026, 7, 1)),
        ("year", date(2026, 12, 31), date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_civil_periods(period: Period, on: date, first: date, end: date) -> None:
    """Weeks begin on Monday across the turn of the year; leap days belong to February."""
    assert (first, end) == period_around(period, on, FiscalMonths())


@given(day=days, period=periods, fiscal=calendars)
def test_periods_follow_one_another(day: date, period: Period, fiscal: FiscalYear) -> None:
    """A day lies in its period; the day before it ends another, the day after it begins the next."""
    first, end = period_around(period, day, fiscal)
    assert first <= day < end
    assert period_around(period, end, fiscal)[0] == end
    assert period_around(period, first - DAY, fiscal)[1] == first


@given(day=days, fiscal=calendars)
def test_longer_periods_are_made_of_shorter_ones(day: date, fiscal: FiscalYear) -> None:
    """A fiscal month lies in one quarter, that in one half, that in one year."""
    spans = [
        period_around(p, day, fiscal)
        for p in ("fiscal_month", "fiscal_quarter", "fiscal_half", "fiscal_year")
    ]
    for (first, end), (outer_first, outer_end) in pairwise(spans):
        assert outer_first <= first < end <= outer_end


@pytest.mark.parametrize(
    ("day", "period", "since", "then"),
    [
        (date(2026, 11, 15), "quarter", "previous", date(2026, 8, 15)),
        (date(2026, 12, 31), "quarter", "previous", date(2026, 9, 30)),
        (date(2026, 3, 31), "month", "previous", date(2026, 2, 28)),
        (date(2026, 3, 30), "month", "previous", date(2026, 2, 28)),
        (date(2026, 2, 28), "month", "previous", date(2026, 1, 31)),
        (date(2026, 2, 14), "quarter", "last_year", date(2025, 2, 14)),
        (date(2028, 2, 29), "month", "last_year", date(2027, 2, 28)),
        (date(2028, 2, 29), "year", "previous", date(2027, 2, 28)),
        (date(2026, 11, 18), "week", "previous", date(2026, 11, 11)),
        (date(2026, 11, 18), "week", "last_year", date(2025, 11, 19)),
        (date(2026, 1, 1), "day", "previous", date(2025, 12, 31)),
    ],
)
def test_what_a_day_is_held_against(day: date, period: Period, since: str, then: date) -> None:
    """The same place a period or a year ago; last days meet last days; weeks keep their weekday."""
    assert then == earlier_day(day, period, since, FiscalMonths())  # type: ignore[arg-type]


def test_the_end_of_a_long_fiscal_year_meets_the_end_of_a_short_one() -> None:
    """The last day of the 53rd week is held against the last day of the year before, and not beyond it."""
    assert date(2023, 1, 28) == earlier_day(date(2024, 2, 3), "fiscal_year", "previous", RETAIL)
    assert date(2023, 1, 28) == earlier_day(date(2024, 2, 2), "fiscal_year", "previous", RETAIL)


@given(day=days, period=periods, fiscal=calendars, since=st.sampled_from(["previous", "last_year"]))
def test_an_earlier_day_lies_in_an_earlier_period(
    day: date, period: Period, fiscal: FiscalYear, since: str
) -> None:
    """What a day is held against lies before its own period, and for `previous` in the one just before."""
    first, _ = period_around(period, day, fiscal)
    then = earlier_day(day, period, since, fiscal)  # type: ignore[arg-type]
    assert then < first
    if since == "previous":
        assert period_around(period, then, fiscal)[1] == first


@given(day=days, period=periods, fiscal=calendars)
def test_the_last_year_s_period_is_the_same_one(day: date, period: Period, fiscal: FiscalYear) -> None:
    """A quarter a year ago begins four quarters before: the same number of its year."""
    if not period.startswith("fiscal"):
        return
    then = earlier_day(day, period, "last_year", fiscal)
    begins = [period_around(period, d, fiscal)[0] for d in (day, then)]
    assert len({fiscal.months(begin).index(begin) for begin in begins}) == 1
    assert period_around("fiscal_year", day, fiscal)[0] == period_around("fiscal_year", then, fiscal)[1]


def test_periods_that_end_in_a_cycle() -> None:
    """Ends from the first to the last day, both inside; a month counts where it ends."""
    calendar = Calendar(ZoneInfo("Europe/Berlin"))
    ends = calendar.period_ends("month", date(2026, 8, 15), date(2026, 10, 31))
    assert [date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)] == ends
    assert [date(2026, 8, 31)] == calendar.period_ends("month", date(2026, 8, 31), date(2026, 9, 29))
    assert [] == calendar.period_ends("month", date(2026, 8, 1), date(2026, 8, 30))


def test_windows_of_fiscal_weeks() -> None:
    """To date and last complete follow the weeks of the pattern, at the cut, before it and after it."""
    calendar = Calendar(ZoneInfo("UTC"), fiscal_weeks=RETAIL)
    end = calendar.midnight(date(2024, 2, 4))
    spans = [
        calendar.span(LastComplete("fiscal_year"), cut=end + n * DAY / 2, cycle=None) for n in (-1, 0, 1)
    ]
    assert [date(2022, 1, 30), date(2023, 1, 29), date(2023, 1, 29)] == [span.start_on for span in spans]
    to_date = calendar.span(ToDate("fiscal_quarter"), cut=end, cycle=None)
    assert (date(2023, 10, 29), date(2024, 2, 4)) == (to_date.start_on, to_date.end_on)


@pytest.mark.parametrize(
    ("cut", "then"),
    [
        (
            datetime(2026, 11, 15, 8, tzinfo=UTC),
            datetime(2026, 8, 15, 7, tzinfo=UTC),
        ),  # 09:00 in Berlin, both
        (datetime(2026, 11, 15, 23, tzinfo=UTC), datetime(2026, 8, 15, 22, tzinfo=UTC)),  # the end of the day
        (datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2026, 9, 30, 22, tzinfo=UTC)),
    ],
)
def test_a_cut_is_held_against_the_same_local_time(cut: datetime, then: datetime) -> None:
    """Nine in the morning is held against nine, whatever the clocks did between; an end against an end."""
    assert then == Calendar(ZoneInfo("Europe/Berlin")).earlier(cut, "quarter", "previous")
