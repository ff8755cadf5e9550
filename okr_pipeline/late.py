"""Restatements by rows that came late, told from restatements by rows that were edited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from okr_pipeline.definition import metrics_below
from okr_pipeline.history import History, Place
from okr_pipeline.model.calendar import Span
from okr_pipeline.model.metric import Aggregate, Formula, Ratio
from okr_pipeline.model.observation import Observation
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.edited import edited_days, is_edited


def late_places(
    db: Database, project: Project, observations: Iterable[Observation], *, history: History
) -> set[Place]:
    """
    Return the places of those *observations* that differ from *history* by late rows alone.

    Nothing that the number before could see was amended or taken away since, within the window that
    it counts: what is new there, came later. A state at a cut is never late: it was read by then.
    """
    edits = _Edits(db, project)
    places = ((o.key_result, o.as_of) for o in observations)
    return {
        place
        for place, after in zip(places, observations, strict=True)
        if (before := history.get(place)) is not None
        and before != after
        and before.definition == after.definition
        and before.loads != after.loads
        and before.stocks == after.stocks
        and not edits.touch(before, after)
    }


class _Edits:
    """What was edited between pairs of loads; each pair is asked for once."""

    def __init__(self, db: Database, project: Project) -> None:
        self._db = db
        self._project = project
        self._days: dict[tuple[str, str, int, int], frozenset[date]] = {}
        self._any: dict[tuple[str, int, int], bool] = {}

    def touch(self, before: Observation, after: Observation) -> bool:
        """Return whether an edit between the loads of *before* and *after* lies where they count."""
        pairs = {
            dataset: (load, after.loads[dataset])
            for dataset, load in before.loads.items()
            if after.loads.get(dataset, load) != load
        }
        counted = self._counted(after)
        if counted is None:
            return any(self._edited(dataset, *pair) for dataset, pair in pairs.items())
        return any(
            self._lies_in(span, self._edited_days(dataset, time, *pairs[dataset]))
            for dataset, time, span in counted
            if dataset in pairs
        )

    def _counted(self, observation: Observation) -> list[tuple[str, str, Span]] | None:
        """Return dataset, column and stretch of all that *observation* counts; None if not all is known."""
        project = self._project
        key_result = project.key_result(observation.key_result)
        cycle, found = project.cycle_of(key_result), []
        below = [metrics_below(project, metric) for metric in key_result.parts.values()]
        for id in (id for own in below for id in own):
            match project.metrics[id].measure:
                case Aggregate(dataset=dataset, time=str(time), window=window) if window:
                    span = project.calendar.span(window, cut=observation.as_of, cycle=cycle)
                    found.append((dataset, time, span))
                case Aggregate() | Ratio() | Formula():
                    pass
                case _:
                    return None
        return found

    def _lies_in(self, span: Span, days: Iterable[date]) -> bool:
        return any((span.start_on is None or day >= span.start_on) and day < span.end_on for day in days)

    def _edited_days(self, dataset: str, time: str, first: int, last: int) -> frozenset[date]:
        key = (dataset, time, first, last)
        if key not in self._days:
            declared = self._project.datasets[dataset]
            self._days[key] = edited_days(self._db, declared, time=time, before=first, after=last)
        return self._days[key]

    def _edited(self, dataset: str, first: int, last: int) -> bool:
        key = (dataset, first, last)
        if key not in self._any:
            self._any[key] = is_edited(self._db, self._project.datasets[dataset], before=first, after=last)
        return self._any[key]
