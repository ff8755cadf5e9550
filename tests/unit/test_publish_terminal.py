"""The leader's view in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from report_builder import kept, key_result, report_of, with_progress
from rich.cells import cell_len
from rich.console import Console
from sample_company import sample_report

from okr_pipeline.model.observation import Status
from okr_pipeline.model.report import Report
from okr_pipeline.publish.terminal import (
    UnknownKeyResultError,
    print_key_result,
    print_overview,
    sparkline,
)


def shown(report: Report, *, width: int = 130, key_result: str | None = None, **options: object) -> str:
    """Return what is printed on a terminal *width* columns wide."""
    out = io.StringIO()
    console = Console(file=out, width=width, **options)  # type: ignore[arg-type]
    if key_result is None:
        print_overview(report, console)
    else:
        print_key_result(report, key_result, console)
    return out.getvalue()


@pytest.mark.parametrize("width", [24, 50, 72, 90, 116, 200])
def test_no_line_is_wider_than_the_window(width: int) -> None:
    """Narrow terminals lose columns, then stack; nothing runs over the edge."""
    texts = [shown(sample_report(), width=width, key_result=one) for one in (None, "company.churn")]
    assert max(cell_len(line) for text in texts for line in text.splitlines()) <= width


@pytest.mark.parametrize("width", [50, 90, 130])
def test_status_is_shape_and_word_at_every_width(width: int) -> None:
    """Colour is never the only sign."""
    text = shown(sample_report(), width=width)
    for status in ("■ off track", "◆ at risk", "● on track", "▲ ahead", "✓ reached", "? stale", "○ no data"):
        assert status in text


def test_the_headline_comes_first() -> None:
    """The first line is the sentence by rule."""
    assert shown(sample_report()).startswith("5 of 12 key results are on track. New teams that invite")


def test_stale_values_carry_a_mark_an_age_and_a_reason() -> None:
    """In the overview and in the view of one."""
    overview, one = shown(sample_report()), shown(sample_report(), key_result="company.headcount")
    assert "118 people ?" in overview
    assert "Headcount shows its value of 3 days ago: tab `Plan` has no column `Headcount`." in overview
    assert "value of 2 Oct 2026 09:00 CEST, 3 days old: tab `Plan` has no column" in one


def test_one_key_result_shows_how_its_number_came_to_be() -> None:
    """Position, formula and facts, as on the page."""
    text = shown(sample_report(), key_result="mid_market.pipeline", width=160)
    for part in ("19.4 % of the way", "expected 71.7 % ($3.55M)", "52.4 points behind", "(now - from)"):
        assert part in text


@pytest.mark.parametrize("width", [60, 80, 130])
def test_a_bound_is_told_without_the_noun_that_stands_beside_it(width: int) -> None:
    """`12 months` to be kept in `10 to 14`: one noun is enough."""
    line = kept("grow.payback", now="12", status=Status.ON_TRACK, unit="months", keep="10 to 14 months")
    text = " ".join(shown(report_of(line), width=width).split())
    assert "12 months keep 10 to 14" in text
    assert "14 months" not in text


def test_eighty_columns_have_room_for_titles() -> None:
    """Columns are as wide as their cells, and the rest is the title's: the longest takes two lines."""
    text = shown(sample_report(), width=80)
    assert "New teams that invite a        ■ off track          31.0 %  of 55.0 %      -86.0\n" in text
    assert "\ncolleague in their first hour " in text


def test_an_unknown_key_result_names_its_neighbours() -> None:
    """A typing error is answered with the nearest ids."""
    with pytest.raises(UnknownKeyResultError, match=r"did you mean mid_market\.pipeline"):
        shown(sample_report(), key_result="mid_market.pipelin")


def test_without_colour_no_escape_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves shapes and words, and not one colour code."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown(sample_report(), force_terminal=True)


def test_a_title_cannot_drive_the_terminal() -> None:
    """Escapes and markup in a title are shown, not obeyed."""
    line = replace(key_result(), title="\x1b[2J[bold red]Pwned[/]\u202e")
    text = shown(report_of(line), width=200)
    assert ("\x1b" in text, "⟨U+001B⟩[2J[bold red]Pwned[/]⟨U+202E⟩" in text) == (False, True)


def test_a_stretch_without_values_is_blank_in_the_sparkline() -> None:
    """Days without data are a gap, not a low block."""
    assert sparkline(with_progress("0", "0.5", None, "1"), 12) == "▁▄ █"


def test_a_sparkline_keeps_to_its_width() -> None:
    """Sixty-six days in twelve blocks; nothing known is no sparkline."""
    line = sample_report().objectives[0].key_results[0]
    assert (len(sparkline(line, 12)), sparkline(with_progress(None), 12)) == (12, "")
