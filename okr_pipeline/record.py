"""Observations and snapshots as ledger entries, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from okr_pipeline.ledger.canonical import canonical
from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.instant import instant_from, instant_text
from okr_pipeline.model.observation import Cause, Observation, State, Status

_NUMBERS = ("value", "baseline", "target", "low", "high", "progress", "expected", "gap")


def decimal_text(number: Decimal | None) -> str | None:
    """Return *number* as plain digits without trailing zeros: one text a value."""
    if number is None:
        return None
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def says(observation: Observation) -> dict[str, Any]:
    """Return what *observation* says: two that say the same are the same publication."""
    return {
        **{name: decimal_text(getattr(observation, name)) for name in _NUMBERS},
        "state": observation.state.value,
        "status": observation.status.value,
        "reason": observation.reason,
        "definition": observation.definition,
        "carried_from": instant_text(observation.carried_from) if observation.carried_from else None,
    }


def observation_body(observation: Observation, *, cause: Cause) -> dict[str, Any]:
    """Return *observation* as an entry's body: what it says, and where that comes from."""
    return {
        "says": says(observation),
        "from": {
            "loads": dict(observation.loads),
            "stocks": dict(observation.stocks),
            "config": observation.config,
            "newest_at": instant_text(observation.newest_at) if observation.newest_at else None,
        },
        "cause": cause.value,
    }


def observation_from(entry: Entry) -> Observation:
    """Return the observation that *entry* records."""
    body: Mapping[str, Any] = entry.body
    said, source = body["says"], body["from"]
    assert entry.valid_at is not None  # noqa: S101
    return Observation(
        key_result=entry.subject,
        as_of=entry.valid_at,
        state=State(said["state"]),
        status=Status(said["status"]),
        reason=said["reason"],
        definition=said["definition"],
        carried_from=_instant(said["carried_from"]),
        newest_at=_instant(source["newest_at"]),
        loads=source["loads"],
        stocks=source["stocks"],
        config=source["config"],
        cause=Cause(body["cause"]),
        **{name: _decimal(said[name]) for name in _NUMBERS},
    )


def digest(body: Mapping[str, object]) -> str:
    """Return the SHA-256 of *body*'s canonical text."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else instant_from(text)
