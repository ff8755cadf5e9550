"""Whether the day's allowance bears one more read."""

from __future__ import annotations

from decimal import Decimal

from connectors.errors import QuotaExhausted
from connectors.salesforce import bulk_lane, rest_lane
from connectors.salesforce.api import Usage
from connectors.salesforce.plan import Plan

_JOB_CALLS = 12
"""What a Bulk job costs beside its pages: being made, and looked at."""


def calls(rows: int, plan: Plan, *, in_bulk: bool) -> int:
    """Return how many requests reading so many rows of *plan* takes, about."""
    if in_bulk:
        return _JOB_CALLS + -(-rows // bulk_lane.page_rows(plan))
    return max(1, -(-rows // rest_lane.PAGE_ROWS))


def refuse_costly(expected: int, usage: Usage | None, *, share: Decimal, object: str) -> None:
    """Raise QuotaExhausted if *expected* requests are more than *share* of those that are left."""
    if usage is None:
        return
    left = max(0, usage.most - usage.used)
    if expected > share * left:
        raise QuotaExhausted(
            f"{object}: reading takes about {expected} requests, {left} of the day's {usage.most} are left, "
            f"of which one read may take {(share * 100).normalize():f} %",
            mend="wait until tomorrow, narrow `where`, or raise `share` at the connection",
        )
