"""What people say beside the numbers: check-ins, a status vouched for, retirement, grades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import Status
from okr_pipeline.model.people import CheckIn, Retired
from okr_pipeline.model.report import Graded, Retirement, Said, Vouched


def by_key_result(check_ins: Iterable[CheckIn], *, until: date) -> dict[str, list[CheckIn]]:
    """Return what was said by the end of day *until*, by key result, oldest first; of one day as written."""
    told: dict[str, list[CheckIn]] = {}
    for said in sorted(check_ins, key=lambda said: said.on):
        if said.on <= until:
            told.setdefault(said.key_result, []).append(said)
    return told


def newest(told: Iterable[CheckIn]) -> Said | None:
    """Return the newest of *told*, which are in order."""
    last = next(reversed(list(told)), None)
    return None if last is None else Said(last.on, last.author, last.confidence, last.note)


def vouched(told: Iterable[CheckIn], *, on: date) -> Vouched | None:
    """Return the status that stands beside the computed one on a day: the newest that has not run out."""
    overrides = [(said, said.override) for said in told if said.override and on <= said.override.until]
    if not overrides:
        return None
    said, override = overrides[-1]
    return Vouched(Status(override.status), override.until, override.why, said.author, said.on)


def retirement(declared: Retired | None, *, on: date) -> Retirement | None:
    """Return since when and why something no longer counts; None on the days before."""
    if declared is None or on < declared.on:
        return None
    return Retirement(declared.on, declared.why, declared.replaced_by)


def grades(ledger: Ledger, *, before_seq: int) -> dict[str, Graded]:
    """Return how key results were graded by the closes of cycles that were recorded before an entry."""
    found: dict[str, Graded] = {}
    for entry in ledger.entries("close"):
        if entry.seq < before_seq:
            said: Any = entry.body["key_results"]
            found |= {id: _graded(one) for id, one in said.items()}
    return found


def _graded(said: Mapping[str, Any]) -> Graded:
    score = None if said["score"] is None else Decimal(said["score"])
    return Graded(score, said["grade"], said["landed"], said["learned"])
