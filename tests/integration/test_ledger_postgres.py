"""The ledger on a real PostgreSQL: the same promises, kept by another database."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from okr_pipeline.ledger.canonical import sha256
from okr_pipeline.ledger.entry import EMPTY, ChainFault, Draft
from okr_pipeline.ledger.errors import LedgerBusy, LedgerUnreachable
from okr_pipeline.ledger.store import Ledger

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 10, 5, 7, tzinfo=UTC)
HALF = timedelta(seconds=0.5)
APPEND_LOCK = int.from_bytes(b"okrentry")

APPEND = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.store import Ledger
url, run, batches, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
at = datetime(2026, 10, 5, 8, tzinfo=UTC)
with Ledger.open(url, base=Path()) as ledger:
    for batch in range(batches):
        drafts = [Draft("observation", f"{run}.kr{n}", at, {"value": f"{n}"}) for n in range(size)]
        ledger.append(drafts, recorded_at=at, run=f"{run}-{batch}")
"""


def observed(value: str, *, subject: str = "growth.pipeline") -> Draft:
    return Draft("observation", subject, MONDAY, {"value": value, "note": "é\x00\U0001f600"})


def appending(postgres_url: str, *, run: str, batches: int, size: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", APPEND, postgres_url, run, str(batches), str(size)], cwd=ROOT
    )


def test_both_databases_hold_the_same_chain(postgres_url: str, tmp_path: Path) -> None:
    """A ledger may move from one to the other: entries and head are equal to the last digit."""
    drafts = [observed("1"), observed("2", subject="Ärger.b"), Draft("run", "", None, {})]
    kept = []
    for address in (postgres_url, "sqlite:///ledger.db"):
        with Ledger.open(address, base=tmp_path) as ledger:
            ledger.append(drafts, recorded_at=MONDAY, run="run1")
            ledger.append(drafts, recorded_at=MONDAY - HALF, run="run2")
            assert ledger.verify_chain(anchor=ledger.head()) == []
            reads = [*ledger.latest("observation").items(), *ledger.entries("run"), *ledger.by_seq([2, 5])]
            kept.append((ledger.head(), ledger.last("observation"), reads))
    assert kept[0] == kept[1]


@pytest.mark.parametrize(
    ("known_after", "expected"),
    [(-HALF, None), (0 * HALF, "1"), (HALF, "2"), (2 * HALF, "3"), (3 * HALF, "3")],
)
def test_latest_as_it_was_known(postgres_url: str, known_after: timedelta, expected: str | None) -> None:
    """Before, at and after each correction, within one second too; no language of the server matters."""
    with Ledger.open(postgres_url, base=Path()) as ledger:
        for value, after in (("1", 0 * HALF), ("2", HALF), ("3", 2 * HALF)):
            ledger.append([observed(value)], recorded_at=MONDAY + after, run="run1")
        found = ledger.latest(
            "observation", valid_from=MONDAY, valid_to=MONDAY, known_at=MONDAY + known_after
        )
    assert [entry.body["value"] for entry in found.values()] == ([expected] if expected else [])


def test_entries_may_be_appended_to_while_they_are_read(postgres_url: str) -> None:
    """A reader sees the state it began with, and keeps no writer waiting."""
    with Ledger.open(postgres_url, base=Path(), wait_s=1) as ledger:
        ledger.append([observed(str(n)) for n in range(2500)], recorded_at=MONDAY, run="run1")
        read = 0
        for _ in ledger.entries("observation"):
            if read in (0, 2000):
                ledger.append([observed("more")], recorded_at=MONDAY, run="run2")
            read += 1
        assert (read, ledger.head().seq) == (2500, 2502)


COPY_OF_1 = "recorded_at, run, kind, subject, valid_at, body, body_hash"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET body = '{}'",
        "DELETE FROM entry",
        "TRUNCATE entry",
        f"INSERT INTO entry SELECT 3, {COPY_OF_1}, hash, hash FROM entry",
        f"INSERT INTO entry SELECT 2, {COPY_OF_1}, previous, hash FROM entry",
    ],
)
def test_the_database_itself_refuses(postgres_url: str, statement: str) -> None:
    """An update, a delete, a truncation, a gap and a fork all fail for any client."""
    with Ledger.open(postgres_url, base=Path()) as ledger:
        ledger.append([observed("1")], recorded_at=MONDAY, run="run1")
        with (
            psycopg.connect(postgres_url) as client,
            pytest.raises(psycopg.errors.RaiseException, match="append-only"),
        ):
            client.execute(statement)
        assert (ledger.head().seq, ledger.verify_chain()) == (1, [])


def test_an_edited_body_is_named(postgres_url: str) -> None:
    """An administrator who drops the rule first is found by the chain."""
    with Ledger.open(postgres_url, base=Path()) as ledger:
        ledger.append([observed("1"), observed("2")], recorded_at=MONDAY, run="run1")
        with psycopg.connect(postgres_url) as client:
            client.execute("DROP TRIGGER entry_is_append_only ON entry")
            client.execute(f"UPDATE entry SET body = '{{}}', body_hash = '{sha256('{}')}' WHERE seq = 1")
        assert ledger.verify_chain() == [ChainFault(1, "its fields are not the ones that were recorded")]


@pytest.mark.timeout(60)
def test_writers_at_once_make_one_chain(postgres_url: str) -> None:
    """Three processes that also create the ledger: no gap, no fork, no batch torn apart."""
    writers = [appending(postgres_url, run=f"run{n}", batches=20, size=10) for n in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    with Ledger.open(postgres_url, base=Path()) as ledger:
        assert (ledger.head().seq, ledger.verify_chain()) == (600, [])
        runs = [entry.run for entry in ledger.entries("observation")]
    assert len({tuple(runs[start : start + 10]) for start in range(0, 600, 10)}) == 60


@pytest.mark.timeout(60)
def test_a_writer_killed_in_the_middle_leaves_nothing_of_its_batch(postgres_url: str) -> None:
    """SIGKILL while its rows arrive: the head stays, the lock is free again, the next append works."""
    with (
        Ledger.open(postgres_url, base=Path()) as ledger,
        psycopg.connect(postgres_url, autocommit=True) as watch,
    ):
        writer = appending(postgres_url, run="killed", batches=1, size=100_000)
        # Rows of an open transaction are invisible, but their pages are there.
        while watch.execute("SELECT pg_relation_size('entry') > 1000000").fetchone() != (True,):
            assert writer.poll() is None
            time.sleep(0.01)
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        assert ledger.head() == EMPTY
        [after] = ledger.append([observed("1")], recorded_at=MONDAY, run="run2")
        assert (after.seq, after.previous, ledger.verify_chain()) == (1, EMPTY.hash, [])


def test_a_second_writer_gives_up_with_a_clear_error(postgres_url: str) -> None:
    """After its wait it says that another one writes; readers are never kept waiting."""
    with Ledger.open(postgres_url, base=Path(), wait_s=0.3) as ledger, psycopg.connect(postgres_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])
        with pytest.raises(LedgerBusy, match="another process wrote to the ledger at PostgreSQL database"):
            ledger.append([observed("1")], recorded_at=MONDAY, run="run1")
        assert ledger.head() == EMPTY
        other.rollback()
        assert ledger.append([observed("1")], recorded_at=MONDAY, run="run1")[0].seq == 1


def test_a_database_that_is_not_there_is_named(postgres_url: str) -> None:
    """The message names the database; user and password stay out of it."""
    wrong = make_url(postgres_url).set(database="nowhere", username="somebody", password="hunter2")
    with pytest.raises(LedgerUnreachable, match="PostgreSQL database nowhere at") as told:
        Ledger.open(wrong.render_as_string(hide_password=False), base=Path())
    assert "hunter2" not in f"{told.value!r} {told.value.__cause__!r}"
    assert "somebody" not in str(told.value)


def test_a_user_without_rights_is_told_which(postgres_url: str) -> None:
    """One clear error with the rights to grant."""
    role = f"reader_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        with pytest.raises(LedgerUnreachable, match="refuses this user; grant this user CREATE"):
            Ledger.open(make_url(postgres_url).set(username=role).render_as_string(), base=Path())
        server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_a_session_that_the_server_ends_is_a_clear_error(postgres_url: str) -> None:
    """In the middle of an append: nothing of it is kept, and the same ledger appends again."""
    waiting = "FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
    with Ledger.open(postgres_url, base=Path()) as ledger, ThreadPoolExecutor() as threads:
        with psycopg.connect(postgres_url) as other, psycopg.connect(postgres_url, autocommit=True) as watch:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])
            broken = threads.submit(ledger.append, [observed("1")], recorded_at=MONDAY, run="run1")
            while watch.execute(f"SELECT pg_terminate_backend(pid) {waiting}").fetchone() is None:
                time.sleep(0.01)
            with pytest.raises(LedgerUnreachable, match="cannot be reached"):
                broken.result()
        assert ledger.append([observed("1")], recorded_at=MONDAY, run="run1")[0].seq == 1


def test_one_run_publishes_at_a_time_and_others_append(postgres_url: str) -> None:
    """Who wants to publish too waits, and gives up with a word; writers of entries do not wait for it."""
    with Ledger.open(postgres_url, base=Path(), wait_s=0.1) as first:
        with Ledger.open(postgres_url, base=Path(), wait_s=0.1) as second, first.publishing():
            with pytest.raises(LedgerBusy, match="let it finish, then run `okr page`"):
                second.publishing().__enter__()
            second.append([observed("1")], recorded_at=MONDAY, run="run1")
        with first.publishing():
            assert 1 == first.head().seq


@pytest.mark.parametrize("ended", ["terminated", "too idle"])
def test_a_publishing_lock_outlives_neither_its_session_nor_breaks_its_run(
    postgres_url: str, ended: str
) -> None:
    """A server that ends idle transactions leaves the lock alone; one that ends sessions stops no run."""
    database = str(make_url(postgres_url).database)
    limit = sql.SQL("ALTER DATABASE {} SET idle_in_transaction_session_timeout = '200ms'")
    gone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        if ended == "too idle":
            admin.execute(limit.format(sql.Identifier(database)))
        with Ledger.open(postgres_url, base=Path(), wait_s=0.1) as first, first.publishing():
            if ended == "terminated":
                admin.execute(f"{gone} AND datname = current_database()")
            time.sleep(0.5)
            with Ledger.open(postgres_url, base=Path(), wait_s=0.1) as second:
                lost = ended == "terminated"
                with nullcontext() if lost else pytest.raises(LedgerBusy), second.publishing():
                    assert lost


def test_reading_needs_no_right_to_create(postgres_url: str, tmp_path: Path) -> None:
    """An auditor's login may look at a ledger; where there is none, it reads as an empty one."""
    with Ledger.open(postgres_url, base=tmp_path, read_only=True) as ledger:
        assert EMPTY == ledger.head()
    with psycopg.connect(postgres_url) as connection:
        assert (0,) == connection.execute(
            "SELECT count(*) FROM pg_tables WHERE tablename = 'entry'"
        ).fetchone()
