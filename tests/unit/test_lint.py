"""Advice: every rule fires on its example of bad habit, and is silent about the good one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from doc_pages import ROOT
from goals import key_result, metric, objective, project, reach

from okr_pipeline.lint import advise, rule_table
from okr_pipeline.lint.advice import PROFILES, GoalThen, Past
from okr_pipeline.lint.rules import RULES
from okr_pipeline.lint.words import english, first_of, likeness
from okr_pipeline.model.calendar import Cycle, CycleToDate, Trailing
from okr_pipeline.model.goal import Bounds, DatedCurve, FindBaseline, Keep, Manual, Milestone, Milestones
from okr_pipeline.model.metric import Aggregate, Dataset
from okr_pipeline.model.observation import Observation, State, Status
from okr_pipeline.model.okr import Objective, Project
from okr_pipeline.model.people import ActionPlan, CheckIn, Retired, Revision

TODAY = date(2026, 11, 20)
LEAD = key_result("lead", title="Teams that invite a colleague", metric="m.lead", indicator="leading")
LAG = key_result("lag", title="Teams that renew", metric="m.lag", led_by=("aim.lead",))
LOW, HIGH = Keep(bounds=Bounds(low=Decimal(3))), Keep(bounds=Bounds(high=Decimal(3)))
AIM = Objective


def sound(**more: Any) -> Objective:
    """An objective with one leading and one lagging key result that no rule has a word about."""
    return objective(LEAD, LAG, **more)


def with_kr(**more: Any) -> Project:
    """A sound project whose lagging key result is changed by *more*."""
    return project(objective(LEAD, key_result("lag", **{"led_by": ("aim.lead",), **more})))


def team(name: str, *key_results: Any, **more: Any) -> Objective:
    return objective(*key_results, id=name, level="team", owner=f"{name}@example.org", **more)


def pulled(goal: Any, name: str) -> Objective:
    return team(name, key_result("kr", goal, objective=name, metric="m.same"))


def series(*values: int, days: int = 40) -> Past:
    step = timedelta(days=days // (len(values) - 1))
    points = [(date(2026, 8, 1) + i * step, Decimal(value)) for i, value in enumerate(values)]
    return Past(values={"m.lag": points})


def seen_as(state: State, progress: str | None = None) -> Past:
    observed = Observation(
        key_result="aim.lag",
        as_of=datetime(2026, 10, 9, tzinfo=timezone.utc),  # noqa: UP017
        state=state,
        status=Status.STALE,
        definition="",
        reason="the source is silent" if state is State.STALE else None,
        progress=None if progress is None else Decimal(progress),
    )
    return Past(newest={"aim.lag": observed})


def goals(*ways: tuple[date, str, str]) -> Past:
    return Past(goals={"aim.lag": [GoalThen(on, {"baseline": b, "target": t}) for on, b, t in ways]})


def read_by(cursor: str, *, where: str | None = "closed", **more: Any) -> Project:
    """A sound project whose rows are read by *cursor*, and whose metrics look at those *where*."""
    columns = {"id": "integer", cursor: "timestamp", "closed": "boolean"}
    rows = Dataset(id="d.rows", source="d", columns=columns, key=("id",), cursor=cursor, **more)
    count = Aggregate(dataset="d.rows", value="count(*)", where=where)
    return project(
        sound(),
        datasets={"d.rows": rows},
        metrics={id: metric(id, measure=count) for id in ("m.lead", "m.lag")},
    )


STARRED = {id: metric(id) for id in ("m.lead", "m.lag", "m.star")}
EASED = goals((date(2026, 10, 1), "0", "100"), (date(2026, 12, 20), "0", "80"))
TWICE = goals(*((date(2026, 10, d), "0", str(d)) for d in (1, 5, 9, 13)))
YEAR = {"y": Cycle(id="y", start_on=date(2026, 1, 1), end_on=date(2026, 12, 31))}
OTHER = {"q1": Cycle(id="q1", start_on=date(2026, 1, 1), end_on=date(2026, 3, 31))}
FROM_START = metric(
    "m.lag", measure=Aggregate(dataset="d.rows", value="sum(n)", time="at", window=CycleToDate())
)
HAND = (Milestone(id="a", by=TODAY, done=None),)

# code, a project that earns the advice, what the ledger knows of it
CASES: list[tuple[str, str, Callable[[], Project], Past]] = [
    ("OKRL01", "six objectives", lambda: project(*(sound(id=f"aim{n}") for n in range(6))), Past()),
    ("OKRL02", "one key result", lambda: project(objective(LAG)), Past()),
    ("OKRL03", "no leading one", lambda: project(objective(LAG, key_result("two", metric="m.2"))), Past()),
    ("OKRL04", "no lagging one", lambda: project(objective(LEAD, LEAD)), Past()),
    ("OKRL05", "an unnamed lead", lambda: with_kr(led_by=()), Past()),
    (
        "OKRL06",
        "two guard-rails",
        lambda: project(objective(key_result("a", LOW, metric="m.1"), key_result("b", HIGH, metric="m.2"))),
        Past(),
    ),
    ("OKRL07", "a year for a team", lambda: project(team("t", LEAD, LAG, cycle="y"), cycles=YEAR), Past()),
    ("OKRL11", "an activity", lambda: with_kr(title="Send 12 newsletters"), Past()),
    ("OKRL12", "a vanity metric", lambda: with_kr(title="Total users"), Past()),
    ("OKRL12", "in the metric", lambda: with_kr(metric="m.v"), Past()),
    ("OKRL13", "no number", lambda: with_kr(title="Better onboarding", metric=None, goal=Manual()), Past()),
    ("OKRL14", "a number", lambda: project(sound(title="Revenue of 4M")), Past()),
    ("OKRL14", "a key result again", lambda: project(sound(title="Teams that renew")), Past()),
    ("OKRL21", "from 0", lambda: with_kr(goal=reach(0, 60)), Past()),
    ("OKRL22", "far", lambda: with_kr(goal=reach(100, 110), metric="m.lag"), series(100, 101, 100, days=92)),
    ("OKRL23", "a leap", lambda: with_kr(goal=reach(100, 300)), Past()),
    ("OKRL24", "by itself", lambda: with_kr(goal=reach(100, 101), metric="m.lag"), series(80, 100)),
    ("OKRL25", "again and again", lambda: with_kr(), TWICE),
    ("OKRL26", "eased late", lambda: with_kr(), EASED),
    ("OKRL27", "a short curve", lambda: with_kr(expected=DatedCurve(((Q4.end_on, Decimal("0.9")),))), Past()),
    (
        "OKRL31",
        "copied down",
        lambda: project(pulled(reach(), "one"), pulled(reach(), "two")),
        Past(),
    ),
    ("OKRL32", "opposite", lambda: project(pulled(LOW, "one"), pulled(HIGH, "two")), Past()),
    (
        "OKRL33",
        "another time",
        lambda: project(
            sound(depends_on=("sso",)), team("sso", LAG, cycle="q1"), cycles={**YEAR, **OTHER, "q4": Q4}
        ),
        Past(),
    ),
    ("OKRL33", "no answer", lambda: project(sound(depends_on=("sso",)), team("sso", LAG)), Past()),
    ("OKRL34", "no why", lambda: project(sound(why=None)), Past()),
    ("OKRL34", "no strategy", lambda: project(sound(strategy=None)), Past()),
    ("OKRL35", "on its own", lambda: project(sound(), team("t", LEAD, LAG)), Past()),
    ("OKRL36", "no star", lambda: project(sound(), metrics=STARRED, north_star="m.star"), Past()),
    ("OKRL41", "no owner", lambda: project(sound(owner=None)), Past()),
    ("OKRL42", "no plan", lambda: project(sound(action_plan=ActionPlan(exceeded="Go on"))), Past()),
    ("OKRL43", "by hand", lambda: with_kr(metric=None, goal=Manual()), Past()),
    ("OKRL43", "ticked", lambda: with_kr(metric=None, goal=Milestones(milestones=HAND)), Past()),
    ("OKRL43", "no metric", lambda: with_kr(metric=None), Past()),
    ("OKRL44", "silent", lambda: with_kr(), seen_as(State.STALE)),
    ("OKRL45", "without a word", lambda: with_kr(), EASED),
    (
        "OKRL46",
        "nobody said a thing",
        lambda: project(sound(), check_ins=(CheckIn(key_result="aim.lead", on=TODAY, author="a"),)),
        Past(),
    ),
    ("OKRL47", "proxies", lambda: project(objective(key_result("k", proxy_for="trust"))), Past()),
    ("OKRL48", "blind to changes", lambda: read_by("created_at"), Past()),
]
Q4 = Cycle(id="q4", start_on=date(2026, 10, 1), end_on=date(2026, 12, 31))


def codes(of: Project, past: Past | None = None, **more: Any) -> set[str]:
    if "m.v" in of.metrics:
        of.metrics["m.v"] = metric("m.v", title="Followers")  # type: ignore[index]
    return {advice.code for advice in advise(of, past or Past(), **{"today": TODAY, **more})}


@pytest.mark.parametrize(("code", "what", "bad", "past"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_a_habit_earns_its_advice(code: str, what: str, bad: Callable[[], Project], past: Past) -> None:
    """The rule speaks of this project."""
    assert code in codes(bad(), past)


def test_every_rule_has_a_case() -> None:
    """No rule is without a project that earns it."""
    assert {rule.code for rule in RULES} == {code for code, *_ in CASES}


@pytest.mark.parametrize("profile", ["lean", "balanced"])
def test_nothing_is_said_of_a_sound_project(profile: str) -> None:
    """One leading and one lagging number, owned, linked, planned: no advice."""
    assert set() == codes(project(sound()), profile=profile)


@pytest.mark.parametrize(
    ("profile", "count", "advised"),
    [
        ("lean", 3, False),
        ("lean", 4, True),
        ("balanced", 5, False),
        ("balanced", 6, True),
        ("strict", 2, True),
    ],
)
def test_profiles_disagree_on_numbers(profile: str, count: int, advised: bool) -> None:
    """How many key results are too many or too few is the profile's to say, at its bound and beyond."""
    many = [key_result(f"k{n}", metric=f"m.{n}") for n in range(count)]
    assert advised is ("OKRL02" in codes(project(objective(*many)), profile=profile))


def test_an_excepted_rule_is_silent() -> None:
    """A rule that the project excepts, with its reason, finds nothing."""
    lonely = project(objective(LAG), lint_exceptions={"OKRL02": "a pilot"})
    assert "OKRL02" not in codes(lonely)


def test_what_is_over_or_retired_gets_no_advice() -> None:
    """After the cycle, and of a retired key result, nothing can be changed."""
    assert set() == codes(project(sound(owner=None)), today=date(2027, 1, 1))
    gone = Retired(on=date(2026, 11, 1), why="merged")
    assert "OKRL11" not in codes(with_kr(title="Send letters", retired=gone))


def test_a_metric_that_counts_from_the_start_begins_at_zero() -> None:
    """`from: 0` needs no word where the window begins with the cycle; it does where it trails."""
    counts = project(objective(LEAD, key_result("lag", reach(0, 9), metric="m.lag")), metrics={
        "m.lead": metric("m.lead"), "m.lag": FROM_START,
    })  # fmt: skip
    assert "OKRL21" not in codes(counts)
    assert isinstance(metric("m").measure.window, Trailing)  # type: ignore[union-attr]


@pytest.mark.parametrize(("target", "advised"), [(105, False), (106, True)])
def test_ambition_is_measured_in_moves_of_the_metric(target: int, advised: bool) -> None:
    """Five times the largest move seen is the balanced bound: at it nothing is said, beyond it is."""
    moved = Past(
        values={"m.lag": [(date(2026, 7, 1) + timedelta(days=n), Decimal(100 + n // 92)) for n in range(93)]}
    )
    assert advised is ("OKRL22" in codes(with_kr(goal=reach(100, target), metric="m.lag"), moved))


def test_four_weeks_are_a_history() -> None:
    """27 days between first and last value can be judged, 26 cannot."""
    far = with_kr(goal=reach(100, 900), metric="m.lag")
    assert "OKRL22" in codes(far, series(100, 101, days=27))
    assert "OKRL22" not in codes(far, series(100, 101, days=26))


def test_a_declared_revision_answers_for_a_change() -> None:
    """A goal that changed with a revision of those days is no silent change."""
    told = Revision(on=date(2026, 12, 18), change="aim.lag.to", was="100", now="80", why="lost a market")
    assert "OKRL45" not in codes(project(sound(revisions=(told,))), EASED)


def test_a_key_result_that_looks_for_its_baseline_has_one_to_come() -> None:
    """`find_baseline` is an answer to the missing baseline."""
    assert "OKRL21" not in codes(with_kr(goal=FindBaseline()))


@pytest.mark.parametrize("aspiration", ["committed", "aspirational"])
def test_what_may_end_short_is_an_aspiration(aspiration: str) -> None:
    """From 70 % an aspirational key result has landed: its curve may end there."""
    short = DatedCurve(((Q4.end_on, Decimal("0.7")),))
    advised = "OKRL27" in codes(with_kr(expected=short, aspiration=aspiration))
    assert advised is (aspiration == "committed")


@pytest.mark.parametrize(
    "seeing",
    [
        read_by("updated_at"),
        read_by("created_at", full_read=timedelta(days=7)),
        read_by("created_at", where=None),
        read_by("created_at", where="created_at > '2026-01-01' AND id <> 3"),
    ],
)
def test_a_cursor_that_sees_enough_gets_no_advice(seeing: Project) -> None:
    """One that moves with changes, one that is read in full at times, rows that count for ever."""
    assert "OKRL48" not in codes(seeing)


def test_words_are_compared_whole() -> None:
    """`Reaching out` is not `reach`, and a phrase may span words."""
    assert first_of(english().vanity, "Reaching out") is None
    assert first_of(english().activities, "Roll out the new dialler", at_start=True) == "roll out"
    assert first_of(english().activities, "Weeks to roll out", at_start=True) is None


def test_titles_are_alike_by_their_words() -> None:
    """Order and small words do not matter; nothing is like an empty title."""
    assert likeness("Win the mid-market", "mid-market: win", leaving_out=english().stop_words) == 1
    assert likeness("", "mid-market", leaving_out=()) == 0


def test_rules_explain_themselves() -> None:
    """Codes are unique and in order; every rule has a reason and an example that are sentences."""
    codes_ = [rule.code for rule in RULES]
    assert codes_ == sorted(set(codes_))
    assert [] == [r.code for r in RULES if not (r.reason.endswith(".") and r.example.endswith("."))]
    assert set(PROFILES) == {"lean", "balanced", "strict"}


def test_the_documented_rules_are_current() -> None:
    """docs/lint.md ends with the program's own list."""
    assert (ROOT / "docs/lint.md").read_text(encoding="utf-8").endswith(rule_table())
