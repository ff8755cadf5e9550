"""What the ledger holds of a project's past: observations, good values to fall back on, frozen baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from okr_pipeline.cuts import baseline_day
from okr_pipeline.definition import definition_of, measure_hash
from okr_pipeline.findings import Baseline, Baselines, Good, Measurement
from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.goal import ClosedAt, Reach, Steps
from okr_pipeline.model.observation import CheckResult, Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.record import decimal_text, observation_from

Place = tuple[str, datetime]
History = Mapping[Place, Observation]
Closed = Mapping[str, Mapping[str, Any]]
"""What the newest close of its cycle says of each key result."""

READING = "baseline_reading"
"""Entries that say what the day of a frozen baseline reads since; the baseline itself does not move."""


def read_history(
    ledger: Ledger, project: Project, *, until: datetime, before_seq: int | None = None
) -> History:
    """
    Return the observations of the project's cycles up to *until*, inside, by key result and cut.

    Of each place, the one recorded last; with *before_seq*, as the ledger stood before that entry.
    """
    starts = [project.calendar.midnight(project.cycle_of(kr).start_on) for kr in project.key_results()]
    if not starts:
        return {}
    entries = ledger.latest("observation", valid_from=min(starts), valid_to=until, before_seq=before_seq)
    return {place: observation_from(entry) for place, entry in entries.items()}


def closed_key_results(ledger: Ledger) -> Closed:
    """Return what was said of key results when their cycles were closed; of two closes, the later."""
    closed: dict[str, Mapping[str, Any]] = {}
    for entry in ledger.entries("close"):
        said: Any = entry.body["key_results"]
        closed.update(said)
    return closed


def baselines_at(
    ledger: Ledger, project: Project, measured: Sequence[Measurement], *, as_of: datetime, closed: Closed
) -> tuple[Baselines, list[Draft]]:
    """
    Return the baselines of key results that declare none as a number, and what is to be written of them.

    What was frozen stays, whatever is read for that day later: only a declared revision of
    `<key result>.from`, dated after that day, takes the reading of its own time, for days from its
    date on. Another metric, cycle or zone makes it another number. A day that has not ended, or that
    the data does not reach, gives no baseline yet.
    """
    frozen = {_frozen_key(entry): entry for entry in ledger.entries("baseline")}
    readings = {(e.subject, e.valid_at, e.body["measure"]): e for e in ledger.entries(READING)}
    found = {(m.key_result, m.cut): m for m in measured}
    baselines: dict[str, tuple[Baseline, ...]] = {}
    drafts: list[Draft] = []
    for key_result in project.key_results():
        if (day := baseline_day(project, key_result)) is None:
            continue
        place = (key_result.id, project.calendar.end_of(day))
        measure = measure_hash(definition_of(project, key_result))
        reading, rests_on = _reading(key_result, day, found.get(place), closed)
        own: list[Baseline] = []
        for since in [None, *_revised_on(project, key_result, after=day, as_of=as_of)]:
            if entry := frozen.get((*place, measure, since and since.isoformat())):
                own.append(Baseline(Decimal(str(entry.body["value"])), since=since))
            elif reading.value is not None:
                own.append(Baseline(reading.value, since=since))
                revised = {"revised_on": since.isoformat()} if since else {}
                drafts.append(Draft("baseline", *place, {**_body(reading, measure, rests_on), **revised}))
        baselines[key_result.id] = tuple(own) or (reading,)
        known = readings.get((*place, measure))
        last = Decimal(str(known.body["value"])) if known else own[-1].value if own else None
        if reading.value is not None and last is not None and reading.value != last:
            drafts.append(Draft(READING, *place, _body(reading, measure, rests_on)))
    return baselines, drafts


def baseline_readings(ledger: Ledger, project: Project, *, before_seq: int) -> dict[str, Decimal]:
    """Return what the days of frozen baselines read since, by key result, as known before an entry."""
    readings: dict[str, Decimal] = {}
    for entry in ledger.entries(READING):
        if entry.seq < before_seq:
            readings[entry.subject] = Decimal(str(entry.body["value"]))
    return readings


def _frozen_key(entry: Entry) -> tuple[object, ...]:
    return (entry.subject, entry.valid_at, entry.body["measure"], entry.body.get("revised_on"))


def _body(reading: Baseline, measure: str, rests_on: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": decimal_text(reading.value), "measure": measure, **rests_on}


def _revised_on(project: Project, key_result: KeyResult, *, after: date, as_of: datetime) -> list[date]:
    """Return the days from which a declared revision gives the key result another baseline, in order."""
    revisions = project.objectives[key_result.objective].revisions
    today = project.calendar.day_of(as_of)
    return sorted({r.on for r in revisions if r.change == f"{key_result.id}.from" and after < r.on <= today})


def _reading(
    key_result: KeyResult, day: date, measured: Measurement | None, closed: Closed
) -> tuple[Baseline, Mapping[str, Any]]:
    """Return what the day of the baseline reads now, and what that rests on."""
    match key_result.goal:
        case Reach(baseline=ClosedAt(before)) | Steps(baseline=ClosedAt(before)):
            return _taken_over(before, closed), {"closed": before}
        case _:
            pass
    if measured is None:
        return Baseline(None, f"the baseline is measured when {day} is over"), {}
    if reason := measured.gap or measured.answer.reason:
        return Baseline(None, f"no baseline for {day}: {reason}"), {}
    return Baseline(measured.answer.value), {"loads": dict(measured.loads), "stocks": dict(measured.stocks)}


def _taken_over(before: str, closed: Closed) -> Baseline:
    if before not in closed:
        return Baseline(None, f"no baseline: the cycle of {before} is not closed yet")
    value = closed[before]["value"]
    if value is None:
        return Baseline(None, f"no baseline: {before} was closed without a value")
    return Baseline(Decimal(value))


def good_values(ledger: Ledger, project: Project, history: History) -> list[Good]:
    """
    Return every good value of *history*: what may be carried on.

    Values of another metric, cycle or zone than declared now are none.
    """
    measured_by = same_measures(ledger, project)
    return [
        Good(o.key_result, o.as_of, o.value, o.parts)
        for o in history.values()
        if o.state is State.OK
        and (o.value is not None or o.parts)
        and o.definition in measured_by.get(o.key_result, ())
    ]


def same_measures(ledger: Ledger, project: Project) -> dict[str, set[str]]:
    """Return the hashes of all recorded definitions that measure a key result as it is measured now."""
    now = {kr.id: measure_hash(definition_of(project, kr)) for kr in project.key_results()}
    same: dict[str, set[str]] = {id: set() for id in now}
    for entry in ledger.entries("definition"):
        definition: Any = entry.body["definition"]
        if entry.subject in now and measure_hash(definition) == now[entry.subject]:
            same[entry.subject].add(str(entry.body["hash"]))
    return same


def failed_checks(ledger: Ledger, project: Project, as_of: datetime) -> list[CheckResult]:
    """Return the failed checks of each dataset's last load at or before *as_of*."""
    failed: list[CheckResult] = []
    for id in project.datasets:
        loads = [e for e in ledger.entries("load", subject=id) if e.valid_at and e.valid_at <= as_of]
        if loads:
            checks: Any = max(loads, key=lambda e: (e.valid_at, e.seq)).body["checks"]
            failed += [CheckResult(**check) for check in checks if not check["passed"]]
    return failed
