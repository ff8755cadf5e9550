"""Rules 3 to 7: what is named is declared."""

from __future__ import annotations

from collections.abc import Iterator

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft, full_id
from okr_pipeline.config.place import Place
from okr_pipeline.model.metric import Aggregate, Formula, Query, Ratio

DECLARE = "declare one of that name"


def metrics_exist(draft: Draft) -> Iterator[Diagnostic]:
    """3. Every metric that a key result, a ratio, a formula or the north star names is declared."""
    for name, place in _named_metrics(draft):
        if not draft.metrics.may_exist(name):
            yield draft.unknown("OKR201", place, name, "metric", draft.metrics, mend=DECLARE)


def datasets_exist(draft: Draft) -> Iterator[Diagnostic]:
    """4. Every dataset that a metric reads is declared."""
    for metric in draft.metrics.values():
        if isinstance(metric.noun, Aggregate):
            named, key = {metric.noun.dataset}, "dataset"
        elif isinstance(metric.noun, Query):
            named, key = set(metric.noun.datasets), "sql"
        else:
            continue
        place = metric.place.below(key)
        for name in sorted(named):
            if not draft.datasets.may_exist(name):
                yield draft.unknown("OKR202", place, name, "dataset", draft.datasets, mend=DECLARE)


def objectives_exist(draft: Draft) -> Iterator[Diagnostic]:
    """5. Every objective that another supports, contributes to or depends on is declared."""
    for objective in draft.objectives.values():
        if objective.text is None:
            continue
        above = [
            (objective.place.below("supports", i), name) for i, name in enumerate(objective.text.supports)
        ]
        if objective.text.contributes_to is not None:
            above.append((objective.place.below("contributes_to"), objective.text.contributes_to))
        for place, name in above:
            if not draft.objectives.may_exist(draft.objective_id(name)):
                yield draft.unknown("OKR205", place, name, "objective", draft.objectives, mend=DECLARE)
        for number, name in enumerate(objective.text.depends_on):
            known = draft.objectives.may_exist(draft.objective_id(name)) or draft.key_results.may_exist(name)
            if not known:
                place = objective.place.below("depends_on", number)
                both = [*draft.objectives, *draft.key_results]
                yield draft.unknown("OKR205", place, name, "objective or key result", both, mend=DECLARE)


def key_results_exist(draft: Draft) -> Iterator[Diagnostic]:
    """6. Every key result that leads another is declared, and is not that one itself."""
    for key_result in draft.key_results.values():
        objective = key_result.id.partition(".")[0]
        for number, name in enumerate(key_result.text.led_by if key_result.text else ()):
            place, leader = key_result.place.below("led_by", number), full_id(name, objective)
            if leader == key_result.id:
                yield place.problem(
                    "OKR210", f"`{name}` is led by itself", "name the key results that move first"
                )
            elif not draft.key_results.may_exist(leader):
                inside = f"{objective}." if "." not in name else ""
                siblings = [id.removeprefix(inside) for id in draft.key_results if id.startswith(inside)]
                known = [*siblings, *draft.key_results]
                yield draft.unknown("OKR206", place, name, "key result", known, mend=DECLARE)


def strategies_exist(draft: Draft) -> Iterator[Diagnostic]:
    """7. Every strategy that an objective answers to is declared in okr.yaml."""
    if draft.settings.text is None:
        return
    known = draft.settings.text.strategy
    for objective in draft.objectives.values():
        name = objective.text.strategy if objective.text else None
        if name is not None and name not in known:
            place = objective.place.below("strategy")
            yield draft.unknown("OKR207", place, name, "strategy", known, mend=DECLARE)


def _named_metrics(draft: Draft) -> Iterator[tuple[str, Place]]:
    settings = draft.settings
    if settings.place and settings.text and settings.text.north_star is not None:
        yield settings.text.north_star, settings.place.below("north_star")
    for key_result in draft.key_results.values():
        if key_result.text and key_result.text.metric is not None:
            yield key_result.text.metric, key_result.place.below("metric")
    for metric in draft.metrics.values():
        if isinstance(metric.noun, Ratio):
            yield metric.noun.of, metric.place.below("ratio", "of")
            yield metric.noun.to, metric.place.below("ratio", "to")
        elif isinstance(metric.noun, Formula):
            for name in metric.noun.inputs.values():
                yield name, metric.place.below("formula")
