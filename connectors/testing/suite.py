"""The checks that every connector passes, whatever it reads."""

# ruff: noqa: S101 - these are tests
from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

from connectors.canonical import CanonicalHash
from connectors.column_type import arrow_schema, declared_types
from connectors.contract import BATCH_ROWS, Connector, Describing, ExtractRequest, Receipt
from connectors.errors import BadValue, ConnectorError, SchemaChanged
from connectors.registry import GROUP, connect, kinds, model_of
from connectors.testing.sample import COLUMNS, SAMPLE, Feed, Row, request, row


class ConnectorConformance:
    """The checks. Each starts from a feed that its subclass builds."""

    @pytest.fixture
    def feed(self) -> Feed:
        """The source under test: each subclass brings its own."""
        pytest.fail("give this class a fixture `feed` that returns your connectors.testing.Feed")

    @pytest.fixture
    def connector(self, feed: Feed) -> Connector:
        """A connector to the feed, filled with the sample."""
        feed.fill(SAMPLE)
        return connect(feed.kind, feed.connection, base=feed.base)

    def test_kind_is_known(self, feed: Feed) -> None:
        """`connector:` may name the kind: it is built in, or an entry point of an installed package."""
        assert feed.kind in kinds(), f"no installed package has `{feed.kind}` in the entry points {GROUP}"
        made = connect(feed.kind, feed.connection, base=feed.base)
        assert made.kind == feed.kind, "`kind` of the class differs from the name of its entry point"

    def test_unknown_settings_are_refused(self, feed: Feed) -> None:
        """Both models refuse a key that they do not know."""
        for model, written in zip(model_of(feed.kind), (feed.connection, feed.dataset()), strict=True):
            assert model.model_config.get("extra") == "forbid", f"{model.__name__} takes any key"
            with pytest.raises(ValidationError):
                model.model_validate({**written, "no_such_key": 1})

    def test_settings_are_described(self, feed: Feed) -> None:
        """Every key a user may write carries a description for the schema and the docs."""
        bare = [f"{model.__name__}.{key}" for model in model_of(feed.kind) for key in _undescribed(model)]
        assert bare == [], "give these keys a Field(description=...)"

    def test_rows_arrive_exactly(self, feed: Feed, connector: Connector) -> None:
        """Every value arrives as it was written: numbers exact, nulls null, texts whole."""
        _require_rows(SAMPLE, _rows(connector, request(feed)))

    def test_schema_is_declared(self, feed: Feed, connector: Connector) -> None:
        """The schema is known before the first batch, is the declared one, and every batch has it."""
        extract = connector.extract(request(feed))
        assert arrow_schema(COLUMNS) == extract.schema
        assert {True} == {batch.schema.equals(extract.schema) for batch in extract}

    def test_batches_are_bounded(self, feed: Feed, connector: Connector) -> None:
        """A batch is never empty and never larger than 65,536 rows."""
        sizes = [batch.num_rows for batch in connector.extract(request(feed))]
        assert all(1 <= size <= BATCH_ROWS for size in sizes), f"batches of {sorted(set(sizes))} rows"

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
        assert first.content_hash == second.content_hash, "order the rows by cursor and key"

    def test_a_changed_cell_changes_the_hash(self, feed: Feed, connector: Connector) -> None:
        """One cent more, and the content hash is another."""
        before = _receipt(connector, request(feed))
        feed.fill([*SAMPLE[:-1], {**SAMPLE[-1], "amount": Decimal("61.51")}])
        after = _receipt(connector, request(feed))
        assert before.content_hash != after.content_hash, "the connector remembers rows between two reads"

    def test_highest_cursor_is_canonical_text(self, feed: Feed, connector: Connector) -> None:
        """The receipt carries the highest cursor as ISO 8601 in UTC."""
        assert _receipt(connector, request(feed)).cursor_to == "2026-01-09T08:30:15Z"

    def test_window_is_closed_then_open(self, feed: Feed, connector: Connector) -> None:
        """A window takes the rows at its start and not those at its end."""
        window = request(feed, mode="backfill", since="2026-01-02T08:00:00Z", until="2026-01-04T08:00:00Z")
        found = [found["id"] for found in _rows(connector, window)]
        assert found == [2, 3], "pass your batches through connectors.window.within"

    def test_ties_on_the_cursor_are_kept(self, feed: Feed, connector: Connector) -> None:
        """Reading on from the highest cursor gives every row that shares it."""
        window = request(feed, mode="incremental", since="2026-01-09T08:30:15Z")
        assert [found["id"] for found in _rows(connector, window)] == [5, 6]

    def test_two_halves_are_the_whole(self, feed: Feed, connector: Connector) -> None:
        """A read cut in two at any cursor value gives every row once."""
        for cut in ("2026-01-01T08:00:00Z", "2026-01-03T08:00:00Z", "2026-01-09T08:30:15Z"):
            halves = _rows(connector, request(feed, until=cut)) + _rows(connector, request(feed, since=cut))
            _require_rows(SAMPLE, halves)

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
        assert caught.value.place, "say where the value stands, so that a person finds it"
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

    def test_what_discovery_offers_can_be_declared(self, feed: Feed, connector: Connector) -> None:
        """The options of a discovered table fit the Dataset model, and its suggested types are ours."""
        tables = connector.discover()
        if isinstance(connector, Describing):
            described = [connector.describe(table.name) for table in tables]
            assert None not in described, "`describe` knows every table that `discover` names"
            tables = [table for table in described if table is not None]
        for table in tables:
            model_of(feed.kind)[1].model_validate(dict(table.options))
            declared_types(table.declared)
            assert table.columns.keys() >= {*table.cursors, *table.calculated, *table.key, *table.declared}
        assert any(table.options for table in tables), "say in Table.options how a dataset reads the table"

    def test_unknown_cursor_is_refused(self, feed: Feed, connector: Connector) -> None:
        """A cursor that has no order is refused before anything is read."""
        with pytest.raises(ConnectorError):
            _rows(connector, request(feed, cursor="name", since="a"))

    def test_an_incomplete_connection_is_a_setup_error(self, feed: Feed) -> None:
        """Settings that the model refuses are told by key; nothing of their values is repeated."""
        with pytest.raises(ConnectorError) as caught:
            connect(feed.kind, {**feed.connection, "no_such_key": "canary-7f3a"}, base=feed.base)
        assert "no_such_key" in str(caught.value)
        assert "canary-7f3a" not in str(caught.value)

    def test_nothing_secret_is_told(self, feed: Feed, connector: Connector) -> None:
        """No secret of the connection is in the receipt, in what doctor says, or in the connector's repr."""
        secrets: Sequence[str] = getattr(feed, "secrets", ())
        told = [connector, _receipt(connector, request(feed)), *connector.check((request(feed),))]
        shown = "".join(map(repr, told))
        assert [n for n, secret in enumerate(secrets) if secret in shown] == [], "a secret is shown"

    def test_close_may_be_called_twice(self, feed: Feed, connector: Connector) -> None:
        """Closing after a read, and again, raises nothing."""
        _rows(connector, request(feed))
        connector.close()
        connector.close()


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


def _require_rows(expected: Sequence[Row], found: Sequence[Row]) -> None:
    """Fail with the first cell that differs; what is compared is the suite's own sample."""
    assert [r["id"] for r in found] == [r["id"] for r in expected], "the rows that came, by id, in order"
    for want, got in zip(expected, found, strict=True):
        for name, value in want.items():
            assert got[name] == value, f"row {want['id']}, column {name} ({COLUMNS[name]})"
