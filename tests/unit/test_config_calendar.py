"""Fiscal years of whole weeks, as okr.yaml declares them, and the words for periods."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from config_project import SETTINGS, checked, only

from okr_pipeline.config import values
from okr_pipeline.model.calendar import LastComplete, ToDate
from okr_pipeline.model.periods import FiscalWeeks, Period

RETAIL = "{pattern: 4-5-4, year_ends: saturday nearest the end of january}"
START = "fiscal_year_start: 02-01"


def settings(calendar: str) -> dict[str, str | bytes]:
    return {"okr.yaml": SETTINGS.replace(START, f"calendar: {calendar}")}


@pytest.mark.parametrize(
    ("written", "weeks"),
    [
        (RETAIL, FiscalWeeks(pattern=(4, 5, 4), weekday=5, month=1, nearest=True)),
        (
            "{pattern: 4-4-5, year_ends: Last Sunday of June}",
            FiscalWeeks(pattern=(4, 4, 5), weekday=6, month=6),
        ),
    ],
)
def test_a_pattern_of_weeks_is_read(tmp_path: Path, written: str, weeks: FiscalWeeks) -> None:
    """The weeks of a quarter's months, and the day on which a year ends."""
    found = checked(tmp_path, settings(written))
    assert found.project is not None, found.diagnostics
    assert weeks == found.project.calendar.fiscal


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{pattern: 4-4-4, year_ends: last saturday of january}", "OKR107"),
        ("{pattern: 4-4-5, year_ends: january}", "OKR107"),
        ("{pattern: 4-4-5, year_ends: last caturday of january}", "OKR107"),
        ("{pattern: 4-4-5}", "OKR102"),
        (f"{RETAIL}\n{START}", "OKR114"),
    ],
)
def test_what_is_no_calendar_is_refused(tmp_path: Path, written: str, code: str) -> None:
    """Each problem is told once, in okr.yaml."""
    found = only(tmp_path, settings(written))
    assert (code, "okr.yaml") == (found.code, found.file)


@pytest.mark.parametrize("period", get_args(Period))
def test_every_period_has_its_windows(period: Period) -> None:
    """To date and last complete exist for each."""
    assert ToDate(period) == values.window(f"{period} to date")
    assert LastComplete(period) == values.window(f"last complete {period}")
    assert (period, "previous") == values.since(f"previous {period}")
