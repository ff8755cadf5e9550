"""What the ledger holds of a project's past: observations, good values to fall back on, frozen baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from okr_pipeline.cuts import baseline_cut
from okr_pipeline.definition import definition_of, measure_hash
from okr_pipeline.findings import Baseline, Good, Measurement
from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import CheckResult, Observation, State
from okr_pipeline.model.okr import Project
from okr_pipeline.record import decimal_text, observation_from

Place = tuple[str, datetime]
History = Mapping[Place, Observation]


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


def baselines_at(
    ledger: Ledger, project: Project, measured: Sequence[Measurement]
) -> tuple[dict[str, Baseline], list[Draft]]:
    """
    Return the measured baseline of every key result that has one, and those to be frozen now.

    What was frozen stays, whatever is measured for that day later; only another metric, cycle or
    zone makes it another number. A day that has not ended, or that the data does not reach, gives
    no baseline yet.
    """
    frozen = {
        (entry.subject, entry.valid_at, entry.body["measure"]): entry for entry in ledger.entries("baseline")
    }
    found = {(m.key_result, m.cut): m for m in measured}
    baselines, drafts = {}, []
    for key_result in project.key_results():
        if (cut := baseline_cut(project, key_result)) is None:
            continue
        place = (key_result.id, cut)
        measure = measure_hash(definition_of(project, key_result))
        if entry := frozen.get((*place, measure)):
            baselines[key_result.id] = Baseline(Decimal(str(entry.body["value"])))
            continue
        baselines[key_result.id] = _baseline(project.calendar.day_of(cut), found.get(place))
        if (value := baselines[key_result.id].value) is not None:
            body = {
                "value": decimal_text(value),
                "measure": measure,
                "loads": dict(found[place].loads),
                "stocks": dict(found[place].stocks),
            }
            drafts.append(Draft("baseline", *place, body))
    return baselines, drafts


def _baseline(day: date, measured: Measurement | None) -> Baseline:
    if measured is None:
        return Baseline(None, f"the baseline is measured when {day} is over")
    reason = measured.gap or measured.answer.reason
    if reason is None:
        return Baseline(measured.answer.value)
    return Baseline(None, f"no baseline for {day}: {reason}")


def good_values(ledger: Ledger, project: Project, history: History) -> list[Good]:
    """
    Return every good value of *history*: what may be carried on.

    Values of another metric, cycle or zone than declared now are none.
    """
    measured_by = _measures(ledger, project)
    return [
        Good(o.key_result, o.as_of, o.value)
        for o in history.values()
        if o.state is State.OK and o.value is not None and o.definition in measured_by.get(o.key_result, ())
    ]


def _measures(ledger: Ledger, project: Project) -> dict[str, set[str]]:
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
