"""Rows for the progress and roll-up statements, with sane defaults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database

CUT = datetime(2026, 8, 10, 22, tzinfo=UTC)

_NUMBER = pa.decimal128(38, 9)
_OBSERVED = pa.schema({
    "key_result": pa.string(), "cut": pa.timestamp("us", tz="UTC"), "state": pa.string(),
    "reason": pa.string(), "value": _NUMBER, "fresh": pa.bool_(), "stale_reason": pa.string(),
    "elapsed_days": pa.int64(), "started": pa.bool_(),
})  # fmt: skip
_DEFINED = pa.schema({
    "key_result": pa.string(), "kind": pa.string(), "baseline": _NUMBER, "baseline_reason": pa.string(),
    "target_how": pa.string(), "target_amount": _NUMBER, "low": _NUMBER, "high": _NUMBER,
    "low_inclusive": pa.bool_(), "high_inclusive": pa.bool_(), "cycle_days": pa.int64(),
})  # fmt: skip
_PARTS = pa.schema({
    "objective": pa.string(), "how": pa.string(), "progress": _NUMBER, "weight": _NUMBER,
    "status": pa.string(),
})  # fmt: skip


def goal(**more: Any) -> dict[str, Any]:
    """Return the definition of a goal from 0 to 100, or of a band where *more* has `low` or `high`."""
    kind = "keep" if {"low", "high"} & more.keys() else "reach"
    row = {
        "kind": kind,
        "baseline": more.pop("start", "0") if kind == "reach" else None,
        "target_how": "absolute",
        "target_amount": more.pop("to", "100") if kind == "reach" else None,
        "low_inclusive": True,
        "high_inclusive": True,
        "cycle_days": 100,
    }
    return {name: _decimal(value) for name, value in {**row, **more}.items()}


def observed(value: Decimal | str | None, *, after: int = 0, **more: Any) -> dict[str, Any]:
    """Return one fresh measurement of *value*, *after* days after CUT, on day 50."""
    state = "ok" if value is not None else "no_data"
    row = {"state": state, "value": _decimal(value), "fresh": True, "elapsed_days": 50, "started": True}
    return {"cut": CUT + timedelta(days=after), **row, **more}


def progress_of(
    db: Database, defined: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what the statement says of one key result's measurements."""
    found = statements.progress(
        db,
        observed=pa.Table.from_pylist([{"key_result": "o.kr", **row} for row in rows], _OBSERVED),
        defined=pa.Table.from_pylist([{"key_result": "o.kr", **defined}], _DEFINED),
    )
    listed: list[dict[str, Any]] = found.to_pylist()
    return listed


def held(db: Database, defined: dict[str, Any], value: Decimal | str | None, **more: Any) -> dict[str, Any]:
    """Return what the statement says of one measurement."""
    return progress_of(db, defined, [observed(value, **more)])[0]


def rolled_up(db: Database, parts: Sequence[tuple[Any, ...]], *, how: str = "mean") -> dict[str, Any]:
    """Return the roll-up of *parts*: progress, weight and, if given, status."""
    rows = [
        {
            "objective": "o",
            "how": how,
            "progress": _decimal(part[0]),
            "weight": Decimal(part[1]),
            "status": part[2] if len(part) > 2 else "on_track",
        }
        for part in parts
    ]
    found: dict[str, Any] = statements.roll_up(db, pa.Table.from_pylist(rows, _PARTS)).to_pylist()[0]
    return found


def _decimal(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and value.lstrip("-")[:1].isdigit() else value
