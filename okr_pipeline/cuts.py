"""The instants a key result is asked about: now, the end of each day of its cycle, its baseline's day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.goal import ClosedAt, MeasuredOn, Reach, Steps
from okr_pipeline.model.okr import KeyResult, Project


def instant_of(asked: str | date, calendar: Calendar) -> datetime:
    """
    Return the UTC instant that *asked* means: a day at its end, a time without zone in the calendar's.

    Raises:
        ValueError: If it is text, and neither `2026-10-05` nor `2026-10-05T09:00`.
    """
    if isinstance(asked, str):
        asked = date.fromisoformat(asked) if len(asked) == 10 else datetime.fromisoformat(asked)
    if not isinstance(asked, datetime):
        return calendar.end_of(asked)
    return (asked if asked.tzinfo else asked.replace(tzinfo=calendar.zone)).astimezone(UTC)


def cut_of(project: Project, key_result: KeyResult, as_of: datetime) -> datetime:
    """Return the cut of *key_result* at *as_of*: its number stands when its cycle is over, or goes on."""
    if key_result.after_end == "measured":
        return as_of
    return min(as_of, project.calendar.end_of(project.cycle_of(key_result).end_on))


def past_cuts(project: Project, key_result: KeyResult, as_of: datetime) -> list[datetime]:
    """Return the end of every day of the cycle before the cut of *as_of*, oldest first."""
    before = cut_of(project, key_result, as_of)
    return project.calendar.day_cuts(project.cycle_of(key_result).start_on, before=before)


def baseline_day(project: Project, key_result: KeyResult) -> date | None:
    """Return the day at whose end a baseline holds; None where it is declared as a number, or not at all."""
    match key_result.goal:
        case Reach(baseline=MeasuredOn(day)) | Steps(baseline=MeasuredOn(day)):
            return day
        case Reach(baseline=ClosedAt()) | Steps(baseline=ClosedAt()):
            return project.cycle_of(key_result).start_on - timedelta(days=1)
        case _:
            return None


def baseline_cut(project: Project, key_result: KeyResult) -> datetime | None:
    """Return the cut at which a baseline is measured; None where none is."""
    match key_result.goal:
        case Reach(baseline=MeasuredOn(day)) | Steps(baseline=MeasuredOn(day)):
            return project.calendar.end_of(day)
        case _:
            return None
