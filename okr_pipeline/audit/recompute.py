"""Recorded observations computed again: from the loads they name, the recorded past, and what people said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from okr_pipeline.cuts import baseline_day
from okr_pipeline.findings import Baseline, Baselines, Good, Measurement
from okr_pipeline.ledger.entry import Entry
from okr_pipeline.memory import remembers_days, rests_on
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.people import versions
from okr_pipeline.progress import observe
from okr_pipeline.record import observation_from
from okr_pipeline.stated import stated
from okr_pipeline.together import Parts, together
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.measure import measure
from okr_pipeline.warehouse.question import Answer, Ask
from okr_pipeline.warehouse.sandbox import Sandbox

Place = tuple[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """
    Observations of one configuration that are computed again together; no place occurs twice.

    *past* is what was recorded of other days, for those that rest on them; *closed* what closes had
    said, *check_ins* what people had.
    """

    recorded: Sequence[Observation]
    past: Mapping[Place, Observation]
    closed: Mapping[str, Mapping[str, Any]]
    check_ins: tuple[CheckIn, ...]


def batches(
    project: Project,
    entries: Sequence[Entry],
    *,
    closes: Sequence[Entry],
    people: Sequence[Entry],
    provable: frozenset[int],
) -> Iterator[Batch]:
    """
    Split observation *entries*, in order, into batches; those of *project* and in *provable* are computed.

    What remembers its days is computed run by run, with the past as it stood then.
    """
    remembering = {kr.id for kr in project.key_results() if rests_on(project, kr)}
    measured = {kr.id for kr in project.key_results() if baseline_day(project, kr) is not None}
    said = versions(project, people)
    alone: dict[tuple[int, int, str | None], list[Observation]] = defaultdict(list)
    times: dict[Place, int] = defaultdict(int)
    latest: dict[Place, Observation] = {}
    for _, group in groupby(entries, key=lambda entry: entry.run):
        run = list(group)
        seen = [(entry, observation_from(entry)) for entry in run]
        latest |= {(o.key_result, o.as_of): o for _, o in seen}
        own = [o for entry, o in seen if o.config == project.digest and entry.seq in provable]
        since = max(seq for seq in said if seq < run[0].seq)
        if together_ := [o for o in own if o.key_result in remembering]:
            closed = _closed(closes, before=run[0].seq)
            batch = Batch(recorded=(), past=dict(latest), closed=closed, check_ins=said[since])
            yield from _split(together_, batch, measured)
        for o in own:
            if o.key_result not in remembering:
                place = (o.key_result, o.as_of)
                alone[since, times[place], _waits(o, measured)].append(o)
                times[place] += 1
    for (since, *_), recorded in alone.items():
        yield Batch(recorded=recorded, past={}, closed={}, check_ins=said[since])


def _split(recorded: Sequence[Observation], batch: Batch, measured: Collection[str]) -> Iterator[Batch]:
    apart: dict[tuple[bool, str | None], list[Observation]] = defaultdict(list)
    for o in recorded:
        apart[o.baseline is None, _waits(o, measured)].append(o)
    yield from (replace(batch, recorded=found) for found in apart.values())


def _waits(recorded: Observation, measured: Collection[str]) -> str | None:
    """Return why a baseline that is *measured* was not there yet; None where it was, or none is measured."""
    return recorded.reason if recorded.baseline is None and recorded.key_result in measured else None


def _closed(closes: Sequence[Entry], *, before: int) -> dict[str, Mapping[str, Any]]:
    closed: dict[str, Mapping[str, Any]] = {}
    for entry in closes:
        if entry.seq < before:
            said: Any = entry.body["key_results"]
            closed.update(said)
    return closed


def recomputed(
    db: Database, sandbox: Sandbox, project: Project, batch: Batch, *, same_measure: Mapping[str, set[str]]
) -> dict[Place, Observation]:
    """
    Return the observations of *batch* as they come out now, by place; those that carry parts are left out.

    *same_measure* are the hashes of the definitions that measure each key result as *project* does.
    """
    project = replace(project, check_ins=batch.check_ins)
    key_results = {kr.id: kr for kr in project.key_results()}
    wanted = [o for o in batch.recorded if not (o.state is State.STALE and o.parts)]
    answers = answered(db, sandbox, project, [(key_results[o.key_result], o) for o in wanted])
    remembering = {kr.id for kr in key_results.values() if remembers_days(project, kr)}
    measured = [
        _measurement(o, *answer, carries=o.key_result in remembering)
        for o, answer in zip(wanted, answers, strict=True)
    ]
    earlier = [
        Good(o.key_result, o.as_of, o.value, o.parts)
        for o in batch.past.values()
        if o.state is State.OK and o.definition in same_measure.get(o.key_result, ())
    ]
    found = observe(
        db,
        project,
        measured,
        baselines=_baselines(project, key_results, wanted, batch.past),
        earlier=[good for good in earlier if good.key_result in remembering],
        check_ins=project.check_ins,
        recorded=batch.past,
        closed=batch.closed,
    )
    return {(o.key_result, o.as_of): o for o in found}


def asks_of(project: Project, key_result: KeyResult, recorded: Observation) -> list[Ask]:
    """Return the questions that *recorded* answered, one a metric of its key result."""
    return [
        Ask(
            metric=metric,
            cycle=project.cycle_of(key_result).id,
            cut=recorded.carried_from or recorded.as_of,
            loads=tuple(sorted(recorded.loads.items())),
            stocks=tuple(sorted(recorded.stocks.items())),
        )
        for metric in key_result.parts.values()
    ]


def answered(
    db: Database, sandbox: Sandbox, project: Project, wanted: Sequence[tuple[KeyResult, Observation]]
) -> Iterator[tuple[Answer, Parts]]:
    """Yield the answer of each of *wanted*, with those of its parts, as stored rows and people give it."""
    asks = [asks_of(project, kr, o) for kr, o in wanted]
    answers = iter(measure(db, project, [ask for own in asks for ask in own], sandbox=sandbox))
    for (kr, o), own in zip(wanted, asks, strict=True):
        if own:
            yield together(kr, [next(answers) for _ in own])
        else:
            yield stated(project, [(kr, o.as_of)], project.check_ins)[0].answer, ()


def _measurement(recorded: Observation, answer: Answer, parts: Parts, *, carries: bool) -> Measurement:
    """
    Return the measurement behind *recorded*: a carried value as it was carried, a gap as it was told.

    What *carries* its days along has the day itself that the value is carried from.
    """
    gap = None
    if recorded.state is State.STALE and carries:
        gap = recorded.reason
    elif recorded.state is State.STALE:
        answer = Answer(recorded.value)
    elif recorded.state is State.NO_DATA and answer.reason != recorded.reason:
        gap = recorded.reason
    return Measurement(
        key_result=recorded.key_result,
        cut=recorded.as_of,
        answer=answer,
        gap=gap,
        newest_at=recorded.newest_at,
        loads=recorded.loads,
        stocks=recorded.stocks,
        parts=parts,
    )


def _baselines(
    project: Project,
    key_results: Mapping[str, KeyResult],
    recorded: Sequence[Observation],
    past: Mapping[Place, Observation],
) -> Baselines:
    """Return the baselines that *recorded* names, each since the first day that does."""
    by_key_result: dict[str, list[Observation]] = defaultdict(list)
    for o in recorded:
        if baseline_day(project, key_results[o.key_result]) is not None:
            by_key_result[o.key_result].append(o)
    for o in past.values():
        if o.key_result in by_key_result and by_key_result[o.key_result][0].baseline is not None:
            by_key_result[o.key_result].append(o)
    return {
        id: _schedule(project, own) or (Baseline(None, own[0].reason),) for id, own in by_key_result.items()
    }


def _schedule(project: Project, observations: Iterable[Observation]) -> tuple[Baseline, ...]:
    schedule: list[Baseline] = []
    for o in sorted(observations, key=lambda o: o.as_of):
        if o.baseline is not None and (not schedule or schedule[-1].value != o.baseline):
            schedule.append(Baseline(o.baseline, since=project.calendar.day_of(o.as_of)))
    return tuple(schedule)
