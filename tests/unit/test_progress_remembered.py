"""What rests on earlier days: shares held, statuses that dwell, curves of an earlier cycle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from progress_builder import (
    FIRST,
    end_of,
    goods,
    keep,
    key_result,
    measured,
    project,
    reach,
    said,
    series,
)

from okr_pipeline.findings import Measurement
from okr_pipeline.goal_words import held_text
from okr_pipeline.model.calendar import Cycle
from okr_pipeline.model.goal import (
    AllOf,
    ClosedAt,
    Condition,
    DatedCurve,
    FindBaseline,
    Goal,
    HeldOverTime,
    HeldPeriod,
    Manual,
    Reach,
    Steps,
)
from okr_pipeline.model.observation import Observation, Status
from okr_pipeline.model.okr import Objective, Project
from okr_pipeline.model.periods import FiscalWeeks
from okr_pipeline.model.policy import POLICIES, Policy
from okr_pipeline.warehouse.database import Database, Settings

quick = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COLOURS = {Status.OFF_TRACK, Status.AT_RISK, Status.ON_TRACK}
values = st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1, max_size=40)


@pytest.fixture(scope="module", name="db")
def _db() -> Iterator[Database]:
    with Database(None, settings=Settings()) as db:
        yield db


def nine(value: Fraction) -> Decimal:
    return Decimal(round(value * 10**9)).scaleb(-9)


@quick
@given(days=values)
def test_a_held_share_is_the_plain_count(db: Database, days: list[int | None]) -> None:
    """Days inside over days that ended; one without an observation is not; the first tell nothing."""
    goal = keep(">= 5", held=HeldOverTime(each="day"))
    found = series(db, goal, dict(enumerate(days, 1)))
    for n, o in enumerate(found, 1):
        inside = sum(value is not None and value >= 5 for value in days[:n])
        seen = any(value is not None for value in days[:n])
        assert (nine(Fraction(inside, n)) if seen else None) == o.progress
        outside = [d for d, value in enumerate(days[:n], 1) if value is None or value < 5]
        assert (FIRST + timedelta(days=outside[0] - 1) if outside else None) == o.outside_since


@pytest.mark.parametrize(("each", "inside"), [("month", 2), ("fiscal_month", 3)])
def test_months_of_the_calendar_are_not_those_of_the_fiscal_year(
    db: Database, each: HeldPeriod, inside: int
) -> None:
    """Outside on 31 March alone: in 4-4-5, the month has ended on the 28th."""
    of = project(key_result(keep(">= 5", held=HeldOverTime(each=each))))
    weeks = FiscalWeeks(pattern=(4, 4, 5), weekday=5, month=1)
    of = replace(of, calendar=replace(of.calendar, fiscal_weeks=weeks))
    found = said(db, of, [measured(4 if day == 90 else 9, day=day) for day in range(1, 91)])[-1]
    assert nine(Fraction(inside, 3)) == found.progress


def test_fiscal_periods_are_told_in_words(db: Database) -> None:
    """Readers meet a fiscal quarter, not the word that is written for it."""
    goal = keep(">= 5", held=HeldOverTime(each="fiscal_quarter", share=Decimal("0.9")))
    found = said(db, project(key_result(goal)), [measured(9, day=1)])[-1]
    told = ("90 % of fiscal quarters", "no fiscal quarter has ended yet")
    assert told == (held_text(goal), found.reason)


@quick
@given(days=values, share=st.sampled_from(["0.5", "0.9", "1"]), last=st.sampled_from([40, 100]))
def test_the_status_of_a_held_share(db: Database, days: list[int | None], share: str, last: int) -> None:
    """On the last day it is reached if the share is held, and off track if not, whatever today says."""
    goal = keep(">= 5", held=HeldOverTime(each="day", share=Decimal(share)))
    found = series(db, goal, dict(enumerate(days, last - len(days) + 1)), days=last)[-1]
    # The days before the first measured one have ended without an observation.
    held = sum(value is not None and value >= 5 for value in days) >= Fraction(share) * last
    now = days[-1]
    wanted = Status.NO_DATA if now is None else Status.REACHED if held else Status.OFF_TRACK
    assert wanted == found.status


@quick
@given(days=st.lists(st.integers(0, 120), min_size=1, max_size=40), dwell=st.integers(1, 4))
def test_dwell_is_a_plain_loop(db: Database, days: list[int], dwell: int) -> None:
    """A colour is published once it has held for so many days; other words at once, and count for nothing."""
    policy = replace(POLICIES["pace"], dwell=dwell)
    found = series(db, reach(), dict(enumerate(days, 30)), policy=policy)
    raws = [o.raw_status or o.status for o in found]
    assert [o.status for o in series(db, reach(), dict(enumerate(days, 30)))] == raws
    published: Status | None = None
    coloured: list[Status] = []
    for o, raw in zip(found, raws, strict=True):
        if raw in COLOURS:
            coloured.append(raw)
            if published is None or (len(coloured) >= dwell and len(set(coloured[-dwell:])) == 1):
                published = raw
        assert (published if raw in COLOURS else raw) == o.status


def test_an_instant_within_a_day_dwells_on_the_days_before_it(db: Database) -> None:
    """It counts as one more day, and other instants of the day do not."""
    of = project(key_result(reach()), policy=Policy(dwell=3))
    noons = [measured(0, cut=end_of(43) - timedelta(hours=h)) for h in (12, 6)]
    rows = [measured(40, day=40), measured(0, day=41), measured(0, day=42), *noons]
    assert [o.status for o in said(db, of, rows)] == ["on_track"] * 3 + ["off_track"] * 2


KINDS: dict[str, tuple[Goal, Policy]] = {
    "reach": (reach(), POLICIES["pace"]),
    "keep": (keep("3..7"), POLICIES["viva"]),
    "days": (keep(">= 3", held=HeldOverTime(each="day", share=Decimal("0.7"))), POLICIES["pace"]),
    "weeks": (keep(">= 3", held=HeldOverTime(each="week", of="cycle")), POLICIES["pace"]),
    "dwell": (reach(0, 10), replace(POLICIES["servicenow"], dwell=5)),
    "steps": (
        Steps(
            baseline=Decimal(0),
            steps=((FIRST + timedelta(days=200), Decimal(4)), (FIRST + timedelta(days=360), Decimal(9))),
        ),
        POLICIES["upraise"],
    ),
    "dated": (reach(9, 0), POLICIES["mooncamp"]),
    "manual": (Manual(target=Decimal(9)), POLICIES["engagedly"]),
    "learn": (FindBaseline(), POLICIES["pace"]),
    "both": (AllOf(conditions=(Condition(metric="m.x", bounds=keep(">= 2").bounds),) * 2), POLICIES["pace"]),
}  # fmt: skip


def a_year(goal: Goal) -> list[Measurement]:
    from okr_pipeline.warehouse.question import NO_ROWS, Answer

    found = []
    for day in range(1, 366):
        value = None if day % 29 == 0 else Decimal((day * day + day // 7) % 10)
        late = "late" if day % 31 == 0 else None
        if isinstance(goal, AllOf):
            answer = NO_ROWS if value is None else Answer(value)
            whole = NO_ROWS if value is None else Answer(None)
            found.append(
                measured(
                    None, day=day, answer=whole, gap=late, parts=(("1", answer), ("2", Answer(Decimal(5))))
                )
            )
        else:
            found.append(measured(value, day=day, gap=late))
    return found


def in_runs(db: Database, of: Project, runs: Sequence[Sequence[Measurement]]) -> dict[object, Observation]:
    """Return what is known after *runs*, each of which knows what those before it recorded."""
    known: dict[object, Observation] = {}
    for run in runs:
        found = said(db, of, run, earlier=goods(list(known.values())))
        known |= {o.as_of: o for o in found}
    return known


@pytest.mark.parametrize("kind", KINDS)
def test_a_year_is_the_same_forward_backward_and_twice(db: Database, kind: str) -> None:
    """In quarters, at once, again, and each time asked from the end: one set of observations."""
    goal, policy = KINDS[kind]
    curve = DatedCurve(((FIRST + timedelta(days=99), Decimal("0.1")),)) if kind == "dated" else None
    of = project(key_result(goal, expected=curve), policy=policy, days=365)
    year = a_year(goal)
    at_once = in_runs(db, of, [year])
    forward = in_runs(db, of, [year[:90], year[90:180], year[180:270], year[270:], year])
    backward = in_runs(db, of, [year[::-1], year[:200][::-1], year[:50]])
    assert at_once == forward == backward
    assert len(at_once) == 365


def two_cycles(expected: str | None = "last_cycle", *, days: int = 10) -> Project:
    """Return a project whose key result `o.kr` follows `old.kr` of the *days* before."""
    before = key_result(reach(0, 10), "kr", id="old.kr", objective="old")
    goal = Reach(baseline=ClosedAt("old.kr"), target=Decimal(20))
    old = Objective(id="old", cycle="old", title="Old", key_results=(before,))
    of = project(key_result(goal, expected=expected), days=20, objectives=[old])
    past = Cycle(id="old", start_on=FIRST - timedelta(days=days), end_on=FIRST - timedelta(days=1))
    return replace(of, cycles={**of.cycles, "old": past})


def test_the_curve_of_the_last_cycle(db: Database) -> None:
    """At half of the cycle it expects what half of the one before had made of its end."""
    from progress_builder import frozen

    of = two_cycles()
    old = [
        measured(v, key_result="old.kr", cut=end_of(n - 9))
        for n, v in enumerate([1, 1, 1, 1, 2, 2, 2, 4, 6, 8])
    ]
    rows = [*old, *(measured(12, day=day) for day in (5, 10, 20))]
    found = said(db, of, rows, baselines={"o.kr": (frozen(10),)})
    assert [o.expected for o in found if o.key_result == "o.kr"] == [
        Decimal("0.125"), Decimal("0.25"), Decimal(1),
    ]  # fmt: skip


def test_a_cycle_that_closed_near_nothing_is_no_course(db: Database) -> None:
    """Half way and back to a billionth: what it expects would be no number, and the others are measured."""
    from progress_builder import frozen

    ends = zip(("500", "0.00000001"), (5, 10), strict=True)
    old = [measured(Decimal(v), key_result="old.kr", cut=end_of(n - 10)) for v, n in ends]
    found = said(db, two_cycles(), [*old, measured(12, day=5)], baselines={"o.kr": (frozen(10),)})
    assert [None] == [o.expected for o in found if o.key_result == "o.kr"]


def test_without_an_earlier_cycle_nothing_is_expected(db: Database) -> None:
    """The progress stands, the reason says why it is not judged."""
    from progress_builder import frozen

    found = said(db, two_cycles(), [measured(12, day=5)], baselines={"o.kr": (frozen(10),)})[0]
    assert (found.progress, found.expected, found.status) == (Decimal("0.2"), None, "no_data")
    assert found.reason == "nothing is expected: the cycle that it follows has no progress at its close"
