"""The report file that `okr show` reads."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_builder import many_key_results, objective, report, report_of, with_progress
from sample_company import sample_report

from okr_pipeline.model.observation import CheckResult, State, Status
from okr_pipeline.model.report import Earlier, KeyResultLine, Report, SourceLine, TrendPoint
from okr_pipeline.publish.latest import (
    ReportFileError,
    read_report,
    report_from_json,
    report_to_json,
    report_to_lines,
)
from okr_pipeline.publish.sentences import key_results

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=9)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2))])
INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001 - zones are drawn
POINTS = st.builds(
    TrendPoint,
    day=st.dates(),
    value=NUMBERS,
    progress=NUMBERS,
    expected=NUMBERS,
    status=st.sampled_from(Status),
    read_at=st.none() | INSTANTS,
)
LINES = st.builds(
    KeyResultLine,
    id=TEXT, title=TEXT, owner=st.none() | TEXT, indicator=st.sampled_from(["leading", "lagging"]),
    goal=st.sampled_from(["reach", "keep"]), unit=st.none() | TEXT, status=st.sampled_from(Status),
    state=st.sampled_from(State), reason=st.none() | TEXT, value=NUMBERS, baseline=NUMBERS, target=NUMBERS,
    keep=st.none() | TEXT, progress=NUMBERS, expected=NUMBERS, gap=NUMBERS, change_7d=NUMBERS,
    carried_from=st.none() | INSTANTS, newest_at=st.none() | INSTANTS,
    sources=st.lists(TEXT, max_size=3).map(tuple), led_by=st.lists(TEXT, max_size=3).map(tuple),
    note=st.none() | TEXT, trend=st.lists(POINTS, max_size=4).map(tuple), low=NUMBERS, high=NUMBERS,
    read_at=st.none() | INSTANTS, warnings=st.lists(TEXT, max_size=2).map(tuple),
    earlier=st.none() | st.builds(Earlier, st.integers(1), st.dates(), st.integers(0)),
)  # fmt: skip
SOURCES = st.builds(
    SourceLine, id=TEXT, connector=TEXT, newest_at=st.none() | INSTANTS, problem=st.none() | TEXT
)
CHECKS = st.builds(CheckResult, check=TEXT, dataset=TEXT, expected=TEXT, observed=TEXT, passed=st.booleans())


REPORTS = st.builds(
    lambda lines, progress, **parts: report(objective("grow", *lines, progress=progress), **parts),
    lines=st.lists(LINES, max_size=3),
    progress=NUMBERS,
    sources=st.lists(SOURCES, max_size=2).map(tuple),
    failed_checks=st.lists(CHECKS, max_size=2).map(tuple),
    as_of=INSTANTS,
    not_ready=st.just(("a.b",)),
)


@given(REPORTS)
def test_a_report_comes_back_as_it_was(made: Report) -> None:
    """Writing and reading is the identity for every report."""
    assert report_from_json(report_to_json(made)) == made


@settings(max_examples=30)
@given(REPORTS)
def test_a_report_file_comes_back_as_it_was(made: Report) -> None:
    """In lines, with every trend, whatever signs a title holds."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "latest.json"
        file.write_text(report_to_lines(made), encoding="utf-8", newline="")
        assert read_report(file) == made
        assert json.loads(file.read_text(encoding="utf-8"))["version"] == 1


def test_only_the_trends_that_are_asked_for_are_read(tmp_path: Path) -> None:
    """A thousand key results have a hundred thousand days: `okr show` took a second to read them all."""
    made, file = many_key_results(300), tmp_path / "latest.json"
    file.write_text(report_to_lines(made), encoding="utf-8")
    started = process_time()
    bare = read_report(file, trends=())
    took, started = process_time() - started, process_time()
    whole = read_report(file)
    assert (set(), made) == ({line.trend for line in key_results(bare)} - {()}, whole)
    assert took < (process_time() - started) / 3
    one = read_report(file, trends=["team7.kr70"])
    assert ["team7.kr70"] == [line.id for line in key_results(one) if line.trend]


@pytest.mark.parametrize("damage", ["half of it", "a line of it"])
def test_a_file_that_lost_a_part_is_refused(tmp_path: Path, damage: str) -> None:
    """A trend is never taken for another key result's."""
    text, file = report_to_lines(many_key_results(10)), tmp_path / "latest.json"
    lines = text.splitlines(keepends=True)
    file.write_text(text[: len(text) // 2] if damage == "half of it" else "".join(lines[:3] + lines[4:]))
    with pytest.raises(ReportFileError, match="publish again"):
        read_report(file)


def test_decimals_keep_their_digits() -> None:
    """A number is text in the file: no float comes near it, trailing zeros stay."""
    big = "12345678901234567890123456789.123456789"
    made = report_of(replace(with_progress("0.100000000"), value=Decimal(big)))
    line = report_from_json(report_to_json(made)).objectives[0].key_results[0]
    assert (str(line.value), str(line.trend[0].progress)) == (big, "0.100000000")


def test_instants_are_written_in_utc() -> None:
    """The file says `Z`, whatever zone the report came in."""
    berlin = replace(sample_report(), as_of=datetime(2026, 10, 5, 9, tzinfo=timezone(timedelta(hours=2))))
    assert json.loads(report_to_json(berlin))["report"]["as_of"] == "2026-10-05T07:00:00Z"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2}', "{", '{"version": 1}', '{"version": 1, "report": {}}']
)
def test_a_file_that_is_not_ours_is_refused(text: str) -> None:
    """Another version or a damaged file says what to do, and is never half read."""
    with pytest.raises(ReportFileError, match="publish again"):
        report_from_json(text)


def test_reading_needs_nothing_but_the_standard_library() -> None:
    """A fresh interpreter without any installed package can read reports."""
    code = "import sys, okr_pipeline.publish.latest; print(*{name.split('.')[0] for name in sys.modules})"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-S", "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    heavy = {"pyarrow", "pandas", "sqlalchemy", "duckdb", "babel", "rich", "jinja2", "pydantic", "yaml"}
    assert set(found.stdout.split()) & heavy == set()
