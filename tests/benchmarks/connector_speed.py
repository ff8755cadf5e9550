"""
How fast each connector reads from a server on this machine, and what it costs in memory.

    python tests/benchmarks/connector_speed.py [PART ...] [--rows N]

Each part starts its own server in another process and prints rows a second, the peak of memory above
what was used before the first row, and requests. Bounds: under 100 MB above
base, REST at least 15,000 rows a second, Salesforce's Bulk 30,000, and of its query pages one request
for 2,000 rows and at most 4. A part is one function in PARTS from a number of rows to
what it measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/builders")]

PAGE = 1_000


@dataclass(frozen=True, kw_only=True)
class Measured:
    """*seconds* of reading *rows*; *peak_mb* above what was used before."""

    rows: int
    seconds: float
    peak_mb: float
    requests: int

    def line(self, part: str) -> str:
        """Return one line for people and for grep."""
        rate = f"rows_per_s={self.rows / self.seconds:,.0f}"
        return f"{part}: rows={self.rows:,} {rate} peak_mb={self.peak_mb:.0f} requests={self.requests:,}"


def measured(connector: Any, request: Any, *, checked: bool = True) -> Measured:
    """Read *request* to its end; before, have its first row looked at, for what is imported on use."""
    if checked:
        [found] = connector.check((request,))[-1:]
        assert found.passed, found
    gc.collect()
    base_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    made = connector.extract(request)
    for _ in made:
        pass
    seconds = time.perf_counter() - start
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base_kb
    receipt = made.receipt()
    return Measured(
        rows=receipt.rows, seconds=seconds, peak_mb=peak_kb / 1024, requests=receipt.requests
    )


@contextmanager
def server(serve: Callable[..., None], *arguments: object) -> Iterator[Any]:
    """Run *serve(connection, \\*arguments)* in another process; it sends its address and serves until told."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, *arguments))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join(10)


def serve_rest(pipe: Any, rows: int) -> None:
    """Serve *rows* deals in pages of 1,000 by a cursor, each page built before the first call."""
    from fake_http import FakeServer, Reply, Request

    numbers = range(0, rows, PAGE)
    pages = [_page(start, min(start + PAGE, rows), rows) for start in numbers]

    def answer(asked: Request) -> Reply:
        body = pages[int(asked.query.get("after", 0)) // PAGE]
        return Reply(body=body, headers={"Content-Type": "application/json"})

    with FakeServer(answer) as made:
        pipe.send(made.url)
        pipe.recv()


def _page(start: int, stop: int, rows: int) -> bytes:
    items = [
        {
            "id": number,
            "amount": f"{number % 9973}.25",
            "stage": ("won", "lost", "open")[number % 3],
            "is_closed": number % 3 < 2,
            "close_date": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}",
            "updated_at": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T08:00:{number % 60:02}Z",
            "owner": {"email": f"person{number % 50}@fernhill.example"},
        }
        for number in range(start, stop)
    ]
    paging = {"next": stop if stop < rows else None}
    return json.dumps({"results": items, "total": rows, "paging": paging}).encode()


def rest(rows: int) -> Measured:
    """Seven columns by cursor, with key, cursor and total, as from a CRM."""
    from connectors.contract import ExtractRequest
    from connectors.registry import connect

    with server(serve_rest, rows) as url:
        connection = {"base_url": url, "allow_addresses": ["127.0.0.1"]}
        connector = connect("rest", connection, base=ROOT)
        options = {
            "path": "deals",
            "rows": "results",
            "pages": {"by": "json_cursor", "path": "paging.next", "param": "after"},
            "complete": {"total": "total"},
            "fields": {"owner": "owner.email"},
        }
        request = ExtractRequest(
            dataset="deals",
            columns={
                "id": "integer",
                "amount": "decimal(18,2)",
                "stage": "string",
                "is_closed": "boolean",
                "close_date": "date",
                "updated_at": "timestamp",
                "owner": "string",
            },
            options=type(connector).Dataset.model_validate(options),
            key=("id",),
            cursor="updated_at",
        )
        try:
            return measured(connector, request)
        finally:
            connector.close()


def serve_salesforce(pipe: Any, rows: int, folder: str) -> None:
    """Serve an organisation with that many deals; every answer is made as it is asked for."""
    from fake_salesforce import running
    from fake_salesforce_sign_in import SECRET
    from salesforce_deals import organisation

    org = organisation(rows)
    with running(Path(folder), org) as made:
        pipe.send((made.proxy_url, SECRET))
        pipe.recv()


def salesforce(rows: int, *, read: str) -> Measured:
    """Seven columns with ids and stamps: a whole read in order of ids, over TLS."""
    from fake_salesforce_sign_in import KEY

    from connectors.contract import ExtractRequest
    from connectors.registry import connect

    with tempfile.TemporaryDirectory() as folder, server(serve_salesforce, rows, folder) as (proxy, secret):
        connection = {
            "auth": "client_credentials",
            "domain": "acme.my",
            "consumer_key": KEY,
            "consumer_secret": secret,
            "proxy": proxy,
            "ca": "ca.pem",
        }
        first, second = (connect("salesforce", connection, base=Path(folder)) for _ in range(2))
        request = ExtractRequest(
            dataset="deals",
            columns={
                "Id": "string",
                "Name": "string",
                "Amount": "decimal(18,2)",
                "CloseDate": "date",
                "IsWon": "boolean",
                "StageName": "string",
                "SystemModstamp": "timestamp",
            },
            options=type(first).Dataset.model_validate({"object": "Opportunity", "read": read}),
            key=("Id",),
            cursor="SystemModstamp",
        )
        # A window that holds nothing: what is imported on use is there then, and nothing is remembered.
        for _ in first.extract(replace(request, since="2026-11-01T00:00:00Z", until="2026-11-02T00:00:00Z")):
            pass
        first.close()
        try:
            return measured(second, request, checked=False)
        finally:
            second.close()


PARTS: dict[str, Callable[[int], Measured]] = {
    "rest": rest,
    "salesforce_query": partial(salesforce, read="rest"),
    "salesforce_bulk": partial(salesforce, read="bulk"),
}


def main() -> None:
    """Run the named parts, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--rows", type=int, default=1_000_000)
    wanted = parser.parse_args()
    for part in wanted.parts or PARTS:
        print(PARTS[part](wanted.rows).line(part), flush=True)


if __name__ == "__main__":
    main()
