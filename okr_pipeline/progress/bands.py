"""Bounds as whole numbers, all of them inside: a value compares with a band to the ninth place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from okr_pipeline.model.goal import Bounds
from okr_pipeline.ninths import column, ninths

_LIMITS = ("low", "high", "warn_low", "warn_high")


@dataclass(frozen=True, slots=True)
class Band:
    """Bounds in units of the ninth place, all of them inside; None is no bound."""

    low: int | None = None
    high: int | None = None
    warn_low: int | None = None
    warn_high: int | None = None

    @property
    def limits(self) -> tuple[int | None, ...]:
        return self.low, self.high, self.warn_low, self.warn_high


def band_of(bounds: Bounds, warn: Bounds | None = None, *, strict: bool) -> Band:
    """
    Return *bounds* with every bound inside: one that is not is the next number of nine places.

    With *strict* none is, however it is written; but one number alone stays inside itself.
    """
    low, high = _ends(bounds, strict)
    warn_low, warn_high = _ends(warn, strict) if warn else (None, None)
    return Band(low, high, warn_low, warn_high)


def _ends(bounds: Bounds, strict: bool) -> tuple[int | None, int | None]:
    strict = strict and bounds.low != bounds.high
    low_inside = bounds.low_inclusive and not strict
    high_inside = bounds.high_inclusive and not strict
    low = None if bounds.low is None else ninths(bounds.low) + (0 if low_inside else 1)
    high = None if bounds.high is None else ninths(bounds.high) - (0 if high_inside else 1)
    return low, high


def band_columns(bands: Sequence[Band], *, wide: bool = True) -> dict[str, pa.Array]:
    """Return the limits of *bands* as four columns."""
    return {name: column([getattr(band, name) for band in bands], wide=wide) for name in _LIMITS}
