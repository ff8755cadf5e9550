"""What `okr ls` lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from okr_pipeline.model.okr import Project


class Row(NamedTuple):
    """One declared thing."""

    kind: str
    id: str
    title: str
    at: str


def listed(project: Project, chosen: Collection[str] | None) -> list[Row]:
    """Return what *project* declares, in reading order; only what is *chosen*, unless that is None."""
    return [row for row in _rows(project) if chosen is None or row.id in chosen]


def _rows(project: Project) -> Iterator[Row]:
    for objective in project.objectives.values():
        yield Row("objective", objective.id, objective.title, objective.at)
        for kr in objective.key_results:
            yield Row("key result", kr.id, kr.title, kr.at)
    for metric in project.metrics.values():
        yield Row("metric", metric.id, metric.title or "", metric.at)
    for dataset in project.datasets.values():
        kind = project.sources[dataset.source].connector
        yield Row("dataset", dataset.id, kind, dataset.at)
