"""One run: the instant it asks about, the instant it is written down, and the ledger it writes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.instant import instant_text
from okr_pipeline.ledger.store import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What every stage of one run shares. *as_of* is what is asked, *recorded_at* what the clock said."""

    ledger: Ledger
    as_of: datetime
    recorded_at: datetime

    def write(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Append *drafts* to the ledger, all or none."""
        name = f"run {instant_text(self.recorded_at)}"
        return self.ledger.append(drafts, recorded_at=self.recorded_at, run=name)
