"""Drawings, page and terminal of every kind of goal: cells, steps, marks, retired ones, links, people."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from report_builder import TODAY, key_result, objective, report, with_progress

from okr_pipeline.model.observation import Status
from okr_pipeline.model.policy import Policy
from okr_pipeline.model.report import (
    Consequence,
    KeyResultLine,
    Mark,
    PartLine,
    Retirement,
    Said,
    TrendPoint,
    Vouched,
)
from okr_pipeline.publish import sentences
from okr_pipeline.publish.chart import big_chart
from okr_pipeline.publish.drawing import bullet, course, sparkline
from okr_pipeline.publish.latest import report_from_json, report_to_json
from okr_pipeline.publish.links import links
from okr_pipeline.publish.page import render_page
from okr_pipeline.publish.standing import ALL, standing
from okr_pipeline.publish.terminal import Screen, print_key_result, print_overview
from okr_pipeline.publish.trend import series

ONE, ZERO = Decimal(1), Decimal(0)
PARTS = tuple(
    PartLine(name, name.title(), None, None, None, met, None, date(2026, 10, 1), Decimal(weight))
    for name, met, weight in (("audit", ONE, 2), ("review", ZERO, 1), ("log", None, 1))
)
STEPPED = with_progress("0", "0", "0.5", "0.5")


def milestones(**changes: Any) -> KeyResultLine:
    fields = {"goal": "milestones", "value": None, "baseline": None, "target": None, "parts": PARTS}
    return key_result(**{**fields, "trend": STEPPED.trend, **changes})


def words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def printed(made: Any, key_result: str | None = None) -> str:
    screen = Screen(file=io.StringIO(), width=160)
    if key_result:
        print_key_result(made, key_result, screen)
    else:
        print_overview(made, screen)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_parts_are_cells_as_wide_as_their_weight() -> None:
    """One cell a part: full where it is met, open where not, dashed where nobody can tell."""
    cells = re.findall(r'class="cell ([a-z_ ]+)" x="\d+" y="60" width="(\d+)"', bullet(milestones()))
    assert [("hue on_track", "432"), ("open", "207"), ("untold", "207")] == cells


def test_milestones_go_in_steps_and_never_in_lines() -> None:
    """The course stands still and then jumps; a gap is a gap, a lone day a dot."""
    assert "M0 9h0H5V4H9" == course([(0, 9), (2, 9), (5, 4), (9, 4)], stepped=True)
    assert "M0 9h0H0M5 4h0H5" == course([(0, 9), None, (5, 4)], stepped=True)
    assert "L" not in re.sub(r"<title>.*?</title>", "", sparkline(milestones(expected=None)))


def test_commit_and_stretch_are_marks_on_the_way() -> None:
    """Where they lie between baseline and target; one without a number is not drawn."""
    line = key_result(marks=(Mark("commit", Decimal(60), True), Mark("stretch", None, None)))
    assert 1 == bullet(line).count('class="level"')
    assert "commit 60" in big_chart(key_result(marks=line.marks, trend=STEPPED.trend), objective("grow"))


def test_provisional_days_are_drawn_apart() -> None:
    """The line ends where values settle; what is younger has a line of its own."""
    young = key_result(trend=STEPPED.trend, provisional_from=TODAY - timedelta(days=1))
    assert ['class="actual"', 'class="actual provisional"'] == re.findall(
        r'class="actual[^"]*"', sparkline(young)
    )


def test_a_masked_bound_is_drawn_in_progress() -> None:
    """Its values are nowhere, so that its line is inside or outside."""
    points = tuple(TrendPoint(TODAY - timedelta(days=n), None, ONE, None, Status.ON_TRACK) for n in (1, 0))
    assert [ONE, ONE] == series(key_result(goal="keep", masked=True, value=None, trend=points))


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_shape_of_its_own(status: Status) -> None:
    """Word and mark differ for all, and the page defines each shape."""
    shown = standing(key_result(status=status, gap=None))
    page = render_page(report(objective("grow", key_result(status=status))))
    assert [shown] == [one for one in ALL if (one.word, one.mark) == (shown.word, shown.mark)]
    assert f'id="m-{shown.code}"' in page


def test_what_is_retired_counts_nowhere_and_is_listed_last() -> None:
    """Headline and strip leave it out; its row says since when, why, and what came in its place."""
    gone = key_result("grow.old", retired=Retirement(date(2026, 9, 1), "merged", "grow.new"))
    made = report(objective("grow", gone, key_result("grow.new")))
    page = render_page(made)
    assert "The one key result, New, is on track." == sentences.headline(made)
    assert page.index('id="grow.new"') < page.index('id="grow.old"')
    assert "retired 1 Sep 2026: merged ; in its place grow.new" in words(page)
    assert "retired 1 Sep 2026: merged" in printed(made, "grow.old")


def test_two_without_a_target_are_counted_apart() -> None:
    """They cannot be on track: the headline counts those that can, and says how many are left."""
    lines = [key_result(f"grow.k{n}", status=status, gap=None) for n, status in enumerate(
        (Status.ON_TRACK, Status.REACHED, Status.MEASURING, Status.NO_TARGET)
    )]  # fmt: skip
    told = sentences.headline(report(objective("grow", *lines)))
    assert "All 2 key results are on track; 2 more have no target to judge by." == told


def test_a_link_names_where_the_other_stands() -> None:
    """A dependency is a line of text with the status of the key result or objective that it names."""
    below = objective("platform", key_result("platform.sso", status=Status.OFF_TRACK))
    above = objective("grow", key_result(), depends_on=("platform.sso", "gone"), supports=("platform",))
    made = report(above, below)
    assert [("depends on", "off track"), ("depends on", None), ("supports", "on track")] == [
        (link.words, link.standing and link.standing.word) for link in links(above, made)
    ]
    assert "Depends on Sso : off track" in words(render_page(made))
    assert "depends on Sso: ■ off track" in printed(made)


def test_people_stand_beside_the_number_in_the_row() -> None:
    """Check-in and override are in the row, and the computed status stays."""
    line = key_result(
        said=Said(date(2026, 10, 2), "mara@x.example", Decimal("0.6"), "slow start"),
        override=Vouched(Status.AT_RISK, date(2026, 10, 20), "holiday", "ada@x.example", date(2026, 10, 1)),
    )
    made = report(
        objective("grow", line, after=Consequence("missed", "Stop the pilot"), strategy="Mid first")
    )
    shown = words(render_page(made))
    for told in (
        "60 % confident, mara, 2 Oct: slow start",
        "ada says at risk until 20 Oct: holiday",
        "on track",
        "Missed Stop the pilot",
        "Answers to Mid first",
    ):
        assert told in shown.replace("\u00a0", " ")
    assert "◆ Pipeline: ada says at risk until 20 Oct" in printed(made)


def test_a_report_of_every_field_survives_its_file() -> None:
    """What is written is read back equal, whatever a key result carries."""
    line = milestones(
        said=Said(date(2026, 10, 2), "a", None, None),
        override=Vouched(Status.AT_RISK, date(2026, 10, 20), "w", "a", date(2026, 10, 1)),
        retired=Retirement(date(2026, 9, 1), "merged", None),
        provisional_from=date(2026, 10, 1),
    )
    after = Consequence("missed", "t")
    made = report(objective("grow", line, depends_on=("x",), after=after, policy=Policy(dwell=3)))
    assert made == report_from_json(report_to_json(made))
