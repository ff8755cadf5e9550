"""Whether data reaches an instant: by when it was read, and by its own newest time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from okr_pipeline.counts import counted
from okr_pipeline.coverage import Coverage
from okr_pipeline.model.okr import Project
from okr_pipeline.reads import Read
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.landing import landed_loads, newest
from okr_pipeline.warehouse.question import Ask, dataset_in


class Reach:
    """Whether data reaches a cut, by when it was read and by its own newest time; each asked once."""

    def __init__(self, db: Database, project: Project, coverage: Mapping[str, Coverage]) -> None:
        self._db = db
        self._project = project
        self._coverage = coverage
        self._newest: dict[tuple[str, int], datetime | None] = {}
        self._read: dict[tuple[str, int, datetime | None], datetime] = {}
        self._stored = landed_loads(db) if any(each.load for each in coverage.values()) else set()

    def lost(self, ask: Ask) -> str | None:
        """Return the first load that *ask* rests on and the warehouse does not have; None if it has all."""
        for name, load in [*ask.loads, *ask.stocks]:
            dataset = dataset_in(name)
            if (dataset, load) not in self._stored:
                return f"{dataset}: load {load} is gone from warehouse and lake"
        return None

    def gap(self, read: Read, ask: Ask) -> str | None:
        """Return the first reason why a dataset that *ask* rests on does not reach its cut."""
        loads = {**dict(ask.loads), **dict(ask.stocks)}
        for name in sorted(read.placed | read.states):
            if reason := self.dataset_gap(name, loads.get(name), ask.cut):
                return reason
        return self.lost(ask)

    def newest(self, ask: Ask) -> datetime | None:
        """Return the oldest of the newest times of the datasets that declare freshness, at most the cut."""
        loads = {**dict(ask.loads), **{name: load for name, load in ask.stocks if dataset_in(name) == name}}
        times = [at for name, load in loads.items() if (at := self.newest_of(name, load)) is not None]
        return min([ask.cut, *times]) if times else None

    def read_at(self, ask: Ask) -> datetime | None:
        """Return when the longest unread dataset of *ask* was read; one asked for its state, by the cut."""
        reads: list[tuple[str, int, datetime | None]] = [(*placed, None) for placed in ask.loads]
        reads += [(name, load, ask.cut) for name, load in ask.stocks if dataset_in(name) == name]
        return min((self._read_at(*read) for read in reads), default=None)

    def _read_at(self, name: str, load: int, by: datetime | None) -> datetime:
        if (name, load, by) not in self._read:
            self._read[name, load, by] = self._coverage[name].read_at(load, by=by)
        return self._read[name, load, by]

    def dataset_gap(self, name: str, load: int | None, cut: datetime) -> str | None:
        """Return why dataset *name*, read at *load*, does not reach *cut*; None when it does."""
        freshness = self._project.datasets[name].freshness
        allowed = freshness.within if freshness else None
        if reason := self._coverage[name].gap(cut, allowed=allowed, calendar=self._project.calendar):
            return reason
        if load is None or allowed is None:
            return None
        at = self.newest_of(name, load)
        if at is None:
            return f"{name}: no row tells how fresh it is"
        if cut - at > allowed:
            return (
                f"{name}: newest row is from {self._project.calendar.told(at)}, older than {_words(allowed)}"
            )
        return None

    def newest_of(self, name: str, load: int) -> datetime | None:
        """Return the newest time in dataset *name* after *load*; None where it declares no freshness."""
        freshness = self._project.datasets[name].freshness
        if freshness is None:
            return None
        if (name, load) not in self._newest:
            read_at = self._coverage[name].read_at(load)
            day = self._project.datasets[name].columns[freshness.column] == "date"
            until = self._project.calendar.day_of(read_at) if day else read_at
            found = newest(self._db, name, freshness.column, load=load, until=until)
            # A day counts as known to its end.
            if found is not None and not isinstance(found, datetime):
                found = self._project.calendar.end_of(found)
            self._newest[name, load] = found
        return self._newest[name, load]


def _words(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    if span == timedelta(hours=hours):
        return f"{hours // 24} days" if hours % 24 == 0 and hours >= 48 else counted(hours, "hour")
    return counted(span // timedelta(minutes=1), "minute")
