"""Which key result of an earlier cycle another one follows, and how that one went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from okr_pipeline.findings import PastCycle
from okr_pipeline.model.goal import ClosedAt, Reach, Steps
from okr_pipeline.model.observation import Observation
from okr_pipeline.model.okr import KeyResult, Project


def predecessor(project: Project, key_result: KeyResult) -> KeyResult | None:
    """Return the key result of an earlier cycle: its baseline's, or one it replaces; None without."""
    match key_result.goal:
        case Reach(baseline=ClosedAt(before)) | Steps(baseline=ClosedAt(before)):
            return next((kr for kr in project.key_results() if kr.id == before), None)
        case _:
            begin = project.cycle_of(key_result).start_on
            replaced = (
                kr for kr in project.key_results() if kr.retired and kr.retired.replaced_by == key_result.id
            )
            return next((kr for kr in replaced if project.cycle_of(kr).end_on < begin), None)


def past_cycle(
    project: Project,
    before: KeyResult,
    observations: Mapping[tuple[str, datetime], Observation],
    *,
    closed: Mapping[str, Mapping[str, Any]],
) -> PastCycle | None:
    """
    Return how the cycle of *before* went, by what is said of the ends of its days.

    It ended as its close says, or as its last day does; None where neither does.
    """
    cycle = project.cycle_of(before)
    days = [cycle.start_on + timedelta(days=n) for n in range(cycle.days)]
    progress = [
        (n, said.progress)
        for n, day in enumerate(days, 1)
        if (said := observations.get((before.id, project.calendar.end_of(day)))) and said.progress is not None
    ]
    text = closed.get(before.id, {}).get("progress")
    last = observations.get((before.id, project.calendar.end_of(cycle.end_on)))
    closed_at = Decimal(text) if text is not None else last.progress if last else None
    if closed_at is None:
        return None
    return PastCycle(days=cycle.days, progress=tuple(progress), closed_at=closed_at)
