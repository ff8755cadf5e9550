"""Extracts for tests: a table of deals, read as a connector reads."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
from pydantic import BaseModel

from connectors.contract import Extract, ExtractRequest
from connectors.errors import Incomplete

MONDAY = datetime(2026, 10, 5, 7, tzinfo=UTC)
SCHEMA = pa.schema([
    ("id", pa.string()),
    ("amount", pa.decimal128(18, 2)),
    ("won", pa.bool_()),
    ("closed_on", pa.date32()),
    ("changed_at", pa.timestamp("us", "UTC")),
    ("seats", pa.int64()),
])  # fmt: skip


class Nothing(BaseModel):
    """The options of a dataset that needs none."""


def deals(count: int) -> pa.Table:
    """Return *count* deals; every third amount and every seventh day is null."""
    rows = [
        {
            "id": f"deal-{n}-é",
            "amount": None if n % 3 == 0 else Decimal(n) + Decimal("0.25"),
            "won": n % 2 == 0,
            "closed_on": None if n % 7 == 0 else date(2026, 10, 1 + n % 30),
            "changed_at": MONDAY,
            "seats": n,
        }
        for n in range(count)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def extract_of(table: pa.Table, *, batch_rows: int = 65_536, fails: bool = False) -> Extract:
    """Return an extract that gives *table* in batches of *batch_rows*, and then breaks off if it *fails*."""
    request = ExtractRequest(dataset="crm.deals", columns={}, options=Nothing())

    def batches() -> Generator[pa.RecordBatch]:
        yield from table.to_batches(max_chunksize=batch_rows)
        if fails:
            raise Incomplete("crm.deals: 3 of 4 rows came", mend="run again")

    return Extract(request, table.schema, batches(), lambda: {"complete": "yes", "origin": "deals.csv"})
