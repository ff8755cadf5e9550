"""A draft without problems becomes the project: frozen, resolved, free of contradictions."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from okr_pipeline.config.draft import Declarations, Declared, Draft, ReadObjective
from okr_pipeline.config.read_settings import publishers
from okr_pipeline.config.schema import LintText, MetricText
from okr_pipeline.config.schema_objectives import ObjectiveText
from okr_pipeline.model.metric import Measure, Metric
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.model.people import ActionPlan, CheckIn, Retired, Revision

TextT = TypeVar("TextT")
NounT = TypeVar("NounT")


def build(draft: Draft, *, digest: str) -> Project:
    """
    Return the project of *draft*.

    Raises:
        ValueError: If anything in *draft* could not be read, which its report says as well.
    """
    settings = draft.settings
    if settings.text is None or settings.calendar is None:
        raise ValueError("okr.yaml was not read")
    advice = settings.text.lint or LintText()
    return Project(
        id=settings.text.project,
        calendar=settings.calendar,
        cycles=_nouns(draft.cycles),
        sources=_nouns(draft.sources),
        datasets=_nouns(draft.datasets),
        metrics={metric: _metric(declared) for metric, declared in draft.metrics.items()},
        objectives=_objectives(draft),
        publishers=publishers(settings.text),
        stores=settings.stores,
        strategy=dict(settings.text.strategy),
        north_star=settings.text.north_star,
        policy=settings.policy,
        grades=settings.grades,
        lint_profile=advice.profile,
        lint_exceptions=dict(advice.except_),
        check_ins=_check_ins(draft),
        check_ins_dataset=settings.text.check_ins.dataset if settings.text.check_ins else None,
        learned={key_result: text for key_result, (text, _) in draft.learned.items()},
        digest=digest,
    )


def _nouns(declarations: Declarations[TextT, NounT]) -> dict[str, NounT]:
    return {name: _readable(declared.noun) for name, declared in declarations.items()}


def _readable(value: NounT | None) -> NounT:
    if value is None:
        raise ValueError("a declaration was not read")
    return value


def _metric(declared: Declared[MetricText, Measure]) -> Metric:
    text, measure = _readable(declared.text), declared.noun
    if measure is None:
        raise ValueError("a metric was not read")
    return Metric(id=declared.id, measure=measure, unit=text.unit, title=text.title, at=declared.place.at)


def _check_ins(draft: Draft) -> tuple[CheckIn, ...]:
    """Return all check-ins in order of time; those of one day as they are written."""
    return tuple(sorted((read.check_in for read in draft.check_ins), key=lambda check_in: check_in.on))


def _objectives(draft: Draft) -> dict[str, Objective]:
    key_results: dict[str, list[KeyResult]] = {name: [] for name in draft.objectives}
    for declared in draft.key_results.values():
        key_results[declared.id.partition(".")[0]].append(_readable(declared.noun).key_result)
    revisions: dict[str, list[Revision]] = {name: [] for name in draft.objectives}
    for read in draft.revisions:
        revisions[read.key_result.partition(".")[0]].append(read.revision)
    return {
        name: _objective(declared, tuple(key_results[name]), _in_time(revisions[name]), draft)
        for name, declared in draft.objectives.items()
    }


def _in_time(revisions: list[Revision]) -> tuple[Revision, ...]:
    return tuple(sorted(revisions, key=lambda revision: revision.on))


def _objective(
    declared: Declared[ObjectiveText, ReadObjective],
    key_results: tuple[KeyResult, ...],
    revisions: tuple[Revision, ...],
    draft: Draft,
) -> Objective:
    text, read = _readable(declared.text), _readable(declared.noun)
    return Objective(
        id=declared.id,
        cycle=read.cycle,
        title=text.title,
        key_results=key_results,
        owner=text.owner,
        level=text.level,
        why=text.why,
        strategy=text.strategy,
        supports=tuple(draft.objective_id(name) for name in text.supports),
        depends_on=tuple(draft.objective_id(name) for name in text.depends_on),
        contributes_to=draft.objective_id(text.contributes_to) if text.contributes_to else None,
        roll_up=text.roll_up,
        status_roll_up=text.status_roll_up,
        policy=read.policy,
        action_plan=ActionPlan(**text.action_plan.model_dump()) if text.action_plan else None,
        revisions=revisions,
        retired=_succeeded(read.retired, draft),
        at=declared.place.at,
    )


def _succeeded(retired: Retired | None, draft: Draft) -> Retired | None:
    """Return *retired* with its successor, an objective, by its id."""
    if retired is None or retired.replaced_by is None:
        return retired
    return replace(retired, replaced_by=draft.objective_id(retired.replaced_by))
