"""Numbers, days and ages as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.publish import display as say

STORED = st.decimals(min_value=Decimal("-1e28"), max_value=Decimal("1e28"), places=9)


@pytest.mark.parametrize(
    ("value", "unit", "compact", "full"),
    [
        ("2710000", "USD", "$2.71M", "$2,710,000.00"),
        ("2400000", "USD", "$2.40M", "$2,400,000.00"),
        ("31000", "USD", "$31,000", "$31,000.00"),
        ("-310000", "USD", "-$310K", "-$310,000.00"),
        ("84.5", "USD", "$84.50", "$84.50"),
        ("0.004", "USD", "$0.004", "$0.004"),
        ("346789", "JPY", "¥347K", "¥346,789"),
        ("42", "calls", "42 calls", "42 calls"),
        ("1234.25", "hours", "1,234 hours", "1,234.25 hours"),
        ("1250000", "sessions", "1.25M sessions", "1,250,000 sessions"),
        ("0.194", "percent", "19.4 %", "19.4 %"),
        ("7.25", None, "7.25", "7.25"),
        ("12", "XX", "12 XX", "12 XX"),
    ],
)
def test_a_value_reads_by_its_unit(value: str, unit: str | None, compact: str, full: str) -> None:
    """Percent, money and nouns each have their own form, short and in full."""
    assert (say.display(Decimal(value), unit), say.display(Decimal(value), unit, style="full")) == (
        compact,
        full,
    )


def test_no_value_is_a_dash_and_never_zero() -> None:
    """None reads as an en dash in every form."""
    assert {say.display(None, "USD"), say.percent(None), say.points(None), say.signed_points(None)} == {"–"}


@pytest.mark.parametrize(
    ("value", "shown"), [("0.1225", "12.2 %"), ("0.1235", "12.4 %"), ("0.1245", "12.4 %")]
)
def test_rounding_is_half_even(value: str, shown: str) -> None:
    """A half goes to the even neighbour, up or down."""
    assert say.percent(Decimal(value)) == shown


def test_rounding_comes_before_the_short_form() -> None:
    """999,999 reads as a million; Babel's own compact form would say 1000K."""
    assert say.display(Decimal(999_999), "USD") == "$1.00M"


@pytest.mark.parametrize(
    ("value", "shown"), [("0.9987", "99.87 %"), ("0.99999", "99.999 %"), ("0.00004", "0.004 %")]
)
def test_what_is_not_whole_never_reads_as_whole(value: str, shown: str) -> None:
    """Close to 0 or 100 percent takes more places, so that `not quite` does not read as done."""
    assert say.percent(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("gap", "words", "signed"),
    [
        ("-0.367", "36.7 points behind", "-36.7"),
        ("0.05", "5.0 points ahead", "+5.0"),
        ("0.0004", "on pace", "0.0"),
    ],
)
def test_differences_of_percentages_are_points(gap: str, words: str, signed: str) -> None:
    """A gap is told in points with its direction in words; one that rounds to nothing is on pace."""
    assert (say.points(Decimal(gap)), say.signed_points(Decimal(gap))) == (words, signed)


def test_another_locale_has_its_own_signs() -> None:
    """German writes its own separators, and no short form below a million."""
    shown = [say.display(Decimal(v), "EUR", locale="de_DE") for v in ("2710000", "346789")]
    assert [text.replace("\xa0", " ") for text in shown] == ["2,71 Mio. €", "347.000 €"]


@given(
    STORED,
    st.sampled_from(["USD", "JPY", "percent", "calls", None]),
    st.sampled_from(["en_US", "de_DE", "ja_JP"]),
)
def test_every_storable_number_can_be_shown(value: Decimal, unit: str | None, locale: str) -> None:
    """No DECIMAL(38,9) raises, and none but zero reads as zero."""
    shown = say.display(value, unit, locale=locale)
    assert any(sign in shown for sign in "123456789") == (value != 0)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "21 Nov 2026 09:00 CET"),
        ("UTC", "21 Nov 2026 08:00 UTC"),
        ("America/Sao_Paulo", "21 Nov 2026 05:00 UTC-03"),
    ],
)
def test_a_moment_names_its_zone(zone: str, shown: str) -> None:
    """An instant is told in the project's time zone with the zone's name."""
    assert say.moment(datetime(2026, 11, 21, 8, tzinfo=UTC), zone) == shown


def test_a_day_reads_day_month_year() -> None:
    """Days carry the month as a word, so that nobody swaps it with the day."""
    assert (say.day(date(2026, 2, 1)), say.day(date(2026, 2, 1), year=False)) == ("1 Feb 2026", "1 Feb")


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=19), "19 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(hours=-3), "3 h ahead"),
    ],
)
def test_an_age_is_told_in_one_unit(passed: timedelta, shown: str) -> None:
    """Minutes to an hour, hours to two days, then days; data dated after the as-of says so."""
    as_of = datetime(2026, 10, 5, tzinfo=UTC)
    assert say.age(as_of - passed, as_of=as_of) == shown
