"""
The conformance suite: what every connector does alike, whatever it reads.

Subclass `ConnectorConformance` in a test module and give it a fixture `feed`, a source of the
connector's kind that holds whatever rows it is filled with.
"""

# ruff: noqa: S101 - these are tests
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa
import pytest
from pydantic import BaseModel, ValidationError

from connectors.canonical import CanonicalHash
from connectors.column_type import arrow_schema
from connectors.contract import BATCH_ROWS, Connector, ExtractRequest, Receipt
from connectors.errors import BadValue, ConnectorError, SchemaChanged
from connectors.registry import connect, model_of

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
    """A source of one kind, as the suite needs it. *base* is its project folder."""

    kind: str
    connection: Mapping[str, object]
    base: Any

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


class ConnectorConformance:
    """The checks. Each starts from a feed that its subclass builds."""

    @pytest.fixture
    def connector(self, feed: Feed) -> Connector:
        """A connector to the feed, filled with the sample."""
        feed.fill(SAMPLE)
        return connect(feed.kind, feed.connection, base=feed.base)

    def test_unknown_settings_are_refused(self, feed: Feed) -> None:
        """Both models refuse a key that they do not know."""
        for model, written in zip(model_of(feed.kind), (feed.connection, feed.dataset()), strict=True):
            with pytest.raises(ValidationError):
                model.model_validate({**written, "no_such_key": 1})

    def test_settings_are_described(self, feed: Feed) -> None:
        """Every key a user may write carries a description for the schema and the docs."""
        assert [key for model in model_of(feed.kind) for key in _undescribed(model)] == []

    def test_rows_arrive_exactly(self, feed: Feed, connector: Connector) -> None:
        """Every value arrives as it was written: numbers exact, nulls null, texts whole."""
        assert list(SAMPLE) == _rows(connector, request(feed))

    def test_schema_is_declared(self, feed: Feed, connector: Connector) -> None:
        """The schema is known before the first batch, is the declared one, and every batch has it."""
        extract = connector.extract(request(feed))
        assert arrow_schema(COLUMNS) == extract.schema
        assert {True} == {batch.schema.equals(extract.schema) for batch in extract}

    def test_batches_are_bounded(self, feed: Feed, connector: Connector) -> None:
        """A batch is never empty and never larger than 65,536 rows."""
        sizes = [batch.num_rows for batch in connector.extract(request(feed))]
        assert all(1 <= size <= BATCH_ROWS for size in sizes)

    def test_no_receipt_before_the_end(self, feed: Feed, connector: Connector) -> None:
        """An extract that was not read to its end has no receipt."""
        with pytest.raises(RuntimeError):
            connector.extract(request(feed)).receipt()

    def test_receipt_agrees_with_the_rows(self, feed: Feed, connector: Connector) -> None:
        """The receipt's count, bytes and content hash are those of the batches it came with."""
        extract = connector.extract(request(feed))
        counted = CanonicalHash(extract.schema)
        for batch in extract:
            counted.update(batch)
        receipt = extract.receipt()
        told = (receipt.rows, receipt.bytes, receipt.content_hash)
        assert (counted.rows, counted.bytes, counted.hexdigest()) == told

    def test_same_content_has_the_same_hash(self, feed: Feed, connector: Connector) -> None:
        """Two reads of an unchanged source have one content hash."""
        first, second = (_receipt(connector, request(feed)) for _ in range(2))
        assert first.content_hash == second.content_hash

    def test_a_changed_cell_changes_the_hash(self, feed: Feed, connector: Connector) -> None:
        """One cent more, and the content hash is another."""
        before = _receipt(connector, request(feed))
        feed.fill([*SAMPLE[:-1], {**SAMPLE[-1], "amount": Decimal("61.51")}])
        assert before.content_hash != _receipt(connector, request(feed)).content_hash

    def test_highest_cursor_is_canonical_text(self, feed: Feed, connector: Connector) -> None:
        """The receipt carries the highest cursor as ISO 8601 in UTC."""
        assert _receipt(connector, request(feed)).cursor_to == "2026-01-09T08:30:15Z"

    def test_window_is_closed_then_open(self, feed: Feed, connector: Connector) -> None:
        """A window takes the rows at its start and not those at its end."""
        window = request(feed, mode="backfill", since="2026-01-02T08:00:00Z", until="2026-01-04T08:00:00Z")
        assert [found["id"] for found in _rows(connector, window)] == [2, 3]

    def test_ties_on_the_cursor_are_kept(self, feed: Feed, connector: Connector) -> None:
        """Reading on from the highest cursor gives every row that shares it."""
        window = request(feed, mode="incremental", since="2026-01-09T08:30:15Z")
        assert [found["id"] for found in _rows(connector, window)] == [5, 6]

    def test_two_halves_are_the_whole(self, feed: Feed, connector: Connector) -> None:
        """A read cut in two at any cursor value gives every row once."""
        for cut in ("2026-01-01T08:00:00Z", "2026-01-03T08:00:00Z", "2026-01-09T08:30:15Z"):
            halves = _rows(connector, request(feed, until=cut)) + _rows(connector, request(feed, since=cut))
            assert list(SAMPLE) == halves

    def test_no_rows_is_no_failure(self, feed: Feed, connector: Connector) -> None:
        """A source without a row gives an empty extract with a receipt."""
        feed.fill([])
        extract = connector.extract(request(feed))
        assert list(extract) == []
        assert (extract.receipt().rows, extract.receipt().cursor_to) == (0, None)

    def test_missing_column_names_the_nearest(self, feed: Feed, connector: Connector) -> None:
        """A declared column that is not there is a changed schema that names the likeliest one."""
        misspelt = request(feed, columns={**COLUMNS, "amuont": "decimal(18,2)"})
        with pytest.raises(SchemaChanged) as caught:
            _rows(connector, misspelt)
        assert (caught.value.column, caught.value.nearest) == ("amuont", "amount")

    def test_unfit_cell_refuses_the_dataset(self, feed: Feed, connector: Connector) -> None:
        """A value with too many decimals is not rounded; the error has its place, not the value."""
        feed.fill([row(1), row(2, amount=Decimal("7.555"))])
        with pytest.raises(BadValue) as caught:
            _rows(connector, request(feed))
        assert caught.value.place
        assert "more than 2 decimals" in str(caught.value)
        assert "7.555" not in str(caught.value)

    def test_rejects_within_the_limit_are_left_out(self, feed: Feed, connector: Connector) -> None:
        """Rows that do not fit are counted and placed in the receipt; the others arrive."""
        feed.fill([row(1), row(2, amount=Decimal("7.555")), row(3)])
        extract = connector.extract(request(feed, reject_limit=1))
        ids = [found["id"] for batch in extract for found in batch.to_pylist()]
        receipt = extract.receipt()
        assert (ids, receipt.reject_count) == ([1, 3], 1)
        assert [reject.column for reject in receipt.rejects] == ["amount"]

    def test_abandoned_extract_leaves_nothing_open(self, feed: Feed, connector: Connector) -> None:
        """An extract left after its first batch neither has a receipt nor blocks the next read."""
        extract = connector.extract(request(feed))
        batches = iter(extract)
        next(batches)
        batches.close()
        feed.fill(SAMPLE[:1])
        assert len(_rows(connector, request(feed))) == 1

    def test_doctor_reads_a_row(self, feed: Feed, connector: Connector) -> None:
        """`check` reads one real row of every dataset, and says what to mend where it cannot."""
        broken = request(feed, dataset="broken", columns={"nowhere": "string"})
        found = {check.subject: check for check in connector.check((request(feed), broken))}
        assert (found["sample"].passed, found["broken"].passed) == (True, False)
        assert found["broken"].mend

    def test_discovery_offers_the_columns(self, feed: Feed, connector: Connector) -> None:
        """`discover` lists a table that has every column of the sample."""
        assert any(COLUMNS.keys() <= table.columns.keys() for table in connector.discover())

    def test_unknown_cursor_is_refused(self, feed: Feed, connector: Connector) -> None:
        """A cursor that has no order is refused before anything is read."""
        with pytest.raises(ConnectorError):
            _rows(connector, request(feed, cursor="name", since="a"))


def _rows(connector: Connector, wanted: ExtractRequest) -> list[Row]:
    extract = connector.extract(wanted)
    return [found for batch in extract for found in batch.to_pylist()]


def _receipt(connector: Connector, wanted: ExtractRequest) -> Receipt:
    extract = connector.extract(wanted)
    for _ in extract:
        pass
    return extract.receipt()


def _undescribed(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if not field.description]


def as_table(rows: Sequence[Row]) -> pa.Table:
    """Return *rows* as an Arrow table whose types are a little wider than the declared ones."""
    schema = arrow_schema({**COLUMNS, "amount": "decimal(30,6)"})
    return pa.Table.from_pylist([dict(found) for found in rows], schema=schema)
