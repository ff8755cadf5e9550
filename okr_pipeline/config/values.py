"""
Small texts to values: numbers, percentages, durations, dates, windows, bounds, targets, column types.

Each function takes what stands in the YAML (text, `int` or `Decimal`) and raises `UnfitError` with what
was expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from typing import Literal, cast

from connectors.column_type import ColumnType
from okr_pipeline.model.calendar import AllTime, CycleToDate, LastComplete, Period, ToDate, Trailing, Window
from okr_pipeline.model.okr import Keep, RelativeTarget

MAX_PLACES = 9
MAX_WHOLE_DIGITS = 29
_EXACT = Context(prec=100)
MAX_SPAN = timedelta(days=36525)

_NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)"
_AMOUNT = re.compile(rf"(?P<number>{_NUMBER})(?P<suffix>[kMB]|\s?%)?\Z", re.ASCII)
_RELATIVE = re.compile(rf"(?P<sign>[+-])(?P<number>(?:{_NUMBER[2:]}))\s*(?P<how>%|points?)\Z", re.ASCII)
_TIMES = re.compile(rf"x\s?(?P<number>{_NUMBER[2:]})\Z", re.ASCII)
_DURATION = re.compile(r"(?P<count>\d{1,9})(?P<unit>[smhdwy])\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_BOUND = re.compile(r"(?P<sign><=|>=|<|>)\s*(?P<amount>\S.*)\Z")
_TRAILING = re.compile(r"trailing (?P<count>\d{1,5}) days?\Z", re.ASCII)

_SCALES = {"k": 3, "M": 6, "B": 9}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_PERIODS = ("day", "week", "month", "quarter", "year")
FULL_READ_PRESETS = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1)}
COLUMN_TYPES = ("string", "integer", "decimal(18,2)", "boolean", "date", "timestamp", "json")
_OTHER_TYPE_NAMES = {
    **dict.fromkeys(("int", "bigint", "long", "int64"), "integer"),
    **dict.fromkeys(("text", "str", "varchar", "char", "uuid"), "string"),
    **dict.fromkeys(
        ("float", "double", "number", "numeric", "decimal", "real", "money", "currency"), "decimal(18,2)"
    ),
    **dict.fromkeys(("datetime", "timestamptz", "time"), "timestamp"),
    **dict.fromkeys(("bool",), "boolean"),
}


class UnfitError(ValueError):
    """A text does not fit: *message* says what was expected, *mend* what to write instead."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with the way it was written: *percent* is True for `38%`, whose value is 0.38."""

    value: Decimal
    percent: bool = False


def amount(raw: object) -> Amount:
    """Return the number in *raw*: 42, 2.5, `2.4M`, `38%`."""
    if isinstance(raw, bool) or not isinstance(raw, (int, Decimal, str)):
        raise UnfitError("expected a number", "write a number such as 42, 2.4M or 38%")
    if not isinstance(raw, str):
        return Amount(_bounded(Decimal(raw)))
    found = _AMOUNT.match(raw.strip())
    if found is None:
        raise UnfitError(
            f"{_quoted(raw)} is no number", "write digits with a point, then k, M, B or %: 2.4M, 38%"
        )
    suffix = (found["suffix"] or "").strip()
    number = Decimal(found["number"])
    if suffix == "%":
        return Amount(_bounded(_shifted(number, -2)), percent=True)
    return Amount(_bounded(_shifted(number, _SCALES.get(suffix, 0))))


def ratio(raw: object) -> Decimal:
    """Return the share in *raw* as a ratio, `30%` or 0.3; above 0."""
    share = amount(raw)
    if share.value <= 0:
        raise UnfitError("expected a share above 0", "write a percentage such as 30%")
    if share.value > 1 and not share.percent:
        raise UnfitError("a bare number above 1 is no share", "write a percentage such as 30%")
    return share.value


def duration(raw: object) -> timedelta:
    """Return the duration in *raw*: a whole number with s, m (minutes), h, d, w or y (365 days); above 0."""
    found = _DURATION.match(raw) if isinstance(raw, str) else None
    if found is None:
        raise UnfitError("expected a duration", "write a whole number with s, m, h, d, w or y: 10m, 6h, 2d")
    seconds = int(found["count"]) * _SECONDS[found["unit"]]
    if not 0 < seconds <= MAX_SPAN.total_seconds():
        raise UnfitError("a duration lies above 0 and within 100 years", "write one such as 6h")
    return timedelta(seconds=seconds)


def full_read(raw: object) -> timedelta:
    """Return the longest time between two full reads: daily, weekly or a duration."""
    if isinstance(raw, str) and raw in FULL_READ_PRESETS:
        return FULL_READ_PRESETS[raw]
    try:
        return duration(raw)
    except UnfitError as unfit:
        raise UnfitError("expected daily, weekly or a duration", unfit.mend) from None


def day(raw: object) -> date:
    """Return the date in *raw*, written `2026-08-01`, from 1970 to 2999."""
    if not isinstance(raw, str) or not _DATE.match(raw):
        raise UnfitError("expected a date", "write year-month-day: 2026-08-01")
    try:
        found = date.fromisoformat(raw)
    except ValueError:
        raise UnfitError(f"{_quoted(raw)} is no day of the calendar", "write a day that exists") from None
    if not 1970 <= found.year <= 2999:
        raise UnfitError("expected a date from 1970 to 2999", "mend the year")
    return found


def month_day(raw: object) -> tuple[int, int]:
    """Return month and day of `02-01`. 29 February is no start of every year."""
    mend = "write month-day: 02-01"
    if not isinstance(raw, str) or not re.match(r"\d{2}-\d{2}\Z", raw, re.ASCII):
        raise UnfitError("expected month and day", mend)
    try:
        found = date.fromisoformat(f"2001-{raw}")
    except ValueError:
        raise UnfitError(f"{_quoted(raw)} is no day of every year", mend) from None
    return found.month, found.day


def window(raw: object) -> Window:
    """Return the window that *raw* names."""
    text = " ".join(raw.split()) if isinstance(raw, str) else ""
    if text == "cycle_to_date":
        return CycleToDate()
    if text == "all time":
        return AllTime()
    if (found := _TRAILING.match(text)) and int(found["count"]) > 0:
        return Trailing(int(found["count"]))
    words = text.split(" ")
    if words[:2] == ["last", "complete"] and len(words) == 3 and words[2] in _PERIODS:
        return LastComplete(cast("Period", words[2]))
    if words[1:] == ["to", "date"] and words[0] in (*_PERIODS, "fiscal_year"):
        return ToDate(cast("Period", words[0]))
    raise UnfitError("expected a window", f"write one of: {', '.join(WINDOW_WORDS)}")


WINDOW_WORDS = (
    "cycle_to_date",
    "trailing 28 days",
    *(f"last complete {period}" for period in _PERIODS),
    *(f"{period} to date" for period in (*_PERIODS, "fiscal_year")),
    "all time",
)


def keep(raw: object) -> tuple[Keep, tuple[Amount, ...]]:
    """Return the bounds in *raw* (`<= 2.5%`, `> 3`, `22..28`) and the amounts they were written with."""
    mend = 'write bounds in quotes: "<= 2.5%", ">= 99.9%", "22..28"'
    if not isinstance(raw, str):
        raise UnfitError("expected bounds", mend)
    text = raw.strip()
    if found := _BOUND.match(text):
        bound = amount(found["amount"])
        inclusive = "=" in found["sign"]
        if found["sign"].startswith("<"):
            return Keep(high=bound.value, high_inclusive=inclusive), (bound,)
        return Keep(low=bound.value, low_inclusive=inclusive), (bound,)
    low_text, dots, high_text = text.partition("..")
    if not dots:
        raise UnfitError(f"{_quoted(raw)} are no bounds", mend)
    low, high = amount(low_text), amount(high_text)
    if low.percent != high.percent:
        raise UnfitError("one bound is a percentage and the other is not", "write both alike: 22%..28%")
    if low.value > high.value:
        raise UnfitError("the lower bound lies above the upper", "write the lower bound first: 22..28")
    return Keep(low=low.value, high=high.value), (low, high)


def target(raw: object) -> Amount | RelativeTarget:
    """Return the target in *raw*: an amount, or counted from the baseline: `+15%`, `+5 points`, `x2`."""
    text = raw.strip() if isinstance(raw, str) else ""
    if found := _RELATIVE.match(text):
        size = _bounded(_shifted(Decimal(found["sign"] + found["number"]), -2))
        how: Literal["ratio", "points"] = "ratio" if found["how"] == "%" else "points"
        return RelativeTarget(how, size)
    if found := _TIMES.match(text):
        times = _bounded(Decimal(found["number"]))
        if times == 0:
            raise UnfitError("`x0` is always 0", "write 0")
        return RelativeTarget("times", times)
    if text.startswith("+"):
        raise UnfitError(
            f"{_quoted(text)} does not say of what", "write +15%, +5 points, or the number to reach"
        )
    return amount(raw)


def column_type(raw: object) -> str:
    """Return the column type in *raw* without blanks: one of `COLUMN_TYPES`, any decimal(p,s)."""
    text = re.sub(r"\s", "", raw) if isinstance(raw, str) else ""
    try:
        ColumnType.parse(text)
    except ValueError as problem:
        near = _OTHER_TYPE_NAMES.get(text.lower())
        hint = f"did you mean `{near}`?  " if near else ""
        raise UnfitError(str(problem), f"{hint}({', '.join(COLUMN_TYPES)})") from None
    return text


def _bounded(number: Decimal) -> Decimal:
    if not number:
        return Decimal(0)
    if number.adjusted() >= MAX_WHOLE_DIGITS:
        raise UnfitError(
            f"a number has at most {MAX_WHOLE_DIGITS} digits before the point", "write a smaller one"
        )
    exponent = cast("int", number.normalize(_EXACT).as_tuple().exponent)
    if exponent < -MAX_PLACES:
        raise UnfitError(f"a number has at most {MAX_PLACES} decimal places", "round it")
    return Decimal(f"{number:f}")


def _shifted(number: Decimal, places: int) -> Decimal:
    if len(number.as_tuple().digits) > MAX_WHOLE_DIGITS + MAX_PLACES:
        raise UnfitError("a number has at most 38 digits", "round it")
    return number.scaleb(places, _EXACT)


def _quoted(text: str) -> str:
    return f"`{text}`" if len(text) <= 40 else "this"
