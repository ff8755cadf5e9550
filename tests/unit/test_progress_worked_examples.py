"""Numbers that other tools publish, in and out, and the pages that print them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from progress_builder import goal, held, rolled_up

from okr_pipeline.model.calendar import Cycle
from okr_pipeline.warehouse.database import Database, Settings

NINE = Decimal("0.000000001")


@pytest.fixture(scope="module", name="db")
def _db() -> Iterator[Database]:
    with Database(None, settings=Settings()) as db:
        yield db


@pytest.mark.parametrize(
    ("start", "to", "value", "progress"),
    [
        ("100", "60", "80", "0.5"),  # Quantive help 3849793: decrease, unclamped
        ("100", "60", "70", "0.75"),
        ("100", "60", "50", "1.25"),
        ("15", "35", "20", "0.25"),  # Viva Goals, configuring OKRs
        ("1000000", "1500000", "1350000", "0.7"),  # ServiceNow, automatic status: maximise
        ("500000", "400000", "420000", "0.8"),  # ServiceNow, automatic status: minimise
        ("10", "0", "7", "0.3"),  # puzzle/okr issue 1661: decrease to zero
        ("10", "20", "16", "0.6"),  # Feedback4e 80001132301, by baseline
        ("10", "20", "22", "1.2"),
        ("0", "20", "15", "0.75"),  # Viva Goals, closing and scoring: +20 % wanted, +15 % got
    ],
)
def test_reach(db: Database, start: str, to: str, value: str, progress: str) -> None:
    """Progress is the share of the way from baseline to target."""
    found = held(db, goal(start=start, to=to), value)
    assert found["progress"] == Decimal(progress).quantize(NINE)


@pytest.mark.parametrize(
    ("bounds", "value", "inside"),
    [
        ({"low": "8", "low_inclusive": False}, "7.8", 0),  # Viva Goals: equal is outside where it is strict
        ({"low": "8", "low_inclusive": False}, "8", 0),
        ({"low": "8", "low_inclusive": False}, "8.1", 1),
        ({"high": "2", "high_inclusive": False}, "2", 0),
        ({"high": "2", "high_inclusive": False}, "1.9", 1),
        ({"low": "8"}, "8", 1),  # Perdoo: inclusive
        ({"low": "4", "high": "5"}, "5", 1),  # Profit.co: both ends inside
        ({"low": "4", "high": "5"}, "4", 1),
        ({"low": "4", "high": "5"}, "3.5", 0),
    ],
)
def test_keep(db: Database, bounds: dict[str, object], value: str, inside: int) -> None:
    """Inside is 1, outside 0, and the bound counts as it is written."""
    assert held(db, goal(**bounds), value)["progress"] == inside


def test_elapsed_days_count_both_ends(db: Database) -> None:
    """Engagedly: 15 April is day 15 of 30, so half is expected."""
    april = Cycle(id="april", start_on=date(2026, 4, 1), end_on=date(2026, 4, 30))
    found = held(db, goal(cycle_days=april.days), "1", elapsed_days=april.elapsed_days(date(2026, 4, 15)))
    assert found["expected"] == Decimal("0.5")


@pytest.mark.parametrize(
    ("progress", "weights", "expected"),
    [
        (["0", "0.25", "0.2"], [1, 1, 1], "0.15"),  # Viva Goals, configuring OKRs
        (["1", "0", "0"], [1, 1, 1], "0.333333333"),  # Perdoo 4898961
        (["1", "0", "-0.4"], [1, 1, 1], "0.333333333"),  # Perdoo: negative counts as 0
        (["0.5", "1"], [4, 1], "0.6"),  # Hirebook 4704827
        (["1", "0", "0"], [0, 50, 50], "0"),  # Lattice 360059451414
        (["0.2", "0.3", "0.1", "0.4"], [1, 1, 1, 1], "0.25"),  # Adobe Workfront, goal progress
    ],
)
def test_roll_up(db: Database, progress: list[str], weights: list[int], expected: str) -> None:
    """An objective is the weighted mean of its parts, each clamped to 0..1."""
    found = rolled_up(db, list(zip(progress, weights, strict=True)))
    assert found["progress"] == Decimal(expected).quantize(NINE)


def test_worst_status_rolls_up(db: Database) -> None:
    """BOJA: a rounded mean would hide the one at risk."""
    parts = [("0.9", 1, "on_track"), ("0.9", 1, "on_track"), ("0.2", 1, "at_risk")]
    assert rolled_up(db, parts)["status"] == "at_risk"
