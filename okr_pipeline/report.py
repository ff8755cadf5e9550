"""A snapshot made ready to read: names, history and reasons put beside its numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from okr_pipeline.cuts import past_cuts
from okr_pipeline.history import History, read_history
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import ObjectiveObservation, Observation, State
from okr_pipeline.model.okr import Keep, KeyResult, Objective, Project
from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report, TrendPoint
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.record import decimal_text


def build_report(project: Project, snapshot: Snapshot, ledger: Ledger) -> Report:
    """Return *snapshot* with each key result's history, as it was known when the snapshot was taken."""
    history = read_history(ledger, project, until=snapshot.as_of, before_seq=snapshot.seq)
    now = {o.key_result: o for o in snapshot.key_results}
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
            _objective(project, objective, rolled_up[objective.id], now, history, snapshot)
            for objective in project.objectives.values()
        ),
        sources=snapshot.sources,
        failed_checks=snapshot.checks,
        not_ready=tuple(kr.id for kr in project.key_results() if kr.metric is None),
    )


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
    )


def _objective(
    project: Project,
    objective: Objective,
    rolled_up: ObjectiveObservation,
    now: Mapping[str, Observation],
    history: History,
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
        key_results=tuple(
            _key_result(project, kr, now[kr.id], _trend(project, kr, now[kr.id], history, snapshot))
            for kr in objective.key_results
            if kr.id in now
        ),
    )


def _key_result(
    project: Project, kr: KeyResult, seen: Observation, trend: tuple[TrendPoint, ...]
) -> KeyResultLine:
    metric = project.metrics[str(kr.metric)]
    return KeyResultLine(
        id=kr.id,
        title=kr.title,
        owner=kr.owner or project.objectives[kr.objective].owner,
        indicator=kr.indicator,
        goal="keep" if isinstance(kr.goal, Keep) else "reach",
        unit=metric.unit,
        status=seen.status,
        state=seen.state,
        reason=seen.reason,
        value=seen.value,
        baseline=seen.baseline,
        target=seen.target,
        low=seen.low,
        high=seen.high,
        keep=keep_text(kr.goal, metric.unit) if isinstance(kr.goal, Keep) else None,
        progress=seen.progress,
        expected=seen.expected,
        gap=seen.gap,
        change_7d=_change(trend, days=7),
        carried_from=seen.carried_from,
        newest_at=seen.newest_at,
        sources=tuple(dict.fromkeys(project.datasets[d].source for d in project.datasets_of(metric.id))),
        led_by=kr.led_by,
        note=kr.note,
        trend=trend,
    )


def keep_text(keep: Keep, unit: str | None) -> str:
    """Return the bounds of *keep* as a reader writes them: `<= 2.5 %`, `22 to 28 people`."""
    low, high = _bound(keep.low, unit), _bound(keep.high, unit)
    if keep.low is not None and keep.high is not None:
        return f"{low} to {high}{_sign(unit)}"
    if keep.low is not None:
        return f"{'>=' if keep.low_inclusive else '>'} {low}{_sign(unit)}"
    return f"{'<=' if keep.high_inclusive else '<'} {high}{_sign(unit)}"


def _bound(bound: Decimal | None, unit: str | None) -> str:
    if bound is None:
        return ""
    return str(decimal_text(bound * 100 if unit == "percent" else bound))


def _sign(unit: str | None) -> str:
    return "" if unit is None else " %" if unit == "percent" else f" {unit}"


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
        fresh = o.state is State.OK
        yield TrendPoint(
            day=project.calendar.day_of(o.as_of),
            value=o.value if fresh else None,
            progress=o.progress if fresh else None,
            expected=o.expected,
            status=o.status,
        )


def _change(trend: tuple[TrendPoint, ...], *, days: int) -> Decimal | None:
    if not trend:
        return None
    before = trend[-1].day - timedelta(days=days)
    then = next((point.progress for point in trend if point.day == before), None)
    now = trend[-1].progress
    return None if then is None or now is None else now - then
