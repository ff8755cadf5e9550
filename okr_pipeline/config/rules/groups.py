"""Rules 32 and 33: metrics that give one value a group, and key results that ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.place import Place
from okr_pipeline.config.rules.datasets import unknown_column
from okr_pipeline.config.rules.references import parts_of_metrics
from okr_pipeline.model.goal import HeldInGroups, Keep
from okr_pipeline.model.metric import Aggregate


def groups_are_declared_columns(draft: Draft) -> Iterator[Diagnostic]:
    """32. `by` is a declared column."""
    for metric in draft.metrics.values():
        if isinstance(metric.noun, Aggregate) and metric.noun.by is not None:
            dataset = draft.datasets.get(metric.noun.dataset)
            columns = dataset.noun.columns if dataset and dataset.noun else None
            if columns is not None and metric.noun.by not in columns:
                yield unknown_column(draft, metric.noun.by, metric.place.below("by"), columns)


def groups_are_held_as_groups(draft: Draft) -> Iterator[Diagnostic]:
    """33. A metric of groups is kept `in every` group, and used nowhere else; none other is."""
    groups = {
        name: m.noun.by for name, m in draft.metrics.items() if isinstance(m.noun, Aggregate) and m.noun.by
    }
    for metric, place in parts_of_metrics(draft) if groups else ():
        yield from _no_one_number(groups, metric, place, "name a metric without `by`")
    for place, read in draft.read_key_results():
        for metric, here in read.conditions:
            yield from _no_one_number(groups, metric, here, "name a metric without `by`")
        own, goal = read.key_result.metric, read.goal
        if isinstance(goal, Keep) and isinstance(goal.held, HeldInGroups):
            if own is not None and (declared := draft.metrics.get(own)) and declared.noun:
                yield from _held_otherwise(own, groups.get(own), goal.held.dimension, place.below("held"))
        elif own in groups:
            mend = f"write `keep:` with `held: in every {groups[own]}`, or name a metric without `by`"
            yield from _no_one_number(groups, own, place.below("metric"), mend)


def _no_one_number(groups: Mapping[str, str], metric: str, place: Place, mend: str) -> Iterator[Diagnostic]:
    if metric in groups:
        message = f"`{metric}` gives one value for each `{groups[metric]}`, not one number"
        yield place.problem("OKR328", message, mend)


def _held_otherwise(metric: str, by: str | None, dimension: str, place: Place) -> Iterator[Diagnostic]:
    if by is None:
        message, mend = f"`{metric}` has no groups", f"declare `by: {dimension}` at the metric"
        yield place.problem("OKR328", message, mend)
    elif by != dimension:
        message, mend = f"the groups of `{metric}` are those of `{by}`", f"write `held: in every {by}`"
        yield place.problem("OKR328", message, mend)
