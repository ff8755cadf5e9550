"""Where key results stand that are more than one number: parts that are met, periods that were held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from okr_pipeline.findings import Measurement
from okr_pipeline.goals import Band, Held, band_columns, band_of
from okr_pipeline.model.goal import AllOf, HeldInGroups, HeldOverTime, Keep, Milestones
from okr_pipeline.model.observation import Part, State
from okr_pipeline.model.okr import Project
from okr_pipeline.ninths import LARGEST, ONE, column, ninths
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database


@dataclass(slots=True, kw_only=True)
class Row:
    """
    One key result at one cut, on its way from a measurement to an observation.

    *goal* is how it is judged on *day*. *measured* is None for a day of the past that serves the
    others alone. *progress* and *standing* are worked out beforehand, in units of the ninth place,
    where more than one number decides.
    """

    goal: Held
    cut: datetime
    day: date
    fresh: bool
    state: State
    reason: str | None
    value: Decimal | None
    parts: tuple[Part, ...] = ()
    measured: Measurement | None = None
    progress: int | None = None
    standing: int | None = None
    outside_since: date | None = None

    @property
    def problem(self) -> str | None:
        """Why more than one number says nothing yet: no period has ended."""
        held = over_time_of(self.goal)
        return f"no {held.each} has ended yet" if held and self.progress is None else None

    @property
    def good(self) -> bool:
        """Whether it is an observation, and no older one's value."""
        return self.fresh and self.state is State.OK


def is_stood(goal: Held) -> bool:
    """Whether more than one number decides where it stands."""
    match goal.key_result.goal:
        case AllOf() | Milestones() | Keep(held=HeldOverTime() | HeldInGroups()):
            return True
        case _:
            return False


def stand(db: Database, project: Project, rows: Sequence[Row]) -> None:
    """Fill in `progress` and `standing` of those of *rows* that need it; rows are in order of time."""
    parted = [row for row in rows if row.parts]
    if parted:
        _meet_parts(db, project, parted)
    over_time = [row for row in rows if over_time_of(row.goal)]
    if over_time:
        _hold_periods(db, project, over_time)


def over_time_of(goal: Held) -> HeldOverTime | None:
    match goal.key_result.goal:
        case Keep(held=HeldOverTime() as held):
            return held
        case _:
            return None


def _meet_parts(db: Database, project: Project, rows: Sequence[Row]) -> None:
    listed = [
        (n, place, part, *_asked(project, row.goal, part))
        for n, row in enumerate(rows)
        for place, part in enumerate(row.parts)
    ]
    bands = [band for _, _, _, band, _, _ in listed]
    table = pa.table(
        {
            "owner": pa.array([n for n, *_ in listed], pa.int64()),
            "place": pa.array([place for _, place, *_ in listed], pa.int64()),
            "how": pa.array([_how(rows[n].goal) for n, *_ in listed], pa.string()),
            "value": column([_units(part.value) for _, _, part, *_ in listed], wide=True),
            **band_columns(bands, wide=True),
            # What is told by hand has no value: it brings its progress along.
            "met": pa.array(
                [part.progress == 1 if part.value is None and part.progress is not None else None
                 for _, _, part, *_ in listed], pa.bool_()
            ),
            "weight": column([weight for *_, weight, _ in listed], wide=True),
            "required": column([required for *_, required in listed], wide=True),
        }
    )  # fmt: skip
    for found in statements.parts(db, table).to_pylist():
        row = rows[found["owner"]]
        row.progress, row.standing = found["progress"], found["standing"]
        row.parts = tuple(
            replace(part, progress=None if met is None else Decimal(int(met)))
            for part, met in zip(row.parts, found["met"], strict=True)
        )


def _how(goal: Held) -> str:
    return "all" if isinstance(goal.key_result.goal, AllOf) else "share"


def _asked(project: Project, goal: Held, part: Part) -> tuple[Band, int, int | None]:
    """Return the band of one part, its weight, and the share of parts that has to be met."""
    match goal.key_result.goal:
        case AllOf(conditions=conditions):
            strict = goal.rule.policy.keep_strict
            return band_of(conditions[int(part.name) - 1].bounds, strict=strict), ONE, None
        case Milestones(milestones=milestones):
            milestone = next(m for m in milestones if m.id == part.name)
            band = band_of(milestone.done.bounds, strict=False) if milestone.done else Band()
            return band, ninths(milestone.weight), None
        case Keep(held=HeldInGroups(share=share)):
            return goal.band or Band(), ONE, ninths(share)
        case _:
            return Band(), ONE, None


def _hold_periods(db: Database, project: Project, rows: Sequence[Row]) -> None:
    by_key_result: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_key_result[row.goal.key_result.id].append(row)
    days: list[tuple[int, datetime, date, int | None, bool, int | None, int]] = []
    for n, own in enumerate(by_key_result.values()):
        days += _days(project, n, own)
    table = pa.table(
        {
            "key_result": pa.array([n for n, *_ in days], pa.int64()),
            "cut": pa.array([at for _, at, *_ in days], pa.timestamp("us", tz="UTC")),
            "day": pa.array([day for _, _, day, *_ in days], pa.date32()),
            "value": column([value for _, _, _, value, *_ in days], wide=True),
            "ends": pa.array([ends for *_, ends, _, _ in days], pa.bool_()),
            "total": pa.array([total for *_, total, _ in days], pa.int64()),
            "required": pa.array([required for *_, required in days], pa.int64()),
        }
    )
    bands = [own[0].goal.band or Band() for own in by_key_result.values()]
    bounds = pa.table(
        {"key_result": pa.array(range(len(bands)), pa.int64()), **band_columns(bands, wide=True)}
    )
    names = list(by_key_result)
    by_place = {(row.goal.key_result.id, row.cut): row for row in rows}
    for found in statements.held(db, table, bounds).to_pylist():
        place = (names[found["key_result"]], found["cut"])
        if place in by_place:
            by_place[place].progress = None if found["progress"] is None else int(found["progress"])
            by_place[place].standing = found["standing"]
            by_place[place].outside_since = found["outside_since"]


def _days(
    project: Project, n: int, rows: Sequence[Row]
) -> list[tuple[int, datetime, date, int | None, bool, int | None, int]]:
    """Return the days of one key result for `held.sql`, and each end of a period that has no row."""
    held = over_time_of(rows[0].goal)
    assert held is not None  # noqa: S101
    cycle, calendar = project.cycle_of(rows[0].goal.key_result), project.calendar
    ends = {
        calendar.end_of(day): day for day in calendar.period_ends(held.each, cycle.start_on, cycle.end_on)
    }
    last = rows[-1].cut
    seen = {row.cut: (row.day, _units(row.value) if row.good else None) for row in rows}
    missing = {cut: (day, None) for cut, day in ends.items() if cut <= last and cut not in seen}
    total, required = len(ends) if held.of == "cycle" else None, ninths(held.share)
    return [
        (n, cut, day, value, cut in ends, total, required)
        for cut, (day, value) in sorted({**seen, **missing}.items(), key=lambda item: item[0])
    ]


def _units(value: Decimal | None) -> int | None:
    """Return *value* in ninths, and the largest of its sign in place of one that is too large."""
    if value is None:
        return None
    units = ninths(value)
    return max(-LARGEST, min(LARGEST, units))
