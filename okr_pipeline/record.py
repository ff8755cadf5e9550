"""Observations and snapshots as ledger entries, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from okr_pipeline.ledger.canonical import canonical
from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.instant import instant_from, instant_text
from okr_pipeline.model.observation import Cause, Observation, Part, State, Status

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
        **_said_of_some(observation),
    }


def _said_of_some(observation: Observation) -> dict[str, Any]:
    """Return what only some kinds say: what says nothing of it keeps its hash."""
    said: dict[str, Any] = {}
    if observation.raw_status:
        said["raw_status"] = observation.raw_status.value
    if observation.outside_since:
        said["outside_since"] = observation.outside_since.isoformat()
    if observation.parts:
        said["parts"] = [_part_body(part) for part in observation.parts]
    return said


def _part_body(part: Part) -> dict[str, Any]:
    numbers = {name: decimal_text(getattr(part, name)) for name in ("value", "progress")}
    return {"name": part.name, **numbers, "reason": part.reason}


def _part_from(row: Mapping[str, Any]) -> Part:
    return Part(
        name=row["name"],
        value=_decimal(row["value"]),
        progress=_decimal(row["progress"]),
        reason=row["reason"],
    )


def observation_body(observation: Observation, *, cause: Cause) -> dict[str, Any]:
    """Return *observation* as an entry's body: what it says, and where that comes from."""
    return {
        "says": says(observation),
        "from": {
            "loads": dict(observation.loads),
            "stocks": dict(observation.stocks),
            "config": observation.config,
            "newest_at": instant_text(observation.newest_at) if observation.newest_at else None,
            "read_at": instant_text(observation.read_at) if observation.read_at else None,
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
        read_at=_instant(source.get("read_at")),
        loads=source["loads"],
        stocks=source["stocks"],
        config=source["config"],
        cause=Cause(body["cause"]),
        raw_status=Status(said["raw_status"]) if "raw_status" in said else None,
        outside_since=date.fromisoformat(said["outside_since"]) if "outside_since" in said else None,
        parts=tuple(_part_from(row) for row in said.get("parts", ())),
        **{name: _decimal(said[name]) for name in _NUMBERS},
    )


def digest(body: Mapping[str, object]) -> str:
    """Return the SHA-256 of *body*'s canonical text."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else instant_from(text)
