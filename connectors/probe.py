"""What `okr doctor` asks of every dataset, whatever its connector: can one real row be read?"""

from __future__ import annotations

from collections.abc import Callable

from connectors.contract import Check, Extract, ExtractRequest
from connectors.errors import ConnectorError


def one_row(extract: Callable[[ExtractRequest], Extract], request: ExtractRequest) -> Check:
    """Return whether *request* gives its first rows; the rest is left unread."""
    try:
        batches = iter(extract(request))
        first = next(batches, None)
        batches.close()
    except ConnectorError as problem:
        return Check(subject=request.dataset, passed=False, seen=problem.message, mend=problem.mend)
    seen = "readable, without a row" if first is None else f"one row read, {first.num_columns} columns fit"
    return Check(subject=request.dataset, passed=True, seen=seen)
