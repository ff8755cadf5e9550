"""The metrics on the way to a number: how each is computed, by which query, over which rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from textwrap import dedent

from okr_pipeline.audit.recompute import asks_of
from okr_pipeline.definition import metrics_below
from okr_pipeline.model.calendar import Span, window_words
from okr_pipeline.model.metric import Aggregate, Change, Formula, Metric, Query, Ratio
from okr_pipeline.model.observation import Observation
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.warehouse.direct import conditions, query_text
from okr_pipeline.warehouse.groups import groups_text
from okr_pipeline.warehouse.landing import state_at
from okr_pipeline.warehouse.measure import placed
from okr_pipeline.warehouse.question import Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One metric on the way: how it is computed, in the user's words and in SQL, and where it is declared."""

    metric: str
    words: str
    at: str
    sql: str | None


def on_the_way(
    project: Project, key_result: KeyResult, observation: Observation
) -> Iterator[tuple[Metric, Ask]]:
    """Yield every metric that *observation* was made of, each once, with the question that it answered."""
    metrics = {id: None for part in key_result.parts.values() for id in metrics_below(project, part)}
    # They differ in their metrics alone: the first tells cycle, cut and loads of all.
    for ask in asks_of(project, key_result, observation)[:1]:
        yield from ((project.metrics[id], replace(ask, metric=id)) for id in metrics)


def step(project: Project, metric: Metric, ask: Ask) -> Step:
    """Return *metric* as a step, with its query where it has one of its own."""
    of, sql = metric.measure, None
    match of:
        case Aggregate():
            words, sql = _aggregate_words(of), _sql(project, of, ask)
        case Query():
            words, sql = f"one SELECT, {window_words(of.window)}", of.sql
        case Ratio():
            words = f"{of.of} / {of.to}"
        case Formula():
            words = of.expression
        case Change():
            words = f"{of.of}, against {_since_words(of)}"
    return Step(metric=metric.id, words=words, at=metric.at, sql=sql)


def rows_query(project: Project, metric: Metric, ask: Ask, *, most: int) -> str | None:
    """Return a query for up to *most* rows that *metric* itself counts, by key; None if it counts none."""
    of = metric.measure
    if not isinstance(of, Aggregate) or (load := _load(ask, of)) is None:
        return None
    dataset = project.datasets[of.dataset]
    where = conditions(of, dataset, _span(project, of, ask))
    order = ", ".join(f'"{name}"' for name in dataset.key) or "ALL"
    rows = f"SELECT * EXCLUDE (_from_load, _to_load) FROM {state_at(dataset.id, load)}"
    return f"{rows} WHERE {where} ORDER BY {order} LIMIT {most:d}"


def _aggregate_words(of: Aggregate) -> str:
    where = f" where {of.where}" if of.where else ""
    window = f" by {of.time}, {window_words(of.window)}" if of.time and of.window else ""
    return f"{of.value}{where}{window}{f', for each {of.by}' if of.by else ''}"


def _sql(project: Project, of: Aggregate, ask: Ask) -> str | None:
    dataset = project.datasets[of.dataset]
    if (load := _load(ask, of)) is None:
        return None
    if of.by:
        return dedent(groups_text(of, dataset, placed(project, ask), load=load)).strip()
    return query_text(of, dataset, _span(project, of, ask), load=load)


def _since_words(change: Change) -> str:
    """Return the earlier time of *change* as a user writes it."""
    return f"previous {change.period}" if change.since == "previous" else f"same {change.period} last year"


def _span(project: Project, of: Aggregate, ask: Ask) -> Span | None:
    if of.window is None:
        return None
    cycle = project.cycles[ask.cycle] if ask.cycle else None
    return project.calendar.span(of.window, cut=ask.cut, cycle=cycle)


def _load(ask: Ask, of: Aggregate) -> int | None:
    """Return the load at which *of* reads its dataset; None if there was none by then."""
    return dict(ask.loads if of.time else ask.stocks).get(of.dataset)
