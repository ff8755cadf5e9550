"""Key results that are to hold over time: for how many of their periods they were inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import pyarrow as pa

from okr_pipeline.model.okr import Project
from okr_pipeline.ninths import clamped_ninths, column, ninths
from okr_pipeline.progress.bands import Band, band_columns
from okr_pipeline.progress.cases import Case
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """
    One day of a key result for `held.sql`: that of a *case*, or the end of a period without one.

    *required* is a share in units of the ninth place.
    """

    key_result: int
    day: date
    case: Case | None
    ends: bool
    total: int | None
    required: int

    @property
    def value(self) -> int | None:
        return clamped_ninths(self.case.value) if self.case and self.case.good else None


def hold_periods(db: Database, project: Project, cases: Sequence[Case]) -> None:
    """Fill in `progress`, `standing` and `outside_since` of those of *cases* that are held over time."""
    held = [case for case in cases if case.terms.held_over_time]
    if not held:
        return
    by_key_result = [list(own) for _, own in groupby(held, key=lambda case: case.key_result.id)]
    days = [day for n, own in enumerate(by_key_result) for day in _days(project, n, own)]
    bands = band_columns([own[0].terms.band or Band() for own in by_key_result])
    numbered = pa.table({"key_result": pa.array(range(len(by_key_result)), pa.int64()), **bands})
    for found in statements.held(db, _table(days), numbered).to_pylist():
        case = days[found["cut"]].case
        if case is not None:
            case.progress = None if found["progress"] is None else int(found["progress"])
            case.standing = found["standing"]
            case.outside_since = found["outside_since"]


def _days(project: Project, key_result: int, cases: Sequence[Case]) -> list[_Day]:
    """Return the days of *cases*, all of one key result, and each end of a period before the last of them."""
    held = cases[0].terms.held_over_time
    assert held is not None  # noqa: S101
    cycle, calendar = project.cycle_of(cases[0].key_result), project.calendar
    ends = {
        calendar.end_of(day): day for day in calendar.period_ends(held.each, cycle.start_on, cycle.end_on)
    }
    seen = {case.cut: (case.day, case) for case in cases}
    missed = {cut: (day, None) for cut, day in ends.items() if cut <= cases[-1].cut and cut not in seen}
    return [
        _Day(
            key_result=key_result,
            day=day,
            case=case,
            ends=cut in ends,
            total=len(ends) if held.of == "cycle" else None,
            required=ninths(held.share),
        )
        for cut, (day, case) in sorted({**seen, **missed}.items(), key=lambda item: item[0])
    ]


def _table(days: Sequence[_Day]) -> pa.Table:
    """Return `days` of `held.sql`: their order stands for their cuts."""
    return pa.table(
        {
            "key_result": pa.array([day.key_result for day in days], pa.int64()),
            "cut": pa.array(range(len(days)), pa.int64()),
            "day": pa.array([day.day for day in days], pa.date32()),
            "value": column([day.value for day in days], wide=True),
            "ends": pa.array([day.ends for day in days], pa.bool_()),
            "total": pa.array([day.total for day in days], pa.int64()),
            "required": pa.array([day.required for day in days], pa.int64()),
        }
    )
