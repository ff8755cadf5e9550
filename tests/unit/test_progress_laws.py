"""Laws of progress, of curves and of policies, over any numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from progress_builder import FIRST, NINE, bounds, each, held, keep, measured, reach, said, series
from progress_builder import key_result as kr
from progress_builder import project as project_of

from okr_pipeline.model.goal import DatedCurve, RelativeTarget
from okr_pipeline.model.observation import Status
from okr_pipeline.model.policy import POLICIES, Policy
from okr_pipeline.warehouse.database import Database, Settings

numbers = st.decimals(-(10**12), 10**12, places=9)
small = st.decimals(-1000, 1000, places=2)
ratios = st.decimals(-2, 3, places=9)
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ORDER = [Status.OFF_TRACK, Status.AT_RISK, Status.ON_TRACK, Status.REACHED]


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
    found = held(db, reach(0, Decimal("0.000000001")), Decimal(1_000_000))
    assert (found.progress, found.reason) == (None, "the numbers are too large for an exact progress")


@quick
@given(pairs=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20))
def test_0_at_the_baseline_and_1_at_the_target(db: Database, pairs: list[tuple[Decimal, Decimal]]) -> None:
    """Whatever the two are, and whichever is larger."""
    assume(all(start != to for start, to in pairs))
    found = each(db, [(reach(*pair), value) for pair in pairs for value in pair])
    assert [o.progress for o in found] == [0, 1] * len(pairs)


@quick
@given(start=numbers, to=numbers, values=st.lists(numbers, min_size=2, max_size=10))
def test_nearer_to_the_target_is_never_less(
    db: Database, start: Decimal, to: Decimal, values: list[Decimal]
) -> None:
    """Progress grows with the value where the target lies above, and falls with it where below."""
    assume(within_reach(start, to, *values))
    found = [o.progress for o in each(db, [(reach(start, to), value) for value in sorted(values)])]
    assert sorted(found, reverse=to < start) == found  # type: ignore[type-var]


@quick
@given(start=numbers, to=numbers, value=numbers)
def test_a_mirrored_goal_has_the_same_progress(
    db: Database, start: Decimal, to: Decimal, value: Decimal
) -> None:
    """Less of a bad thing counts as more of a good one."""
    assume(within_reach(start, to, value))
    there, back = each(db, [(reach(start, to), value), (reach(-start, -to), -value)])
    assert there.progress == back.progress


@quick
@given(start=small, to=small, value=small, scale=st.sampled_from(["0.01", "1000", "-7", "1000000"]))
def test_progress_has_no_unit(db: Database, start: Decimal, to: Decimal, value: Decimal, scale: str) -> None:
    """Cents or euros, minutes or hours: the share of the way is the same."""
    assume(start != to)
    by = Decimal(scale)
    one, other = each(db, [(reach(start, to), value), (reach(start * by, to * by), value * by)])
    assert one.progress == other.progress


@quick
@given(cases=st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=30))
def test_progress_is_exact(db: Database, cases: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    """Nine places, rounded once, half to even."""
    assume(all(within_reach(*case) for case in cases))
    expected = [
        nine((Fraction(v) - Fraction(start)) / (Fraction(to) - Fraction(start))) for start, to, v in cases
    ]
    assert [o.progress for o in each(db, [(reach(start, to), v) for start, to, v in cases])] == expected


@quick
@given(
    halves=st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 10**6)), min_size=1, max_size=30)
)
def test_ties_round_to_even_where_floating_point_cannot_tell(
    db: Database, halves: list[tuple[int, int]]
) -> None:
    """The quotient lies on, or a hair beside, the middle between two ninth places."""
    cases = [
        (reach(0, 2 * way), (Decimal(2 * half + 1) * way + hair).scaleb(-9))
        for half, way in halves
        for hair in (-1, 0, 1)
    ]
    expected = [nine(Fraction(value) / Fraction(goal.target)) for goal, value in cases]  # type: ignore[arg-type]
    assert [o.progress for o in each(db, cases)] == expected


@pytest.mark.parametrize("value", ["9" * 29, "-" + "9" * 29])
def test_numbers_too_large_for_a_quotient_stop_themselves_alone(db: Database, value: str) -> None:
    """An overflow in one key result once ended the run of all."""
    found = each(db, [(reach(), value), (reach(), "50")])
    assert [o.progress for o in found] == [None, Decimal("0.5")]
    assert found[0].reason == "the numbers are too large for an exact progress"


@pytest.mark.parametrize(("days", "policy"), [(100, "pace"), (1, "pace"), (1, "viva"), (100, "viva")])
@pytest.mark.parametrize("expected", [None, "linear", "back_loaded", "front_loaded"])
def test_all_is_expected_on_the_last_day(db: Database, days: int, policy: str, expected: str | None) -> None:
    """On the first day one share of a day is, or nothing where days count from zero."""
    found = series(db, reach(), {1: 1, days: 1}, days=days, policy=policy, expected=expected)
    assert found[-1].expected == 1
    first = Fraction(0) if policy == "viva" else Fraction(1, days)
    shape = {"back_loaded": first**2, "front_loaded": 1 - (1 - first) ** 2}.get(str(expected), first)
    assert days == 1 or found[0].expected == nine(shape)


@quick
@given(shares=st.lists(st.decimals(0, 1, places=3), min_size=1, max_size=6), day=st.integers(1, 100))
def test_a_dated_curve_is_straight_between_its_days(db: Database, shares: list[Decimal], day: int) -> None:
    """From nothing before the cycle, through each declared day, to all on the last one."""
    days = [10 * n for n in range(1, len(shares) + 1)]
    points = [(0, Decimal(0)), *zip(days, sorted(shares), strict=True), (100, Decimal(1))]
    curve = DatedCurve(tuple((FIRST + timedelta(days=d - 1), share) for d, share in points[1:-1]))
    before = max(point for point in points if point[0] < day)
    after = min(point for point in points if point[0] >= day)
    way = Fraction(day - before[0], after[0] - before[0])
    expected = nine(Fraction(before[1]) + (Fraction(after[1]) - Fraction(before[1])) * way)
    assert held(db, reach(), 1, day=day, expected=curve).expected == expected


@quick
@given(
    policy=st.sampled_from(sorted(POLICIES)),
    day=st.integers(1, 100),
    shares=st.lists(ratios, min_size=2, max_size=12),
)
def test_more_progress_is_never_a_worse_status(
    db: Database, policy: str, day: int, shares: list[Decimal]
) -> None:
    """By every policy, on every day."""
    found = each(db, [(reach(0, 1), share) for share in sorted(shares)], policy=policy, day=day)
    ranks = [ORDER.index(o.status) for o in found]
    assert sorted(ranks) == ranks


def by_hand(policy: Policy, progress: Decimal, day: int) -> Status:
    """Judge as docs/arithmetic.md says it, in fractions."""
    elapsed = Fraction(day - 1, 99) if policy.day_count == "from_zero" else Fraction(day, 100)
    shown = Fraction(nine(elapsed))
    compared, times = {
        "gap": (Fraction(progress) - shown, Fraction(1)),
        "expected": (Fraction(progress), shown),
        "elapsed": (Fraction(progress), shown),
        "progress": (Fraction(progress), Fraction(1)),
    }[policy.basis]
    if progress >= 1:
        return Status.REACHED
    for status, limit, strict in (
        (Status.ON_TRACK, policy.on_track, policy.on_track_strict),
        (Status.AT_RISK, policy.at_risk, policy.at_risk_strict),
    ):
        if compared > Fraction(limit) * times or (compared == Fraction(limit) * times and not strict):
            return status
    return Status.OFF_TRACK


@quick
@given(
    policy=st.sampled_from(sorted(POLICIES)),
    strict=st.booleans(),
    day=st.integers(1, 100),
    shares=st.lists(ratios, min_size=1, max_size=10),
)
def test_every_policy_is_its_row_of_parameters(
    db: Database, policy: str, strict: bool, day: int, shares: list[Decimal]
) -> None:
    """Held against fractions, strict or not, at numbers around its limits too."""
    row = replace(POLICIES[policy], on_track_strict=strict)
    expected = each(db, [(reach(0, 1), 0)], policy=row, day=day)[0].expected or Decimal(0)
    edges = [limit + (expected if row.basis == "gap" else 0) for limit in (row.on_track, row.at_risk)]
    values = [*shares, *(edge + hair for edge in edges for hair in (-NINE, 0, NINE))]
    found = each(db, [(reach(0, 1), value) for value in values], policy=row, day=day)
    assert [o.status for o in found] == [by_hand(row, value, day) for value in values]


@pytest.mark.parametrize(
    ("day", "value", "status"),
    [(50, "5", "on_track"), (100, "5", "reached"), (100, "9", "off_track"), (50, "9", "off_track")],
)
def test_keep_is_reached_only_at_the_end(db: Database, day: int, value: str, status: str) -> None:
    """Inside is on track until the last day; outside is off track at any time. No curve is expected."""
    found = held(db, keep("4..6"), value, day=day)
    assert (found.status, found.expected, found.gap) == (status, None, None)


@pytest.mark.parametrize(
    ("value", "status", "progress"), [("2.6", "off_track", 0), ("2.5", "at_risk", 1), ("2.0", "on_track", 1)]
)
def test_between_the_warning_and_the_bound_is_at_risk(
    db: Database, value: str, status: str, progress: int
) -> None:
    """It is still inside: the progress stays whole."""
    found = held(db, keep("<= 2.5", warn=bounds("<= 2.0")), value)
    assert (found.status, found.progress) == (status, progress)


def test_a_policy_may_put_the_bound_outside(db: Database) -> None:
    """Viva counts a value equal to the bound as outside, however it is written."""
    assert [held(db, keep(">= 8"), 8, policy=name).progress for name in ("pace", "viva")] == [1, 0]


@pytest.mark.parametrize(
    ("how", "amount", "target"),
    [("ratio", "0.15", "46"), ("points", "0.05", "40.05"), ("times", "2", "80"), ("ratio", "-0.5", "20")],
)
def test_targets_counted_from_the_baseline(db: Database, how: str, amount: str, target: str) -> None:
    """They become absolute numbers."""
    counted = RelativeTarget(how, Decimal(amount))  # type: ignore[arg-type]
    found = held(db, replace(reach(40), target=counted), "50")
    assert found.target == Decimal(target)


@pytest.mark.parametrize("state", ["no_data", "invalid", "error"])
def test_no_value_is_no_progress(db: Database, state: str) -> None:
    """Not 0, and not what went before: it has its reason."""
    from okr_pipeline.model.observation import State
    from okr_pipeline.warehouse.question import Answer

    rows = [measured("50", day=49), measured(None, answer=Answer(None, State(state), "why"))]
    found = said(db, project_of(kr(reach())), rows)[1]
    assert (found.state, found.value, found.progress, found.status, found.reason) == (
        state, None, None, "no_data", "why",
    )  # fmt: skip


def test_a_stale_value_is_the_last_good_one(db: Database) -> None:
    """With the cut it was good at, its progress, and its reason; stale beats any colour."""
    rows = [measured("50", day=49), measured(None, day=50), measured("70", day=51, gap="late")]
    before, _, found = said(db, project_of(kr(reach())), rows)
    assert (found.state, found.status, found.value, found.progress, found.reason, found.carried_from) == (
        "stale", "stale", 50, Decimal("0.5"), "late", before.as_of,
    )  # fmt: skip


def test_stale_without_a_good_value_is_no_data(db: Database) -> None:
    """There is nothing to carry: the reason stays."""
    found = said(db, project_of(kr(reach())), [measured("70", gap="late")])[0]
    assert (found.state, found.value, found.reason) == ("no_data", None, "late")


def test_before_the_cycle_nothing_is_late(db: Database) -> None:
    """Not started wins over stale and over every colour."""
    rows = [measured("5", day=-1), measured(None, day=0), measured("5", day=-2, gap="late")]
    assert [o.status for o in said(db, project_of(kr(reach())), rows)] == ["not_started"] * 3


def test_a_target_that_meets_the_measured_baseline(db: Database) -> None:
    """There is no way to measure; the value stands, and the reason says why."""
    found = held(db, reach(40, 40), "40")
    assert (found.progress, found.status, found.value) == (None, "no_data", 40)
    assert found.reason == "the target equals the baseline: no way to measure"
