"""metrics/<topic>.yaml: each metric is an aggregate, a ratio, a formula, a query or a change."""

from __future__ import annotations

from pathlib import PurePosixPath

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.document import Document
from okr_pipeline.config.draft import Draft, full_id
from okr_pipeline.config.expressions import formula_names, query_datasets
from okr_pipeline.config.place import Place
from okr_pipeline.config.reading import declare, named
from okr_pipeline.config.schema import MetricsText, MetricText
from okr_pipeline.config.shape import check_id, mapping_at, read_as
from okr_pipeline.config.yaml import YamlMapping
from okr_pipeline.model.calendar import AllTime, CycleToDate, Window
from okr_pipeline.model.metric import Aggregate, Change, Formula, Measure, Query, Ratio

KINDS = ("value", "ratio", "formula", "sql", "change")
ONLY_WITH_VALUE = ("dataset", "where", "time", "by")


def read_metrics(document: Document, draft: Draft) -> None:
    """Read one metrics file into *draft*; its name is the topic, the first part of each metric's id."""
    place, topic = Place(document), PurePosixPath(document.file).stem
    check_id(topic, place, (), draft.report)
    draft.metrics.open_groups.add(topic)
    data = mapping_at(place, document.data, draft.report)
    if data is None:
        return
    read_as(MetricsText, data, place, draft.report)
    metrics = data.get("metrics")
    if not isinstance(metrics, YamlMapping):
        return
    draft.metrics.open_groups.discard(topic)
    for name, here, metric in named(place.below("metrics"), metrics, draft.report):
        _read_metric(topic, name, metric, here, draft)


def _read_metric(topic: str, name: str, data: object, place: Place, draft: Draft) -> None:
    declared = declare(draft.metrics, f"{topic}.{name}", MetricText, data, place, draft.report)
    if declared.text is not None and _one_kind(declared.text, place, draft.report):
        declared.noun = _measure(topic, declared.text, place, draft.report)


def _one_kind(text: MetricText, place: Place, report: list[Diagnostic]) -> bool:
    """Whether *text* says in one way what to measure; reports what is missing or too much."""
    kinds = [kind for kind in KINDS if getattr(text, kind) is not None]
    if not kinds:
        missing = "`value` is missing" if text.dataset else "nothing says what to measure"
        mend = "write `dataset:` and `value:`, or one of `ratio:`, `formula:`, `sql:`, `change:`"
        report.append(place.key_problem("OKR102", missing, mend))
    elif len(kinds) > 1:
        message = f"`{kinds[1]}` excludes `{kinds[0]}`"
        report.append(place.below(kinds[1]).key_problem("OKR114", message, "keep one of the two"))
    elif kinds[0] == "value" and text.dataset is None:
        report.append(
            place.key_problem("OKR102", "`dataset` is missing", "write `dataset: <source>.<dataset>`")
        )
    else:
        return not _excluded(kinds[0], text, place, report)
    return False


def _excluded(kind: str, text: MetricText, place: Place, report: list[Diagnostic]) -> bool:
    keys = {"value": (), "sql": ONLY_WITH_VALUE}.get(kind, (*ONLY_WITH_VALUE, "window"))
    extra = [key for key in keys if getattr(text, key) is not None]
    if extra:
        message = f"`{extra[0]}` does nothing beside `{kind}`"
        mend = (
            "remove it" if kind == "sql" else "remove it: it belongs to the metrics that this one is made of"
        )
        report.append(place.below(extra[0]).key_problem("OKR114", message, mend))
    return bool(extra)


def _measure(topic: str, text: MetricText, place: Place, report: list[Diagnostic]) -> Measure | None:
    window: Window | None = None
    if text.window is not None:
        window = place.below("window").parsed(text.window, values.window, "OKR109", report)
        if window is None:
            return None
    if text.ratio is not None:
        return Ratio(of=full_id(text.ratio.of, topic), to=full_id(text.ratio.to, topic))
    if text.change is not None:
        since = place.below("change", "since").parsed(text.change.since, values.since, "OKR120", report)
        return Change(of=full_id(text.change.of, topic), period=since[0], since=since[1]) if since else None
    if text.formula is not None:
        names = formula_names(text.formula, place.below("formula"), report)
        inputs = {name: full_id(name, topic) for name in names or ()}
        return None if names is None else Formula(expression=text.formula, inputs=inputs)
    if text.sql is not None:
        datasets = query_datasets(text.sql, place.below("sql"), report)
        default = CycleToDate() if ":window_" in text.sql else AllTime()
        return None if datasets is None else Query(sql=text.sql, datasets=datasets, window=window or default)
    return _aggregate(text, window, place, report)


def _aggregate(
    text: MetricText, window: Window | None, place: Place, report: list[Diagnostic]
) -> Aggregate | None:
    if window is not None and text.time is None:
        mend = "name the column that places a row in time: `time: <column>`, or remove the window"
        report.append(place.below("window").key_problem("OKR309", "a window without a `time` column", mend))
        return None
    if text.time is not None and window is None:
        window = CycleToDate()
    return Aggregate(
        dataset=text.dataset or "",
        value=text.value or "",
        where=text.where,
        time=text.time,
        window=window,
        by=text.by,
    )
