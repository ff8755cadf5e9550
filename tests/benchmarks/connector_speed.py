"""
How fast each connector reads from a server on this machine, and what it costs in memory.

    python tests/benchmarks/connector_speed.py [PART ...] [--rows N]

Each part runs in a process of its own, for the peak of memory is a process's, with a server in another one.
It prints rows a second, that peak above what was used before the first row, and requests, and fails if
it misses a bound. A part is one function in PARTS from a number of rows to what it measured, and its bounds.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/builders")]

PAGE = 1_000
MOST_MB = 100


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


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Rows a second at least, and requests at most: *fixed*, and one for *a_request* rows. None: no bound."""

    rate: int = 0
    a_request: int | None = None
    fixed: int | None = None

    def missed(self, found: Measured) -> list[str]:
        """Return each bound that *found* misses, and by what."""
        missed = [f"{found.peak_mb:.0f} MB of {MOST_MB}"] if found.peak_mb > MOST_MB else []
        if found.rows / found.seconds < self.rate:
            missed.append(f"{found.rows / found.seconds:,.0f} rows/s of {self.rate:,}")
        if self.fixed is not None:
            most = self.fixed + (-(-found.rows // self.a_request) if self.a_request else 0)
            missed += [f"{found.requests:,} requests of {most:,}"] if found.requests > most else []
        return missed


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
    return Measured(rows=receipt.rows, seconds=seconds, peak_mb=peak_kb / 1024, requests=receipt.requests)


@contextmanager
def server(serve: Callable[..., None], *arguments: object) -> Iterator[Any]:
    """Run *serve* with a pipe and *arguments* in another process; it sends its address, serves until told."""
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


class Plan:
    """A header and *rows* of numbers, days, instants, texts and check boxes, made when they are asked for."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return self.rows + 1

    def __getitem__(self, wanted: slice) -> Iterator[tuple[Any, ...]]:
        return map(self.row, range(*wanted.indices(len(self))))

    def row(self, number: int) -> tuple[Any, ...]:
        """Return one row, the header first."""
        if number == 0:
            return tuple(PLAN)
        instant = Decimal("46000.354340277778")
        day = 46000 + number % 300
        return number, Decimal(number) / 100, day, instant, f"customer {number}", number % 2 == 0


PLAN = {
    "id": "integer",
    "amount": "decimal(18,2)",
    "paid_on": "date",
    "changed_at": "timestamp",
    "name": "string",
    "is_won": "boolean",
}


def serve_sheets(pipe: Any, rows: int, folder: str) -> None:
    """Serve a spreadsheet with a plan of that many rows; a row is made as it is sent."""
    from fake_google import FakeGoogle
    from fake_sheet import Book, Tab

    with FakeGoogle(Path(folder)) as google:
        account = google.service_account()
        tab = Tab("Plan", 187, Plan(rows), grid=(rows + 1, 26))  # type: ignore[arg-type]
        google.add(Book("1bench-spreadsheet", "Bench", [tab], readers={google.email}))
        pipe.send((google.network, account))
        pipe.recv()


def sheets(rows: int) -> Measured:
    """Six columns of unformatted values with a key, by one values:batchGet."""
    import gspread  # noqa: F401  imported on use, and before the first row counts
    import pyarrow.compute  # noqa: F401

    from connectors.contract import ExtractRequest
    from connectors.registry import connect

    with tempfile.TemporaryDirectory() as folder, server(serve_sheets, rows, folder) as (network, account):
        made = connect("google_sheets", {**network, "service_account": account}, base=Path(folder))
        options = type(made).Dataset.model_validate({"spreadsheet": "1bench-spreadsheet", "tab": "Plan"})
        request = ExtractRequest(dataset="plan", columns=PLAN, options=options, key=("id",))
        try:
            return measured(made, request, checked=False)
        finally:
            made.close()


PARTS: dict[str, tuple[Callable[[int], Measured], Bounds]] = {
    "rest": (rest, Bounds(rate=15_000, a_request=PAGE, fixed=4)),
    "salesforce_query": (partial(salesforce, read="rest"), Bounds(rate=15_000, a_request=2_000, fixed=4)),
    "salesforce_bulk": (partial(salesforce, read="bulk"), Bounds(rate=30_000, a_request=2_000, fixed=4)),
    # sign in, one look, one values:batchGet
    "sheets": (sheets, Bounds(fixed=3)),
}


def run(parts: Mapping[str, tuple[Callable[[int], Measured], Bounds]], script: str) -> int:
    """Run the parts that the command line names, or all; return 1 if a bound is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--rows", type=int, default=1_000_000)
    wanted = parser.parse_args()
    if len(wanted.parts) == 1:
        read, bounds = parts[wanted.parts[0]]
        found = read(wanted.rows)
        missed = bounds.missed(found)
        told = f"MISSED {', '.join(missed)}" if missed else "within bounds"
        print(f"{found.line(wanted.parts[0])}: {told}", flush=True)
        return int(bool(missed))
    rows = ["--rows", str(wanted.rows)]
    each = [[sys.executable, script, part, *rows] for part in wanted.parts or parts]
    return max(subprocess.run(command, check=False).returncode for command in each)


if __name__ == "__main__":
    sys.exit(run(PARTS, __file__))
