"""The conformance suite over a real HTTP server, and the same rows by every way of paging."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_http import FakeServer, Reply, Request, reply_json

from connectors.contract import Connector
from connectors.registry import connect
from connectors.testing import COLUMNS, SAMPLE, ConnectorConformance, Row, request

PER_PAGE = 2
TYPES = {"integer": "integer", "boolean": "boolean"}


def as_json(value: object) -> str:
    """Return *value* as an API writes it: decimals as numbers with all their digits."""
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else value)


class RestFeed:
    """An API on loopback that gives its rows by offset, and any other way that a test asks for."""

    kind = "rest"

    def __init__(self, base: Path) -> None:
        self.base = base
        self.rows: list[Row] = []
        self.server = FakeServer(self.answer)
        self.connection = {
            "base_url": f"{self.server.url}/v1",
            "allow_addresses": ["127.0.0.1"],
            "auth": {"type": "bearer", "token": "canary-token"},
            "openapi": "openapi.json",
        }

    def fill(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)

    def dataset(self) -> Mapping[str, object]:
        return {
            "path": "offset",
            "rows": "data.items",
            "pages": {"by": "offset", "param": "skip"},
            "page_size": {"param": "limit", "rows": PER_PAGE},
            "since": {"param": "changed_since"},
            "complete": {"total": "total"},
        }

    def answer(self, asked: Request) -> Reply | None:
        if asked.path == "/v1/openapi.json":
            return reply_json(DESCRIPTION)
        if asked.headers.get("Authorization") != "Bearer canary-token":
            return reply_json({}, status=401)
        way = asked.path.removeprefix("/v1/")
        return getattr(self, f"by_{way}")(asked) if hasattr(self, f"by_{way}") else None

    def wanted(self, asked: Request) -> list[Row]:
        since = asked.query.get("changed_since")
        return [r for r in self.rows if since is None or r["changed_at"] >= datetime.fromisoformat(since)]

    def by_offset(self, asked: Request) -> Reply:
        return self.page(asked, int(asked.query["skip"]))

    def by_page_number(self, asked: Request) -> Reply:
        return self.page(asked, (int(asked.query["page"]) - 1) * PER_PAGE)

    def by_header_link(self, asked: Request) -> Reply:
        start = int(asked.query.get("at", 0))
        link = f'</v1/header_link?at={start + PER_PAGE}>; rel="next", </v1/header_link>; rel="first"'
        return self.page(asked, start, Link=link if start + PER_PAGE < len(self.rows) else "")

    def by_json_link(self, asked: Request) -> Reply:
        start = int(asked.query.get("at", 0))
        link = f"{self.server.url}/v1/json_link?at={start + PER_PAGE}"
        return self.page(asked, start, next=link if start + PER_PAGE < len(self.rows) else None)

    def by_json_cursor(self, asked: Request) -> Reply:
        start = int(asked.json().get("page", {}).get("after", 0))
        after = start + PER_PAGE
        return self.page(asked, start, next=str(after) if after < len(self.rows) else None)

    def by_header_cursor(self, asked: Request) -> Reply:
        start = int(asked.query.get("at", 0))
        after = start + PER_PAGE
        return self.page(asked, start, X_Next=str(after) if after < len(self.rows) else "")

    def by_last_id(self, asked: Request) -> Reply:
        last = int(asked.query.get("after", 0))
        start = sum(row["id"] <= last for row in self.rows)
        return self.page(asked, start, more=start + PER_PAGE < len(self.rows))

    def by_single(self, asked: Request) -> Reply:
        return self.page(asked, 0, size=1000)

    def page(self, asked: Request, start: int, *, size: int = PER_PAGE, **told: Any) -> Reply:
        rows = self.wanted(asked)
        items = ",".join(
            "{" + ",".join(f"{json.dumps(name)}:{as_json(value)}" for name, value in row.items()) + "}"
            for row in rows[start : start + size]
        )
        headers = {name.replace("_", "-"): told[name] for name in told if name[0].isupper() and told[name]}
        rest = {name: value for name, value in told.items() if name[0].islower()}
        body = f'{{"data":{{"items":[{items}]}},"total":{len(rows)},"paging":{json.dumps(rest)}}}'
        return Reply(body=body.encode(), headers={"Content-Type": "application/json", **headers})


PAGE = {"$ref": "#/components/schemas/Page"}
DESCRIPTION = {
    "openapi": "3.1.0",
    "paths": {
        "/offset": {
            "get": {
                "responses": {"200": {"content": {"application/json": {"schema": PAGE}}}},
            }
        }
    },
    "components": {
        "schemas": {
            "Page": {"type": "object", "properties": {"items": {"type": "array", "items": {
                "type": "object",
                "properties": {name: {"type": TYPES.get(kind, "string")} for name, kind in COLUMNS.items()},
            }}}},
        }
    },
}  # fmt: skip

WAYS: dict[str, dict[str, object]] = {
    "offset": {"pages": {"by": "offset", "param": "skip"}},
    "page_number": {"pages": {"by": "page_number", "param": "page"}},
    "header_link": {"pages": {"by": "header_link"}},
    "json_link": {"pages": {"by": "json_link", "path": "paging.next"}},
    "json_cursor": {
        "method": "post",
        "pages": {"by": "json_cursor", "path": "paging.next", "body": "page.after"},
    },
    "header_cursor": {"pages": {"by": "header_cursor", "header": "X-Next", "param": "at"}},
    "last_id": {"pages": {"by": "last_id", "param": "after", "more": "paging.more"}},
    "single": {"pages": {"by": "single"}},
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[RestFeed]:
    """An API without rows."""
    made = RestFeed(tmp_path)
    with made.server:
        yield made


class TestRest(ConnectorConformance):
    """The whole suite."""

    @pytest.fixture
    def feed(self, api: RestFeed) -> RestFeed:
        """The API that pages by offset."""
        return api


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
def test_every_way_of_paging_gives_every_row_once(api: RestFeed, way: str, count: int) -> None:
    """No row, one page, full pages and a rest arrive the same by each way of paging."""
    api.fill(SAMPLE[:count])
    connector: Connector = connect("rest", api.connection, base=api.base)
    options = {"path": way, "rows": "data.items", **WAYS[way]}
    wanted = request(api, options=type(connector).Dataset.model_validate(options))
    rows = [found for batch in connector.extract(wanted) for found in batch.to_pylist()]
    connector.close()
    assert list(SAMPLE[:count]) == rows
