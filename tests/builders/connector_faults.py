"""
What connectors meet, by number, and what must come of it.

A test that strikes one carries the marker `fault(number, ..., on=connector)`; `fault_register.py` counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

# number: the fault, and what must come of it
FAULTS: dict[int, str] = {
    1: "session ended before the read: sign in once, no loop",
    2: "session ended between pages: go on behind the last whole page, same content hash",
    3: "session ends while a job runs: same job, same locator",
    4: "sign-in refused (invalid_grant): told by flow with hints, not tried again",
    5: "token endpoint down: tried again, no wrong credential",
    6: "the other organisation, sandbox for production: found, refused",
    7: "429 with Retry-After: waited as told, or put off until then",
    8: "429 of a minute's quota: one bucket for all reads of a credential",
    9: "REQUEST_LIMIT_EXCEEDED: the source stops at once, others go on",
    10: "503 with a web page: tried again",
    11: "200 with a web page: tried again, never zero rows",
    12: "200 with an empty body: tried again, never zero rows",
    13: "slow first byte, dripping body: cut at a deadline",
    14: "connection reset: tried again",
    15: "body shorter than its length: the same page again",
    16: "body cut without a sign: counted, never a shorter read",
    17: "malformed JSON: tried again, then refused with its place",
    18: "a page twice: noticed, read again",
    19: "rows missing from a page: noticed, read again or refused",
    20: "locator gone: go on behind the last whole page",
    21: "rows change between pages: each once, the newest",
    22: "late commit with an older stamp: the overlap catches it",
    23: "soft delete and undelete: gone and back",
    24: "hard delete, change without a stamp: full read",
    25: "field renamed, dropped, hidden: refused with the nearest name",
    26: "field of another type: refused, no best-effort cast",
    27: "new field, new value: no matter",
    28: "query takes too long: cut in slices, same content hash",
    29: "more than 2,000 groups: refused, not the first 2,000",
    30: "job failed, aborted, stuck: one new job, or query pages",
    31: "job's results gone: a new job for what is left",
    32: "1.0E7, 18-digit ids, line breaks in texts: exact",
    33: "mixed currencies: refused without a rule, told with one",
    34: "our clock is wrong: windows by the server's, told",
    35: "error cell (#REF!): bad value by tab and cell, never 0",
    36: "text where a number is due: bad value, no guess",
    37: "ragged, blank, merged, reordered columns: by header",
    38: "tab renamed or moved: by gid, told",
    39: "not shared: told with whom to share it",
    40: "recalculated, time of change unmoved: the content decides",
    41: "answer to a publication lost after it was done: no second write",
    42: "crash between publication and commit: no second version",
    43: "two runs publish at once: the later as-of wins",
    44: "target protected, read-only, full: told, the sync stands",
    45: "text that starts like a formula: stays text in the sheet",
    46: "connection lost while rows stream: whole read again, nothing half",
    47: "statement time-out: told with elapsed and limit, not tried again",
    48: "a query that writes: refused by parser and by session",
    49: "NaN, infinity, decimals beyond the declared: bad value, no float",
    50: "secrets in errors, logs, receipts: hidden in every form",
    51: "disk full, kill -9: done over, same snapshot, one history",
}


def numbered(cases: Iterable[str], *, on: str) -> list[Any]:
    """Return *cases* as parameters, each marked with the fault whose number its name begins with."""
    return [pytest.param(case, marks=fault_of(case, on=on)) for case in cases]


def fault_of(case: str, *, on: str) -> pytest.MarkDecorator:
    """Return the mark of the number that *case* begins with: 13 of `13-dripping` and of `13 a slow byte`."""
    return pytest.mark.fault(int(case.replace("-", " ").split()[0]), on=on)
