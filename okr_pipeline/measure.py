"""Measure every key result at every cut that matters: now, its baseline's day, and each day of its cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from okr_pipeline.counts import counted
from okr_pipeline.coverage import Coverage
from okr_pipeline.cuts import baseline_day
from okr_pipeline.definition import definition_hash, definition_of
from okr_pipeline.findings import Measurement
from okr_pipeline.memory import rests_on, rests_on_check_ins
from okr_pipeline.model.metric import Aggregate, Change, Formula, Query, Ratio
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.report import SourceLine
from okr_pipeline.together import together
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.landing import landed_loads, newest
from okr_pipeline.warehouse.measure import measure as answer
from okr_pipeline.warehouse.question import Answer, Ask, Loads, dataset_in, state_name
from okr_pipeline.warehouse.sandbox import Sandbox


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


def measure(
    db: Database,
    project: Project,
    wanted: Iterable[tuple[KeyResult, datetime]],
    *,
    coverage: Mapping[str, Coverage],
    sandbox: Sandbox,
) -> list[Measurement]:
    """Return one measurement for each of *wanted* whose key result has a metric, in that order."""
    pairs = [(key_result, cut) for key_result, cut in wanted if key_result.parts]
    metrics = {metric: None for key_result, _ in pairs for metric in key_result.parts.values()}
    reads = {metric: reads_of(project, metric) for metric in metrics}
    asks = [
        [_ask(project, kr, metric, cut, reads[metric], coverage) for metric in kr.parts.values()]
        for kr, cut in pairs
    ]
    answers = iter(answer(db, project, [ask for own in asks for ask in own], sandbox=sandbox))
    reach = _Reach(db, project, coverage)
    return [
        _measurement(kr, own, [next(answers) for _ in own], reach, reads)
        for (kr, _), own in zip(pairs, asks, strict=True)
    ]


def _measurement(
    key_result: KeyResult,
    asks: Sequence[Ask],
    answers: Sequence[Answer],
    reach: _Reach,
    reads: Mapping[str, Read],
) -> Measurement:
    """Put the answers to a key result's parts together: data has to reach the cut of all of them."""
    newest = [at for ask in asks if (at := reach.newest(reads[ask.metric], ask))]
    read_at = [at for ask in asks if (at := reach.read_at(ask))]
    found, parts = together(key_result, answers)
    return Measurement(
        key_result=key_result.id,
        cut=asks[0].cut,
        answer=found,
        gap=next((gap for ask in asks if (gap := reach.gap(reads[ask.metric], ask))), None),
        newest_at=min(newest, default=None),
        read_at=min(read_at, default=None),
        loads={name: load for ask in asks for name, load in ask.loads},
        stocks={name: load for ask in asks for name, load in ask.stocks},
        lost=any(reach.lost(ask) is not None for ask in asks),
        parts=parts,
    )


def unsettled(
    project: Project,
    wanted: Sequence[tuple[KeyResult, datetime]],
    *,
    coverage: Mapping[str, Coverage],
    history: Mapping[tuple[str, datetime], Observation],
) -> list[tuple[KeyResult, datetime]]:
    """
    Return those of *wanted* that must be measured.

    What was recorded as good, under the definition of today and at the loads of today, would be
    measured the same again; unless it waited for its baseline, a revision gives it another, or
    people's word or the close of a cycle decide more of it.
    """
    definitions: dict[str, str] = {}
    reads: dict[str, Read] = {}
    left = []
    for key_result, cut in wanted:
        if key_result.id not in definitions:
            definitions[key_result.id] = definition_hash(definition_of(project, key_result))
            reads |= {metric: reads_of(project, metric) for metric in key_result.parts.values()}
        before = history.get((key_result.id, cut))
        if before is None or before.state is not State.OK or before.definition != definitions[key_result.id]:
            left.append((key_result, cut))
            continue
        asks = [
            _ask(project, key_result, metric, cut, reads[metric], coverage)
            for metric in key_result.parts.values()
        ]
        loads = {name: load for ask in asks for name, load in ask.loads}
        stocks = {name: load for ask in asks for name, load in ask.stocks}
        waits = baseline_day(project, key_result) is not None and (
            before.baseline is None or _is_revised(project, key_result, cut)
        )
        said_elsewhere = rests_on_check_ins(key_result) or key_result.expected == "last_cycle"
        if (loads, stocks) != (before.loads, before.stocks) or waits or said_elsewhere:
            left.append((key_result, cut))
    return _with_later_days(project, wanted, left)


def _is_revised(project: Project, key_result: KeyResult, cut: datetime) -> bool:
    """Whether a revision that holds at *cut* may have given *key_result* another baseline."""
    revisions = project.objectives[key_result.objective].revisions
    day = project.calendar.day_of(cut)
    return any(r.change == f"{key_result.id}.from" and r.on <= day for r in revisions)


def _with_later_days(
    project: Project,
    wanted: Sequence[tuple[KeyResult, datetime]],
    left: Sequence[tuple[KeyResult, datetime]],
) -> list[tuple[KeyResult, datetime]]:
    """Return *left*, and of key results that remember their days all that come after one of it."""
    changed: dict[str, datetime] = {}
    for key_result, cut in left:
        changed[key_result.id] = min(cut, changed.get(key_result.id, cut))
    places = {(key_result.id, cut) for key_result, cut in left}
    touched = {
        kr.id: min((at for id in rests_on(project, kr) if (at := changed.get(id))), default=None)
        for kr in {kr.id: kr for kr, _ in wanted}.values()
    }
    return [
        (kr, cut)
        for kr, cut in wanted
        if (kr.id, cut) in places or ((since := touched[kr.id]) is not None and since <= cut)
    ]


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


def source_lines(
    db: Database, project: Project, coverage: Mapping[str, Coverage], as_of: datetime
) -> list[SourceLine]:
    """Return how every source stands at *as_of*: its newest row, and the first thing wrong with it."""
    reach = _Reach(db, project, coverage)
    lines = []
    for source in project.sources.values():
        datasets = [d.id for d in project.datasets.values() if d.source == source.id]
        loads = {name: load for name in datasets if (load := coverage[name].load) is not None}
        times = [at for name, load in loads.items() if (at := reach.newest_of(name, load)) is not None]
        gaps = [gap for name in datasets if (gap := reach.dataset_gap(name, loads.get(name), as_of))]
        lines.append(
            SourceLine(
                id=source.id,
                connector=source.connector,
                newest_at=min(as_of, max(times)) if times else None,
                problem=gaps[0] if gaps else None,
            )
        )
    return lines


class _Reach:
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

    def newest(self, read: Read, ask: Ask) -> datetime | None:
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
