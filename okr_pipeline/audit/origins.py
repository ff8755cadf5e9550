"""The extracts that a number rests on: what was read of each dataset, when, and how its checks went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import CheckResult, Observation
from okr_pipeline.model.okr import Project
from okr_pipeline.receipts import newest_loads
from okr_pipeline.retire import retired_loads


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """
    One dataset at the load a number was measured at: what was read, when, and how its checks went.

    *full_read_at* and *full_read_rows* are the full read that other rows come from; None where the
    load itself is one. *retired_at* is when its extract left the lake; None while it is kept.
    """

    dataset: str
    connector: str
    load: int
    read_at: datetime
    extract_id: str
    origin: str
    mode: str
    rows: int
    cursor_to: str | None
    receipt: int
    checks: tuple[CheckResult, ...]
    full_read_at: datetime | None = None
    full_read_rows: int | None = None
    retired_at: datetime | None = None


def origins_of(ledger: Ledger, project: Project, observation: Observation) -> Iterator[Origin]:
    """Yield the origin of each dataset that *observation* rests on, at its newest load."""
    retired = retired_loads(ledger)
    for dataset, number in newest_loads(observation).items():
        landed = [e for e in ledger.entries("load", subject=dataset) if e.body["verdict"] == "landed"]
        upto = [entry for entry in landed if int(str(entry.body["number"])) <= number]
        if upto:
            full = next((entry for entry in reversed(upto) if entry.body["mode"] == "full"), upto[-1])
            origin = _origin(ledger, project, upto[-1], full=full)
            yield replace(origin, retired_at=retired.get((dataset, origin.load)))


def _origin(ledger: Ledger, project: Project, entry: Entry, *, full: Entry) -> Origin:
    body: Mapping[str, Any] = entry.body
    receipts = ledger.by_seq([body["receipt"], int(str(full.body["receipt"]))])
    receipt: Mapping[str, Any] = receipts[body["receipt"]].body
    full_receipt: Mapping[str, Any] = receipts[int(str(full.body["receipt"]))].body
    return Origin(
        dataset=entry.subject,
        connector=project.sources[project.datasets[entry.subject].source].connector,
        load=body["number"],
        read_at=entry.valid_at or entry.recorded_at,
        extract_id=body["extract_id"],
        origin=receipt["origin"],
        mode=body["mode"],
        rows=receipt["rows"],
        cursor_to=body["cursor_to"],
        receipt=body["receipt"],
        checks=tuple(CheckResult(**check) for check in body["checks"]),
        full_read_at=None if full is entry else full.valid_at,
        full_read_rows=None if full is entry else full_receipt["rows"],
    )
