"""
Numbers for people: rounded here, half-even, by unit and locale, and never fed back.

Everything in is Decimal, date or datetime; everything out is text.
"""

from __future__ import annotations

import decimal
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import NumberPattern, get_currency_precision, is_currency, parse_pattern

Style = Literal["compact", "full"]

NOTHING = "–"
LOCALE = "en_US"
HUNDREDTH = Decimal("0.01")
_ROOMY = decimal.Context(prec=90, rounding=decimal.ROUND_HALF_EVEN)  # DECIMAL(38,9) and headroom


def display(
    value: Decimal | None, unit: str | None = None, *, style: Style = "compact", locale: str = LOCALE
) -> str:
    """
    Return *value* as a person reads it; an en dash for None.

    *unit* `percent` takes a ratio (0.194 reads 19.4 %), an ISO currency code gives money, anything
    else follows the number as a word. `compact` shortens big numbers to three digits ($2.71M);
    `full` never does ($2,710,000.00).
    """
    if value is None:
        return NOTHING
    with decimal.localcontext(_ROOMY):
        if unit == "percent":
            return percent(value, locale=locale)
        if unit is not None and is_money(unit):
            return _money(value, unit, style, locale)
        number = _bare(value, style, locale)
        return f"{number} {unit}" if unit else number


def figure(value: Decimal | None, unit: str | None, *, locale: str = LOCALE) -> str:
    """Return *value* without its noun, short enough for a label; percent and money keep their sign."""
    shown = display(value, unit, locale=locale)
    return shown.removesuffix(f" {unit}") if unit else shown


def percent(ratio: Decimal | None, *, locale: str = LOCALE) -> str:
    """Return a ratio as a percentage with one place; more where one would turn it into 0 or 100."""
    if ratio is None:
        return NOTHING
    with decimal.localcontext(_ROOMY):
        scaled = ratio * 100
        places = 2 if 99 < abs(scaled) < 100 else 1
        while places < 7 and _rounded(scaled, places) in (0, 100, -100) and scaled not in (0, 100, -100):
            places += 1
        return f"{_number(scaled, places, locale)} %"


def share(ratio: Decimal, *, locale: str = LOCALE) -> str:
    """Return a ratio that a person stated as a percentage, without idle places: `60 %`, `12.5 %`."""
    with decimal.localcontext(_ROOMY):
        return f"{_number(ratio * 100, 1, locale, least=0)} %"


def points(gap: Decimal | None, *, locale: str = LOCALE) -> str:
    """Return a gap (a difference of ratios) in points: `36.7 points behind`, `on pace`; en dash for None."""
    if gap is None:
        return NOTHING
    with decimal.localcontext(_ROOMY):
        size = _rounded(abs(gap) * 100, 1)
        if not size:
            return "on pace"
        return f"{_number(size, 1, locale)} points {'ahead' if gap > 0 else 'behind'}"


def signed_points(change: Decimal | None, *, locale: str = LOCALE) -> str:
    """Return a change of a ratio as signed points without the word: `+1.2`, `-0.5`, `0.0`."""
    if change is None:
        return NOTHING
    with decimal.localcontext(_ROOMY):
        size = _rounded(change * 100, 1)
        sign = "+" if size > 0 else "-" if size < 0 else ""
        return f"{sign}{_number(abs(size), 1, locale)}"


def moment(at: datetime, zone: str, *, locale: str = LOCALE) -> str:
    """Return an aware instant in the time zone *zone*: `21 Nov 2026 09:00 CET`."""
    from babel.dates import format_datetime

    local = at.astimezone(ZoneInfo(zone))
    name = local.tzname() or "UTC"
    name = f"UTC{name}" if name[0] in "+-" else name
    return f"{format_datetime(local.replace(tzinfo=None), 'd MMM y HH:mm', locale=locale)} {name}"


def day(on: date, *, year: bool = True, locale: str = LOCALE) -> str:
    """Return a day: `21 Nov 2026`, or `21 Nov` without the *year*."""
    from babel.dates import format_date

    return format_date(on, "d MMM y" if year else "d MMM", locale=locale)


def age(newest_at: datetime | None, *, as_of: datetime) -> str:
    """Return how old *newest_at* is at *as_of*: `19 min`, `31 h`, `3 days`; an en dash for None."""
    if newest_at is None:
        return NOTHING
    passed = as_of.astimezone(UTC) - newest_at.astimezone(UTC)
    if passed < timedelta(0):
        return f"{_length(-passed)} ahead"
    return _length(passed)


def _length(passed: timedelta) -> str:
    minutes = passed // timedelta(minutes=1)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def _money(value: Decimal, currency: str, style: Style, locale: str) -> str:
    if style == "compact" and abs(value) >= 100_000:
        return _short(value, "currency", currency, locale)
    pattern = _locale(locale).currency_formats["standard"]
    if value and not _rounded(value, get_currency_precision(currency)):
        pattern = parse_pattern(pattern.pattern.replace(".00", ".00#######"))
        return str(pattern.apply(value, _locale(locale), currency=currency, currency_digits=False))
    if style == "full" or (abs(value) < 1000 and value != value.to_integral_value()):
        return str(pattern.apply(value, _locale(locale), currency=currency))
    whole = parse_pattern(pattern.pattern.replace(".00", ""))
    return str(whole.apply(value, _locale(locale), currency=currency, currency_digits=False))


def _bare(value: Decimal, style: Style, locale: str) -> str:
    if style == "full":
        return str(
            _locale(locale).decimal_formats[None].apply(value, _locale(locale), decimal_quantization=False)
        )
    if abs(value) >= 1_000_000:
        return _short(value, "decimal", None, locale)
    places = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    while places < 9 and value and not _rounded(value, places):
        places += 1
    return _number(value, places, locale, least=0)


def _short(value: Decimal, kind: Literal["currency", "decimal"], currency: str | None, locale: str) -> str:
    """Round to three digits first: 999,999 is 1.00M, where Babel's own compact form says 1000K."""
    short = _rounded(value, 2 - value.adjusted())
    pattern, in_front = _short_pattern(kind, short.adjusted(), locale)
    scaled = short.scaleb(in_front - 1 - short.adjusted())
    return str(pattern.apply(scaled, _locale(locale), currency=currency, currency_digits=False))


@lru_cache(maxsize=256)
def _short_pattern(kind: str, power: int, locale: str) -> tuple[NumberPattern, int]:
    """Return the locale's short pattern for numbers from 10^*power* on, and their digits before the point."""
    known = _locale(locale)
    by_place = (known.compact_currency_formats if kind == "currency" else known.compact_decimal_formats)[
        "short"
    ]["other"]
    place = str(10 ** min(power, max(len(magnitude) for magnitude in by_place) - 1))
    text = str(getattr(by_place[place], "pattern", by_place[place]))
    zeros = text.count("0")
    if text.strip("¤\xa0") == "0":  # this locale has no short form here: German writes 347.000 out
        standard = known.currency_formats["standard"].pattern if kind == "currency" else "#,##0"
        return parse_pattern(standard.replace(".00", "")), power + 1
    in_front = zeros + power - (len(place) - 1)
    digits = "#,##0." + "0" * (3 - in_front) if in_front < 3 else "#,##0"
    return parse_pattern(text.replace("0" * zeros, digits, 1)), in_front


def _number(value: Decimal, places: int, locale: str, *, least: int | None = None) -> str:
    return str(_pattern(places, places if least is None else least).apply(value, _locale(locale)))


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), context=_ROOMY)


@lru_cache(maxsize=64)
def _pattern(places: int, least: int) -> NumberPattern:
    fraction = "0" * least + "#" * (places - least)
    return parse_pattern(f"#,##0.{fraction}" if fraction else "#,##0")


@lru_cache(maxsize=16)
def _locale(locale: str) -> Locale:
    return Locale.parse(locale)


@lru_cache(maxsize=256)
def is_money(unit: str) -> bool:
    """Return whether *unit* is an ISO 4217 currency."""
    return len(unit) == 3 and unit.isupper() and bool(is_currency(unit))
