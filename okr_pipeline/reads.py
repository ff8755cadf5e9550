"""What a metric reads, and at which loads a key result asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from okr_pipeline.coverage import Coverage
from okr_pipeline.model.metric import Aggregate, Change, Formula, Query, Ratio
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.warehouse.question import Ask, Loads, state_name


@dataclass(frozen=True, slots=True)
class Read:
    """
    The datasets a metric reads: *placed* for rows in time, *states* for the state at a cut.

    *earlier* are changes of a state: the dataset, and the change that says at which earlier cut.
    """

    placed: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    earlier: frozenset[tuple[str, Change]] = frozenset()

    def __or__(self, other: Read) -> Read:
        return Read(self.placed | other.placed, self.states | other.states, self.earlier | other.earlier)


def reads_of(project: Project, metric: str) -> Read:
    """Return what *metric* reads, through ratios and formulas."""
    match project.metrics[metric].measure:
        case Aggregate(dataset=dataset, time=None):
            return Read(states=frozenset({dataset}))
        case Aggregate(dataset=dataset):
            return Read(placed=frozenset({dataset}))
        case Query(datasets=datasets):
            return Read(placed=frozenset(datasets))
        case Ratio(of=of, to=to):
            return reads_of(project, of) | reads_of(project, to)
        case Change(of=of) as change:
            found = reads_of(project, of)
            return found | Read(earlier=frozenset((name, change) for name in found.states))
        case Formula(inputs=inputs):
            found = Read()
            for name in inputs.values():
                found |= reads_of(project, name)
            return found


def asks_at(
    project: Project,
    key_result: KeyResult,
    cut: datetime,
    *,
    reads: Mapping[str, Read],
    coverage: Mapping[str, Coverage],
) -> list[Ask]:
    """Return what *key_result* asks at *cut*, one question a metric; *reads* are those of its metrics."""
    return [
        _ask(project, key_result, metric, cut, reads[metric], coverage)
        for metric in key_result.parts.values()
    ]


def loads_of(asks: Sequence[Ask]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the loads that *asks* rest on for rows placed in time, and those for states."""
    loads = {name: load for ask in asks for name, load in ask.loads}
    return loads, {name: load for ask in asks for name, load in ask.stocks}


def _ask(
    project: Project,
    key_result: KeyResult,
    metric: str,
    cut: datetime,
    read: Read,
    coverage: Mapping[str, Coverage],
) -> Ask:
    placed = ((name, coverage[name].load) for name in sorted(read.placed))
    states = [(name, coverage[name].load_by(cut)) for name in sorted(read.states)]
    for name, change in read.earlier:
        then = project.calendar.earlier(cut, change.period, change.since)
        states.append((state_name(name, then), coverage[name].load_by(then)))
    return Ask(
        metric=metric,
        cycle=project.cycle_of(key_result).id,
        cut=cut,
        loads=_present(placed),
        stocks=_present(sorted(states)),
    )


def _present(loads: Iterable[tuple[str, int | None]]) -> Loads:
    return tuple((name, load) for name, load in loads if load is not None)
