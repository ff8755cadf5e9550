"""Merge accepted extracts into the warehouse: exactly once each, checked before they count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from okr_pipeline.lake import Lake
from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.metric import Dataset
from okr_pipeline.model.observation import CheckResult
from okr_pipeline.run import Run
from okr_pipeline.warehouse import landing
from okr_pipeline.warehouse.checks import run_checks
from okr_pipeline.warehouse.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """
    What became of one receipt.

    *verdict* is `landed`, `unchanged` (the content of the load before) or `quarantined` (a check
    failed, and nothing of it counts). *number* is the load that now stands, None if none does.
    """

    dataset: str
    verdict: str
    number: int | None
    checks: tuple[CheckResult, ...] = ()
    rows: int = 0

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)


class _Quarantined(Exception):
    """Rolls the merge back."""


def catch_up(db: Database, datasets: Sequence[Dataset], *, ledger: Ledger, lake: Lake) -> int:
    """
    Bring the warehouse to where the ledger says it is; return how many loads that took.

    Nothing is decided here: loads that the ledger holds and the warehouse lacks are merged again,
    in their order. With an empty warehouse this is a rebuild.
    """
    landing.prepare(db, datasets)
    present = landing.landed_loads(db)
    count = 0
    for dataset in datasets:
        for entry in ledger.entries("load", subject=dataset.id):
            number = entry.body["number"]
            if entry.body["verdict"] == "landed" and (dataset.id, number) not in present:
                with db.transaction():
                    _merge(db, dataset, entry, lake=lake, number=int(str(number)))
                count += 1
    return count


def land(
    db: Database, dataset: Dataset, run: Run, *, lake: Lake, accept: Collection[str] = ()
) -> list[Loaded]:
    """
    Land every receipt of *dataset* that has no verdict yet, in order.

    A dataset named in *accept* lands in spite of failed checks; the record says so.
    """
    decided = {entry.body["receipt"] for entry in run.ledger.entries("load", subject=dataset.id)}
    receipts = run.ledger.entries("receipt", subject=dataset.id)
    pending = [receipt for receipt in receipts if receipt.seq not in decided]
    return [
        _land_one(db, dataset, receipt, run, lake=lake, accepted=dataset.id in accept) for receipt in pending
    ]


def _land_one(
    db: Database, dataset: Dataset, receipt: Entry, run: Run, *, lake: Lake, accepted: bool
) -> Loaded:
    before = _last_landed(run.ledger, dataset)
    number = _number(before)
    if before is not None and before.body["extract_id"] == receipt.body["extract_id"]:
        loaded = Loaded(dataset=dataset.id, verdict="unchanged", number=number)
        run.write([_draft(receipt, loaded)])
        return loaded
    try:
        with db.transaction():
            landed, checks = _merge(db, dataset, receipt, lake=lake, number=(number or 0) + 1)
            good = accepted or all(check.passed for check in checks)
            loaded = Loaded(
                dataset=dataset.id,
                verdict="landed" if good else "quarantined",
                number=(number or 0) + 1 if good else number,
                checks=tuple(checks),
                rows=landed.after,
            )
            # The ledger first: a crash before the commit leaves a load that catch_up merges again.
            run.write([_draft(receipt, loaded, landed)])
            if not good:
                raise _Quarantined
    except _Quarantined:
        pass
    return loaded


def _merge(
    db: Database, dataset: Dataset, entry: Entry, *, lake: Lake, number: int
) -> tuple[landing.Landed, list[CheckResult]]:
    path = lake.path(dataset.id, str(entry.body["extract_id"]))
    duplicates = landing.duplicate_keys(db, dataset, path)
    landed = landing.land(db, dataset, load=number, extract=path, full=entry.body["mode"] == "full")
    return landed, run_checks(db, dataset, landed, duplicates=duplicates)


def _draft(receipt: Entry, loaded: Loaded, landed: landing.Landed | None = None) -> Draft:
    body = {
        "receipt": receipt.seq,
        "extract_id": receipt.body["extract_id"],
        "mode": receipt.body["mode"],
        "cursor_to": receipt.body["cursor_to"],
        "columns": receipt.body["columns"],
        "verdict": loaded.verdict,
        "number": loaded.number,
        "problem": _problem(loaded),
        "changes": asdict(landed) if landed else None,
        "checks": [asdict(check) for check in loaded.checks],
    }
    return Draft("load", loaded.dataset, receipt.valid_at, body)


def _problem(loaded: Loaded) -> str | None:
    if loaded.verdict != "quarantined":
        return None
    return "; ".join(f"check {check.check} failed: {check.observed}" for check in loaded.failed)


def _last_landed(ledger: Ledger, dataset: Dataset) -> Entry | None:
    landed = [e for e in ledger.entries("load", subject=dataset.id) if e.body["verdict"] == "landed"]
    return landed[-1] if landed else None


def _number(entry: Entry | None) -> int | None:
    return None if entry is None else int(str(entry.body["number"]))
