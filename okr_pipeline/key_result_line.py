"""One key result of a snapshot made ready to read: its days, goal and reasons put beside its number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from okr_pipeline import said
from okr_pipeline.cuts import past_cuts
from okr_pipeline.goal_words import (
    NOT_TOLD,
    baseline_text,
    curve_text,
    goal_word,
    held_text,
    keep_text,
    marks,
    part_lines,
    stages,
    target_text,
    warn_text,
)
from okr_pipeline.history import History
from okr_pipeline.model.goal import HeldOverTime, Keep
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.model.report import Earlier, Graded, KeyResultLine, Periods, TrendPoint

_IN_ITS_UNIT = ("value", "baseline", "target", "low", "high", "keep", "warn", "baseline_reads")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """
    What is put beside the numbers of a snapshot, by key result; *history* by key result and instant.

    *readings* are what the days of frozen baselines read since, *read_otherwise* how many past days
    would read another value by now, *today* the last day that the snapshot tells of.
    """

    history: History
    readings: Mapping[str, Decimal]
    told: Mapping[str, Sequence[CheckIn]]
    graded: Mapping[str, Graded]
    warnings: Mapping[str, tuple[str, ...]]
    read_otherwise: Mapping[str, int]
    as_of: datetime
    today: date


def key_result_line(project: Project, kr: KeyResult, seen: Observation, beside: Beside) -> KeyResultLine:
    """Return *kr* as it was *seen* in a snapshot, without any value where it is masked."""
    cuts = past_cuts(project, kr, beside.as_of)
    past = [beside.history[kr.id, cut] for cut in cuts if (kr.id, cut) in beside.history]
    trend = _trend(project, [*past, seen])
    told, reads = beside.told.get(kr.id, ()), beside.readings.get(kr.id)
    unit = project.metrics[kr.metric].unit if kr.metric else None
    datasets = [d for metric in kr.parts.values() for d in project.datasets_of(metric)]
    line = KeyResultLine(
        id=kr.id,
        title=kr.title,
        owner=kr.owner or project.objectives[kr.objective].owner,
        indicator=kr.indicator,
        goal=goal_word(kr.goal),
        unit=unit,
        status=seen.status,
        state=seen.state,
        reason=seen.reason,
        value=seen.value,
        baseline=seen.baseline,
        target=seen.target,
        low=seen.low,
        high=seen.high,
        keep=keep_text(kr.goal.bounds, unit) if isinstance(kr.goal, Keep) else None,
        progress=seen.progress,
        expected=seen.expected,
        gap=seen.gap,
        change_7d=_change(trend, days=7),
        carried_from=seen.carried_from,
        newest_at=seen.newest_at,
        read_at=seen.read_at,
        sources=tuple(dict.fromkeys(project.datasets[d].source for d in datasets)),
        led_by=kr.led_by,
        note=kr.note,
        trend=trend,
        held=held_text(kr.goal),
        outside_since=seen.outside_since,
        raw_status=seen.raw_status,
        parts=part_lines(project, kr, seen),
        stages=stages(kr.goal),
        marks=marks(kr.goal, seen),
        provisional_from=_provisional_from(project, kr, seen, beside.as_of),
        baseline_reads=None if reads == seen.baseline else reads,
        aspiration=kr.aspiration,
        proxy_for=kr.proxy_for,
        retired=said.retirement(kr.retired, on=beside.today),
        warn=warn_text(kr.goal, unit),
        periods=_periods(project, kr, seen),
        target_as=target_text(kr.goal),
        baseline_as=baseline_text(kr.goal),
        curve=curve_text(kr),
        said=said.newest(told),
        override=said.vouched(told, on=beside.today),
        graded=beside.graded.get(kr.id),
        earlier=_earlier(project, past, seen, beside.read_otherwise.get(kr.id, 0)),
        warnings=beside.warnings.get(kr.id, ()),
    )
    return _masked(line) if kr.visibility == "masked" else line


def _periods(project: Project, kr: KeyResult, seen: Observation) -> Periods | None:
    """Return for how many of its periods a keep held: the recorded share, counted out."""
    if not (isinstance(kr.goal, Keep) and isinstance(held := kr.goal.held, HeldOverTime)):
        return None
    cycle, calendar = project.cycle_of(kr), project.calendar
    ends = calendar.period_ends(held.each, cycle.start_on, cycle.end_on)
    counted = [day for day in ends if held.of == "cycle" or calendar.end_of(day) <= seen.as_of]
    if seen.progress is None:
        return None
    return Periods(round(seen.progress * len(counted)), len(counted), held.period)


def _masked(line: KeyResultLine) -> KeyResultLine:
    """Return *line* without any number in the metric's unit: progress and status stay."""
    hidden: dict[str, Any] = dict.fromkeys(_IN_ITS_UNIT)
    return replace(
        line,
        masked=True,
        **hidden,
        parts=tuple(part._replace(value=None, keep=None) for part in line.parts),
        stages=tuple(stage._replace(value=None) for stage in line.stages),
        marks=tuple(mark._replace(value=None) for mark in line.marks),
        target_as=line.target_as if line.target_as in NOT_TOLD.values() else None,
        trend=tuple(point._replace(value=None) for point in line.trend),
    )


def _provisional_from(project: Project, kr: KeyResult, seen: Observation, as_of: datetime) -> date | None:
    """Return the first day whose value is younger than it takes to settle; None if none shown is."""
    if kr.settles_after is None or as_of - seen.as_of >= kr.settles_after:
        return None
    return (as_of - kr.settles_after).astimezone(project.calendar.zone).date()


def _earlier(
    project: Project, past: Sequence[Observation], seen: Observation, read_otherwise: int
) -> Earlier | None:
    """Return which days of the *past* have another definition than *seen*; None if none has."""
    days = [o.as_of for o in past if o.definition != seen.definition]
    return Earlier(len(days), project.calendar.day_of(days[-1]), read_otherwise) if days else None


def _trend(project: Project, observations: Iterable[Observation]) -> tuple[TrendPoint, ...]:
    """Return one point a day, the last of it; one without a fresh value makes a gap in the line."""
    points = (_point(project, o) for o in observations)
    return tuple({point.day: point for point in points}.values())


def _point(project: Project, o: Observation) -> TrendPoint:
    fresh, day = o.state is State.OK, project.calendar.day_of(o.as_of)
    return TrendPoint(
        day=day,
        value=o.value if fresh else None,
        progress=o.progress if fresh else None,
        expected=o.expected,
        status=o.status,
        read_at=o.read_at if fresh and _is_older(o.read_at, day, project) else None,
    )


def _is_older(read_at: datetime | None, day: date, project: Project) -> bool:
    return read_at is not None and read_at < project.calendar.midnight(day)


def _change(trend: tuple[TrendPoint, ...], *, days: int) -> Decimal | None:
    if not trend:
        return None
    before = trend[-1].day - timedelta(days=days)
    then = next((point.progress for point in trend if point.day == before), None)
    now = trend[-1].progress
    return None if then is None or now is None else now - then
