"""Objectives from their parts: progress, status, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from progress_builder import FIRST, end_of, keep, key_result, measured, project, reach, rolled_up, said

from okr_pipeline.model.goal import HeldOverTime
from okr_pipeline.model.observation import ObjectiveObservation, Observation, State, Status
from okr_pipeline.model.okr import Objective, Project
from okr_pipeline.model.people import Retired
from okr_pipeline.roll_up import roll_up
from okr_pipeline.warehouse.database import Database, Settings

ratios = st.decimals(-2, 3, places=9)
weights = st.decimals("0.001", 1000, places=3)
quick = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ORDER = ["off_track", "at_risk", "stale", "no_data", "not_started", "on_track", "reached"]


@pytest.fixture(scope="module", name="db")
def _db() -> Iterator[Database]:
    with Database(None, settings=Settings()) as db:
        yield db


def clamped(progress: Decimal) -> Fraction:
    return min(max(Fraction(progress), Fraction(0)), Fraction(1))


@quick
@given(parts=st.lists(st.tuples(ratios, weights), min_size=1, max_size=8))
def test_it_is_the_exact_weighted_mean(db: Database, parts: list[tuple[Decimal, Decimal]]) -> None:
    """Rounded once, at the end, and never beyond its least and its greatest part."""
    shares = [(clamped(progress), Fraction(weight)) for progress, weight in parts]
    mean = sum(p * w for p, w in shares) / sum(w for _, w in shares)
    found = rolled_up(db, parts).progress
    assert Decimal(round(mean * 10**9)).scaleb(-9) == found
    assert min(p for p, _ in shares) <= found <= max(p for p, _ in shares)


@quick
@given(parts=st.lists(st.tuples(ratios, weights), min_size=1, max_size=8))
def test_min_is_the_least_part(db: Database, parts: list[tuple[Decimal, Decimal]]) -> None:
    """Clamped, whatever the weights."""
    least = min(clamped(progress) for progress, _ in parts)
    assert rolled_up(db, parts, roll_up_by="min").progress == least


@pytest.mark.parametrize(("how", "progress"), [("mean", "0.5"), ("min", "0.5"), ("sum", "0.5")])
def test_what_weighs_nothing_adds_nothing(db: Database, how: str, progress: str) -> None:
    """Its status counts; in a least or a sum its number once did, too."""
    parts = [key_result(reach(0, 10), "a"), key_result(reach(0, 1000), "b", weight=Decimal(0))]
    of = project(*parts, roll_up=how)
    found = roll_up(db, of, said(db, of, [measured(5, name="a"), measured(0, name="b")]))[0]
    assert (Decimal(progress), "off_track") == (found.progress, found.status)


def summed(db: Database, ways: list[tuple[int, int, int]]) -> ObjectiveObservation:
    key_results = [key_result(reach(a, b), f"kr{n}") for n, (a, b, _) in enumerate(ways)]
    of = project(*key_results, roll_up="sum")
    rows = [measured(value, name=f"kr{n}") for n, (*_, value) in enumerate(ways)]
    return roll_up(db, of, said(db, of, rows))[0]


@quick
@given(
    ways=st.lists(
        st.tuples(st.integers(0, 99), st.integers(100, 999), st.integers(-99, 2000)), min_size=1, max_size=6
    )
)
def test_a_sum_is_the_way_of_all_together(db: Database, ways: list[tuple[int, int, int]]) -> None:
    """Values summed against summed baselines and targets, and told with them."""
    begin, end, value = (sum(way[n] for way in ways) for n in range(3))
    found = summed(db, ways)
    share = min(max(Fraction(value - begin, end - begin), Fraction(0)), Fraction(1))
    expected = Decimal(round(share * 10**9)).scaleb(-9)
    assert (expected, value, begin, end) == (found.progress, found.value, found.baseline, found.target)


def test_an_objective_is_as_old_as_it_is_asked_about(db: Database) -> None:
    """On day 90 it was judged by the elapsed days of a key result that stands since day 50: a wrong green."""
    of = project(key_result(reach(0, 10)), policy="mooncamp", status_roll_up="by_progress")
    observed = said(db, of, [measured(5, day=50)])
    found = [roll_up(db, of, observed, as_of=end_of(day))[0].status for day in (50, 90)]
    assert ["on_track", "off_track"] == found


@pytest.mark.parametrize("of_cycle", ["so_far", "cycle"])
def test_what_holds_the_share_it_requires_is_on_track(db: Database, of_cycle: str) -> None:
    """Inside on 40 of 50 days, with 80 % required: all of 1 was expected of it once, on any day."""
    over = HeldOverTime(each="day", share=Decimal("0.8"), of=of_cycle)  # type: ignore[arg-type]
    of = project(key_result(replace(keep(">= 1"), held=over)), status_roll_up="by_progress")
    rows = [measured(int(day > 10), day=day) for day in range(1, 51)]
    last = said(db, of, rows)[-1]
    found = roll_up(db, of, [last])[0]
    assert ("on_track", last.progress, "on_track") == (last.status, found.expected, found.status)


def test_what_does_not_count_is_counted_apart(db: Database) -> None:
    """No observation, no baseline yet, no target told: none of them is a zero or a full mark."""
    parts = [("0.5", 1), (None, 5, "no_data"), (None, 1, "measuring"), (None, 1, "no_target")]
    found = rolled_up(db, parts)
    assert (found.progress, found.status) == (Decimal("0.5"), "no_data")
    assert (found.counted, found.declared, found.no_data, found.measuring, found.no_target) == (1, 4, 1, 1, 1)


def test_no_part_with_progress_is_no_progress(db: Database) -> None:
    """None of one."""
    found = rolled_up(db, [(None, 1, "not_started")])
    assert (found.progress, found.counted, found.status) == (None, 0, "not_started")


def test_a_weight_of_nothing_moves_nothing(db: Database) -> None:
    """If all weigh nothing there is no progress."""
    assert rolled_up(db, [("1", 0), ("0.2", 1)]).progress == Decimal("0.2")
    assert rolled_up(db, [("1", 0), ("0.2", 0)]).progress is None


@quick
@given(statuses=st.lists(st.sampled_from(ORDER), min_size=1, max_size=5))
def test_an_objective_has_the_status_of_its_worst_part(db: Database, statuses: list[str]) -> None:
    """In one fixed order, off track first."""
    found = rolled_up(db, [("0.5", 1, status) for status in statuses])
    assert found.status == min(statuses, key=ORDER.index)


@quick
@given(statuses=st.lists(st.sampled_from(ORDER), min_size=1, max_size=7))
def test_or_that_of_most_of_them(db: Database, statuses: list[str]) -> None:
    """Of two that are equally frequent, the worse."""
    counts = Counter(statuses)
    wanted = min(counts, key=lambda status: (-counts[status], ORDER.index(status)))
    found = rolled_up(db, [("0.5", 1, status) for status in statuses], status_roll_up="majority")
    assert found.status == wanted


@pytest.mark.parametrize(
    ("progress", "policy", "status"),
    [("0.4", "pace", "on_track"), ("0.25", "pace", "at_risk"), ("0.24", "pace", "off_track"),
     ("1", "pace", "reached"), ("0.45", "mooncamp", "on_track"), ("0.475", "upraise", "on_track"),
     ("0.5", "viva", "on_track"), ("0.335", "engagedly", "at_risk"), ("0.75", "servicenow", "at_risk")],
)  # fmt: skip
def test_or_that_of_its_own_progress(db: Database, progress: str, policy: str, status: str) -> None:
    """By the policy's thresholds, against what was expected of its parts."""
    parts = [(progress, 1, "off_track", "0.5")]
    assert rolled_up(db, parts, status_roll_up="by_progress", policy=policy).status == status


def levels(retired: Retired | None = None) -> Project:
    """Return `top` with one key result, and two objectives that contribute to it."""
    below = [
        Objective(id=id, cycle="c", title=id, contributes_to="o", retired=retired if id == "two" else None,
                  key_results=(replace(key_result(reach()), id=f"{id}.kr", objective=id),))
        for id in ("one", "two")
    ]  # fmt: skip
    return project(key_result(reach()), objectives=below)


def seen(id: str, progress: str) -> Observation:
    return Observation(
        key_result=id, as_of=end_of(50), state=State.OK, status=Status.ON_TRACK, definition="",
        progress=Decimal(progress),
    )  # fmt: skip


def test_parents_hold_the_progress_of_what_contributes(db: Database) -> None:
    """Beside their own key results, each with weight 1."""
    now = [seen("o.kr", "0"), seen("one.kr", "0.5"), seen("two.kr", "1")]
    found = {o.objective: o for o in roll_up(db, levels(), now)}
    assert (found["o"].progress, found["o"].declared) == (Decimal("0.5"), 3)


@pytest.mark.parametrize(("on", "progress", "retired"), [(49, "0.25", 1), (50, "0.5", 0)])
def test_what_is_retired_counts_no_more(db: Database, on: int, progress: str, retired: int) -> None:
    """From its day on; until then it does."""
    of = levels(Retired(on=date.fromordinal(FIRST.toordinal() + on), why="merged"))
    now = [seen("o.kr", "0"), seen("one.kr", "0.5"), seen("two.kr", "1")]
    found = {o.objective: o for o in roll_up(db, of, now)}["o"]
    assert (found.progress, found.retired, found.declared) == (Decimal(progress), retired, 3 - retired)


def test_bounds_hold_for_any_mixture(db: Database) -> None:
    """A part beyond its target does not make up for another."""
    assert rolled_up(db, [("9", 1), ("0", 1)]).progress == Decimal("0.5")
