"""Goals with a way to go: from a baseline to a target, or through steps."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.config import values
from okr_pipeline.config.goal_values import known_amount, target
from okr_pipeline.config.goals.reading import Reading
from okr_pipeline.config.place import Place
from okr_pipeline.config.values import Amount, UnfitError
from okr_pipeline.config.yaml import YamlMapping
from okr_pipeline.model.goal import ClosedAt, MeasuredOn, Reach, Start, Steps

_BASELINES = "write a number, auto, {at: 2026-06-30} or {close_of: <objective>.<key result>}"


def read_reach(reading: Reading) -> Reach | None:
    """Return the goal of `from` and `to`."""
    start = _baseline(reading)
    until_known = "leave it out until somebody knows it"
    commit = reading.amount("commit", until_known=until_known)
    stretch = reading.amount("stretch", until_known=until_known)
    aim = reading.fields.get("to", target, "OKR113")
    if start is None or aim is None:
        return None
    return Reach(
        baseline=start,
        target=_value(reading, aim) if isinstance(aim, Amount) else aim,
        commit=commit,
        stretch=stretch,
        direction=reading.text.direction,
    )


def read_steps(reading: Reading) -> Steps | None:
    """Return the goal of `from` and `steps`."""
    start = _baseline(reading)
    place = reading.place.below("steps")
    read = list(reading.dated(reading.text.steps or {}, place, _step, "OKR113"))
    for _, written, here in read:
        reading.noted(written, here, reading.text.metric)
    steps = tuple((on, written.value) for on, written, _ in read)
    return Steps(baseline=start, steps=steps) if start is not None and steps else None


def _value(reading: Reading, written: Amount) -> Decimal:
    reading.noted(written, reading.place.below("to"), reading.text.metric)
    return written.value


def _step(raw: object) -> Amount:
    return known_amount(raw, until_known="leave the step out until its number is known")


def _baseline(reading: Reading) -> Start | None:
    raw, place = reading.text.from_, reading.place.below("from")
    if raw == "auto":
        return MeasuredOn(reading.cycle.start_on) if reading.cycle else None
    if isinstance(raw, YamlMapping):
        return _elsewhere(raw, place, reading)
    written = place.parsed(raw, _baseline_amount, "OKR113", reading.report)
    return reading.noted(written, place, reading.text.metric)


def _elsewhere(raw: YamlMapping, place: Place, reading: Reading) -> MeasuredOn | ClosedAt | None:
    """Return a baseline that is measured on a day, or taken over from another key result."""
    if set(raw) == {"at"}:
        on = place.below("at").parsed(raw["at"], values.day, "OKR107", reading.report)
        return MeasuredOn(on) if on else None
    if set(raw) == {"close_of"}:
        taken = place.below("close_of").parsed(raw["close_of"], _key_result_id, "OKR113", reading.report)
        return ClosedAt(taken) if taken else None
    message = "expected the day of a measured baseline, or the key result to take it over from"
    reading.report.append(place.problem("OKR113", message, _BASELINES))
    return None


def _baseline_amount(raw: object) -> Amount:
    mend = "write `from: auto`: it is measured on the cycle's first day; or `find_baseline: true`"
    try:
        return known_amount(raw, until_known=mend)
    except UnfitError as unfit:
        raise UnfitError(unfit.message, unfit.mend if unfit.mend == mend else _BASELINES) from None


def _key_result_id(raw: object) -> str:
    if isinstance(raw, str) and len(raw.split(".")) == 2:
        return raw
    raise UnfitError("expected a key result of an earlier cycle", "write `<objective>.<key result>`")
