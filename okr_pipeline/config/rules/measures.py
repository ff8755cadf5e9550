"""Rules 13 to 16: metrics over the columns and metrics they name."""

from __future__ import annotations

from collections.abc import Iterator

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.expressions import check_aggregate
from okr_pipeline.config.place import Place
from okr_pipeline.config.rules.datasets import TIMES, unknown_column
from okr_pipeline.config.rules.days import counts_from_cycle_start
from okr_pipeline.config.schema import MetricText
from okr_pipeline.model.metric import Aggregate, Change, Dataset, Ratio


def time_is_a_declared_time(draft: Draft) -> Iterator[Diagnostic]:
    """13. `time` is a declared column, a date or a timestamp."""
    for metric in draft.metrics.values():
        noun = metric.noun
        if not isinstance(noun, Aggregate) or noun.time is None:
            continue
        dataset = _dataset(draft, noun.dataset)
        if dataset is None:
            continue
        place, type_ = metric.place.below("time"), dataset.columns.get(noun.time)
        if type_ is None:
            yield unknown_column(draft, noun.time, place, dataset.columns)
        elif type_ not in TIMES:
            times = [name for name, other in dataset.columns.items() if other in TIMES]
            mend = f"use one of {', '.join(times)}" if times else "use a date or timestamp column"
            yield place.problem("OKR305", f"`{noun.time}` is {type_}: it places no row in time", mend)


def expressions_fit_their_columns(draft: Draft) -> Iterator[Diagnostic]:
    """14. `value` is an aggregate and `where` a condition over declared columns."""
    for metric in draft.metrics.values():
        if isinstance(metric.noun, Aggregate):
            dataset = _dataset(draft, metric.noun.dataset)
            if dataset is not None:
                yield from check_aggregate(
                    metric.noun.value, metric.noun.where, dataset.columns, metric.place
                )


def ratios_have_a_fitting_unit(draft: Draft) -> Iterator[Diagnostic]:
    """15. A ratio of two like units is no such unit; of two unlike ones it is no percentage."""
    for metric in draft.metrics.values():
        if isinstance(metric.noun, Change):
            yield from _unit_of_change(draft, metric.noun, metric.text, metric.place)
        if not isinstance(metric.noun, Ratio) or metric.text is None or metric.text.unit is None:
            continue
        of, to = draft.unit_of(metric.noun.of), draft.unit_of(metric.noun.to)
        if not of or not to:
            continue
        place, unit = metric.place.below("unit"), metric.text.unit
        if of == to and unit == of and unit != "percent":
            yield place.problem(
                "OKR316", f"{unit} divided by {unit} is not {unit}", "write `unit: percent`, or none"
            )
        elif of != to and unit == "percent":
            mend = f"name the unit after its parts: {of} per {to}"
            yield place.problem("OKR316", f"{of} divided by {to} is no percentage", mend)


def changes_have_an_earlier_time(draft: Draft) -> Iterator[Diagnostic]:
    """16. What changes has a value in the period before: it does not count from the cycle's first day."""
    for metric in draft.metrics.values():
        if not isinstance(metric.noun, Change):
            continue
        of = draft.metrics.get(metric.noun.of)
        place = metric.place.below("change", "of")
        if counts_from_cycle_start(draft, metric.noun.of):
            mend = "give it another window, such as `quarter to date`"
            message = f"`{metric.noun.of}` counts from the cycle's first day: it has no earlier period"
            yield place.problem("OKR332", message, mend)
        elif of is not None and isinstance(of.noun, Change):
            mend = "name the metric itself"
            yield place.problem("OKR332", f"`{metric.noun.of}` is a change already", mend)


def _unit_of_change(
    draft: Draft, change: Change, text: MetricText | None, place: Place
) -> Iterator[Diagnostic]:
    unit = text.unit if text else None
    if unit is not None and unit != "percent" and unit == draft.unit_of(change.of):
        message = f"a change is a share of what was, not {unit}"
        yield place.below("unit").problem("OKR316", message, "write `unit: percent`, or none")


def _dataset(draft: Draft, id: str) -> Dataset | None:
    declared = draft.datasets.get(id)
    return declared.noun if declared else None
