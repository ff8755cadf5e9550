"""What the numbers say, in sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from report_builder import AS_OF, TODAY, kept, key_result, reaching, report, report_of
from sample_company import sample_report

from okr_pipeline.model.observation import CheckResult, State, Status
from okr_pipeline.model.report import KeyResultLine, SourceLine, TrendPoint
from okr_pipeline.publish import sentences
from okr_pipeline.publish.changes import since_last_week


def lines_of(*statuses: Status) -> list[KeyResultLine]:
    return [key_result(f"grow.kr{n}", status=status) for n, status in enumerate(statuses)]


def flipped(was: Status, now: Status, id: str = "grow.pipeline") -> KeyResultLine:
    days = [(TODAY - timedelta(days=7), was), (TODAY, now)]
    points = [
        TrendPoint(day=day, value=None, progress=None, expected=None, status=status) for day, status in days
    ]
    return key_result(id, status=now, trend=tuple(points), change_7d=None)


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ((), "No key results are declared yet."),
        ((Status.ON_TRACK,), "The one key result, Kr0, is on track."),
        ((Status.NO_DATA,), "The one key result, Kr0, has no number yet."),
        ((Status.REACHED, Status.REACHED), "All 2 key results are reached."),
        ((Status.REACHED, Status.ON_TRACK), "All 2 key results are on track."),
        ((Status.NO_DATA, Status.NO_DATA), "None of the 2 key results has a number yet."),
        ((Status.NOT_STARTED, Status.NOT_STARTED), "None of the 2 key results has started."),
        (
            (Status.AT_RISK, Status.OFF_TRACK),
            "None of the 2 key results is on track. Kr1 is the one to talk about.",
        ),
        ((Status.ON_TRACK, Status.STALE), "1 of 2 key results is on track. Kr1 has no fresh data."),
        ((Status.ON_TRACK, Status.NO_DATA), "1 of 2 key results is on track."),
        (
            (Status.ON_TRACK, Status.REACHED, Status.AT_RISK),
            "2 of 3 key results are on track. Kr2 is the one to talk about.",
        ),
    ],
)
def test_the_headline_follows_from_the_statuses(statuses: tuple[Status, ...], said: str) -> None:
    """How many are on track, and the worst one by name when there is one."""
    assert sentences.headline(report_of(*lines_of(*statuses))) == said


def test_the_widest_gap_of_the_worst_status_is_the_one_to_talk_about() -> None:
    """Off track comes before at risk, whatever the gap; among equals the widest gap is named."""
    lines = [
        key_result("grow.a", status=Status.AT_RISK, gap=Decimal("-0.9")),
        key_result("grow.b", status=Status.OFF_TRACK, gap=Decimal("-0.3")),
        key_result("grow.c", status=Status.OFF_TRACK, gap=Decimal("-0.4")),
    ]
    assert sentences.headline(report_of(*lines)).endswith("C is the one to talk about.")


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (Status.AT_RISK, Status.OFF_TRACK, "Pipeline fell from at risk to off track."),
        (Status.OFF_TRACK, Status.ON_TRACK, "Pipeline rose from off track to on track."),
        (Status.ON_TRACK, Status.REACHED, "Pipeline reached its target."),
        (Status.REACHED, Status.ON_TRACK, "Pipeline fell from reached to on track."),
        (Status.AT_RISK, Status.STALE, "Pipeline went stale; it was at risk."),
        (Status.STALE, Status.ON_TRACK, "Pipeline has fresh data again: on track."),
        (Status.NO_DATA, Status.AT_RISK, "Pipeline was measured for the first time: at risk."),
        (Status.ON_TRACK, Status.NO_DATA, "Pipeline lost its data; it was on track."),
        (Status.NOT_STARTED, Status.NO_DATA, "Pipeline has started, and has no data yet."),
    ],
)
def test_a_flip_of_status_is_one_sentence(was: Status, now: Status, said: str) -> None:
    """The status of seven days ago and today's make the sentence."""
    assert [s.text for s in since_last_week(report_of(flipped(was, now)))] == [said]


def test_a_number_that_cannot_be_is_told_above_its_row() -> None:
    """The reason of a zero denominator stood in the row alone; a cycle to come is no worry."""
    lost = key_result(
        "grow.a", state=State.NO_DATA, status=Status.NO_DATA, value=None, reason="denominator is zero"
    )
    soon = key_result(
        "grow.b", state=State.NO_DATA, status=Status.NOT_STARTED, value=None, reason="no rows match"
    )
    told = [sentence.text for sentence in sentences.worries(report_of(lost, soon))]
    assert ["A has no value: denominator is zero."] == told


def test_no_flip_is_told_without_a_week_of_history() -> None:
    """A key result whose trend begins six days ago has no last week."""
    line = flipped(Status.AT_RISK, Status.OFF_TRACK)
    young = replace(line, trend=(line.trend[0]._replace(day=TODAY - timedelta(days=6)), line.trend[1]))
    assert since_last_week(report_of(young)) == []


def test_flips_for_the_worse_lead_and_five_sentences_are_the_most() -> None:
    """With more changes than five, the bad news is what stays."""
    better = [flipped(Status.OFF_TRACK, Status.ON_TRACK, f"grow.up{n}") for n in range(5)]
    told = since_last_week(report_of(*better, flipped(Status.ON_TRACK, Status.OFF_TRACK, "grow.down")))
    assert (len(told), told[0].text) == (5, "Down fell from on track to off track.")


def test_silent_sources_and_failed_checks_come_before_mere_moves() -> None:
    """A broken source outranks progress; a change below a point is not told; a kept bound does not move."""
    lines = [
        key_result("grow.a", change_7d=Decimal("-0.02")),
        key_result("grow.b", change_7d=Decimal("0.0099")),
        kept("grow.c", now="1", status=Status.ON_TRACK),
    ]
    silent = SourceLine(
        id="crm", connector="sql", newest_at=AS_OF - timedelta(days=3), problem="login refused."
    )
    check = CheckResult(
        check="min_rows", dataset="crm.deals", expected="at least 1", observed="0", passed=False
    )
    told = since_last_week(report_of(*lines, sources=(silent,), failed_checks=(check,)))
    assert [sentence.text for sentence in told] == [
        "Source crm: login refused.",
        "Check min_rows of crm.deals failed: expected at least 1, saw 0.",
        "A moved 2.0 points back.",
    ]


def test_a_stale_value_is_told_with_age_and_reason() -> None:
    """Carried values name their age; a failed one without a last value says that there is none."""
    old = key_result(
        status=Status.STALE, state=State.STALE, reason="login refused", carried_from=AS_OF - timedelta(days=3)
    )
    never = replace(old, state=State.ERROR, value=None, carried_from=None)
    assert [s.text for s in sentences.stale_sentences(report_of(old, never))] == [
        "Pipeline shows its value of 3 days ago: login refused.",
        "Pipeline has no value: login refused.",
    ]


def stale(id: str, reason: str) -> KeyResultLine:
    carried_from = AS_OF - timedelta(days=5)
    return key_result(id, status=Status.STALE, state=State.STALE, reason=reason, carried_from=carried_from)


def broken(id: str, problem: str) -> SourceLine:
    return SourceLine(id=id, connector="files", newest_at=None, problem=problem)


NOT_NULL = CheckResult(
    check="not_null(lost)",
    dataset="finance.churn",
    expected="no empty cell",
    observed="1 empty",
    passed=False,
)


def test_a_failed_check_is_told_once() -> None:
    """Check, source and stale key result have one cause: one sentence, which never says that no data came."""
    reason = "finance.churn: check not_null(lost) failed: 1 empty"
    told = sentences.worries(
        report_of(
            stale("grow.churn", reason), sources=(broken("finance", reason),), failed_checks=(NOT_NULL,)
        )
    )
    assert [(s.text, s.key_result) for s in told] == [
        (
            "Check not_null(lost) of finance.churn failed: expected no empty cell, saw 1 empty; "
            "Churn shows its value of 5 days ago.",
            "grow.churn",
        )
    ]


def test_a_source_out_of_reach_after_a_failed_check_is_told_beside_it() -> None:
    """What holds the value back now is the source; the check of the load before stays a failed check."""
    reason = "finance.churn: login refused"
    told = sentences.worries(
        report_of(
            stale("grow.churn", reason), sources=(broken("finance", reason),), failed_checks=(NOT_NULL,)
        )
    )
    assert [s.text for s in told] == [
        "Dataset finance.churn: login refused; Churn shows its value of 5 days ago.",
        "Check not_null(lost) of finance.churn failed: expected no empty cell, saw 1 empty.",
    ]


def test_a_cause_that_holds_back_many_counts_them() -> None:
    """Three key results of one silent source are a number, not a list."""
    lines = [stale(f"grow.kr{n}", "crm.calls: login refused") for n in range(3)]
    told = sentences.worries(report_of(*lines, sources=(broken("crm", "crm.calls: login refused"),)))
    assert [s.text for s in told] == ["Dataset crm.calls: login refused; 3 key results have no fresh value."]


def test_what_no_cause_explains_is_told_by_itself() -> None:
    """A second dataset of a source, and a reason without any dataset, keep their own sentence."""
    lines = [stale("grow.a", "crm.deals: tab is gone"), stale("grow.b", "denominator is zero")]
    told = sentences.worries(report_of(*lines, sources=(broken("crm", "crm.calls: login refused"),)))
    assert [s.text for s in told] == [
        "Dataset crm.calls: login refused.",
        "A shows its value of 5 days ago: crm.deals: tab is gone.",
        "B shows its value of 5 days ago: denominator is zero.",
    ]


def test_at_most_three_need_a_decision_and_none_that_is_well() -> None:
    """Only what is off track or at risk is put up for a decision, the worst first."""
    ids = [line.id for line in sentences.needs_decision(sample_report())]
    assert ids == ["activation.first_hour", "mid_market.pipeline", "mid_market.calls"]


def test_the_north_star_stands_by_itself() -> None:
    """What the key result that measures it reads now; nothing where no key result does."""
    sample = sample_report()
    star = sentences.north_star(replace(sample, north_star="mid_market.pipeline"))
    assert star is not None
    assert (star.key_result, star.text) == (
        "mid_market.pipeline",
        "North Star: Open qualified pipeline, $2.71M.",
    )
    assert None is sentences.north_star(sample)


def test_key_results_without_a_metric_are_named() -> None:
    """What nothing feeds is listed, and with none there is no sentence."""
    said = [sentences.not_ready_sentence(report(not_ready=ids)) for ids in ((), ("a.b",), ("a.b", "a.c"))]
    assert said == [
        None,
        "1 key result has no metric yet: a.b.",
        "2 key results have no metric yet: a.b, a.c.",
    ]


def test_hidden_characters_in_a_title_show_in_the_headline() -> None:
    """A title cannot reorder our sentence."""
    line = reaching("grow.x", now="1", start="0", to="9", status=Status.OFF_TRACK, title="Up\u202e.")
    assert "Up⟨U+202E⟩" in sentences.headline(report_of(line))
