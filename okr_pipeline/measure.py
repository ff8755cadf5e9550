"""Measure every key result at every cut that matters: now, its baseline's day, and each day of its cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from okr_pipeline.coverage import Coverage
from okr_pipeline.cuts import baseline_day
from okr_pipeline.definition import definition_hash, definition_of
from okr_pipeline.findings import Measurement
from okr_pipeline.memory import rests_on, rests_on_check_ins
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.report import SourceLine
from okr_pipeline.reach import Reach
from okr_pipeline.reads import Read, asks_at, loads_of, reads_of
from okr_pipeline.together import together
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.measure import measure as answer
from okr_pipeline.warehouse.question import Answer, Ask
from okr_pipeline.warehouse.sandbox import Sandbox


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
    asks = [asks_at(project, kr, cut, reads=reads, coverage=coverage) for kr, cut in pairs]
    answers = iter(answer(db, project, [ask for own in asks for ask in own], sandbox=sandbox))
    reach = Reach(db, project, coverage)
    return [
        _measurement(kr, own, [next(answers) for _ in own], reach, reads)
        for (kr, _), own in zip(pairs, asks, strict=True)
    ]


def _measurement(
    key_result: KeyResult,
    asks: Sequence[Ask],
    answers: Sequence[Answer],
    reach: Reach,
    reads: Mapping[str, Read],
) -> Measurement:
    """Put the answers to a key result's parts together: data has to reach the cut of all of them."""
    newest = [at for ask in asks if (at := reach.newest(ask))]
    read_at = [at for ask in asks if (at := reach.read_at(ask))]
    found, parts = together(key_result, answers)
    loads, stocks = loads_of(asks)
    return Measurement(
        key_result=key_result.id,
        cut=asks[0].cut,
        answer=found,
        gap=next((gap for ask in asks if (gap := reach.gap(reads[ask.metric], ask))), None),
        newest_at=min(newest, default=None),
        read_at=min(read_at, default=None),
        loads=loads,
        stocks=stocks,
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
        now = loads_of(asks_at(project, key_result, cut, reads=reads, coverage=coverage))
        waits = baseline_day(project, key_result) is not None and (
            before.baseline is None or _is_revised(project, key_result, cut)
        )
        said_elsewhere = rests_on_check_ins(key_result) or key_result.expected == "last_cycle"
        if now != (before.loads, before.stocks) or waits or said_elsewhere:
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


def source_lines(
    db: Database, project: Project, coverage: Mapping[str, Coverage], as_of: datetime
) -> list[SourceLine]:
    """Return how every source stands at *as_of*: its newest row, and the first thing wrong with it."""
    reach = Reach(db, project, coverage)
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
