"""Merge accepted extracts into the warehouse: exactly once each, checked before they count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from okr_pipeline.coverage import HISTORY
from okr_pipeline.lake import Lake, LakeError
from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.metric import Dataset
from okr_pipeline.model.observation import CheckResult
from okr_pipeline.run import Run
from okr_pipeline.warehouse import landing
from okr_pipeline.warehouse.checks import is_key_check, is_whole_check, run_checks, whole_checks
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
    def differs(self) -> bool:
        """Whether the state is not what the source says of the whole dataset."""
        return any(is_whole_check(check) for check in self.failed)

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
    in their order. With an empty warehouse this is a rebuild. A load whose extract is lost is left
    out, with those after it up to the next full read: its state cannot be told, later ones can.

    Raises:
        LakeError: If the newest load of a dataset is among those left out; the others are caught up.
    """
    count, lost = catch_up_each(db, datasets, ledger=ledger, lake=lake)
    for error in lost.values():
        raise error
    return count


def catch_up_each(
    db: Database, datasets: Sequence[Dataset], *, ledger: Ledger, lake: Lake
) -> tuple[int, dict[str, LakeError]]:
    """Catch up, and return beside the count why the newest load of a dataset is lost, by its id."""
    landing.prepare(db, datasets)
    count, lost = 0, {}
    for dataset in datasets:
        loads = [e for e in ledger.entries("load", subject=dataset.id) if e.body["verdict"] == "landed"]
        merged, problem = _catch_up_one(db, dataset, loads, lake=lake)
        count += merged
        if problem is not None:
            lost[dataset.id] = problem
    return count, lost


def _catch_up_one(
    db: Database, dataset: Dataset, loads: Sequence[Entry], *, lake: Lake
) -> tuple[int, LakeError | None]:
    """Return how many loads were merged, and why the newest one could not be; None if it stands."""
    present = landing.landed_extracts(db, dataset.id)
    known = {_number(entry): str(entry.body["extract_id"]) for entry in loads}
    missing = [entry for entry in loads if _number(entry) not in present]
    foreign = any(known.get(number) != extract for number, extract in present.items())
    if foreign or _fits_in_between(dataset, loads, present, lake=lake):
        # What stands there was merged on another state.
        landing.start_over(db, dataset)
        missing = list(loads)
    count, problem = 0, None
    for entry in missing:
        if problem is not None and entry.body["mode"] != "full":
            continue
        if (problem := _lost(lake, dataset, entry)) is None:
            with db.transaction():
                _merge(db, dataset, entry, lake=lake, number=_number(entry))
            count += 1
    stands = bool(missing) and not foreign and _number(missing[-1]) < max(present, default=0)
    return count, None if stands else problem


def _fits_in_between(
    dataset: Dataset, loads: Sequence[Entry], present: Mapping[int, str], *, lake: Lake
) -> bool:
    """Whether a load that was lost is back, and others were merged without it."""
    told = True
    for entry in loads:
        if _number(entry) > max(present, default=0):
            return False
        if _number(entry) in present:
            told = True
        elif (told or entry.body["mode"] == "full") and _lost(lake, dataset, entry) is None:
            return True
        else:
            told = False
    return False


def _lost(lake: Lake, dataset: Dataset, entry: Entry) -> LakeError | None:
    """Return why the extract of a load cannot be read again; None if it holds what it held."""
    try:
        # Not every changed bit makes a file unreadable: some would only make another number.
        lake.verify(dataset.id, str(entry.body["extract_id"]))
    except LakeError as error:
        return error
    return None


def land(
    db: Database,
    dataset: Dataset,
    run: Run,
    *,
    lake: Lake,
    accept: Collection[str] = (),
    lost: LakeError | None = None,
) -> list[Loaded]:
    """
    Land every receipt of *dataset* that has no verdict yet, in order.

    A dataset named in *accept* lands in spite of failed checks, its last quarantined read included;
    the record says so. A doubled or empty key cannot be accepted: rows could not be told apart. With
    *lost*, the state before is incomplete: only a full read can follow, and later ones on it.
    """
    decided = {entry.body["receipt"]: entry for entry in run.ledger.entries("load", subject=dataset.id)}
    receipts = list(run.ledger.entries("receipt", subject=dataset.id))
    pending = [receipt for receipt in receipts if receipt.seq not in decided]
    if dataset.id in accept and receipts and not pending:
        last = decided[receipts[-1].seq]
        pending = receipts[-1:] if last.body["verdict"] == "quarantined" else []
    landed = []
    for receipt in pending:
        if lost is not None and receipt.body["mode"] == "full":
            lost = _lost(lake, dataset, receipt)
        if lost is not None:
            landed.append(_hold_back(dataset, receipt, run, lost))
        else:
            landed.append(_land_one(db, dataset, receipt, run, lake=lake, accepted=dataset.id in accept))
    return landed


def _hold_back(dataset: Dataset, receipt: Entry, run: Run, lost: LakeError) -> Loaded:
    before = _last_landed(run.ledger, dataset)
    check = CheckResult(
        check=HISTORY, dataset=dataset.id, expected="all loads before it", observed=str(lost), passed=False
    )
    number = None if before is None else _number(before)
    loaded = Loaded(dataset=dataset.id, verdict="quarantined", number=number, checks=(check,))
    run.write([_draft(receipt, loaded)])
    return loaded


def _land_one(
    db: Database, dataset: Dataset, receipt: Entry, run: Run, *, lake: Lake, accepted: bool
) -> Loaded:
    before = _last_landed(run.ledger, dataset)
    number = None if before is None else _number(before)
    if before is not None and _says_the_same(receipt, before):
        checks = whole_checks(db, dataset, _whole(receipt))
        loaded = Loaded(dataset=dataset.id, verdict="unchanged", number=number, checks=tuple(checks))
        run.write([_draft(receipt, loaded)])
        return loaded
    try:
        with db.transaction():
            landed, checks = _merge(db, dataset, receipt, lake=lake, number=(number or 0) + 1)
            checks += whole_checks(db, dataset, _whole(receipt))
            binding = [check for check in checks if not is_whole_check(check)]
            good = all(check.passed for check in binding if not accepted or is_key_check(check))
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


def _whole(receipt: Entry) -> Mapping[str, str]:
    """Return what the source said of the whole dataset; nothing where rows were left out on the way."""
    whole: Any = receipt.body.get("whole")
    return whole if whole and not receipt.body["reject_count"] else {}


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
        "declared": receipt.body["declared"],
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


def _says_the_same(receipt: Entry, before: Entry) -> bool:
    """Whether *receipt* leaves the state as it is. A full read also says that all other rows are gone."""
    same = receipt.body["extract_id"] == before.body["extract_id"]
    return same and (receipt.body["mode"] != "full" or before.body["mode"] == "full")


def _number(entry: Entry) -> int:
    return int(str(entry.body["number"]))
