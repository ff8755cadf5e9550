"""A connector's receipt as a body of the ledger, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from connectors.contract import Receipt, Reject
from okr_pipeline.ledger.instant import instant_from, instant_text


def receipt_body(receipt: Receipt) -> dict[str, object]:
    """Return *receipt* as a body: tuples as lists, the server's time as text."""
    plain = replace(
        receipt,
        source_schema=dict(receipt.source_schema),
        libraries=dict(receipt.libraries),
        whole=dict(receipt.whole),
    )
    server_time_at = receipt.server_time_at
    return asdict(plain) | {
        "request_ids": list(receipt.request_ids),
        "server_time_at": instant_text(server_time_at) if server_time_at else None,
        "warnings": list(receipt.warnings),
        "rejects": [asdict(reject) for reject in receipt.rejects],
    }


def receipt_from(body: Mapping[str, Any]) -> Receipt:
    """Return the receipt that *body* (as `receipt_body` gives it) stands for."""
    server_time_at = body["server_time_at"]
    read = {
        "request_ids": tuple(body["request_ids"]),
        "server_time_at": instant_from(server_time_at) if server_time_at else None,
        "warnings": tuple(body["warnings"]),
        "rejects": tuple(Reject(**reject) for reject in body["rejects"]),
    }
    return Receipt(**{**body, **read})
