"""Goals to stay inside of: one metric in its bounds, now or over time, or several conditions at once."""

from __future__ import annotations

from dataclasses import replace

from okr_pipeline.config.goal_values import held
from okr_pipeline.config.goals.reading import Reading
from okr_pipeline.model.goal import AllOf, Bounds, Condition, Keep


def read_keep(reading: Reading) -> Keep | None:
    """Return the goal of `keep`, with its `warn` and `held`."""
    text, place = reading.text, reading.place
    before = len(reading.report)
    inside = reading.bounds(text.keep, place.below("keep"), text.metric)
    warn = None
    if text.warn is not None:
        warn = reading.bounds(text.warn, place.below("warn"), text.metric)
    over = None if text.held == "now" else reading.fields.get("held", held, "OKR118")
    if inside is None or len(reading.report) > before:
        return None
    return Keep(bounds=inside, warn=_within(warn, inside) if warn else None, held=over)


def read_all_of(reading: Reading) -> AllOf | None:
    """Return the goal of `all_of`: at least two conditions."""
    conditions = []
    for number, text in enumerate(reading.text.all_of or ()):
        place = reading.place.below("all_of", number)
        reading.conditions.append((text.metric, place.below("metric")))
        inside = reading.bounds(text.keep, place.below("keep"), text.metric)
        if inside is not None:
            conditions.append(Condition(metric=text.metric, bounds=inside))
    return AllOf(conditions=tuple(conditions)) if len(conditions) > 1 else None


def _within(warn: Bounds, keep: Bounds) -> Bounds:
    """Return *warn* with the bounds of *keep* on the sides that it leaves open."""
    if warn.low is None and keep.low is not None:
        warn = replace(warn, low=keep.low, low_inclusive=keep.low_inclusive)
    if warn.high is None and keep.high is not None:
        warn = replace(warn, high=keep.high, high_inclusive=keep.high_inclusive)
    return warn
