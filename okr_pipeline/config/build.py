"""A draft without problems becomes the project: frozen, resolved, free of contradictions."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from okr_pipeline.config import values
from okr_pipeline.config.draft import Declarations, Declared, Draft, Goal, full_id
from okr_pipeline.config.read_settings import publishers
from okr_pipeline.config.schema import KeyResultText, MetricText, ObjectiveText
from okr_pipeline.model.metric import Measure, Metric
from okr_pipeline.model.okr import KeyResult, Objective, Project

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


def _objectives(draft: Draft) -> dict[str, Objective]:
    key_results: dict[str, list[KeyResult]] = {name: [] for name in draft.objectives}
    for declared in draft.key_results.values():
        objective = declared.id.partition(".")[0]
        key_results[objective].append(_key_result(declared, objective))
    return {
        name: _objective(declared, tuple(key_results[name]), draft)
        for name, declared in draft.objectives.items()
    }


def _objective(
    declared: Declared[ObjectiveText, str], key_results: tuple[KeyResult, ...], draft: Draft
) -> Objective:
    text = _readable(declared.text)
    return Objective(
        id=declared.id,
        cycle=_readable(declared.noun),
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
        at=declared.place.at,
    )


def _key_result(declared: Declared[KeyResultText, Goal], objective: str) -> KeyResult:
    text = _readable(declared.text)
    return KeyResult(
        id=declared.id,
        objective=objective,
        title=text.title,
        metric=text.metric,
        goal=_readable(declared.noun).goal,
        indicator=text.indicator,
        owner=text.owner,
        weight=Decimal(1) if text.weight is None else values.amount(text.weight).value,
        led_by=tuple(full_id(name, objective) for name in text.led_by),
        note=text.note,
        at=declared.place.at,
    )
