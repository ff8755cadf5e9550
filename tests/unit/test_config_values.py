"""Small texts to values: laws, and the texts that are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.config import goal_values, values
from okr_pipeline.config.refresh import read_refresh
from okr_pipeline.config.values import Amount, UnfitError
from okr_pipeline.model.calendar import AllTime, CycleToDate, LastComplete, ToDate, Trailing, window_words
from okr_pipeline.model.goal import Bounds, HeldInGroups, HeldOverTime, RelativeTarget

NUMBERS = st.decimals(min_value=-(10**12), max_value=10**12, places=6, allow_nan=False)
POSITIVE = st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False)
PARSERS = [
    values.amount,
    values.ratio,
    values.duration,
    values.full_read,
    values.day,
    values.month_day,
    values.window,
    values.share,
    values.since,
    goal_values.bounds,
    goal_values.target,
    goal_values.condition,
    goal_values.held,
    goal_values.threshold,
    read_refresh,
    values.column_type,
]


@given(NUMBERS)
def test_a_number_reads_as_itself(number: Decimal) -> None:
    """Text and number give the same exact value."""
    assert Amount(number) == values.amount(number) == values.amount(f"{number:f}")


@given(NUMBERS, st.sampled_from([("k", 3), ("M", 6), ("B", 9)]))
def test_a_suffix_is_a_power_of_ten(number: Decimal, suffix: tuple[str, int]) -> None:
    """2.4M is 2.4 times a million, exactly."""
    letter, power = suffix
    assert number * 10**power == values.amount(f"{number:f}{letter}").value


@given(NUMBERS)
def test_a_percentage_is_a_hundredth(number: Decimal) -> None:
    """38% is 0.38, and is known to have been written as a percentage."""
    assert Amount(number / 100, percent=True) == values.amount(f"{number:f}%")


@given(st.integers(min_value=1, max_value=500), st.sampled_from("smhdw"))
def test_durations_add_up_like_their_units(count: int, unit: str) -> None:
    """n units are n times one unit."""
    assert count * values.duration(f"1{unit}") == values.duration(f"{count}{unit}")


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(2999, 12, 31)))
def test_every_day_reads_back(day: date) -> None:
    """ISO text and day are one."""
    assert day == values.day(day.isoformat())


@given(st.dates(min_value=date(2001, 1, 1), max_value=date(2001, 12, 31)))
def test_every_day_of_a_common_year_starts_a_fiscal_year(day: date) -> None:
    """Month and day read back."""
    assert (day.month, day.day) == values.month_day(f"{day:%m-%d}")


@given(POSITIVE, POSITIVE)
def test_bounds_read_back_in_order(one: Decimal, other: Decimal) -> None:
    """low..high is inclusive at both ends."""
    low, high = sorted((one, other))
    assert Bounds(low=low, high=high) == goal_values.bounds(f"{low:f}..{high:f}")[0]


@given(POSITIVE, st.sampled_from(["<", "<=", ">", ">="]))
def test_a_single_bound_keeps_its_side_and_its_end(number: Decimal, sign: str) -> None:
    """`<` excludes what `<=` includes, and `>` mirrors `<`."""
    keep, _ = goal_values.bounds(f"{sign} {number:f}%")
    bound, inclusive = (keep.high, keep.high_inclusive) if sign[0] == "<" else (keep.low, keep.low_inclusive)
    assert (number / 100, len(sign) == 2) == (bound, inclusive)


@given(POSITIVE, st.sampled_from([1, -1]))
def test_a_signed_percentage_is_relative(number: Decimal, sign: int) -> None:
    """+15% and -15% count from the baseline."""
    written = f"{'+' if sign > 0 else '-'}{number:f}%"
    assert RelativeTarget("ratio", sign * number / 100) == goal_values.target(written)


def unfit(parse: Callable[[object], object], raw: object) -> str:
    """Return what *parse* advises about *raw*, "fits" if it has nothing against it."""
    try:
        parse(raw)
    except UnfitError as error:
        return error.mend
    return "fits"


@given(st.text(max_size=60))
def test_any_text_fits_or_is_unfit(text: str) -> None:
    """No text makes a parser fail in any other way, and a refusal says what to write."""
    assert "" not in [unfit(parse, text) for parse in PARSERS]


@given(st.one_of(st.none(), st.booleans(), st.lists(st.integers()), st.integers(), NUMBERS))
def test_any_value_fits_or_is_unfit(raw: object) -> None:
    """No value that YAML can hold makes a parser fail in any other way."""
    assert "" not in [unfit(parse, raw) for parse in PARSERS]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,000",
        "1.234,50",
        "1_000",
        "１２",
        "٣",
        "$5",
        "(5)",
        "5 k",
        "1e3M",
        "--1",
        "+5",
        "5m",
        "NaN",
        "Infinity",
        "2.4 M",
    ],
)
def test_loose_numbers_are_refused(text: str) -> None:
    """Only one way to write a number exists."""
    with pytest.raises(UnfitError):
        values.amount(text)


@pytest.mark.parametrize(
    "raw", ["1" * 30, Decimal("1e29"), "0.1234567891", "0.00000001%", "9" * 27 + "k", "1" * 5000]
)
def test_numbers_beyond_a_decimal_are_refused(raw: object) -> None:
    """A value has 29 digits before and 9 after the point, whatever its suffix."""
    with pytest.raises(UnfitError):
        values.amount(raw)


def test_zero_has_no_sign() -> None:
    """-0 is 0: a baseline of -0.0 never prints as one."""
    assert "0" == str(values.amount("-0.0").value)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("+5 points", RelativeTarget("points", Decimal("0.05"))),
        ("-1 point", RelativeTarget("points", Decimal("-0.01"))),
        ("+15%", RelativeTarget("ratio", Decimal("0.15"))),
        ("x2", RelativeTarget("times", Decimal(2))),
        ("38%", Amount(Decimal("0.38"), percent=True)),
        ("4M", Amount(Decimal(4_000_000))),
        ("-3", Amount(Decimal(-3))),
    ],
)
def test_targets(text: str, target: object) -> None:
    """A sign with % or points, and x, count from the baseline; all else is the number to reach."""
    assert target == goal_values.target(text)


@pytest.mark.parametrize("text", ["+15", "x0", "x-2", "+x2", "15 points", "double", "+5 pts"])
def test_targets_that_do_not_say_of_what(text: str) -> None:
    """A relative target says what it is relative to."""
    with pytest.raises(UnfitError):
        goal_values.target(text)


@pytest.mark.parametrize(
    "text", ["<=", "= 3", "=> 3", "28..22", "22%..28", "1...2", "..5", "5", "<= 2,5%", "between 1 and 2"]
)
def test_bounds_that_are_none(text: str) -> None:
    """Bounds have a sign and a number, or two dots between two numbers in order."""
    with pytest.raises(UnfitError):
        goal_values.bounds(text)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("cycle_to_date", CycleToDate()),
        ("all time", AllTime()),
        ("trailing 28 days", Trailing(28)),
        ("trailing 1 day", Trailing(1)),
        ("last complete month", LastComplete("month")),
        ("quarter to date", ToDate("quarter")),
        ("fiscal_year to date", ToDate("fiscal_year")),
    ],
)
def test_windows(text: str, window: object) -> None:
    """Every window of the language reads."""
    assert window == values.window(text)


@pytest.mark.parametrize(
    "text", ["trailing 0 days", "last month", "last complete decade", "to date", "", "day to date x"]
)
def test_windows_that_are_none(text: str) -> None:
    """A window is one of the listed words."""
    with pytest.raises(UnfitError):
        values.window(text)


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("hourly", "0 * * * *"),
        ("daily", "0 6 * * *"),
        ("weekly", "0 6 * * 1"),
        ("*/5  8-18 * * mon-fri", "*/5 8-18 * * mon-fri"),
    ],
)
def test_refreshes(text: str, cron: str) -> None:
    """A preset becomes a cron line, and a cron line stays one."""
    assert cron == read_refresh(text)


@pytest.mark.parametrize(
    "text",
    [
        "60 * * * *",
        "* * * *",
        "* * 0 * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "@daily",
        "* * * * frd",
        "a b c d e",
    ],
)
def test_refreshes_that_are_none(text: str) -> None:
    """Five fields in their ranges, or a preset."""
    with pytest.raises(UnfitError):
        read_refresh(text)


@pytest.mark.parametrize(
    ("text", "near"),
    [("int", "integer"), ("float", "decimal(18,2)"), ("datetime", "timestamp"), ("varchar", "string")],
)
def test_column_types_of_other_systems_are_translated(text: str, near: str) -> None:
    """A type of another system names ours."""
    with pytest.raises(UnfitError) as caught:
        values.column_type(text)
    assert f"did you mean `{near}`?" in caught.value.mend


@pytest.mark.parametrize("text", ["decimal(39,2)", "decimal(4,5)", "decimal(0,0)", "decimal"])
def test_decimals_that_cannot_be(text: str) -> None:
    """A decimal has 1 to 38 digits, of which at most all follow the point."""
    with pytest.raises(UnfitError):
        values.column_type(text)


def test_years_and_weeks_have_fixed_lengths() -> None:
    """A retention of 2y is 730 days."""
    assert timedelta(days=730) == values.duration("2y")
    assert timedelta(days=7) == values.full_read("weekly")


@pytest.mark.parametrize("written", [*values.WINDOW_WORDS, "trailing 1 day"])
def test_a_window_is_told_as_it_is_written(written: str) -> None:
    """What explains a number uses the words of the configuration."""
    assert written == window_words(values.window(written))


@given(POSITIVE, POSITIVE, st.sampled_from(["<", "<="]), st.sampled_from([">", ">="]))
def test_two_bounds_read_in_either_order(one: Decimal, other: Decimal, upper: str, lower: str) -> None:
    """`> a and <= b` says of each end whether it is inside."""
    low, high = sorted((one, other + 1))
    expected = Bounds(low=low, high=high, low_inclusive=lower == ">=", high_inclusive=upper == "<=")
    texts = [f"{lower} {low:f}", f"{upper} {high:f}"]
    if low < high:
        assert expected == goal_values.bounds(" and ".join(texts))[0]
        assert expected == goal_values.bounds(" and ".join(reversed(texts)))[0]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("95% of days", HeldOverTime(each="day", share=Decimal("0.95"))),
        ("99.5 % of months of the cycle", HeldOverTime(each="month", share=Decimal("0.995"), of="cycle")),
        ("every quarter", HeldOverTime(each="quarter")),
        ("every  week of the cycle", HeldOverTime(each="week", of="cycle")),
        ("in every region", HeldInGroups(dimension="region")),
        ("in 90% of Account.Region", HeldInGroups(dimension="Account.Region", share=Decimal("0.9"))),
    ],
)
def test_ways_to_hold(text: str, held: object) -> None:
    """A share of periods, every one of them, or the groups of a column."""
    assert held == goal_values.held(text)


@pytest.mark.parametrize(
    ("text", "metric", "bounds"),
    [
        ("finance.soc2 = 1", "finance.soc2", Bounds(low=Decimal(1), high=Decimal(1))),
        ("a.b>=3k", "a.b", Bounds(low=Decimal(3000))),
        ("a.b < 4%", "a.b", Bounds(high=Decimal("0.04"), high_inclusive=False)),
        ("a.b in 4..5", "a.b", Bounds(low=Decimal(4), high=Decimal(5))),
        ("a.b > -2 and <= 0", "a.b", Bounds(low=Decimal(-2), high=Decimal(0), low_inclusive=False)),
    ],
)
def test_conditions(text: str, metric: str, bounds: Bounds) -> None:
    """A metric, and what it must be."""
    assert (metric, bounds) == goal_values.condition(text)[:2]


@pytest.mark.parametrize("since", values.SINCE_WORDS)
def test_every_earlier_time_of_a_change_reads(since: str) -> None:
    """What is offered is what is understood."""
    period, how = values.since(since)
    assert since in (f"previous {period}", f"same {period} last year")
    assert how == ("previous" if since.startswith("previous") else "last_year")
