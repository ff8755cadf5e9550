"""Decimals as whole numbers of their ninth place, in Arrow columns as wide as they must be, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

import pyarrow as pa

ONE = 10**9
LARGEST = 10**28
"""From here on products with ninths no longer fit 128 bits."""

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_WIDE = pa.decimal128(38, 0)


def ninths(number: Decimal) -> int:
    """Return *number* in units of its ninth place, rounded half-even."""
    return int(number.scaleb(9, _EXACT).to_integral_value(context=_EXACT))


def exact_ninths(number: Decimal | None) -> int | None:
    """Return *number* in units of its ninth place; None without one, and where products may not be exact."""
    units = None if number is None else ninths(number)
    return None if units is None or abs(units) >= LARGEST else units


def clamped_ninths(number: Decimal | None) -> int | None:
    """Return *number* in units of its ninth place, at most `LARGEST` of its sign; None stays None."""
    return None if number is None else max(-LARGEST, min(LARGEST, ninths(number)))


def number(units: int | Decimal | None) -> Decimal | None:
    """Return *units* of the ninth place as a decimal with nine places; None stays None."""
    return None if units is None else Decimal(units).scaleb(-9, _EXACT)


def column(units: Sequence[int | None], *, wide: bool = False) -> pa.Array:
    """Return whole numbers as int64, or as decimal128(38, 0) where they are *wide*."""
    if not wide:
        return pa.array(units, pa.int64())
    # Decimal objects would do as well, and import pandas.
    data = b"".join((0 if n is None else n).to_bytes(16, "little", signed=True) for n in units)
    present = pa.array([n is not None for n in units], pa.bool_())
    return pa.Array.from_buffers(_WIDE, len(units), [present.buffers()[1], pa.py_buffer(data)], offset=0)


def places(numbers: Iterable[int], *, below: int) -> pa.Array:
    """Return numbers from 0 to *below*, exclusive, in two bytes each where they fit: those move quicker."""
    return pa.array(numbers, pa.uint16() if below <= 2**16 else pa.int32())


def widest(units: Iterable[int | None]) -> int:
    """Return the largest absolute value; 0 where there is none."""
    return max((abs(n) for n in units if n is not None), default=0)
