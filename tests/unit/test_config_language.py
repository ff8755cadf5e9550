"""A project that uses the whole language loads without a word, and every part arrives as its noun."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from okr_pipeline.config import Checked, check
from okr_pipeline.config.goals.kinds import GOAL_KEYS
from okr_pipeline.config.schema import Text, keys_of
from okr_pipeline.config.schema_objectives import CheckInText, KeyResultText, ObjectiveText
from okr_pipeline.model.goal import (
    AllOf,
    Bounds,
    ClosedAt,
    Condition,
    DatedCurve,
    FindBaseline,
    HeldInGroups,
    HeldOverTime,
    Keep,
    Manual,
    MeasuredOn,
    Milestone,
    Milestones,
    OpenTarget,
    Reach,
    RelativeTarget,
    Steps,
)
from okr_pipeline.model.metric import Aggregate, Change
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.people import ActionPlan, CheckIn, Override, Retired, Revision
from okr_pipeline.model.policy import POLICIES, Grades, Policy
from tests.builders.config_language import CHECK_INS, FILES, OBJECTIVES

FIRST, LAST = date(2026, 11, 1), date(2027, 1, 31)


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """What the project that uses the whole language comes to."""
    root = tmp_path_factory.mktemp("language")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return check(root)


@pytest.fixture(scope="module")
def project(language: Checked) -> Project:
    """The project itself."""
    assert language.project is not None, language.diagnostics
    return language.project


def test_the_whole_language_is_accepted(language: Checked) -> None:
    """No diagnostic, not even a warning."""
    assert () == language.diagnostics


@pytest.mark.parametrize(
    ("model", "text"), [(KeyResultText, OBJECTIVES), (ObjectiveText, OBJECTIVES), (CheckInText, CHECK_INS)]
)
def test_the_project_uses_every_key(model: type[Text], text: str) -> None:
    """A key that joins the language joins this project."""
    unused = [key for key in keys_of(model) if f"{key}:" not in text]
    assert [] == [key for key in unused if key not in ("contributes_to", "retired")]


def test_every_key_of_a_goal_is_one_of_a_key_result() -> None:
    """The table of kinds speaks of keys that there are."""
    assert set() == set(GOAL_KEYS) - set(keys_of(KeyResultText))


def dec(text: str) -> Decimal:
    return Decimal(text)


GOALS = {
    "grow.arr": Reach(
        baseline=ClosedAt("habit.arr"),
        target=dec("4e6"),
        commit=dec("3e6"),
        stretch=dec("5e6"),
        direction="up",
    ),
    "grow.cost": Reach(baseline=MeasuredOn(date(2026, 10, 15)), target=RelativeTarget("times", dec("2"))),
    "grow.old": Reach(baseline=dec("-100"), target=dec("0")),
    "grow.secret": Reach(baseline=MeasuredOn(FIRST), target=OpenTarget("private")),
    "guard.margin": Reach(baseline=dec("0.31"), target=RelativeTarget("points", dec("0.05"))),
    "guard.speed": Reach(baseline=dec("210"), target=RelativeTarget("ratio", dec("-0.15")), direction="down"),
    "guard.someday": Reach(baseline=MeasuredOn(FIRST), target=OpenTarget("unknown")),
    "guard.churn": Keep(
        bounds=Bounds(high=dec("0.025")),
        warn=Bounds(high=dec("0.02"), high_inclusive=False),
        held=HeldOverTime(each="week", share=dec("0.95"), of="cycle"),
    ),
    "guard.often": Keep(
        bounds=Bounds(low=dec("0"), low_inclusive=False), held=HeldOverTime(each="fiscal_month")
    ),
    "guard.days": Keep(
        bounds=Bounds(low=dec("0.01"), high=dec("0.09"), low_inclusive=False),
        warn=Bounds(low=dec("0.02"), high=dec("0.09")),
        held=HeldOverTime(each="day", share=dec("0.8")),
    ),
    "guard.now": Keep(
        bounds=Bounds(low=dec("22"), high=dec("28")), warn=Bounds(low=dec("24"), high=dec("27"))
    ),
    "guard.everywhere": Keep(bounds=Bounds(low=dec("0.999")), held=HeldInGroups(dimension="region")),
    "guard.nearly": Keep(
        bounds=Bounds(low=dec("0.99")), held=HeldInGroups(dimension="region", share=dec("0.9"))
    ),
    "guard.staged": Steps(baseline=dec("10"), steps=((date(2026, 12, 15), dec("12")), (LAST, dec("14")))),
    "guard.soc2": Milestones(
        milestones=(
            Milestone(
                id="access",
                by=date(2026, 12, 1),
                done=Condition(metric="crm.deals", bounds=Bounds(low=dec("1"), high=dec("1"))),
                weight=dec("2"),
                title="Access reviews",
            ),
            Milestone(
                id="volume",
                by=date(2027, 1, 15),
                done=Condition(metric="crm.deals", bounds=Bounds(low=dec("3"))),
                weight=dec("0"),
            ),
            Milestone(
                id="spread",
                by=date(2027, 1, 15),
                done=Condition(metric="crm.margin", bounds=Bounds(low=dec("0.04"), high=dec("0.05"))),
            ),
            Milestone(id="log", by=LAST, done=None),
        )
    ),
    "guard.both": AllOf(
        conditions=(
            Condition(metric="crm.deals", bounds=Bounds(low=dec("3"))),
            Condition(metric="crm.margin", bounds=Bounds(low=dec("0.045"), low_inclusive=False)),
        )
    ),
    "guard.partners": Manual(baseline=dec("0"), target=dec("3"), fresh_for=timedelta(days=14)),
    "guard.judged": Manual(score=True),
    "guard.nps": FindBaseline(),
    "guard.not_ready": Reach(baseline=MeasuredOn(FIRST), target=RelativeTarget("times", dec("3"))),
    "habit.arr": Reach(baseline=dec("1e6"), target=dec("2e6")),
    "habit.cost": Reach(baseline=dec("1e6"), target=dec("2e6")),
}


@pytest.mark.parametrize(("id", "goal"), GOALS.items(), ids=GOALS.keys())
def test_every_kind_of_goal_arrives_as_its_noun(project: Project, id: str, goal: object) -> None:
    """Numbers are exact, percentages ratios, days days."""
    assert goal == project.key_result(id).goal


def test_every_goal_was_looked_at(project: Project) -> None:
    """The table above leaves none out."""
    assert set(GOALS) == {key_result.id for key_result in project.key_results()}


def test_all_that_is_said_of_a_key_result_arrives(project: Project) -> None:
    """One key result with every option; a curve without the last day ends at all of the way."""
    curve = DatedCurve(((date(2026, 12, 15), dec("0.1")), (date(2027, 1, 15), dec("0.6")), (LAST, dec("1"))))
    expected = KeyResult(
        id="grow.arr",
        objective="grow",
        title="Yearly revenue",
        metric="crm.arr",
        goal=GOALS["grow.arr"],  # type: ignore[arg-type]
        indicator="lagging",
        owner="m.lindqvist@fernhill.example",
        led_by=("grow.cost",),
        note="The pilot ended.",
        expected=curve,
        settles_after=timedelta(days=3),
        aspiration="aspirational",
        visibility="masked",
        proxy_for="trust in the brand",
        after_end="measured",
    )
    assert expected == project.key_result("grow.arr")


def test_curves_arrive_by_their_words(project: Project) -> None:
    """A curve that names the last day keeps the share it asks for there."""
    curves = {k.id.partition(".")[2]: k.expected for k in project.key_results() if k.expected}
    assert ("last_cycle", "back_loaded", "front_loaded", "linear") == tuple(
        curves[name] for name in ("cost", "margin", "speed", "staged")
    )
    assert DatedCurve(((LAST, dec("0.9")),)) == curves["soc2"]


def test_retirement_names_its_successor(project: Project) -> None:
    """A bare successor is a sibling; an objective's is named without its cycle."""
    old, habit = project.key_result("grow.old"), project.objectives["habit"]
    assert Retired(on=date(2026, 11, 15), why="It moved by itself", replaced_by="grow.arr") == old.retired
    assert (
        Retired(on=date(2026, 10, 1), why="The next cycle does it better", replaced_by="grow")
        == habit.retired
    )


def test_weights_arrive(project: Project) -> None:
    """Double, none, and what a sum takes for granted."""
    weights = [project.key_result(name).weight for name in ("guard.margin", "grow.old", "grow.arr")]
    assert [2, 0, 1] == weights


def test_all_that_is_said_of_an_objective_arrives(project: Project) -> None:
    """Its roll-ups, its policy, its plan, and its revisions with full names."""
    found = project.objectives["grow"]
    revision = Revision(
        on=date(2026, 12, 3),
        change="grow.arr.to",
        was="5M",
        now="4M",
        why="A pilot ended",
        learned="Ask procurement first",
    )
    assert ("sum", "majority", (revision,)) == (found.roll_up, found.status_roll_up, found.revisions)
    assert ActionPlan(missed="Go back to dispatchers", exceeded="Hire the second team") == found.action_plan
    viva = found.policy
    assert viva is not None
    assert (POLICIES["viva"].on_track, "from_zero", True, 2) == (
        viva.on_track,
        viva.day_count,
        viva.keep_strict,
        viva.dwell,
    )


def test_a_revision_of_a_file_belongs_to_its_objective(project: Project) -> None:
    """Written beside the objectives, found in the one that it is about."""
    assert [("guard.churn.keep", "<= 3%", "<= 2.5%")] == [
        (revision.change, revision.was, revision.now) for revision in project.objectives["guard"].revisions
    ]


def test_the_settings_of_a_project_arrive(project: Project) -> None:
    """Policy with its thresholds, grades, advice and where more check-ins are."""
    policy = Policy(
        name="custom",
        basis="gap",
        on_track=dec("-0.05"),
        at_risk=dec("-0.2"),
        on_track_strict=True,
        day_count="from_zero",
        dwell=3,
    )
    assert policy == project.policy == project.policy_of(project.key_result("habit.arr"))
    assert Grades(two=dec("0.3"), three=dec("0.55"), four=dec("0.75")) == project.grades
    assert ("lean", {"OKRL07": "Two teams share one objective on purpose"}, "crm.check_ins") == (
        project.lint_profile,
        project.lint_exceptions,
        project.check_ins_dataset,
    )


def test_metrics_of_groups_and_of_change_arrive(project: Project) -> None:
    """`by` is a column of the dataset; a change says of what, and since when."""
    measures = {name.partition(".")[2]: metric.measure for name, metric in project.metrics.items()}
    assert Aggregate(dataset="crm.deals", value="avg(amount)", by="region") == measures["uptime"]
    assert Change(of="crm.arr", period="quarter", since="last_year") == measures["growth"]
    assert Change(of="crm.deals", period="month", since="previous") == measures["momentum"]


def test_check_ins_arrive_in_order_of_time(project: Project) -> None:
    """With values for what people state, milestones told by hand, and an override that ends."""
    override = Override(status="at_risk", until=date(2026, 11, 20), why="Two deals slipped")
    author, other = "a@fernhill.example", "b@fernhill.example"
    assert (
        CheckIn(
            key_result="grow.arr",
            on=date(2026, 11, 9),
            author=author,
            confidence=dec("0.7"),
            note="The pipeline looks thin",
            override=override,
        ),
        CheckIn(key_result="guard.partners", on=date(2026, 11, 16), author=author, value=dec("2")),
        CheckIn(key_result="guard.soc2", on=date(2026, 11, 23), author=other, done=("log",)),
        CheckIn(
            key_result="guard.judged",
            on=date(2026, 11, 30),
            author=other,
            value=dec("0.4"),
            confidence=dec("1"),
        ),
    ) == project.check_ins
    assert {"grow.arr": "Ask procurement first"} == project.learned


def test_everything_says_where_it_is_declared(project: Project) -> None:
    """Check-ins and revisions have a file and a line, too."""
    revision = project.objectives["guard"].revisions[0]
    assert ("check_ins/fy26_q4.yaml:3", "objectives/fy26_q4/company.yaml:80") == (
        project.check_ins[0].at,
        revision.at,
    )
