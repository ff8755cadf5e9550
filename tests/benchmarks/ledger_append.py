"""CPU seconds of the ledger on SQLite: appending 10,000 observations, and reading them as of an instant."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.store import Ledger

AS_OF = datetime(2026, 10, 5, 7, tzinfo=UTC)


def observations(count: int, *, as_of: datetime) -> list[Draft]:
    """Return *count* observations of about twenty fields, as a sync of that many key results makes them."""
    return [Draft("observation", f"growth.key_result_{n}", as_of, body(n, as_of=as_of)) for n in range(count)]


def body(n: int, *, as_of: datetime) -> dict[str, object]:
    return {
        "key_result": f"growth.key_result_{n}",
        "as_of": as_of.isoformat(),
        "state": "ok",
        "status": "on_track",
        "definition": f"{n:064x}",
        "reason": None,
        "value": f"{n}.123456789",
        "baseline": "0.000000000",
        "target": "2400000.000000000",
        "low": None,
        "high": None,
        "progress": "0.514402968",
        "expected": "0.717391304",
        "gap": "-0.202988336",
        "carried_from": None,
        "newest_at": "2026-10-05T06:00:00Z",
        "loads": {"crm.deals": 17, "crm.accounts": 3},
        "cause": "first",
        "inputs": f"{n * 7:064x}",
        "unit": "EUR",
    }


def record_news(ledger: Ledger, drafts: list[Draft], *, as_of: datetime) -> int:
    """Append what the ledger does not say already, and return how many drafts that were."""
    known = ledger.latest("observation", valid_from=as_of, valid_to=as_of)
    said = {subject: entry.body for (subject, _), entry in known.items()}
    news = [draft for draft in drafts if said.get(draft.subject) != draft.body]
    return len(ledger.append(news, recorded_at=as_of, run="benchmark"))


@contextmanager
def measured(what: str) -> Iterator[None]:
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    print(f"{what:<60}{time.process_time() - cpu:6.2f} s CPU {time.perf_counter() - wall:6.2f} s")


def main(url: str) -> None:
    drafts = observations(10_000, as_of=AS_OF)
    with TemporaryDirectory() as base, Ledger.open(url, base=Path(base)) as ledger:
        with measured("append 10,000 observations"):
            ledger.append(drafts, recorded_at=AS_OF, run="benchmark")
        with measured("the same sync again, which finds nothing new"):
            again = record_news(ledger, drafts, as_of=AS_OF)
        for day in range(1, 10):
            at = AS_OF + timedelta(days=day)
            ledger.append(observations(10_000, as_of=at), recorded_at=at, run="benchmark")
        print(f"{again} entries from the second sync; {ledger.head().seq:,} entries now")
        with measured("latest of one instant among 100,000"):
            ledger.latest("observation", valid_from=AS_OF, valid_to=AS_OF)
        with measured("latest of all 100,000"):
            ledger.latest("observation")
        with measured("the same, as known five days ago"):
            ledger.latest("observation", known_at=AS_OF + timedelta(days=5))
        with measured("history of one key result"):
            ledger.latest("observation", subject="growth.key_result_77")
        with measured("verify the chain of 100,000"):
            assert ledger.verify_chain(anchor=ledger.head()) == []


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["sqlite:///ledger.db"]))
