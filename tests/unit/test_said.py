"""What people say, put beside the numbers of a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from okr_pipeline.model.observation import Status
from okr_pipeline.model.people import CheckIn, Override
from okr_pipeline.model.report import Said
from okr_pipeline.said import by_key_result, newest, vouched


def said(day: int, **more: Any) -> CheckIn:
    return CheckIn(**{"key_result": "grow.x", "on": date(2026, 8, day), "author": "ada", **more})


def until(day: int, status: str = "at_risk") -> Override:
    return Override(status=status, until=date(2026, 8, day), why="holiday")


def test_the_newest_check_in_up_to_a_day_is_told() -> None:
    """One dated tomorrow is not said yet; of one day, the one that is written last counts."""
    told = by_key_result(
        [said(9, note="late"), said(4), said(9, note="last", confidence=Decimal("0.6")), said(10)],
        until=date(2026, 8, 9),
    )
    assert Said(date(2026, 8, 9), "ada", Decimal("0.6"), "last") == newest(told["grow.x"])


@pytest.mark.parametrize(("day", "stands"), [(4, Status.AT_RISK), (8, Status.AT_RISK), (9, None)])
def test_an_override_stands_to_the_end_of_its_last_day(day: int, stands: Status | None) -> None:
    """From the day it is given to the day it names, both inside."""
    found = vouched([said(4, override=until(8))], on=date(2026, 8, day))
    assert stands == (found and found.status)


def test_a_check_in_without_an_override_does_not_end_one() -> None:
    """What was vouched for stands until it runs out, or until another is given."""
    told = [said(4, override=until(20)), said(6), said(7, override=until(9, "on_track"))]
    assert [Status.AT_RISK, Status.ON_TRACK] == [
        found.status for upto in (2, 3) if (found := vouched(told[:upto], on=date(2026, 8, 8)))
    ]
