"""Rules 3 to 7: what is named is declared."""

from __future__ import annotations

from collections.abc import Iterator

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Declared, Draft, ReadKeyResult, full_id
from okr_pipeline.config.place import Place
from okr_pipeline.config.schema_objectives import KeyResultText
from okr_pipeline.model.goal import ClosedAt, Reach, Steps
from okr_pipeline.model.metric import Aggregate, Change, Formula, Query, Ratio

DeclaredKeyResult = Declared[KeyResultText, ReadKeyResult]
DECLARE = "declare one of that name"


def metrics_exist(draft: Draft) -> Iterator[Diagnostic]:
    """3. Every metric that a key result, a condition, another metric or the north star names is declared."""
    for name, place in (*parts_of_metrics(draft), *_metrics_of_key_results(draft)):
        if not draft.metrics.may_exist(name):
            yield draft.unknown("OKR201", place, name, "metric", draft.metrics, mend=DECLARE)


def datasets_exist(draft: Draft) -> Iterator[Diagnostic]:
    """4. Every dataset that a metric reads, or that holds check-ins, is declared."""
    filled = {name.partition(".")[0] for name in draft.datasets}
    empty: dict[str, str] = {}
    for name, place in _named_datasets(draft):
        source = name.partition(".")[0]
        if draft.datasets.may_exist(name):
            continue
        if source in draft.sources and source not in filled:
            empty.setdefault(source, name)
        else:
            yield draft.unknown("OKR202", place, name, "dataset", draft.datasets, mend=DECLARE)
    for source, name in empty.items():
        place = draft.sources[source].place.below("datasets")
        message = f"no dataset is declared here, and `{name}` is read"
        yield place.problem("OKR202", message, "declare it below `datasets:`")


def objectives_exist(draft: Draft) -> Iterator[Diagnostic]:
    """5. Every objective that another supports, contributes to, depends on or is replaced by is declared."""
    for objective in draft.objectives.values():
        if objective.text is None:
            continue
        above = [
            (objective.place.below("supports", i), name) for i, name in enumerate(objective.text.supports)
        ]
        if objective.text.contributes_to is not None:
            above.append((objective.place.below("contributes_to"), objective.text.contributes_to))
        if objective.text.retired and objective.text.retired.replaced_by is not None:
            replaced_by = objective.place.below("retired", "replaced_by")
            above.append((replaced_by, objective.text.retired.replaced_by))
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
    """6. Every key result that leads, replaces or hands its close to another is declared, and is another."""
    for key_result in draft.key_results.values():
        objective = key_result.id.partition(".")[0]
        for name, place in _named_key_results(key_result):
            meant = full_id(name, objective)
            if meant == key_result.id:
                yield place.problem("OKR210", f"`{name}` names itself", "name another key result")
            elif not draft.key_results.may_exist(meant):
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


def parts_of_metrics(draft: Draft) -> Iterator[tuple[str, Place]]:
    """Yield every metric that another metric is made of, or that is the north star, and where it is named."""
    settings = draft.settings
    if settings.place and settings.text and settings.text.north_star is not None:
        yield settings.text.north_star, settings.place.below("north_star")
    for metric in draft.metrics.values():
        match metric.noun:
            case Ratio(of=of, to=to):
                yield of, metric.place.below("ratio", "of")
                yield to, metric.place.below("ratio", "to")
            case Formula(inputs=inputs):
                for name in inputs.values():
                    yield name, metric.place.below("formula")
            case Change(of=of):
                yield of, metric.place.below("change", "of")


def _named_datasets(draft: Draft) -> Iterator[tuple[str, Place]]:
    settings = draft.settings
    if settings.place and settings.text and settings.text.check_ins:
        yield settings.text.check_ins.dataset, settings.place.below("check_ins", "dataset")
    for metric in draft.metrics.values():
        if isinstance(metric.noun, Aggregate):
            yield metric.noun.dataset, metric.place.below("dataset")
        elif isinstance(metric.noun, Query):
            yield from ((name, metric.place.below("sql")) for name in sorted(set(metric.noun.datasets)))


def _metrics_of_key_results(draft: Draft) -> Iterator[tuple[str, Place]]:
    for key_result in draft.key_results.values():
        if key_result.text and key_result.text.metric is not None:
            yield key_result.text.metric, key_result.place.below("metric")
        if key_result.noun:
            yield from key_result.noun.conditions


def _named_key_results(declared: DeclaredKeyResult) -> Iterator[tuple[str, Place]]:
    text, place = declared.text, declared.place
    for number, name in enumerate(text.led_by if text else ()):
        yield name, place.below("led_by", number)
    if text and text.retired and text.retired.replaced_by is not None:
        yield text.retired.replaced_by, place.below("retired", "replaced_by")
    goal = declared.noun.goal if declared.noun else None
    if isinstance(goal, Reach | Steps) and isinstance(goal.baseline, ClosedAt):
        yield goal.baseline.key_result, place.below("from", "close_of")
