"""Laws of progress, status and roll-up, over any numbers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from progress_builder import CUT, goal, held, observed, progress_of, rolled_up

from okr_pipeline.warehouse.database import Database, Settings

NINE = Decimal("0.000000001")
numbers = st.decimals(-(10**12), 10**12, places=9)
ratios = st.decimals(-2, 3, places=9)
weights = st.decimals("0.001", 1000, places=3)
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", name="db")
def _db() -> Iterator[Database]:
    with Database(None, settings=Settings()) as db:
        yield db


def nine(value: Fraction) -> Decimal:
    return Decimal(round(value * 10**9)).scaleb(-9)


def within_reach(start: Decimal, to: Decimal, *values: Decimal) -> bool:
    """Whether every progress is well below 10^14, from where on there is none."""
    return start != to and all(abs(value - start) < 10**13 * abs(to - start) for value in values)


def test_a_progress_past_all_meaning_is_none(db: Database) -> None:
    """From 10^14 on it is told as a reason, never as a rounded number."""
    found = held(db, goal(start=Decimal(0), to=Decimal("0.000000001")), Decimal(1_000_000))
    assert (found["progress"], found["reason"]) == (None, "the numbers are too large for an exact progress")


@quick
@given(start=numbers, to=numbers)
def test_0_at_the_baseline_and_1_at_the_target(db: Database, start: Decimal, to: Decimal) -> None:
    """Whatever the two are, and whichever is larger."""
    assume(start != to)
    found = [held(db, goal(start=start, to=to), value)["progress"] for value in (start, to)]
    assert found == [0, 1]


@quick
@given(start=numbers, to=numbers, one=numbers, other=numbers)
def test_nearer_to_the_target_is_never_less(
    db: Database, start: Decimal, to: Decimal, one: Decimal, other: Decimal
) -> None:
    """Progress grows with the value where the target lies above, and falls with it where below."""
    assume(within_reach(start, to, one, other))
    low, high = sorted([one, other])
    found = [held(db, goal(start=start, to=to), value)["progress"] for value in (low, high)]
    assert sorted(found, reverse=to < start) == found


@quick
@given(start=numbers, to=numbers, value=numbers)
def test_a_mirrored_goal_has_the_same_progress(
    db: Database, start: Decimal, to: Decimal, value: Decimal
) -> None:
    """Less of a bad thing counts as more of a good one."""
    assume(within_reach(start, to, value))
    there = held(db, goal(start=start, to=to), value)
    back = held(db, goal(start=-start, to=-to), -value)
    assert there["progress"] == back["progress"]


@quick
@given(start=numbers, to=numbers, value=numbers)
def test_progress_is_exact(db: Database, start: Decimal, to: Decimal, value: Decimal) -> None:
    """Nine places, rounded once, half to even."""
    assume(within_reach(start, to, value))
    expected = nine((Fraction(value) - Fraction(start)) / (Fraction(to) - Fraction(start)))
    assert held(db, goal(start=start, to=to), value)["progress"] == expected


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("40", "on_track"),
        ("39.9999999", "at_risk"),
        ("25", "at_risk"),
        ("24.9999999", "off_track"),
        ("100", "reached"),
    ],
)
def test_limits_of_the_pace_policy_are_inclusive(db: Database, value: str, status: str) -> None:
    """Half the cycle is over: 10 points behind is on track, 25 at risk."""
    assert held(db, goal(), value)["status"] == status


@pytest.mark.parametrize(
    ("elapsed", "value", "status"),
    [(50, "5", "on_track"), (100, "5", "reached"), (100, "9", "off_track"), (50, "9", "off_track")],
)
def test_keep_is_reached_only_at_the_end(db: Database, elapsed: int, value: str, status: str) -> None:
    """Inside is on track until the last day; outside is off track at any time. No curve is expected."""
    found = held(db, goal(low="4", high="6"), value, elapsed_days=elapsed)
    assert (found["status"], found["expected"], found["gap"]) == (status, None, None)


@pytest.mark.parametrize(
    ("how", "amount", "target"),
    [("ratio", "0.15", "46"), ("points", "0.05", "40.05"), ("times", "2", "80"), ("ratio", "-0.5", "20")],
)
def test_targets_counted_from_the_baseline(db: Database, how: str, amount: str, target: str) -> None:
    """They become absolute numbers."""
    found = held(db, goal(start="40", to=amount, target_how=how), "50")
    assert found["target"] == Decimal(target).quantize(NINE)


@pytest.mark.parametrize("state", ["no_data", "invalid", "error"])
def test_no_value_is_no_progress(db: Database, state: str) -> None:
    """Not 0, and not what went before: it has its reason."""
    rows = [observed("50", after=-1), observed(None, state=state, reason="why")]
    found = progress_of(db, goal(), rows)[1]
    assert [found[name] for name in ("state", "value", "progress", "status", "reason")] == [
        state, None, None, "no_data", "why",
    ]  # fmt: skip


def test_a_stale_value_is_the_last_good_one(db: Database) -> None:
    """With the cut it was good at, its progress, and its reason; stale beats any colour."""
    rows = [
        observed("50", after=-1),
        observed(None),
        observed("70", after=1, fresh=False, stale_reason="late"),
    ]
    found = progress_of(db, goal(), rows)[2]
    carried = found["carried_from"] == CUT.replace(day=9)
    assert (found["state"], found["status"], found["value"], carried) == ("stale", "stale", 50, True)


def test_stale_without_a_good_value_is_no_data(db: Database) -> None:
    """There is nothing to carry: the reason stays."""
    found = held(db, goal(), "70", fresh=False, stale_reason="late")
    assert (found["state"], found["value"], found["reason"]) == ("no_data", None, "late")


def test_before_the_cycle_nothing_is_late(db: Database) -> None:
    """Not started wins over stale and over every colour."""
    found = [held(db, goal(), value, started=False, fresh=fresh, elapsed_days=0)["status"]
             for value, fresh in (("5", True), ("5", False), (None, True))]  # fmt: skip
    assert found == ["not_started"] * 3


def test_a_target_that_meets_the_measured_baseline(db: Database) -> None:
    """There is no way to measure; the value stands, and the reason says why."""
    found = held(db, goal(start="40", to="40"), "40")
    assert (found["progress"], found["status"], found["value"]) == (None, "no_data", 40)
    assert found["reason"] == "the target equals the baseline: no way to measure"


def test_numbers_too_large_for_a_quotient_stop_themselves_alone(db: Database) -> None:
    """An overflow in one key result once ended the run of all."""
    rows = [observed("9" * 29), observed("50", after=1), observed("-" + "9" * 29, after=2)]
    found = progress_of(db, goal(), rows)
    assert [row["progress"] for row in found] == [None, Decimal("0.5"), None]
    assert found[0]["reason"] == "the numbers are too large for an exact progress"


@quick
@given(parts=st.lists(st.tuples(ratios, weights), min_size=1, max_size=8))
def test_roll_up_is_the_exact_weighted_mean(db: Database, parts: list[tuple[Decimal, Decimal]]) -> None:
    """Rounded once, at the end: rounding each weighted part moved the last digit."""
    clamped = [
        (min(max(Fraction(progress), Fraction(0)), Fraction(1)), Fraction(weight))
        for progress, weight in parts
    ]
    expected = nine(sum(p * w for p, w in clamped) / sum(w for _, w in clamped))
    assert rolled_up(db, parts)["progress"] == expected


@quick
@given(parts=st.lists(st.tuples(ratios, weights), min_size=1, max_size=8))
def test_min_is_the_least_part(db: Database, parts: list[tuple[Decimal, Decimal]]) -> None:
    """Clamped, whatever the weights."""
    least = min(min(max(progress, Decimal(0)), Decimal(1)) for progress, _ in parts)
    assert rolled_up(db, parts, how="min")["progress"] == least


def test_parts_without_progress_are_left_out_and_counted(db: Database) -> None:
    """They are no zeros, and not the full mark that least() would make of them."""
    found = rolled_up(db, [("0.5", 1), (None, 5, "no_data")])
    assert (found["progress"], found["counted"], found["declared"], found["status"]) == (
        Decimal("0.5"), 1, 2, "no_data",
    )  # fmt: skip


def test_no_part_with_progress_is_no_progress(db: Database) -> None:
    """None of one."""
    found = rolled_up(db, [(None, 1, "not_started")])
    assert (found["progress"], found["counted"], found["status"]) == (None, 0, "not_started")


ORDER = ["off_track", "at_risk", "stale", "no_data", "not_started", "on_track", "reached"]


@given(statuses=st.lists(st.sampled_from(ORDER), min_size=1, max_size=5))
@quick
def test_an_objective_has_the_status_of_its_worst_part(db: Database, statuses: list[str]) -> None:
    """In one fixed order, off track first."""
    found = rolled_up(db, [("0.5", 1, status) for status in statuses])
    assert found["status"] == min(statuses, key=ORDER.index)
