"""Small texts of goals to values: targets, bounds, conditions, how long they must hold, thresholds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from okr_pipeline.config.values import NUMBER, Amount, UnfitError, amount, bounded, quoted, share, shifted
from okr_pipeline.model.goal import Bounds, HeldInGroups, HeldOverTime, HeldPeriod, OpenTarget, RelativeTarget

_RELATIVE = re.compile(rf"(?P<sign>[+-])(?P<number>{NUMBER[2:]})\s*(?P<how>%|points?)\Z", re.ASCII)
_TIMES = re.compile(rf"x\s?(?P<number>{NUMBER[2:]})\Z", re.ASCII)
_BOUND = re.compile(r"(?P<sign><=|>=|<|>)\s*(?P<amount>\S.*)\Z")
_CONDITION = re.compile(r"(?P<metric>[a-z]\w*(?:\.\w+)*)\s*(?P<rest>(?:in\b|[<>=]).*)\Z", re.ASCII)
_PERIODS = "day|week|month|quarter|fiscal_month|fiscal_quarter"
_HELD_OVER_TIME = re.compile(
    rf"(?:every (?P<every>{_PERIODS})|(?P<share>\S+?\s?%) of (?P<each>{_PERIODS})s)"
    r"(?P<cycle> of the cycle)?\Z"
)
_HELD_IN_GROUPS = re.compile(r"in (?:every|(?P<share>\S+?\s?%) of) (?P<dimension>\S.*)\Z")
_THRESHOLD = re.compile(rf"(?P<sign>>=|>)?\s*(?P<number>{NUMBER})\s*(?P<unit>%|points?)?\Z", re.ASCII)
_NOT_YET = re.compile(
    r"[\s?\-_.%]*\Z|(tbd|tba|tbc|todo|unknown|pending)\b|(open|n/?a|none|private)\Z", re.IGNORECASE
)

HELD_EXAMPLES = (
    "now",
    "95% of days",
    "95% of weeks of the cycle",
    "every month",
    "every fiscal_month",
    "in every region",
)
_BOUNDS_MEND = 'write bounds in quotes: "<= 2.5%", ">= 99.9%", "22..28"'


def known_amount(raw: object, *, until_known: str) -> Amount:
    """Return the number in *raw*. A word such as TBD is refused with the mend *until_known*."""
    if isinstance(raw, str) and _NOT_YET.match(raw.strip()):
        raise UnfitError(f"{quoted(raw)} is no number", until_known)
    return amount(raw)


def target(raw: object) -> Amount | RelativeTarget | OpenTarget:
    """
    Return the target in *raw*.

    An amount; counted from the baseline: `+15%`, `+5 points`, `x2`; or `unknown` or `private`.
    """
    text = raw.strip() if isinstance(raw, str) else ""
    if text in ("unknown", "private"):
        return OpenTarget(cast("Literal['unknown', 'private']", text))
    if found := _RELATIVE.match(text):
        size = bounded(shifted(Decimal(found["sign"] + found["number"]), -2))
        how: Literal["ratio", "points"] = "ratio" if found["how"] == "%" else "points"
        return RelativeTarget(how, size)
    if found := _TIMES.match(text):
        times = bounded(Decimal(found["number"]))
        if times == 0:
            raise UnfitError("`x0` is always 0", "write 0")
        return RelativeTarget("times", times)
    if text.startswith("+"):
        mend = "write +15%, +5 points, or the number to reach"
        raise UnfitError(f"{quoted(text)} does not say of what", mend)
    mend = "write `to: unknown` until somebody knows it; `to: private` if it is not for this file"
    return known_amount(raw, until_known=mend)


def bounds(raw: object) -> tuple[Bounds, tuple[Amount, ...]]:
    """
    Return the bounds in *raw* and the amounts they were written with.

    `<= 2.5%`, `> 3`, `22..28` (both inside), `> 22 and < 28`.
    """
    if not isinstance(raw, str):
        raise UnfitError("expected bounds", _BOUNDS_MEND)
    text = raw.strip()
    low, together, high = text.partition(" and ")
    if together:
        return _between(_bound(low), _bound(high))
    if _BOUND.match(text):
        bound, written = _bound(text)
        return bound, (written,)
    low, dots, high = text.partition("..")
    if not dots:
        if _NOT_YET.match(text):
            mend = "write the bounds once they are known; until then, `find_baseline: true`"
            raise UnfitError(f"{quoted(text)} are no bounds", mend)
        raise UnfitError(f"{quoted(text)} are no bounds", _BOUNDS_MEND)
    lower, upper = amount(low), amount(high)
    return _between((Bounds(low=lower.value), lower), (Bounds(high=upper.value), upper))


def _bound(text: str) -> tuple[Bounds, Amount]:
    found = _BOUND.match(text.strip())
    if found is None:
        raise UnfitError(f"{quoted(text)} is no bound", _BOUNDS_MEND)
    until_known = "write the number once it is known; until then, `find_baseline: true`"
    written, inclusive = known_amount(found["amount"], until_known=until_known), "=" in found["sign"]
    if found["sign"].startswith("<"):
        return Bounds(high=written.value, high_inclusive=inclusive), written
    return Bounds(low=written.value, low_inclusive=inclusive), written


def _between(one: tuple[Bounds, Amount], other: tuple[Bounds, Amount]) -> tuple[Bounds, tuple[Amount, ...]]:
    (lower, low), (upper, high) = (one, other) if one[0].low is not None else (other, one)
    if lower.low is None or upper.high is None:
        raise UnfitError("two bounds on one side", "write one with > and one with <, or one alone")
    if low.percent != high.percent and low.value and high.value:
        raise UnfitError("one bound is a percentage and the other is not", "write both alike: 22%..28%")
    if lower.low > upper.high:
        raise UnfitError("the lower bound lies above the upper", "write the lower bound first: 22..28")
    strict = not (lower.low_inclusive and upper.high_inclusive)
    if lower.low == upper.high and strict:
        raise UnfitError("nothing lies between these bounds", "write <= or >= to include the number itself")
    both = Bounds(
        low=lower.low,
        high=upper.high,
        low_inclusive=lower.low_inclusive,
        high_inclusive=upper.high_inclusive,
    )
    return both, (low, high)


def condition(raw: object) -> tuple[str, Bounds, tuple[Amount, ...]]:
    """Return metric and bounds of `finance.soc2 = 1`, `ops.countries >= 3`, `ops.countries in 4..5`."""
    mend = 'write a metric and what it must be: "finance.soc2 = 1", ">= 3", "in 4..5"'
    found = _CONDITION.match(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise UnfitError("expected a condition", mend)
    rest = found["rest"].strip()
    if rest.startswith("="):
        written = amount(rest[1:].strip())
        return found["metric"], Bounds(low=written.value, high=written.value), (written,)
    inside, written_all = bounds(rest.removeprefix("in").strip())
    return found["metric"], inside, written_all


def held(raw: object) -> HeldOverTime | HeldInGroups:
    """Return how bounds must hold: `95% of days`, `every month of the cycle`, `in every region`."""
    text = " ".join(raw.split()) if isinstance(raw, str) else ""
    if found := _HELD_OVER_TIME.match(text):
        each = cast("HeldPeriod", found["every"] or found["each"])
        of: Literal["so_far", "cycle"] = "cycle" if found["cycle"] else "so_far"
        return HeldOverTime(each=each, share=_required(found["share"]), of=of)
    if found := _HELD_IN_GROUPS.match(text):
        return HeldInGroups(dimension=found["dimension"], share=_required(found["share"]))
    raise UnfitError("expected how the bounds must hold", f"write one of: {', '.join(HELD_EXAMPLES)}")


def _required(written: str | None) -> Decimal:
    required = Decimal(1) if written is None else share(written)
    if required == 0:
        raise UnfitError("0% always holds", "write the share that must hold, such as 95%")
    return required


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a status begins; *strict*: just above *value*. *unit* is how it was written: 90% is 0.9."""

    value: Decimal
    strict: bool
    unit: Literal["", "%", "points"]


def threshold(raw: object) -> Threshold:
    """Return the threshold in *raw*: `-5 points`, `90%`, `> -16.5 points`."""
    found = _THRESHOLD.match(str(raw).strip()) if isinstance(raw, (str, int, Decimal)) else None
    if found is None or isinstance(raw, bool):
        raise UnfitError("expected a threshold", "write -10 points (of the gap), 90%, or > -10 points")
    number = Decimal(found["number"])
    unit: Literal["", "%", "points"] = "" if not found["unit"] else "%" if found["unit"] == "%" else "points"
    value = bounded(shifted(number, -2) if unit else number)
    return Threshold(value, found["sign"] == ">", unit)
