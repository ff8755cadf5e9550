"""What is said of a key result, by the kind of its goal, and why its status is what it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from report_builder import key_result, report_of

from okr_pipeline.model.observation import State, Status
from okr_pipeline.model.policy import POLICIES, Policy
from okr_pipeline.model.report import (
    Graded,
    KeyResultLine,
    Mark,
    PartLine,
    Periods,
    Retirement,
    Said,
    Stage,
    Vouched,
)
from okr_pipeline.publish.explained import explanation, grade, parting, remarks, said, vouched
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.judged import judged

HALF = Decimal("0.5")
MET = PartLine("1", "Countries", Decimal(3), None, ">= 3", Decimal(1))
UNMET = PartLine("2", "CSAT", Decimal("4.1"), None, ">= 4.5", Decimal(0))
DONE = PartLine("a", "Access", None, None, None, Decimal(1), None, date(2026, 9, 1), Decimal(2))
OPEN = PartLine("b", "Log", None, None, None, Decimal(0), None, date(2026, 10, 1), Decimal(1))
NOWHERE: dict[str, Any] = {"baseline": None, "target": None, "expected": None, "gap": None}
KEPT = {**NOWHERE, "goal": "keep", "keep": ">= 10", "value": Decimal(15), "progress": Decimal(1)}
PARTED = {**NOWHERE, "value": None}


def parted(goal: str, *parts: PartLine, **changes: Any) -> KeyResultLine:
    return key_result(**{**PARTED, "goal": goal, "parts": parts, **changes})


STAGES = (Stage(date(2026, 9, 1), Decimal(50)), Stage(date(2026, 10, 31), Decimal(100)))
LINES = {
    "reach": key_result(progress=HALF, value=Decimal(50)),
    "steps": key_result(goal="steps", progress=HALF, value=Decimal(50), stages=STAGES),
    "keep": key_result(**KEPT),
    "over_time": key_result(**{**KEPT, "held": "90 % of days", "periods": Periods(8, 9, "day")}),
    "groups": parted("keep", MET, UNMET, keep=">= 3", held="in every region", progress=HALF),
    "milestones": parted("milestones", DONE, OPEN, progress=Decimal("0.666666667")),
    "all_of": parted("all_of", MET, UNMET, progress=Decimal(0)),
    "manual": key_result(goal="manual", value=Decimal(2), target=Decimal(3), progress=Decimal("0.666666667")),
    "find_baseline": key_result(**{**NOWHERE, "goal": "find_baseline", "progress": None}),
    "private": key_result(target=None, target_as="private", progress=None, status=Status.NO_TARGET),
    "masked": key_result(masked=True, value=None, baseline=None, target=None, progress=HALF),
}
WANTED = {
    "reach": (
        "50", "of 100", "50.0 %",
        "progress = (now - from) / (target - from) = (50 - 0) / (100 - 0) = 50.0 %",
    ),
    "steps": (
        "50", "of 100 in 2 steps", "50.0 %",
        "progress = (now - from) / (target - from) = (50 - 0) / (100 - 0) = 50.0 %",
    ),
    "keep": ("15", "keep >= 10", "inside", "kept while the value is >= 10; it is 15"),
    "over_time": (
        "15", "keep >= 10 on 90 % of days", "8 of 9 days",
        "kept while the value is >= 10; it is 15; "
        "progress = days that ended inside / days = 8 / 9 = 100.0 %",
    ),
    "groups": (
        "1 of 2", "keep >= 3 in every region", "1 of 2 inside",
        "progress = groups inside / groups = 1 / 2 = 50.0 %, to hold in every region",
    ),
    "milestones": (
        "1 of 2", "milestones", "66.7 %",
        "progress = weight done / weight of all = 2 / 3 = 66.7 %",
    ),
    "all_of": ("1 of 2", "conditions", "not all met", "met while all 2 conditions are: 1 of 2 now"),
    "manual": (
        "2", "of 3, stated by people", "66.7 %",
        "progress = (now - from) / (target - from) = (2 - 0) / (3 - 0) = 66.7 %",
    ),
    "find_baseline": (
        "70", "finding its baseline", "",
        "no progress: its baseline is being found, there is no target yet",
    ),
    "private": ("70", "target private", "", "no progress: the target is private"),
    "masked": ("not shown", "", "50.0 %", "progress = (now - from) / (target - from) = 50.0 %"),
}  # fmt: skip


@pytest.mark.parametrize("kind", LINES)
def test_each_kind_has_its_words(kind: str) -> None:
    """What it shows now, what it is to become, how far it is, and its formula with the numbers put in."""
    told = words(LINES[kind])
    assert WANTED[kind] == (told.now(), told.goal(), told.way(), told.formula())


def test_parts_are_told_with_value_bound_day_and_weight() -> None:
    """A condition names value and bound, a milestone its day and weight, an untold one its reason."""
    untold = UNMET._replace(value=None, progress=None, reason="no rows match")
    told = [text for _, text in words(parted("all_of", MET, UNMET, untold)).parts()]
    told += [text for _, text in words(LINES["milestones"]).parts()]
    assert [
        "met, 3, asked >= 3",
        "not met, 4.1, asked >= 4.5",
        "cannot be told: no rows match, asked >= 4.5",
        "done, by 1 Sep 2026, weight 2",
        "not done, by 1 Oct 2026",
    ] == told


@pytest.mark.parametrize(
    ("policy", "status", "rule"),
    [
        ("pace", Status.ON_TRACK, "gap -12.0 points, at least -10.0 (policy pace)"),
        ("pace", Status.AT_RISK, "gap -12.0 points, below -10.0, at least -25.0 (policy pace)"),
        ("engagedly", Status.OFF_TRACK, "gap -12.0 points, below -33.0 (policy engagedly)"),
        ("engagedly", Status.ON_TRACK, "gap -12.0 points, above -16.5 (policy engagedly)"),
        ("upraise", Status.AT_RISK, "progress 50.0 %, below 95.0 % of the 62.0 % expected, at least 75.0 % "
         "of the 62.0 % expected (policy upraise)"),
        ("mooncamp", Status.ON_TRACK, "progress 50.0 %, at least 90.0 % of the share of days that is over "
         "(policy mooncamp)"),
        ("servicenow", Status.OFF_TRACK, "progress 50.0 %, below 75.0 % (policy servicenow)"),
        ("pace", Status.REACHED, "progress is 100 % or more"),
        ("pace", Status.STALE, "no fresh data: that beats any other status"),
    ],
)  # fmt: skip
def test_the_threshold_that_was_met_is_named(policy: str, status: Status, rule: str) -> None:
    """What was compared, with which limit, by which policy; what beats any policy says so."""
    line = key_result(progress=HALF, expected=Decimal("0.62"), gap=Decimal("-0.12"), status=status)
    assert rule == judged(line, POLICIES[policy])


def test_a_status_that_has_not_held_long_enough_names_both() -> None:
    """With a dwell, the policy's own status of today stands beside the published one."""
    line = key_result(gap=Decimal("-0.3"), raw_status=Status.OFF_TRACK)
    told = judged(line, Policy(dwell=3))
    assert told.startswith("off track today (gap -30.0 points, below -25.0")
    assert told.endswith("but a status is published when it has held for 3 days")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"status": Status.OFF_TRACK}, "it does not hold >= 10 on 90 % of days: 8 of 9 days"),
        ({"status": Status.AT_RISK}, "it is outside now, and still holds often enough"),
        ({"status": Status.AT_RISK, "warn": ">= 20"}, "it holds, but is not >= 20"),
    ],
)
def test_a_bound_is_judged_without_a_policy(changes: dict[str, Any], rule: str) -> None:
    """A keep holds or not; a share is told with what was counted."""
    line = key_result(**{**KEPT, "held": "90 % of days", "periods": Periods(8, 9, "day"), **changes})
    assert rule == judged(line, POLICIES["pace"])


def test_what_people_say_stands_beside_the_number() -> None:
    """Confidence, author and day; an override with its end; the grade of a close; why one is retired."""
    line = key_result(
        said=Said(date(2026, 10, 2), "mara.lind@fernhill.example", Decimal("0.6"), "slow"),
        override=Vouched(Status.AT_RISK, date(2026, 10, 20), "holiday", "ada@x.example", date(2026, 10, 1)),
        graded=Graded(Decimal("0.72"), 4, landed=False, learned="start earlier"),
        retired=Retirement(date(2026, 10, 1), "merged", "grow.other"),
    )
    assert [
        "60 % confident, mara.lind, 2 Oct",
        "ada says at risk until 20 Oct",
        "4 of 4, score 0.72, not landed",
        "retired 1 Oct 2026: merged",
    ] == [said(line), vouched(line), grade(line), parting(line)]


def test_what_makes_a_number_less_firm_is_remarked() -> None:
    """Provisional days, a baseline that reads otherwise, a first violation, a proxy."""
    line = key_result(
        **{**KEPT, "proxy_for": "trust", "outside_since": date(2026, 8, 4)},
        provisional_from=date(2026, 10, 3),
        baseline_reads=Decimal(3),
    )
    assert [
        "provisional since 3 Oct",
        "its baseline reads another number since",
        "outside first on 4 Aug",
        "stands for trust",
    ] == remarks(line)


def test_facts_name_marks_baseline_and_curve() -> None:
    """Where the baseline comes from, what it reads since, commit and stretch, and the expected course."""
    line = key_result(
        baseline_as="measured for 2026-08-01, then frozen",
        baseline_reads=Decimal(2),
        target_as="the baseline +15 %",
        marks=(Mark("commit", Decimal(60), True), Mark("stretch", None, False)),
        curve="the share of days",
    )
    told = dict(explanation(line, report_of(line)))
    assert {
        "From": "0, measured for 2026-08-01, then frozen",
        "From, read again": "2; the frozen one stands",
        "Target": "100, the baseline +15 %",
        "Commit": "60, reached",
        "Stretch": "not reached",
        "Expected by now": "71.7 % (71.7): the share of days",
    }.items() <= told.items()


def test_a_masked_one_says_no_number_of_its_unit() -> None:
    """Neither value nor baseline nor target, whatever else is said of it."""
    line = key_result(masked=True, value=None, baseline=None, target=None, state=State.OK, progress=HALF)
    told = dict(explanation(line, report_of(line)))
    assert {"From": "not shown", "Target": "not shown"}.items() <= told.items()
    assert "Value" not in told
