"""Numbers that other tools publish, in and out; the pages that print them stand beside each in the data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from progress_builder import bounds, each, held, key_result, measured, project, reach, rolled_up, said

from okr_pipeline.model.goal import HeldOverTime, Keep
from okr_pipeline.warehouse.database import Database, Settings

DATA = json.loads((Path(__file__).parents[1] / "golden/worked_examples.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", name="db")
def _db() -> Iterator[Database]:
    with Database(None, settings=Settings()) as db:
        yield db


def cases(kind: str) -> list[Any]:
    return [pytest.param(kind, case, id=case["id"]) for case in DATA[kind]]


@pytest.mark.parametrize(
    ("kind", "case"), [*cases("progress"), *cases("expected"), *cases("status"), *cases("roll_up")]
)
def test_our_numbers_are_the_published_ones(db: Database, kind: str, case: dict[str, Any]) -> None:
    """Each in the tool's own words for the goal and the policy, to the last digit that its page prints."""
    expected, actual = CHECKS[kind](db, case)
    assert expected == actual


def progress(db: Database, case: dict[str, Any]) -> tuple[Any, Any]:
    match case["kind"]:
        case "reach":
            goal = reach(case["baseline"], case["target"])
            found = each(db, [(goal, value) for value in case["values"]])
        case "keep":
            found = each(db, [(Keep(bounds=bounds(case["keep"])), value) for value in case["values"]])
        case _:
            return case["expect_cumulative_percent"], shares(db, case)
    return [Decimal(text) for text in case["expect"]], [o.progress for o in found]


def shares(db: Database, case: dict[str, Any]) -> list[int]:
    """Return the shares of all weeks of a cycle, in whole percent."""
    goal = Keep(bounds=bounds(case["keep"]), held=HeldOverTime(each="week", of="cycle"))
    weekly = project(key_result(goal), first=date(2026, 1, 5), days=7 * case["periods"])
    cuts = [
        weekly.calendar.end_of(date.fromordinal(date(2026, 1, 4).toordinal() + 7 * n)) for n in range(1, 14)
    ]
    found = said(db, weekly, [measured(v, cut=cut) for v, cut in zip(case["values"], cuts, strict=True)])
    return [round(o.progress * 100) for o in found if o.progress is not None]


def expected(db: Database, case: dict[str, Any]) -> tuple[Any, Any]:
    first, last, on = (date.fromisoformat(case[name]) for name in ("start", "end", "on"))
    policy = "viva" if case["day_count"] == "from_zero" else "pace"
    april = project(key_result(reach()), first=first, days=(last - first).days + 1, policy=policy)
    found = said(db, april, [measured(1, cut=april.calendar.end_of(on))])[0].expected
    return rounded(case, found)


def status(db: Database, case: dict[str, Any]) -> tuple[Any, Any]:
    if "plan" in case:
        return planned(db, case)
    # Day 5,000 of 10,000 expects a half; from zero, day 5,001 of 10,001 does.
    extra = 1 if case["policy"] == "viva" else 0
    days = [10_000 * Decimal(one.get("expected") or one.get("elapsed") or "0.5") for one in case["cases"]]
    of = project(
        *(key_result(reach(0, 1), f"kr{n}") for n in range(len(days))),
        days=10_000 + extra,
        policy=case["policy"],
    )
    found = said(
        db,
        of,
        [
            measured(one["progress"], day=int(day) + extra, name=f"kr{n}")
            for n, (one, day) in enumerate(zip(case["cases"], days, strict=True))
        ],
    )
    return [one["status"] for one in case["cases"]], [o.status for o in found]


def planned(db: Database, case: dict[str, Any]) -> tuple[Any, Any]:
    """Hold each period's number against its plan, from where the period before ended."""
    starts = ["0", *case["actual"]]
    periods = zip(starts[:-1], case["plan"], case["actual"], strict=True)
    found = each(db, [(reach(start, to), value) for start, to, value in periods], policy=case["policy"])
    shown = [str(o.progress and o.progress.quantize(Decimal("0.0001"))) for o in found]
    return (case["expect_rounded_4"], case["status"]), (shown, [o.status for o in found])


def roll_up(db: Database, case: dict[str, Any]) -> tuple[Any, Any]:
    if "statuses" in case:
        parts = [("0.5", 1, status) for status in case["statuses"]]
        return case["expect"], rolled_up(db, parts, status_roll_up=case["roll_up"]).status
    weights = case.get("weights", [1] * len(case["progress"]))
    found = rolled_up(db, list(zip(case["progress"], weights, strict=True))).progress
    assert found is not None
    if own := case.get("own_scale"):
        assert held(db, reach(own["baseline"], own["target"]), own["expect"]).progress == found
    return rounded(case, found)


def rounded(case: dict[str, Any], found: Decimal | None) -> tuple[Any, Any]:
    """Return what is expected and what was found, to as many places as the page prints."""
    assert found is not None
    for name, text in case.items():
        if name.startswith("expect"):
            places = name.removeprefix("expect_rounded_")
            return Decimal(text), round(found, int(places)) if places.isdigit() else found
    raise KeyError(case["id"])


CHECKS = {"progress": progress, "expected": expected, "status": status, "roll_up": roll_up}
