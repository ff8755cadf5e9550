"""Trino as a source: its own client, over real sockets, against a server that speaks its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fake_http import FakeServer, html, reset, status
from fake_trino import FakeTrino

from connectors.contract import Extract, ExtractRequest
from connectors.errors import Interrupted, SchemaChanged, SetupError, Transient
from connectors.registry import connect, model_of

pytest.importorskip("trino", reason="trino is not installed: Trino was NOT tried")
COLUMNS = {"id": "integer", "total": "decimal(18,2)", "share": "string", "placed_at": "timestamp"}
TABLE = (
    "CREATE TABLE orders AS SELECT n AS id, CAST(n + 0.01 AS decimal(18,2)) AS total, '5%' AS share, "
    "timestamptz '2026-01-01 00:00Z' + n * interval '1 day' AS placed_at FROM range(1, 8) AS r(n)"
)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A coordinator with seven orders, one a day."""
    with duckdb.connect() as database:
        database.execute(TABLE)
        with FakeServer(FakeTrino(database)) as running:
            yield running


def extract(server: FakeServer, *, url: str = "", **changes: Any) -> Extract:
    options = {name: changes.pop(name) for name in ("query", "table") if name in changes}
    made = model_of("sql")[1].model_validate(options or {"table": "orders"})
    columns = changes.pop("columns", COLUMNS)
    request = ExtractRequest(dataset="d", columns=columns, options=made, key=("id",), **changes)
    address = server.url.replace("http://", "trino://reader@") + "/memory/main"
    return connect("sql", {"url": url or address}, base=Path()).extract(request)


def rows(read: Extract) -> list[dict[str, Any]]:
    return [row for batch in read for row in batch.to_pylist()]


def test_trino_is_read_page_by_page_and_only_read(server: FakeServer) -> None:
    """A window of a query, closed and open, in order, exact; signs of any paramstyle arrive as written."""
    query = "SELECT *, '10:30 ?' AS x FROM orders WHERE share = '5%' AND id % 2 < 2"
    read = extract(
        server, query=query, cursor="placed_at", since="2026-01-03T00:00:00Z", until="2026-01-07T00:00:00Z"
    )
    found = rows(read)
    assert [2, 3, 4, 5] == [row["id"] for row in found]
    assert (Decimal("2.01"), datetime(2026, 1, 3, tzinfo=UTC)) == (found[0]["total"], found[0]["placed_at"])
    assert any("trino: read only" in warning for warning in read.receipt().warnings)
    assert {"query_max_run_time=120s"} == {request.headers["X-Trino-Session"] for request in server.requests}
    sent = [request.body.decode() for request in server.requests if request.method == "POST"]
    assert [] == [one for one in sent if not one.removeprefix("EXECUTE IMMEDIATE '").startswith("SELECT")]


def test_what_goes_wrong_with_trino_is_told(server: FakeServer) -> None:
    """A login refused, a page of somebody else, a server that is off, a name that is gone, a lost page."""
    server.inject(status(401), path="/v1/statement")
    with pytest.raises(SetupError, match="refuses the login"):
        rows(extract(server))
    server.inject(html(), path="/v1/statement")
    with pytest.raises(SetupError, match="cannot be connected to"):
        rows(extract(server))
    with pytest.raises(Transient, match="does not answer"):
        rows(extract(server, url="trino://reader@127.0.0.1:1/memory/main"))
    with pytest.raises(Transient, match="does not answer"):  # by https alone, whatever the port
        rows(extract(server, url=server.url.replace("http://", "trino://reader:pass@") + "/memory/main"))
    assert [] == [request.path for request in server.requests if "Authorization" in request.headers]
    with pytest.raises(SchemaChanged, match="no table order;") as gone:
        rows(extract(server, table="order"))
    assert "orders" == gone.value.nearest
    server.inject(reset(), path="*/1", times=9)
    with pytest.raises(Interrupted, match="connection was lost"):
        rows(extract(server))
