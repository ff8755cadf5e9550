"""What `okr doctor` asks whatever the connector: can one real row be read, and do the clocks agree?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from connectors.contract import Check, Extract, ExtractRequest
from connectors.errors import ConnectorError

SKEW_S = 60
"""How far two clocks may differ before it is worth a word."""


def one_row(extract: Callable[[ExtractRequest], Extract], request: ExtractRequest) -> Check:
    """Return whether *request* gives its first rows; the rest is left unread."""
    try:
        batches = iter(extract(request))
        first = next(batches, None)
        batches.close()
    except ConnectorError as problem:
        return Check(subject=request.dataset, passed=False, seen=problem.message, mend=problem.mend)
    seen = (
        "readable, without a row"
        if first is None
        else f"one row read, {first.num_columns} column{'s' * (first.num_columns != 1)} fit"
    )
    return Check(subject=request.dataset, passed=True, seen=seen)


def clock(told: datetime | None, *, now: datetime) -> list[Check]:
    """Return how our clock (*now*) stands to the source's (*told*); nothing if it tells none."""
    if told is None:
        return []
    skew_s = round((now - told).total_seconds())
    seen = f"this host's clock is {abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} the source's"
    if abs(skew_s) <= SKEW_S:
        return [Check(subject="clock", passed=True, seen=seen if skew_s else "both clocks agree")]
    return [Check(subject="clock", passed=False, seen=seen, mend="set this host's clock", advice=True)]
