"""The verdict on a case: its progress, what was expected, the gap between them, and one status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pyarrow as pa

from okr_pipeline.model.observation import Status
from okr_pipeline.model.okr import Project
from okr_pipeline.ninths import number
from okr_pipeline.progress.cases import Case
from okr_pipeline.progress.tables import CODES, Numbers, code_of, tables_of
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database

_COLOURS = (Status.OFF_TRACK, Status.AT_RISK, Status.ON_TRACK)


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Ratios with nine places, and the status to publish.

    *raw_status* is the policy's own, where it has not held for long enough; None: it is the status.
    """

    progress: Decimal | None
    expected: Decimal | None
    gap: Decimal | None
    status: Status
    raw_status: Status | None = None


def judge(db: Database, project: Project, cases: Sequence[Case]) -> list[tuple[Case, Verdict]]:
    """Return those of *cases* that are measured, or that a later status rests on, each with its verdict."""
    wanted = [case for case in cases if case.measured or _dwell(case) > 1]
    if not wanted:
        return []
    numbers = Numbers.of(wanted)
    tables, wide = tables_of(project, wanted, numbers)
    found = statements.progress(db, tables, wide=wide).to_pydict()
    by_place = {
        (terms, cut): Verdict(number(progress), number(expected), number(gap), CODES[status])
        for terms, cut, progress, expected, gap, status in zip(*found.values(), strict=True)
    }
    return _dwelt(db, project, [(case, by_place[numbers.place(case)]) for case in wanted])


def _dwell(case: Case) -> int:
    return case.terms.rule.policy.dwell


def _dwelt(db: Database, project: Project, judged: list[tuple[Case, Verdict]]) -> list[tuple[Case, Verdict]]:
    """Return *judged*, in order, with the status before where one has not held for long enough."""
    dwelling = [
        n for n, (case, verdict) in enumerate(judged) if _dwell(case) > 1 and verdict.status in _COLOURS
    ]
    if not dwelling:
        return judged
    dwelt = list(judged)
    for row in statements.dwell(db, _table(project, judged, dwelling)).to_pylist():
        case, verdict = judged[row["cut"]]
        published = CODES[row["published"]]
        if published is not verdict.status:
            dwelt[row["cut"]] = (case, replace(verdict, status=published, raw_status=verdict.status))
    return dwelt


def _table(project: Project, judged: Sequence[tuple[Case, Verdict]], dwelling: Sequence[int]) -> pa.Table:
    """Return the input of `dwell.sql`: places in *judged* stand for cuts."""
    cases = [judged[n][0] for n in dwelling]
    return pa.table(
        {
            "key_result": pa.array([case.key_result.id for case in cases], pa.string()),
            "cut": pa.array(dwelling, pa.int64()),
            "day_end": pa.array([case.cut == project.calendar.end_of(case.day) for case in cases]),
            "status": pa.array([code_of(judged[n][1].status) for n in dwelling], pa.uint8()),
            "dwell": pa.array([_dwell(case) for case in cases], pa.int64()),
        }
    )
