"""A snapshot made ready to read: names, history and reasons put beside its numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from okr_pipeline import said
from okr_pipeline.history import baseline_readings, read_history
from okr_pipeline.key_result_line import Beside, key_result_line
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import ObjectiveObservation, Observation
from okr_pipeline.model.okr import Objective, Project
from okr_pipeline.model.report import Consequence, ObjectiveLine, Report
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.people import with_people
from okr_pipeline.receipts import warnings_behind


def build_report(project: Project, snapshot: Snapshot, ledger: Ledger) -> Report:
    """Return *snapshot* with each key result's history, as it was known when the snapshot was taken."""
    project = with_people(project, ledger, before_seq=snapshot.seq)
    now = {o.key_result: o for o in snapshot.key_results}
    today = project.calendar.day_of(snapshot.as_of)
    beside = Beside(
        history=read_history(ledger, project, until=snapshot.as_of, before_seq=snapshot.seq),
        readings=baseline_readings(ledger, project, before_seq=snapshot.seq),
        told=said.by_key_result(project.check_ins, until=today),
        graded=said.grades(ledger, before_seq=snapshot.seq),
        warnings=warnings_behind(ledger, snapshot.key_results, before_seq=snapshot.seq),
        read_otherwise=snapshot.read_otherwise,
        as_of=snapshot.as_of,
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
            _objective(project, objective, rolled_up[objective.id], now, beside)
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
    beside: Beside,
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
        retirement=said.retirement(objective.retired, on=beside.today),
        key_results=tuple(
            key_result_line(project, kr, now[kr.id], beside) for kr in objective.key_results if kr.id in now
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
