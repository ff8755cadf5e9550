"""Extracts past their declared time leave the lake; what was said of them stays in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from okr_pipeline.lake import Lake
from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.metric import Dataset
from okr_pipeline.run import Run

Load = tuple[str, int]
"""A dataset and the number of one of its landing loads."""


def retire(dataset: Dataset, run: Run, *, lake: Lake) -> None:
    """
    Write down which extracts of *dataset* are older than it retains, and delete them from *lake*.

    A full read goes with everything up to the next one, once all of it is older: what is kept can
    always be landed again, and the state that stands now never rests on what is gone.

    Raises:
        LakeError: If a file cannot be deleted. It is tried again with the next run.
    """
    if dataset.retain is None:
        return
    receipts = list(run.ledger.entries("receipt", subject=dataset.id))
    loads = [e for e in run.ledger.entries("load", subject=dataset.id) if e.body["verdict"] == "landed"]
    first_kept = _first_kept(loads, receipts, older_than=run.as_of - dataset.retain)
    if first_kept is None:
        return
    gone, kept = _extracts(receipts, before=int(str(first_kept.body["receipt"])))
    numbers = [load.body["number"] for load in loads if load.seq < first_kept.seq]
    known = retired_loads(run.ledger)
    if any((dataset.id, number) not in known for number in numbers):
        body = {"extracts": sorted(gone - kept), "loads": numbers, "retain_days": dataset.retain.days}
        # The record first: a file that is gone without one would be a loss.
        run.write([Draft("retirement", dataset.id, run.as_of, body)])
    for extract_id in sorted(gone - kept):
        lake.remove(dataset.id, extract_id)


def retired_loads(ledger: Ledger) -> dict[Load, datetime]:
    """Return every load whose extract was retired, and when that was written down."""
    found: dict[Load, datetime] = {}
    for entry in ledger.entries("retirement"):
        numbers: Any = entry.body["loads"]
        for number in numbers:
            found.setdefault((entry.subject, number), entry.recorded_at)
    return found


def _first_kept(loads: Sequence[Entry], receipts: Sequence[Entry], *, older_than: datetime) -> Entry | None:
    """Return the full read before which all is old; None if there is none."""
    found = None
    for place, load in enumerate(loads):
        if place and load.body["mode"] == "full":
            found = load
        if _last_seen(place, loads, receipts) >= older_than:
            break
    return found


def _last_seen(place: int, loads: Sequence[Entry], receipts: Sequence[Entry]) -> datetime:
    """Return when the load at *place* was read last: an unchanged read sees it again, until the next load."""
    begins, ends = (
        int(str(load.body["receipt"])) if load else receipts[-1].seq + 1
        for load in (loads[place], loads[place + 1] if place + 1 < len(loads) else None)
    )
    extract_id = loads[place].body["extract_id"]
    seen = [r for r in receipts if begins <= r.seq < ends and r.body["extract_id"] == extract_id]
    return max(r.valid_at or r.recorded_at for r in seen)


def _extracts(receipts: Sequence[Entry], *, before: int) -> tuple[set[str], set[str]]:
    """Return the extracts of receipts before entry *before*, and those of it and later ones."""
    ids = [(receipt.seq, str(receipt.body["extract_id"])) for receipt in receipts]
    return {id for seq, id in ids if seq < before}, {id for seq, id in ids if seq >= before}
