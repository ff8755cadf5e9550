"""
Small texts to values: numbers, shares, durations, dates, windows, column types.

Each function takes what stands in the YAML (text, `int` or `Decimal`) and raises `UnfitError` with what
was expected. The texts of goals stand in `goal_values`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from typing import Literal, cast, get_args

from connectors.column_type import ColumnType
from okr_pipeline.model.calendar import AllTime, CycleToDate, LastComplete, Period, ToDate, Trailing, Window
from okr_pipeline.model.periods import FiscalWeeks

MAX_PLACES = 9
MAX_WHOLE_DIGITS = 29
_EXACT = Context(prec=100)
MAX_SPAN = timedelta(days=36525)

NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)"
_AMOUNT = re.compile(rf"(?P<number>{NUMBER})(?P<suffix>[kMB]|\s?%)?\Z", re.ASCII)
_DURATION = re.compile(r"(?P<count>\d{1,9})(?P<unit>[smhdwy])\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_TRAILING = re.compile(r"trailing (?P<count>\d{1,5}) days?\Z", re.ASCII)

_SCALES = {"k": 3, "M": 6, "B": 9}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_PERIODS: tuple[Period, ...] = get_args(Period)
_YEARS = ("year", "fiscal_year")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_PATTERNS = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4), "5-4-4": (5, 4, 4)}
_YEAR_END = re.compile(r"(?:last (?P<last>\w+) of|(?P<nearest>\w+) nearest the end of) (?P<month>\w+)\Z")
_SINCE = re.compile(r"(?:previous (?P<previous>\w+)|same (?P<same>\w+) last year)\Z")
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
        return Amount(bounded(Decimal(raw)))
    found = _AMOUNT.match(raw.strip())
    if found is None:
        raise UnfitError(
            f"{quoted(raw)} is no number", "write digits with a point, then k, M, B or %: 2.4M, 38%"
        )
    suffix = (found["suffix"] or "").strip()
    number = Decimal(found["number"])
    if suffix == "%":
        return Amount(bounded(shifted(number, -2)), percent=True)
    return Amount(bounded(shifted(number, _SCALES.get(suffix, 0))))


def ratio(raw: object) -> Decimal:
    """Return the share in *raw* as a ratio, `30%` or 0.3; above 0."""
    share = amount(raw)
    if share.value <= 0:
        raise UnfitError("expected a share above 0", "write a percentage such as 30%")
    if share.value > 1 and not share.percent:
        raise UnfitError("a bare number above 1 is no share", "write a percentage such as 30%")
    return share.value


def share(raw: object) -> Decimal:
    """Return the share in *raw* as a ratio: `70%` or 0.7, from 0 to 1, both inside."""
    found = amount(raw)
    if not 0 <= found.value <= 1:
        message = "a share lies between 0% and 100%"
        raise UnfitError(message, "write a percentage such as 70%")
    return found.value


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
        raise UnfitError(f"{quoted(raw)} is no day of the calendar", "write a day that exists") from None
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
        raise UnfitError(f"{quoted(raw)} is no day of every year", mend) from None
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
        return LastComplete(words[2])
    if words[1:] == ["to", "date"] and words[0] in _PERIODS:
        return ToDate(words[0])
    raise UnfitError("expected a window", f"write one of: {', '.join(WINDOW_WORDS)}")


WINDOW_WORDS = (
    "cycle_to_date",
    "trailing 28 days",
    *(f"last complete {period}" for period in _PERIODS),
    *(f"{period} to date" for period in _PERIODS),
    "all time",
)


def since(raw: object) -> tuple[Period, Literal["previous", "last_year"]]:
    """Return the earlier time in *raw*: `previous quarter`, `same quarter last year`."""
    found = _SINCE.match(" ".join(raw.split())) if isinstance(raw, str) else None
    period = (found["previous"] or found["same"]) if found else None
    if found is None or period not in _PERIODS:
        raise UnfitError("expected an earlier time", f"write one of: {', '.join(SINCE_WORDS)}")
    if found["same"] and period in _YEARS:
        raise UnfitError(f"the same {period} of last year is another {period}", f"write `previous {period}`")
    return cast("Period", period), "previous" if found["previous"] else "last_year"


SINCE_WORDS = (
    *(f"previous {period}" for period in _PERIODS),
    *(f"same {period} last year" for period in _PERIODS if period not in _YEARS),
)


def week_pattern(raw: object) -> tuple[int, int, int]:
    """Return the weeks of a quarter's three months: `4-4-5`."""
    if not isinstance(raw, str) or raw not in _PATTERNS:
        raise UnfitError("expected the weeks of a quarter's months", f"write one of: {', '.join(_PATTERNS)}")
    return _PATTERNS[raw]


def year_end(raw: object, pattern: tuple[int, int, int]) -> FiscalWeeks:
    """Return fiscal years that end as *raw* says: `last saturday of january`, or nearest its end."""
    found = _YEAR_END.match(" ".join(raw.lower().split())) if isinstance(raw, str) else None
    weekday = (found["last"] or found["nearest"]) if found else None
    if found is None or weekday not in _WEEKDAYS or found["month"] not in _MONTHS:
        mend = "write `last saturday of january`, or `saturday nearest the end of january`"
        raise UnfitError("expected the day on which a fiscal year ends", mend)
    return FiscalWeeks(
        pattern=pattern,
        weekday=_WEEKDAYS.index(weekday),
        month=_MONTHS.index(found["month"]) + 1,
        nearest=found["nearest"] is not None,
    )


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


def bounded(number: Decimal) -> Decimal:
    """Return *number* with one zero and one notation; at most 29 digits before and 9 after the point."""
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


def shifted(number: Decimal, places: int) -> Decimal:
    """Return *number* times ten to the power of *places*, exactly."""
    if len(number.as_tuple().digits) > MAX_WHOLE_DIGITS + MAX_PLACES:
        raise UnfitError("a number has at most 38 digits", "round it")
    return number.scaleb(places, _EXACT)


def quoted(text: str) -> str:
    """Return *text* between backticks; `this` for what is too long to repeat."""
    return f"`{text}`" if len(text) <= 40 else "this"
