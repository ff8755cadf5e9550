"""How far what was read of a dataset reaches: which load answers for which cut, and which cuts none can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Dataset

HISTORY = "history"
"""The check that an incremental load has all loads before it to rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    One attempt to read a dataset, at *as_of*.

    *load* is the landing load that holds what was read (an unchanged read has the load before).
    *problem* says why the attempt cannot be used: the read failed, or a check did.
    """

    as_of: datetime
    load: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    Every reading of one dataset, oldest first, and where its incremental reads stand.

    *lost* means that a load since the last full read is gone from warehouse and lake; *differs* that
    after the newest load, no full read, the state was not what the source said of the whole dataset.
    """

    dataset: str
    readings: Sequence[Reading] = ()
    watermark: str | None = None
    last_full: Entry | None = None
    lost: bool = False
    differs: bool = False

    @classmethod
    def of(cls, ledger: Ledger, dataset: Dataset, *, before: datetime | None = None) -> Coverage:
        """Read the coverage of *dataset* out of the ledger, by attempts earlier than *before* (None: all)."""
        attempts = {kind: list(ledger.entries(kind, subject=dataset.id)) for kind in ("load", "failure")}
        loads, failures = (
            [entry for entry in attempts[kind] if before is None or _at(entry) < before] for kind in attempts
        )
        entries = sorted([*loads, *failures], key=lambda entry: (_at(entry), entry.seq))
        landed = [entry for entry in loads if entry.body["verdict"] != "quarantined"]
        last_full = max((entry for entry in landed if entry.body["mode"] == "full"), key=_at, default=None)
        return cls(
            dataset.id,
            tuple(map(_reading, entries)),
            _watermark(landed) if dataset.cursor else None,
            last_full,
            any(_rests_on_nothing(e) for e in loads if last_full is None or e.seq > last_full.seq),
            bool(loads) and _differs(loads[-1]),
        )

    @property
    def load(self) -> int | None:
        """The newest usable load."""
        return max((r.load for r in self.readings if r.load is not None), default=None)

    def load_by(self, cut: datetime) -> int | None:
        """Return the load that tells the state at *cut*: the last one read by then."""
        return max((r.load for r in self.readings if r.load is not None and r.as_of <= cut), default=None)

    def read_at(self, load: int, *, by: datetime | None = None) -> datetime:
        """Return when the state after *load* was last seen in the source, at most *by* (None: to date)."""
        return max(
            r.as_of
            for r in self.readings
            if r.load == load and r.problem is None and (by is None or r.as_of <= by)
        )

    def gap(self, cut: datetime, *, allowed: timedelta | None, calendar: Calendar) -> str | None:
        """
        Return why what was read does not reach *cut*, or None when it does.

        A usable reading at or after *cut* reaches it. Otherwise the last attempt decides, also one
        after *cut*: where it failed, nobody knows what the days since the last usable one held. A
        usable one counts for *allowed* time (None: until the next attempt). *calendar* tells times.
        """
        if any(r.problem is None and r.as_of >= cut for r in self.readings):
            return None
        if not self.readings:
            return f"{self.dataset}: nothing was read by then"
        last = self.readings[-1]
        if last.problem is not None:
            return f"{self.dataset}: {last.problem}"
        if allowed is not None and cut - last.as_of > allowed:
            return f"{self.dataset}: not read since {calendar.told(last.as_of)}"
        return None

    def full_read_due(self, dataset: Dataset, as_of: datetime, *, declared: str) -> bool:
        """
        Return whether the last full read is older than declared, was declared otherwise, is lost, or
        does not explain what the source says of the whole dataset.

        *declared* is the dataset's `reading_hash`.
        """
        if self.lost or self.differs or self.last_full is None:
            return True
        if self.last_full.body["declared"] != declared:
            return True
        return dataset.full_read is not None and as_of - _at(self.last_full) >= dataset.full_read


def _reading(entry: Entry) -> Reading:
    if entry.kind == "failure":
        return Reading(as_of=_at(entry), load=None, problem=str(entry.body["message"]))
    load = entry.body["number"]
    problem = str(entry.body["problem"]) if entry.body["verdict"] == "quarantined" else None
    return Reading(as_of=_at(entry), load=load if isinstance(load, int) else None, problem=problem)


def _rests_on_nothing(entry: Entry) -> bool:
    checks: Any = entry.body["checks"]
    return any(check["check"] == HISTORY for check in checks)


def _differs(entry: Entry) -> bool:
    checks: Any = entry.body["checks"]
    failed = any(check["check"].startswith("whole(") and not check["passed"] for check in checks)
    return failed and entry.body["mode"] != "full"


def _watermark(landed: Sequence[Entry]) -> str | None:
    """Return the cursor of the newest load that was no backfill: a backfill never moves it."""
    for entry in reversed(landed):
        cursor = entry.body["cursor_to"]
        if entry.body["mode"] != "backfill" and cursor is not None:
            return str(cursor)
    return None


def _at(entry: Entry) -> datetime:
    if entry.valid_at is None:
        raise ValueError(f"ledger entry {entry.seq} ({entry.kind}) has no as-of")
    return entry.valid_at
