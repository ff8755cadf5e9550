"""The page as text: what it says, what it holds and what it never lets through."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from time import process_time

import pytest
from report_builder import AS_OF, kept, key_result, many_key_results, report, report_of
from sample_company import sample_report

from okr_pipeline.model.observation import State, Status
from okr_pipeline.publish.page import groups, render_page, write_page

HOSTILE = '<script>document.title="owned"</script>" onmouseover="alert(1)'


def row(page: str, id: str) -> str:
    """Return the table row of one key result and the row that explains it."""
    found = re.search(rf'<tr class="kr" id="{re.escape(id)}">.*?<tr class="more">.*?</tr>', page, re.DOTALL)
    assert found is not None
    return found.group(0)


def words(markup: str) -> str:
    """Return the text of *markup* with its blanks folded."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """No script, no address outside, no style attribute, no event handler."""
    page = render_page(sample_report())
    found = re.findall(
        r"<script|<iframe|<img|@import|url\(|\bstyle=|\bon\w+=|(?:href|src)=\"(?!#|data:)", page
    )
    assert found == []


def test_the_policy_allows_this_very_style_and_no_other() -> None:
    """The hash in the policy is the hash of the style as it stands in the page."""
    page = render_page(sample_report())
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style.group(1).encode()).digest()).decode()
    assert f"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;" in page


def test_hostile_text_is_shown_as_text() -> None:
    """Markup in a title, owner, note or reason reaches the page escaped, in every place it shows."""
    line = key_result(
        title=HOSTILE, owner=HOSTILE, note=HOSTILE, reason=HOSTILE, status=Status.OFF_TRACK, state=State.STALE
    )
    page = render_page(report_of(line, not_ready=(HOSTILE,), project=HOSTILE))
    assert ("<script" in page, ' onmouseover="' in page) == (False, False)
    assert HOSTILE in words(row(page, line.id))


def test_reordering_characters_are_written_out() -> None:
    """A right-to-left override in a title cannot turn a number round."""
    page = render_page(report_of(key_result(title="Reach \u202e5.3 %")))
    assert ("\u202e" in page, "Reach ⟨U+202E⟩5.3" in page) == (False, True)


def test_a_stale_value_carries_age_and_reason_wherever_it_shows() -> None:
    """In its row, under the key result that it leads, and in its explanation."""
    old = key_result(
        "grow.calls", status=Status.STALE, state=State.STALE, reason="login refused", indicator="leading",
        carried_from=AS_OF - timedelta(days=3),
    )  # fmt: skip
    led = key_result("grow.pipeline", status=Status.OFF_TRACK, led_by=("grow.calls",))
    page = render_page(report_of(led, old))
    note = "value of 2 Oct 2026 09:00 CEST, 3 days old: login refused"
    assert (note in words(row(page, "grow.calls")), words(page).count(note)) == (True, 2)


def test_no_data_shows_a_dash_and_the_reason() -> None:
    """A key result without a value shows no number at all in place of one."""
    line = key_result(
        value=None, progress=None, gap=None, change_7d=None, status=Status.NO_DATA, state=State.NO_DATA,
        reason="denominator is zero", newest_at=None,
    )  # fmt: skip
    shown = words(row(render_page(report_of(line)), line.id).split('<tr class="more">')[0])
    assert shown == "Pipeline mara.lind no value: denominator is zero no data – of 100 – – –"


def test_every_key_result_has_one_mark_where_everything_stands() -> None:
    """On the strip or beside it, each of the twelve shows once."""
    page = render_page(sample_report())
    stand = page[page.index('class="stand"') : page.index('class="week"')]
    assert stand.count('class="mark"') == 12


def test_leading_and_lagging_stand_apart() -> None:
    """Each objective lists its lagging key results first and its leading ones under their own heading."""
    apart = [[(g.word, len(g.lines)) for g in groups(objective)] for objective in sample_report().objectives]
    assert apart == [
        [("lagging", 3), ("leading", 1)],
        [("lagging", 2), ("leading", 2)],
        [("lagging", 3), ("leading", 1)],
    ]


def test_a_row_explains_its_number() -> None:
    """Formula with its numbers, baseline, target, expected, sources and snapshot."""
    told = words(row(render_page(sample_report()), "mid_market.pipeline"))
    for fact in (
        "= ($2,710,000.00 - $2,400,000.00) / ($4,000,000.00 - $2,400,000.00) = 19.4",
        "Expected by now 71.7\u00a0% ($3.55M)".replace("\u00a0", " "),
        "Sources crm",
        "okr explain mid_market.pipeline",
        "snapshot 7c1e09b2",
    ):
        assert fact in told


def test_a_kept_bound_reads_inside_or_outside() -> None:
    """A `keep` has no percentage of the way."""
    line = kept("grow.churn", now="0.031", status=Status.AT_RISK, keep="<= 2.5%", unit="percent")
    told = words(row(render_page(report_of(line)), line.id))
    assert ("outside" in told, "of the way" in told, "kept while the value is <= 2.5%" in told) == (
        True,
        False,
        True,
    )


def test_the_footer_names_what_the_page_was_made_from() -> None:
    """Snapshot, ledger head, configuration and as-of, in full."""
    made_from = sample_report()
    page = render_page(made_from)
    footer = words(page[page.index("<footer") :])
    for name in (made_from.snapshot, made_from.head, made_from.config_digest, "5 Oct 2026 09:00 CEST"):
        assert name in footer


@pytest.mark.parametrize("empty", [report(), report_of()])
def test_a_project_without_key_results_still_has_a_page(empty: object) -> None:
    """Nothing declared is a sentence, not an error."""
    assert "No key results are declared yet." in render_page(empty)  # type: ignore[arg-type]


def test_the_same_report_makes_the_same_bytes(tmp_path: Path) -> None:
    """The page holds no time of writing and no chance."""
    first = write_page(sample_report(), tmp_path).read_bytes()
    assert write_page(sample_report(), tmp_path).read_bytes() == first


def test_another_locale_writes_its_own_numbers() -> None:
    """The reader's locale reaches every number of a row."""
    assert "19,4\u00a0%" in render_page(sample_report(), locale="de_DE")


def test_a_thousand_key_results_take_under_three_seconds() -> None:
    """The page of a large company is made in a few seconds of one processor."""
    large = many_key_results(1000)
    started = process_time()
    render_page(large)
    assert process_time() - started < 3


def test_one_objective_may_have_a_status_without_progress() -> None:
    """An objective that nothing counts for says so."""
    nothing = replace(report_of(key_result()).objectives[0], progress=None, counted=0, status=Status.NO_DATA)
    assert "none of 1 counted" in words(render_page(report(nothing)))
