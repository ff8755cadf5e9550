"""A snapshot made ready to read: names, history and reasons put beside its numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
from okr_pipeline.history import History, baseline_readings, read_history
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.goal import HeldOverTime, Keep
from okr_pipeline.model.observation import ObjectiveObservation, Observation, State
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.model.people import CheckIn, Retired
from okr_pipeline.model.report import (
    Consequence,
    Graded,
    KeyResultLine,
    ObjectiveLine,
    Periods,
    Report,
    Retirement,
    TrendPoint,
)
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.people import with_people

_IN_ITS_UNIT = ("value", "baseline", "target", "low", "high", "keep", "warn", "baseline_reads")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What is put beside the numbers of a snapshot. *today* is the last day that it tells of."""

    history: History
    readings: Mapping[str, Decimal]
    told: Mapping[str, Sequence[CheckIn]]
    graded: Mapping[str, Graded]
    today: date


def build_report(project: Project, snapshot: Snapshot, ledger: Ledger) -> Report:
    """Return *snapshot* with each key result's history, as it was known when the snapshot was taken."""
    project = with_people(project, ledger, before_seq=snapshot.seq)
    now = {o.key_result: o for o in snapshot.key_results}
    today = project.calendar.day_of(snapshot.as_of)
    beside = _Beside(
        history=read_history(ledger, project, until=snapshot.as_of, before_seq=snapshot.seq),
        readings=baseline_readings(ledger, project, before_seq=snapshot.seq),
        told=said.by_key_result(project.check_ins, until=today),
        graded=said.grades(ledger, before_seq=snapshot.seq),
        today=today,
    )
    rolled_up = {o.objective: o for o in snapshot.objectives}
    return Report(
        project=project.id,
        zone=project.calendar.zone.key,
        as_of=snapshot.as_of,
        known_at=snapshot.known_at,
        snapshot=snapshot.id,
        seq=snapshot.seq,
        head=snapshot.head,
        config_digest=snapshot.config_digest,
        objectives=tuple(
            _objective(project, objective, rolled_up[objective.id], now, beside, snapshot)
            for objective in project.objectives.values()
        ),
        sources=snapshot.sources,
        failed_checks=snapshot.checks,
        not_ready=tuple(kr.id for kr in project.key_results() if not kr.ready),
        north_star=_north_star(project, now),
    )


def _north_star(project: Project, now: Collection[str]) -> str | None:
    """Return the key result that measures the North Star: of the latest cycle, and declared first."""
    measuring = [kr for kr in project.key_results() if kr.metric and kr.metric == project.north_star]
    shown = [kr for kr in measuring if kr.id in now]
    return max(shown, key=lambda kr: project.cycle_of(kr).end_on).id if shown else None


def narrowed(report: Report, key_results: Collection[str]) -> Report:
    """Return *report* with *key_results* alone, their objectives, their sources and the checks on those."""
    kept = [
        replace(o, key_results=tuple(line for line in o.key_results if line.id in key_results))
        for o in report.objectives
    ]
    sources = {id for objective in kept for line in objective.key_results for id in line.sources}
    return replace(
        report,
        objectives=tuple(objective for objective in kept if objective.key_results),
        sources=tuple(source for source in report.sources if source.id in sources),
        failed_checks=tuple(c for c in report.failed_checks if c.dataset.partition(".")[0] in sources),
        not_ready=tuple(id for id in report.not_ready if id in key_results),
        north_star=report.north_star if report.north_star in key_results else None,
    )


def _objective(
    project: Project,
    objective: Objective,
    rolled_up: ObjectiveObservation,
    now: Mapping[str, Observation],
    beside: _Beside,
    snapshot: Snapshot,
) -> ObjectiveLine:
    cycle = project.cycles[objective.cycle]
    return ObjectiveLine(
        id=objective.id,
        title=objective.title,
        owner=objective.owner,
        level=objective.level,
        why=objective.why,
        cycle=cycle.id,
        start_on=cycle.start_on,
        end_on=cycle.end_on,
        progress=rolled_up.progress,
        status=rolled_up.status,
        counted=rolled_up.counted,
        declared=rolled_up.declared,
        expected=rolled_up.expected,
        no_data=rolled_up.no_data,
        measuring=rolled_up.measuring,
        no_target=rolled_up.no_target,
        retired=rolled_up.retired,
        policy=objective.policy or project.policy,
        strategy=project.strategy.get(objective.strategy) if objective.strategy else None,
        supports=objective.supports,
        depends_on=objective.depends_on,
        contributes_to=objective.contributes_to,
        after=_after(objective, rolled_up, is_over=beside.today >= cycle.end_on),
        retirement=_retirement(objective.retired, beside.today),
        key_results=tuple(
            _key_result(
                project,
                kr,
                now[kr.id],
                _trend(project, kr, now[kr.id], beside.history, snapshot),
                beside=beside,
                as_of=snapshot.as_of,
            )
            for kr in objective.key_results
            if kr.id in now
        ),
    )


def _after(objective: Objective, rolled_up: ObjectiveObservation, *, is_over: bool) -> Consequence | None:
    """Return what follows at the cycle's end: an objective is exceeded where all of it is reached."""
    plan = objective.action_plan
    if not is_over or plan is None or rolled_up.progress is None:
        return None
    if rolled_up.progress < 1:
        return Consequence("missed", plan.missed) if plan.missed else None
    return Consequence("exceeded", plan.exceeded) if plan.exceeded else None


def _retirement(declared: Retired | None, today: date) -> Retirement | None:
    if declared is None or today < declared.on:
        return None
    return Retirement(declared.on, declared.why, declared.replaced_by)


def _key_result(
    project: Project,
    kr: KeyResult,
    seen: Observation,
    trend: tuple[TrendPoint, ...],
    *,
    beside: _Beside,
    as_of: datetime,
) -> KeyResultLine:
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
        provisional_from=_provisional_from(project, kr, seen, as_of),
        baseline_reads=None if reads == seen.baseline else reads,
        aspiration=kr.aspiration,
        proxy_for=kr.proxy_for,
        retired=_retirement(kr.retired, beside.today),
        warn=warn_text(kr.goal, unit),
        periods=_periods(project, kr, seen),
        target_as=target_text(kr.goal),
        baseline_as=baseline_text(kr.goal),
        curve=curve_text(kr),
        said=said.newest(told),
        override=said.vouched(told, on=beside.today),
        graded=beside.graded.get(kr.id),
    )
    return masked(line) if kr.visibility == "masked" else line


def _periods(project: Project, kr: KeyResult, seen: Observation) -> Periods | None:
    """Return for how many of its periods a keep held: the recorded share, counted out."""
    if not (isinstance(kr.goal, Keep) and isinstance(held := kr.goal.held, HeldOverTime)):
        return None
    cycle, calendar = project.cycle_of(kr), project.calendar
    ends = calendar.period_ends(held.each, cycle.start_on, cycle.end_on)
    counted = [day for day in ends if held.of == "cycle" or calendar.end_of(day) <= seen.as_of]
    if seen.progress is None:
        return None
    return Periods(round(seen.progress * len(counted)), len(counted), held.each)


def masked(line: KeyResultLine) -> KeyResultLine:
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


def _trend(
    project: Project, kr: KeyResult, now: Observation, history: History, snapshot: Snapshot
) -> tuple[TrendPoint, ...]:
    """Return one point a day; a day without a fresh value has none, so that the line has a gap there."""
    cuts = past_cuts(project, kr, snapshot.as_of)
    past = [history[kr.id, cut] for cut in cuts if (kr.id, cut) in history]
    points = {point.day: point for point in _points(project, [*past, now])}
    return tuple(points.values())


def _points(project: Project, observations: Iterable[Observation]) -> Iterable[TrendPoint]:
    for o in observations:
        fresh, day = o.state is State.OK, project.calendar.day_of(o.as_of)
        yield TrendPoint(
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
