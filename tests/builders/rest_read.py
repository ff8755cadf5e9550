"""One read of `items` from a server that answers as a test wants it, and ten rows to answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fake_http import FakeServer, Reply, Request, reply_json

from connectors.contract import ExtractRequest, Receipt
from connectors.rest.connector import RestConnector
from connectors.rest.options import RestConnection, RestDataset
from connectors.transport.policy import Timing

ROWS = [{"id": n, "at": f"2026-10-{n + 1:02}T08:00:00Z"} for n in range(10)]
Answer = Callable[[Request], Reply | None]
BY_OFFSET: Mapping[str, object] = {"rows": "r", "pages": {"by": "offset", "param": "skip"}}
BY_LINK: Mapping[str, object] = {"pages": {"by": "header_link"}}


def read(answer: Answer, options: Mapping[str, object], **changes: Any) -> tuple[Receipt, list[Any]]:
    """Read `items` of a server that answers so, and return the receipt and the ids in order."""
    wanted = ExtractRequest(
        dataset="api.items",
        columns={"id": "integer", "at": "timestamp"},
        options=RestDataset.model_validate({"path": "items", **options}),
        key=("id",),
        cursor="at",
    )
    with FakeServer(answer) as server:
        connection = {"base_url": server.url, "allow_addresses": ["127.0.0.1"]}
        made = RestConnector(
            RestConnection.model_validate(connection), base=Path(), timing=Timing(sleep=lambda seconds: None)
        )
        try:
            extract = made.extract(replace(wanted, **changes))
            ids = [row["id"] for batch in extract for row in batch.to_pylist()]
        finally:
            made.close()
    return extract.receipt(), ids


def page(rows: Sequence[Any], asked: Request, *, size: int = 3, **told: Any) -> Reply:
    """Return the page of *rows* that *asked* skips to."""
    start = int(asked.query.get("skip", 0))
    return reply_json({"r": list(rows[start : start + size]), **told})
