"""A read that breaks off is begun anew, whole; and no stamp in the future hides what comes before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from project_builder import NOON, ProjectFolder, day, reach

from okr_pipeline.sync import Synced

pytestmark = pytest.mark.postgres

ROWS = 60_000
ENDED = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
READING = "AND pid <> pg_backend_pid() AND query LIKE 'FETCH%'"


@pytest.fixture
def project(tmp_path: Path, postgres_url: str) -> ProjectFolder:
    """A project that sums a table of 60,000 rows, read by rows."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            f"CREATE TABLE deals AS SELECT n::text AS id, 0.01 AS amount, repeat('x', 300) AS note, "
            f"now() - interval '1 day' AS changed_at FROM generate_series(1, {ROWS}) AS n"
        )
    made = ProjectFolder(tmp_path)
    made.sources["crm"] = {
        "connector": "sql",
        "connection": {"url": "env:DB"},
        "datasets": {
            "deals": {
                "table": "deals",
                "columns": {
                    "id": "string",
                    "amount": "decimal(18,2)",
                    "note": "string",
                    "changed_at": "timestamp",
                },
                "key": ["id"],
                "cursor": "changed_at",
            }
        },
    }
    made.metrics = {"crm": {"total": {"dataset": "crm.deals", "value": "sum(amount)"}}}
    made.key_results = {"total": reach("crm.total")}
    return made


def sync(project: ProjectFolder, url: str, at: datetime = NOON) -> Synced:
    return project.sync_at(at, environ={"DB": url.replace("postgresql://", "postgresql+psycopg://")})


@contextmanager
def killer(url: str, *, most: int) -> Iterator[list[int]]:
    """End the connections that are reading, up to *most* times; give what was ended."""
    ended, stop = list[int](), Event()

    def run() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.wait(0.002) and len(ended) < most:
                ended.extend(row[0] for row in connection.execute(ENDED + READING))

    thread = Thread(target=run)
    thread.start()
    try:
        yield ended
    finally:
        stop.set()
        thread.join()


@pytest.mark.fault(46, on="sql")
def test_a_lost_connection_is_read_again_whole(project: ProjectFolder, postgres_url: str) -> None:
    """Row 46: after a kill in mid-stream the extract is the undisturbed one; its receipt counts the retry."""
    with killer(postgres_url, most=1) as ended:
        assert "600.00" == f"{seen(sync(project, postgres_url)):.2f}"
    undisturbed = ProjectFolder(project.root / "again")
    undisturbed.sources, undisturbed.metrics = project.sources, project.metrics
    undisturbed.key_results = project.key_results
    sync(undisturbed, postgres_url)
    [first], [second] = project.entries("receipt"), undisturbed.entries("receipt")
    assert (1, 1) == (len(ended), first.body["retries"])
    assert second.body["content_hash"] == first.body["content_hash"]


@pytest.mark.fault(46, on="sql")
def test_a_connection_lost_each_time_is_a_failure(project: ProjectFolder, postgres_url: str) -> None:
    """Row 46: after three tries the dataset fails by itself, nothing half is kept, the next sync is whole."""
    with killer(postgres_url, most=100) as ended:
        [extracted] = sync(project, postgres_url).extracted
    assert ("the connection was lost (SQLSTATE 57P01)", 3) == (extracted.error.message, len(set(ended)))
    assert [] == [path for path in (project.root / ".okr/lake").rglob("*") if path.is_file()]
    assert ROWS == sync(project, postgres_url, NOON + timedelta(hours=1)).extracted[0].rows


def seen(synced: Synced) -> object:
    return synced.snapshot.key_results[0].value


def test_a_stamp_in_the_future_hides_nothing(project: ProjectFolder, postgres_url: str) -> None:
    """The watermark stops at the server's clock: what is written later, below such a stamp, is read."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DELETE FROM deals WHERE id <> '1'")
        connection.execute("INSERT INTO deals VALUES ('a', 5, '', now() + interval '300 days')")
        sync(project, postgres_url)
        connection.execute("INSERT INTO deals VALUES ('b', 7, '', now())")
        later = sync(project, postgres_url, day(11))
    receipts = project.entries("receipt")
    assert ["full", "incremental"] == [receipt.body["mode"] for receipt in receipts]
    assert datetime.fromisoformat(str(receipts[0].body["cursor_to"])) <= datetime.now(UTC)
    assert any("by the source's clock" in warning for warning in receipts[0].body["warnings"])  # type: ignore[union-attr]
    assert "12.01" == f"{seen(later):.2f}"
