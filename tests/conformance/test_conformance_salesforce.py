"""The salesforce connector against the conformance suite: by query pages and by Bulk jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_salesforce import Org, connection, id18, running
from fake_salesforce_sign_in import SECRET
from fake_soql import Field

from connectors.contract import Connector
from connectors.testing import ConnectorConformance, Row

FIELDS = (
    Field(name="Id", type="id"),
    Field(name="Number__c", type="int"),
    Field(name="amount", type="currency", scale=2),
    Field(name="paid_on", type="date"),
    Field(name="changed_at", type="datetime"),
    Field(name="name", type="string"),
    Field(name="is_won", type="boolean"),
)


class SalesforceFeed:
    """An organisation on loopback with one object; ids sort as the rows do."""

    kind = "salesforce"

    def __init__(self, base: Path, org: Org, written: Mapping[str, object], *, read: str) -> None:
        self.base = base
        self.connection = written
        self.secrets = (str(written["consumer_key"]), SECRET)
        self._org = org
        self._read = read

    def dataset(self) -> Mapping[str, object]:
        return {"object": "Deal__c", "fields": {"id": "Number__c"}, "read": self._read}

    def fill(self, rows: Sequence[Row]) -> None:
        self._org.tables.create("Deal__c", FIELDS)
        self._org.tables.insert("Deal__c", map(_record, rows))


def _record(row: Row) -> dict[str, Any]:
    return {**row, "Id": id18("a00", row["id"]), "Number__c": row["id"]}


class _Salesforce(ConnectorConformance):
    read: str

    @pytest.fixture
    def feed(self, tmp_path: Path) -> Iterator[SalesforceFeed]:
        org = Org(page_rows=4, polls=0)
        with running(tmp_path, org) as server:
            yield SalesforceFeed(tmp_path, org, connection(server, org), read=self.read)

    def test_discovery_offers_the_columns(self, feed: SalesforceFeed, connector: Connector) -> None:
        """`discover` lists the object with every field under its own name."""
        offered = {field.name for field in FIELDS}
        assert any(offered == table.columns.keys() for table in connector.discover())


class TestQueryPages(_Salesforce):
    read = "rest"


class TestBulkJobs(_Salesforce):
    read = "bulk"
