"""Key results that no source feeds: what people said of them, as measurements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from okr_pipeline.findings import Measurement
from okr_pipeline.model.goal import Manual
from okr_pipeline.model.observation import State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.warehouse.question import Answer

_UNSAID = Answer(None, State.NO_DATA, "nobody has stated it yet")


def stated(
    project: Project, wanted: Iterable[tuple[KeyResult, datetime]], check_ins: Sequence[CheckIn]
) -> list[Measurement]:
    """
    Return one measurement for each of *wanted* that has no metric to measure, in that order.

    Of several values of one day, the one that comes last in *check_ins* counts. Milestones have no
    value of their own: each is done or not.
    """
    return [
        Measurement(
            key_result=key_result.id,
            cut=cut,
            answer=answer,
            gap=_outdated(project, key_result, said, cut),
            newest_at=None,
            loads={},
            stocks={},
        )
        for key_result, cut in wanted
        if not key_result.parts
        for said, answer in [_last_value(key_result, check_ins, project.calendar.day_of(cut))]
    ]


def _last_value(
    key_result: KeyResult, check_ins: Sequence[CheckIn], day: date
) -> tuple[CheckIn | None, Answer]:
    if not isinstance(key_result.goal, Manual):
        return None, Answer(None)
    last = last_value(key_result.id, check_ins, day)
    return last, _UNSAID if last is None else Answer(last.value)


def last_value(key_result: str, check_ins: Sequence[CheckIn], day: date) -> CheckIn | None:
    """Return the check-in that the number stated of *key_result* comes from on *day*; None without one."""
    said = [c for c in check_ins if c.key_result == key_result and c.value is not None and c.on <= day]
    return max(enumerate(said), key=lambda item: (item[1].on, item[0]))[1] if said else None


def _outdated(project: Project, key_result: KeyResult, said: CheckIn | None, cut: datetime) -> str | None:
    goal = key_result.goal
    if said is None or not isinstance(goal, Manual) or goal.fresh_for is None:
        return None
    if cut - project.calendar.end_of(said.on) <= goal.fresh_for:
        return None
    return f"nothing was stated since {said.on}, which counts for {goal.fresh_for.days} days"
