"""What `okr ls` lists, and which ids a pattern selects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import click

from okr_pipeline.model.okr import Project
from okr_pipeline.spelling import nearest


class Row(NamedTuple):
    """One declared thing."""

    kind: str
    id: str
    title: str
    at: str


def listed(project: Project, patterns: Sequence[str]) -> list[Row]:
    """Return everything declared in *project*, in reading order; only what *patterns* select, if any."""
    rows = list(_rows(project))
    if not patterns:
        return rows
    chosen = matching([row.id for row in rows], patterns)
    return [row for row in rows if row.id in chosen]


def matching(ids: Iterable[str], patterns: Sequence[str]) -> Collection[str]:
    """
    Return those of *ids* that one of *patterns* (ids or globs) selects.

    Raises:
        click.BadParameter: If a pattern selects nothing: a slip must not pass as an empty answer.
    """
    ids = list(ids)
    chosen: set[str] = set()
    for pattern in patterns:
        found = [id for id in ids if fnmatchcase(id, pattern)]
        if not found:
            close = nearest(pattern, ids)
            hint = f"; did you mean {close}?" if close else ""
            raise click.BadParameter(f"{pattern} selects nothing{hint}", param_hint="--select")
        chosen.update(found)
    return chosen


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
