"""
What a pattern selects, the same in every command.

    mid_market.*        ids, with * and ? and [..]
    source:crm          the datasets of a source
    owner:a.okafor@*    key results by who answers for them
    indicator:leading   key results by indicator
    status:off_track    key results by status, in the last published report
    stale:              the same as status:stale
    ...+                whatever the rest selects, and all that is made from it
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase

from okr_pipeline.definition import metrics_below
from okr_pipeline.model.observation import Status
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.spelling import nearest

_STATUSES = [f"status:{status}" for status in Status]

Statuses = Callable[[], Mapping[str, Status]]
"""Gives the status of each key result in the last published report; asked only when a pattern needs it."""


class NothingSelected(ValueError):
    """A pattern can select nothing: a slip must not pass as an empty answer."""

    def __init__(self, pattern: str, *, near: str | None) -> None:
        super().__init__(f"{pattern} selects nothing" + (f"; did you mean {near}?" if near else ""))


def selected(project: Project, patterns: Collection[str], *, statuses: Statuses) -> set[str]:
    """
    Return the ids that any of *patterns* selects; none is an answer where the pattern asks for a status.

    Raises:
        NothingSelected: If what one of them names is not there.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = _found(project, pattern.removesuffix("+"), statuses)
        if not found and not _asks_for_a_status(pattern.removesuffix("+")):
            raise NothingSelected(pattern, near=nearest(pattern, [*_ids(project), *_STATUSES]))
        chosen |= found
        if pattern.endswith("+"):
            chosen |= {id for id, below in _made_of(project) if found & below}
    return chosen


def datasets_in(project: Project, chosen: Collection[str]) -> set[str]:
    """Return the datasets in *chosen*, and those that anything else in it is made of."""
    below = {dataset for id, parts in _made_of(project) if id in chosen for dataset in parts}
    return {id for id in project.datasets if id in chosen or id in below}


def key_results_in(project: Project, chosen: Collection[str]) -> set[str]:
    """Return the key results in *chosen*, those of its objectives, and those that are made from the rest."""
    made_of = dict(_made_of(project))
    return {
        kr.id
        for kr in project.key_results()
        if kr.id in chosen or kr.objective in chosen or not made_of[kr.id].isdisjoint(chosen)
    }


def _found(project: Project, pattern: str, statuses: Statuses) -> set[str]:
    word, colon, wanted = pattern.partition(":")
    if not colon:
        return {id for id in _ids(project) if fnmatchcase(id, pattern)}
    if word == "source":
        return {d.id for d in project.datasets.values() if fnmatchcase(d.source, wanted)}
    if _asks_for_a_status(pattern):
        return {id for id, status in statuses().items() if fnmatchcase(f"status:{status}", _full(pattern))}
    traits: Mapping[str, Callable[[KeyResult], str | None]] = {
        "owner": lambda kr: kr.owner or project.objectives[kr.objective].owner,
        "indicator": lambda kr: kr.indicator,
    }
    if word not in traits:
        return set()
    return {kr.id for kr in project.key_results() if fnmatchcase(traits[word](kr) or "", wanted)}


def _asks_for_a_status(pattern: str) -> bool:
    return any(fnmatchcase(status, _full(pattern)) for status in _STATUSES)


def _full(pattern: str) -> str:
    return "status:stale" if pattern == "stale:" else pattern


def _ids(project: Project) -> list[str]:
    key_results = [key_result.id for key_result in project.key_results()]
    return [*project.objectives, *key_results, *project.metrics, *project.datasets]


def _made_of(project: Project) -> Iterator[tuple[str, set[str]]]:
    """Yield each metric, key result and objective with the ids of all that it is made of."""
    metrics = {id: {*metrics_below(project, id), *project.datasets_of(id)} for id in project.metrics}
    yield from ((id, below - {id}) for id, below in metrics.items())
    for objective in project.objectives.values():
        parts = {
            kr.id: set[str]().union(*(metrics[part] for part in kr.parts.values()))
            for kr in objective.key_results
        }
        yield from parts.items()
        yield objective.id, set(parts).union(*parts.values())
