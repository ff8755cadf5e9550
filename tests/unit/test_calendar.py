"""Windows and cuts: at the edge, before it, after it, and where a clock jumps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.model.calendar import (
    AllTime,
    Calendar,
    Cycle,
    CycleToDate,
    LastComplete,
    Period,
    ToDate,
    Trailing,
    Window,
)

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), fiscal_month=2, fiscal_day=1)
CYCLE = Cycle(id="q3", start_on=date(2026, 8, 1), end_on=date(2026, 10, 31))
TICK = timedelta(microseconds=1)
PERIODS: list[Period] = list(get_args(Period))

# Hypothesis wants bounds without a zone.
instants = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(
    ["Europe/Berlin", "America/Santiago", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo"]
)
windows = st.one_of(
    st.just(CycleToDate()),
    st.just(AllTime()),
    st.builds(Trailing, st.integers(1, 400)),
    st.builds(LastComplete, st.sampled_from(PERIODS)),
    st.builds(ToDate, st.sampled_from(PERIODS)),
)


def days(window: Window, cut: datetime) -> tuple[date | None, date]:
    span = BERLIN.span(window, cut=cut, cycle=CYCLE)
    return span.start_on, span.end_on


@given(window=windows, cut=instants, zone=zones)
def test_a_window_never_reaches_its_cut_or_beyond(window: Window, cut: datetime, zone: str) -> None:
    """Every window holds only instants before its cut, and only days that have begun by then."""
    calendar = Calendar(ZoneInfo(zone), fiscal_month=2)
    span = calendar.span(window, cut=cut, cycle=CYCLE)
    assert span.end <= cut
    assert span.end_on <= calendar.day_of(cut) + timedelta(days=1)


@given(window=windows, cut=instants)
def test_days_and_instants_of_a_window_agree(window: Window, cut: datetime) -> None:
    """A window starts at the midnight of its first day, whichever kind of column is asked."""
    span = BERLIN.span(window, cut=cut, cycle=CYCLE)
    assert span.start == (None if span.start_on is None else BERLIN.midnight(span.start_on))


@pytest.mark.parametrize(
    ("window", "before", "at", "after"),
    [
        (ToDate("month"), (2, 1), (2, 1), (3, 1)),
        (LastComplete("month"), (1, 1), (2, 1), (2, 1)),
        (ToDate("day"), (2, 28), (2, 28), (3, 1)),
        (LastComplete("day"), (2, 27), (2, 28), (2, 28)),
        (ToDate("fiscal_year"), (2, 1), (2, 1), (2, 1)),
        (ToDate("quarter"), (1, 1), (1, 1), (1, 1)),
        (Trailing(1), (2, 28), (2, 28), (3, 1)),
    ],
)
def test_first_day_before_at_and_after_midnight(
    window: Window, before: tuple[int, int], at: tuple[int, int], after: tuple[int, int]
) -> None:
    """An as-of at exactly midnight belongs to the day that it ends."""
    midnight = BERLIN.midnight(date(2026, 3, 1))
    found = [days(window, cut)[0] for cut in (midnight - TICK, midnight, midnight + TICK)]
    assert found == [date(2026, *before), date(2026, *at), date(2026, *after)]


def test_days_of_23_and_25_hours() -> None:
    """The day a clock goes forward has 23 hours, the day it goes back 25."""
    lengths = {
        day: BERLIN.end_of(day) - BERLIN.midnight(day) for day in (date(2026, 3, 29), date(2026, 10, 25))
    }
    assert lengths == {date(2026, 3, 29): timedelta(hours=23), date(2026, 10, 25): timedelta(hours=25)}


@given(cut=instants, zone=zones)
def test_each_instant_lies_in_one_day(cut: datetime, zone: str) -> None:
    """Days follow one another without a gap or an overlap, whatever the clocks do."""
    calendar = Calendar(ZoneInfo(zone))
    day = calendar.day_of(cut + TICK)
    assert calendar.midnight(day) <= cut < calendar.end_of(day)


def test_the_doubled_hour_is_counted_once() -> None:
    """Both passes of 02:30 on the day the clock goes back lie in that day, an hour apart."""
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert [BERLIN.day_of(first), BERLIN.day_of(second)] == [date(2026, 10, 25)] * 2


def test_a_midnight_that_a_clock_skips() -> None:
    """Where clocks jump from 24:00 to 01:00, the day begins at 01:00."""
    santiago = Calendar(ZoneInfo("America/Santiago"))
    assert santiago.midnight(date(2026, 9, 6)) == datetime(2026, 9, 6, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "first"),
    [
        (date(2026, 1, 31), date(2025, 2, 1)),
        (date(2026, 2, 1), date(2026, 2, 1)),
        (date(2026, 2, 2), date(2026, 2, 1)),
    ],
)
def test_a_fiscal_year_starts_on_its_day(on: date, first: date) -> None:
    """The day before belongs to the year before."""
    assert days(ToDate("fiscal_year"), BERLIN.end_of(on))[0] == first


def test_a_fiscal_year_from_a_leap_day() -> None:
    """In a year without 29 February it starts on 1 March."""
    calendar = Calendar(ZoneInfo("UTC"), fiscal_month=2, fiscal_day=29)
    cuts = [calendar.end_of(day) for day in (date(2026, 2, 28), date(2026, 3, 1), date(2028, 2, 29))]
    found = [calendar.span(ToDate("fiscal_year"), cut=cut, cycle=None).start_on for cut in cuts]
    assert found == [date(2025, 3, 1), date(2026, 3, 1), date(2028, 2, 29)]


def test_weeks_begin_on_monday_across_iso_week_53() -> None:
    """The week of 1 January 2027 began on 28 December 2026."""
    assert days(ToDate("week"), BERLIN.end_of(date(2027, 1, 1))) == (date(2026, 12, 28), date(2027, 1, 2))
    assert days(LastComplete("week"), BERLIN.end_of(date(2027, 1, 1))) == (
        date(2026, 12, 21),
        date(2026, 12, 28),
    )


def test_february_of_a_leap_year() -> None:
    """The last complete month as of 1 March 2028 has 29 days."""
    assert days(LastComplete("month"), BERLIN.midnight(date(2028, 3, 1))) == (
        date(2028, 2, 1),
        date(2028, 3, 1),
    )


@pytest.mark.parametrize(("on", "elapsed"), [(31, 0), (32, 1), (33, 2), (122, 91), (123, 92), (124, 92)])
def test_elapsed_days_of_a_cycle(on: int, elapsed: int) -> None:
    """First and last day are both inside; before is 0, after is all."""
    assert CYCLE.elapsed_days(date(2026, 7, 1) + timedelta(days=on - 1)) == elapsed


def test_day_cuts_lie_strictly_before() -> None:
    """A cut at the very end of a day is that day's own, and not listed before it."""
    ends = [BERLIN.end_of(date(2026, 8, day)) for day in (1, 2, 3)]
    assert BERLIN.day_cuts(date(2026, 8, 1), before=ends[2]) == ends[:2]
    assert BERLIN.day_cuts(date(2026, 8, 1), before=ends[2] + TICK) == ends


def test_cycle_to_date_needs_a_cycle() -> None:
    """Without one there is no first day."""
    with pytest.raises(ValueError, match="needs the cycle"):
        BERLIN.span(CycleToDate(), cut=datetime(2026, 8, 1, tzinfo=UTC), cycle=None)
