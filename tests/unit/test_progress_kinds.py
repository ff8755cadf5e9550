"""Every kind of goal that is not one number on its way: groups, conditions, milestones, people's word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from progress_builder import (
    FIRST,
    bounds,
    done,
    end_of,
    frozen,
    held,
    keep,
    key_result,
    measured,
    project,
    reach,
    said,
    series,
)

from okr_pipeline.model.goal import (
    AllOf,
    ClosedAt,
    Condition,
    FindBaseline,
    HeldInGroups,
    Manual,
    MeasuredOn,
    Milestone,
    Milestones,
    OpenTarget,
    Reach,
    RelativeTarget,
    Steps,
)
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.people import CheckIn
from okr_pipeline.stated import stated
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.question import NO_ROWS, Answer

BOTH = AllOf(
    conditions=(
        Condition(metric="m.x", bounds=bounds(">= 3")),
        Condition(metric="m.x", bounds=bounds(">= 4.5")),
    )
)
SOC2 = Milestones(
    milestones=(
        Milestone(id="reviews", by=FIRST + timedelta(days=29), done=None, weight=Decimal(2)),
        Milestone(
            id="log", by=FIRST + timedelta(days=59), done=Condition(metric="m.x", bounds=bounds(">= 3"))
        ),
    )
)


@pytest.fixture(scope="module", name="db")
def _db() -> Iterator[Database]:
    with Database(None, settings=Settings()) as db:
        yield db


def parts(**values: str | None) -> tuple[tuple[str, Answer], ...]:
    return tuple((n.strip("_"), NO_ROWS if v is None else Answer(Decimal(v))) for n, v in values.items())


@pytest.mark.parametrize(
    ("one", "other", "progress", "status"), [("3", "4.5", 1, "on_track"), ("3", "4.4", 0, "off_track")]
)
def test_all_of_is_the_least_of_its_conditions(
    db: Database, one: str, other: str, progress: int, status: str
) -> None:
    """One outside is outside; what each part gave is kept beside."""
    found = said(db, project(key_result(BOTH)), [measured(None, parts=parts(_1=one, _2=other))])[0]
    assert (found.progress, found.status, found.value) == (progress, status, None)
    assert [(p.name, p.value, p.progress) for p in found.parts] == [
        ("1", Decimal(one), 1), ("2", Decimal(other), progress),
    ]  # fmt: skip


def test_a_condition_without_an_observation_leaves_it_open(db: Database) -> None:
    """It is not met, and not missed: there is no data, for that part's reason."""
    answer = Answer(None, State.NO_DATA, "2: no rows match")
    rows = [measured(None, answer=answer, parts=parts(_1="3", _2=None))]
    found = said(db, project(key_result(BOTH)), rows)[0]
    assert (found.progress, found.status, found.reason) == (None, "no_data", "2: no rows match")
    assert [p.progress for p in found.parts] == [1, None]


def test_stale_parts_stand_as_they_were_last_good(db: Database) -> None:
    """All of them, from one day."""
    rows = [measured(None, day=49, parts=parts(_1="3", _2="5")),
            measured(None, day=50, parts=parts(_1="3", _2="1"), gap="late")]  # fmt: skip
    found = said(db, project(key_result(BOTH)), rows)[1]
    assert (found.state, found.progress, found.carried_from) == ("stale", 1, end_of(49))
    assert [p.value for p in found.parts] == [3, 5]


@pytest.mark.parametrize(("share", "status"), [("1", "off_track"), ("0.6", "on_track")])
def test_groups_count_as_the_share_of_them_inside(db: Database, share: str, status: str) -> None:
    """Two regions of three; whether that is enough is declared."""
    goal = keep(">= 99", held=HeldInGroups(dimension="region", share=Decimal(share)))
    rows = [measured(None, parts=parts(emea="99.5", apac="98", amer="99"))]
    found = said(db, project(key_result(goal)), rows)[0]
    assert (found.progress, found.status) == (Decimal("0.666666667"), status)


def test_one_number_alone_is_inside_itself_by_every_policy(db: Database) -> None:
    """By Viva's `finance.soc2 = 1` could never be done, nor `5..5` kept: nothing lay between the bounds."""
    one = Condition(metric="m.x", bounds=bounds(">= 3"))
    goal = Milestones(milestones=(Milestone(id="log", by=FIRST, done=one),))
    done_ = said(db, project(key_result(goal), policy="viva"), [measured(None, parts=parts(log="3"))])[0]
    assert (1, 1) == (done_.progress, held(db, keep("5..5"), 5, policy="viva").progress)


@pytest.mark.parametrize(
    ("goal", "start", "value"),
    [
        (Reach(baseline=MeasuredOn(FIRST), target=Decimal(100), direction="up"), 120, 100),
        (Reach(baseline=MeasuredOn(FIRST), target=RelativeTarget("ratio", Decimal("0.15"))), -40, -46),
        (Reach(baseline=MeasuredOn(FIRST), target=RelativeTarget("times", Decimal(2))), -40, -80),
    ],
)
def test_a_measured_baseline_past_its_target_is_no_way(
    db: Database, goal: Reach, start: int, value: int
) -> None:
    """Falling from 120 to 100 was reached once, where up was declared; so was a loss that grew by 15 %."""
    rows = [measured(value, day=5)]
    found = said(db, project(key_result(goal)), rows, baselines={"o.kr": (frozen(start),)})[0]
    reason = "the target lies on the wrong side of the baseline: no way to measure"
    assert (None, "no_data", reason) == (found.progress, found.status, found.reason)


def milestones_on(db: Database, day: int, *, log: str) -> Observation:
    rows = [measured(None, day=day, parts=parts(log=log))]
    return said(db, project(key_result(SOC2, metric=None)), rows, check_ins=[done("reviews", on=30)])[0]


@pytest.mark.parametrize(
    ("day", "log", "progress", "expected"),
    [
        (29, "0", "0", "0"),
        (30, "0", "0.666666667", "0.666666667"),
        (59, "3", "1", "0.666666667"),
        (60, "3", "1", "1"),
    ],
)
def test_milestones_are_the_weight_that_is_done(
    db: Database, day: int, log: str, progress: str, expected: str
) -> None:
    """Expected is the weight that is due; by hand it is done from the day that a check-in names."""
    found = milestones_on(db, day, log=log)
    assert (found.progress, found.expected) == (Decimal(progress), Decimal(expected))


def test_steps_expect_the_way_through_their_days(db: Database) -> None:
    """Progress is towards the last step; at each step's day, exactly that step is expected."""
    goal = Steps(
        baseline=Decimal(10),
        steps=((FIRST + timedelta(days=49), Decimal(12)), (FIRST + timedelta(days=99), Decimal(14))),
    )
    found = series(db, goal, {25: "11", 50: "12", 75: "13", 100: "14"})
    assert [o.expected for o in found] == [o.progress for o in found]
    assert [o.progress for o in found] == [Decimal(text) for text in ("0.25", "0.5", "0.75", "1")]


@pytest.mark.parametrize(
    ("goal", "status"),
    [(FindBaseline(), "measuring"), (Reach(baseline=Decimal(1), target=OpenTarget("private")), "no_target")],
)
def test_without_a_target_there_is_a_value_and_no_progress(db: Database, goal: Reach, status: str) -> None:
    """It has its own status, which is no fault."""
    found = held(db, goal, "5")
    assert (found.status, found.value, found.progress, found.expected) == (status, 5, None, None)


def test_a_manual_number_is_the_last_one_that_was_stated(db: Database) -> None:
    """It grows old: past its time the last good day stands, as stale."""
    goal = Manual(target=Decimal(4), fresh_for=timedelta(days=2))
    of = project(key_result(goal, metric=None))
    stating = [CheckIn(key_result="o.kr", on=FIRST + timedelta(days=4), author="a", value=Decimal(3))]
    wanted = [(of.key_result("o.kr"), end_of(day)) for day in range(4, 9)]
    found = said(db, of, stated(of, wanted, stating))
    assert [(o.state, o.value, o.progress) for o in found] == [
        ("no_data", None, None), *[("ok", 3, Decimal("0.75"))] * 3, ("stale", 3, Decimal("0.75")),
    ]  # fmt: skip


def test_a_revised_baseline_holds_from_its_day_on(db: Database) -> None:
    """The days before keep the one they were judged by."""
    of = project(key_result(Reach(baseline=MeasuredOn(date(2025, 12, 31)), target=Decimal(100))))
    two = (frozen(0), frozen(20, since=FIRST + timedelta(days=9)))
    found = said(db, of, [measured(60, day=day) for day in (9, 10)], baselines={"o.kr": two})
    assert [(o.baseline, o.progress) for o in found] == [(0, Decimal("0.6")), (20, Decimal("0.5"))]


def test_a_baseline_that_is_not_there_yet_has_its_reason(db: Database) -> None:
    """The value stands; there is no progress."""
    of = project(key_result(Reach(baseline=ClosedAt("old.kr"), target=Decimal(100))))
    found = said(db, of, [measured(60)], baselines={"o.kr": (frozen(None, "not closed yet"),)})[0]
    assert (found.value, found.progress, found.status, found.reason) == (
        60,
        None,
        "no_data",
        "not closed yet",
    )


def test_reach_from_a_negative_to_zero(db: Database) -> None:
    """A loss of 40 that becomes one of 10 is three quarters of the way."""
    assert held(db, reach(-40, 0), -10).progress == Decimal("0.75")
