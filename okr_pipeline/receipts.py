"""What the receipts behind a number warn of: readers are told what whoever ran the sync was told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import Observation
from okr_pipeline.warehouse.question import dataset_in

_UNPROVABLE = "complete: unprovable, the source does not tell how many rows there are"


def newest_loads(observation: Observation) -> dict[str, int]:
    """Return the newest load that *observation* rests on of each of its datasets, by id, in order."""
    newest: dict[str, int] = {}
    for name, load in (*observation.loads.items(), *observation.stocks.items()):
        newest[dataset_in(name)] = max(load, newest.get(dataset_in(name), 0))
    return dict(sorted(newest.items()))


def warnings_behind(
    ledger: Ledger, observations: Iterable[Observation], *, before_seq: int
) -> dict[str, tuple[str, ...]]:
    """Return by key result what was warned of, each after its dataset, as known before a ledger entry."""
    rests_on = {o.key_result: newest_loads(o) for o in observations}
    loads = {load for own in rests_on.values() for load in own.items()}
    reads = {
        dataset: [read for read in ledger.entries("load", subject=dataset) if read.seq < before_seq]
        for dataset in {dataset for dataset, _ in loads}
    }
    warned = {(dataset, n): dict.fromkeys(_warnings(ledger, reads[dataset], n)) for dataset, n in loads}
    return {
        key_result: tuple(f"{load[0]}: {warning}" for load in own.items() for warning in warned[load])
        for key_result, own in rests_on.items()
    }


def _warnings(ledger: Ledger, reads: Sequence[Entry], number: int) -> Iterator[str]:
    """
    Yield what was warned of by the last full read up to load *number*, and by the last read of it.

    One that found the same again stands for the load as well.
    """
    upto = [read for read in reads if read.body["verdict"] != "quarantined" and _number(read) <= number]
    full = [read for read in upto if read.body["mode"] == "full"]
    receipts = ledger.by_seq(int(str(read.body["receipt"])) for read in (*full[-1:], *upto[-1:]))
    for receipt in receipts.values():
        body: Any = receipt.body
        yield from body["warnings"]
        if body["complete"] == "unprovable":
            yield _UNPROVABLE


def _number(read: Entry) -> int:
    return int(str(read.body["number"]))
