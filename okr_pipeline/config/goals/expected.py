"""The curve that a key result is expected to follow: a word, or shares of the way by days."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.config import values
from okr_pipeline.config.goals.reading import Reading
from okr_pipeline.config.place import Place
from okr_pipeline.config.values import UnfitError
from okr_pipeline.config.yaml import YamlMapping
from okr_pipeline.model.goal import DatedCurve, Expected
from okr_pipeline.spelling import did_you_mean

CURVES = ("linear", "back_loaded", "front_loaded", "last_cycle")


def read_expected(reading: Reading) -> Expected | None:
    """Return the declared curve; None where there is none."""
    raw, place = reading.text.expected, reading.place.below("expected")
    if raw is None:
        return None
    if isinstance(raw, YamlMapping):
        return _dated(raw, place, reading)
    return place.parsed(raw, _curve, "OKR103", reading.report)


def _curve(raw: object) -> Expected:
    match raw:
        case "linear" | "back_loaded" | "front_loaded" | "last_cycle":
            return raw
        case str():
            raise UnfitError("this is no curve", did_you_mean(raw, CURVES))
    raise UnfitError("expected a curve", f"write one of {', '.join(CURVES)}, or shares by days")


def _dated(raw: YamlMapping, place: Place, reading: Reading) -> DatedCurve | None:
    points = [(on, share) for on, share, _ in reading.dated(raw, place, values.share, "OKR106")]
    if not raw:
        mend = "write shares of the way by days: {2026-12-15: 10%}"
        reading.report.append(place.problem("OKR104", "`expected` is empty", mend))
    if not points:
        return None
    if reading.cycle and points[-1][0] < reading.cycle.end_on:
        points.append((reading.cycle.end_on, Decimal(1)))
    return DatedCurve(tuple(points))
