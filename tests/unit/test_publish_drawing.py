"""Drawings as SVG: their geometry, their shapes and what they refuse to draw."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_builder import kept, key_result, objective, reaching, with_progress
from sample_company import sample_report

from okr_pipeline.model.observation import Status
from okr_pipeline.publish.chart import big_chart
from okr_pipeline.publish.drawing import bullet, course, sparkline
from okr_pipeline.publish.sentences import key_results
from okr_pipeline.publish.strip import strip

RATIOS = st.decimals(min_value=-50, max_value=50, places=9)


def actual(drawing: str) -> str:
    """Return the path data of the line that was really walked."""
    found = re.search(r'class="actual" d="([^"]*)"', drawing)
    return found.group(1) if found else ""


def marks(drawing: str) -> list[str]:
    return re.findall(r'href="#m-(\w+)"', drawing)


def test_a_day_without_a_value_breaks_the_line() -> None:
    """The pen lifts at a gap; nothing is drawn through it."""
    assert actual(sparkline(with_progress("0.1", "0.9", None, "0.2", "0.8"))).count("M") == 2


def test_a_day_that_is_not_listed_breaks_the_line_too() -> None:
    """History without a row for a day has a gap there, exactly as with an empty one."""
    line = with_progress("0.1", "0.9", None, "0.2", "0.8")
    unlisted = replace(line, trend=tuple(point for point in line.trend if point.progress is not None))
    assert actual(sparkline(unlisted)) == actual(sparkline(line))


def test_a_line_without_any_value_is_not_drawn() -> None:
    """No data draws nothing: no flat line at zero."""
    line = with_progress(None, None)
    assert (sparkline(line), big_chart(line, objective("grow", line)), strip([replace(line, gap=None)])) == (
        "",
        "",
        "",
    )


def test_the_last_known_day_carries_the_shape_of_the_status() -> None:
    """One shape a sparkline, the one of the status word."""
    assert marks(sparkline(with_progress("0.1", "0.9", None))) == ["on_track"]


def test_straight_lines_need_two_points() -> None:
    """Points that a straight line passes anyway are left out."""
    assert course([(0, 0), (10, 10), (20, 20), (30, 10)]) == "M0 0h0L20 20L30 10"


@pytest.mark.parametrize(
    ("progress", "beyond"), [("0.5", 0), ("1.19", 0), ("1.3", 1), ("-0.1", 0), ("-0.3", 1)]
)
def test_progress_beyond_the_track_ends_in_an_arrow(progress: str, beyond: int) -> None:
    """Overflow and deep negatives are marked, not cut silently."""
    assert bullet(key_result(progress=Decimal(progress))).count("beyond") == beyond


def test_progress_below_zero_is_drawn_hollow() -> None:
    """Worse than the baseline is not a short bar of good progress."""
    assert "bar worse" in bullet(key_result(progress=Decimal("-0.1")))


def test_no_progress_has_no_bar() -> None:
    """A key result that was not measured has no bullet, not an empty one."""
    assert bullet(key_result(progress=None)) == ""


def test_a_kept_value_is_drawn_against_its_bounds() -> None:
    """Inside and outside a bound are on the two sides of one line."""
    line = kept("grow.churn", now="0.031", status=Status.AT_RISK, keep="<= 2.5%", high=Decimal("0.025"))
    drawn = bullet(line)
    bound, value = re.search(r'"goal" d="M(\d+)', drawn), re.search(r'at_risk" x="(\d+)"', drawn)
    assert bound is not None
    assert value is not None
    assert int(value.group(1)) + 60 > int(bound.group(1))


def test_every_key_result_with_a_gap_has_one_mark_on_the_strip() -> None:
    """Eight of the sample's twelve have a pace; the other four are listed beside the strip."""
    assert len(marks(strip(key_results(sample_report())))) == 8


def test_marks_that_lie_together_are_stacked() -> None:
    """Equal gaps never hide each other."""
    lines = [key_result(f"grow.kr{n}", gap=Decimal("-0.1")) for n in range(5)]
    heights = re.findall(r'<use[^>]* y="(\d+)"', strip(lines))
    assert len(set(heights)) == 5


def test_a_chart_labels_every_line_at_its_end() -> None:
    """Now, expected, target and baseline are written beside their lines."""
    line = reaching(
        "grow.arr", now="2710000", start="2400000", to="4000000", status=Status.OFF_TRACK, unit="USD"
    )
    words = ElementTree.fromstring(big_chart(line, objective("grow", line))).itertext()
    assert {"now $2.71M", "expected $3.55M", "target $4.00M", "from $2.40M", "1 Aug", "31 Oct"} <= set(words)


def test_a_kept_chart_shows_its_bound() -> None:
    """A guard-rail without its bound would say nothing."""
    line = kept("grow.churn", now="0.031", status=Status.AT_RISK, unit="percent", high=Decimal("0.025"))
    assert "≤ 2.5 %" in big_chart(line, objective("grow", line))


def test_a_title_cannot_leave_its_element() -> None:
    """Markup in a title is text in every drawing."""
    line = replace(with_progress("0.1", "0.9"), title='"><script>alert(1)</script>\u202e')
    for drawn in (sparkline(line), strip([line]), big_chart(line, objective("grow", line))):
        assert ElementTree.fromstring(drawn) is not None
        assert "<script" not in drawn
        assert "\u202e" not in drawn


@given(st.lists(st.none() | RATIOS, min_size=1, max_size=40), RATIOS, RATIOS)
def test_every_drawing_is_well_formed(shares: list[Decimal | None], progress: Decimal, gap: Decimal) -> None:
    """Whatever the numbers, what is drawn parses as XML."""
    line = replace(
        with_progress(*(None if s is None else str(s) for s in shares)), progress=progress, gap=gap
    )
    for drawn in (sparkline(line), bullet(line), strip([line]), big_chart(line, objective("grow", line))):
        assert drawn == "" or ElementTree.fromstring(drawn).tag == "svg"
