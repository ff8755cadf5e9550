"""The rows that a source is filled with, and what the suite has to know of a source to read them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from connectors.column_type import arrow_schema
from connectors.contract import ExtractRequest
from connectors.registry import model_of

Row = Mapping[str, Any]

COLUMNS = {
    "id": "integer",
    "amount": "decimal(18,2)",
    "paid_on": "date",
    "changed_at": "timestamp",
    "name": "string",
    "is_won": "boolean",
}


def row(id: int, **changes: Any) -> Row:
    """Return one row of the sample; its cursor is a day a row from 2026-01-01T08:00:00Z on."""
    sane = {
        "id": id,
        "amount": Decimal(id) * Decimal("10.25"),
        "paid_on": date(2026, 3, id),
        "changed_at": datetime(2026, 1, id, 8, tzinfo=UTC),
        "name": f"customer {id}",
        "is_won": id % 2 == 0,
    }
    return {**sane, **changes}


TIED_AT = datetime(2026, 1, 9, 8, 30, 15, tzinfo=UTC)
SAMPLE: tuple[Row, ...] = (
    row(1),
    row(2, amount=None, paid_on=None, name=None, is_won=None),
    row(3, amount=Decimal("-1234567.89"), name='Ünïcode ☃, "quoted"\nand broken', paid_on=date(2024, 2, 29)),
    row(4, amount=Decimal("0.00"), name="= 1 + 1"),
    row(5, changed_at=TIED_AT),
    row(6, changed_at=TIED_AT),
)
"""Nulls, signs, texts that formats stumble over, and two rows that share the highest cursor."""


class Feed(Protocol):
    """
    A source of one kind, as the suite needs it: a real file, or a server on the loopback.

    *connection* is what a user writes under `connection:`, *base* the project's folder. A feed with
    passwords or tokens may list them as *secrets*: nothing that the connector says may hold one.
    """

    kind: str
    connection: Mapping[str, object]
    base: Path

    def fill(self, rows: Sequence[Row]) -> None:
        """Make the source hold exactly *rows*, in order of id."""

    def dataset(self) -> Mapping[str, object]:
        """Return what a user writes to read them: the keys of the Dataset model."""


def request(feed: Feed, **changes: Any) -> ExtractRequest:
    """Return a full read of the feed's rows, with *changes*."""
    made = ExtractRequest(
        dataset="sample",
        columns=COLUMNS,
        options=model_of(feed.kind)[1].model_validate(dict(feed.dataset())),
        key=("id",),
        cursor="changed_at",
        zone="UTC",
    )
    return replace(made, **changes)


def as_table(rows: Sequence[Row]) -> pa.Table:
    """Return *rows* as an Arrow table whose types are a little wider than the declared ones."""
    schema = arrow_schema({**COLUMNS, "amount": "decimal(30,6)"})
    return pa.Table.from_pylist([dict(found) for found in rows], schema=schema)
