"""The ledger under real faults: killed and competing processes, locks, rights, full disks."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from harsh_disk import ROOT, read_only, run_on_small_disk

from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.errors import (
    LedgerBusy,
    LedgerCorrupt,
    LedgerError,
    LedgerFull,
    LedgerNewer,
    LedgerUnreachable,
)
from okr_pipeline.ledger.store import Ledger

MONDAY = datetime(2026, 10, 5, 7, tzinfo=UTC)
URL = "sqlite:///ledger.db"
ONE = [Draft("observation", "growth.pipeline", MONDAY, {"value": "1"})]

APPEND = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.store import Ledger
base, run, batches, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
at = datetime(2026, 10, 5, 8, tzinfo=UTC)
with Ledger.open("sqlite:///ledger.db", base=base) as ledger:
    for batch in range(batches):
        drafts = [Draft("observation", f"{run}.kr{n}", at, {"value": f"{n}" * 50}) for n in range(size)]
        ledger.append(drafts, recorded_at=at, run=f"{run}-{batch}")
"""


def appending(base: Path, *, run: str, batches: int, size: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", APPEND, str(base), run, str(batches), str(size)]
    return subprocess.Popen(command, cwd=ROOT)


@pytest.mark.timeout(60)
def test_a_writer_killed_in_the_middle_leaves_nothing_of_its_batch(tmp_path: Path) -> None:
    """SIGKILL while pages of the batch reach the disk: the head stays, and the next append works."""
    with Ledger.open(URL, base=tmp_path) as ledger:
        ledger.append(ONE, recorded_at=MONDAY, run="run1")
        before = ledger.head()
        log = tmp_path / "ledger.db-wal"
        quiet = log.stat().st_size
        writer = appending(tmp_path, run="killed", batches=1, size=100_000)
        while log.stat().st_size < quiet + 1_000_000:
            assert writer.poll() is None
            time.sleep(0.002)
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        assert before == ledger.head()
        [after] = ledger.append(ONE, recorded_at=MONDAY, run="run2")
        assert (2, before.hash, []) == (after.seq, after.previous, ledger.verify_chain())


@pytest.mark.timeout(60)
def test_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    """Three processes that also create the ledger: no gap, no fork, no batch torn apart."""
    writers = [appending(tmp_path, run=f"run{n}", batches=20, size=10) for n in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    with Ledger.open(URL, base=tmp_path) as ledger:
        assert (ledger.head().seq, ledger.verify_chain()) == (600, [])
        runs = [entry.run for entry in ledger.entries("observation")]
    assert len({tuple(runs[start : start + 10]) for start in range(0, 600, 10)}) == 60


def test_a_ledger_created_by_many_at_once_is_one_ledger(tmp_path: Path) -> None:
    """Whoever comes second finds the tables of the first, and never an error."""
    for number in range(20):
        gate = threading.Barrier(6)

        def create(_: int, url: str = f"sqlite:///{number}.db", gate: threading.Barrier = gate) -> int:
            gate.wait()
            with Ledger.open(url, base=tmp_path) as ledger:
                return ledger.append(ONE, recorded_at=MONDAY, run="run1")[0].seq

        with ThreadPoolExecutor(6) as threads:
            assert sorted(threads.map(create, range(6))) == [1, 2, 3, 4, 5, 6]


def test_a_second_writer_gives_up_with_a_clear_error(tmp_path: Path) -> None:
    """After its wait, and not before, it says that another one writes; readers are never kept waiting."""
    with Ledger.open(URL, base=tmp_path, wait_s=0.3) as ledger:
        with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            with pytest.raises(LedgerBusy, match=r"another process wrote to the ledger at .*ledger\.db"):
                ledger.append(ONE, recorded_at=MONDAY, run="run1")
            assert time.monotonic() - started >= 0.3
            assert ledger.head().seq == 0
        assert ledger.append(ONE, recorded_at=MONDAY, run="run1")[0].seq == 1


PUBLISH = """
import sys, time
from pathlib import Path
from okr_pipeline.ledger.store import Ledger
with Ledger.open("sqlite:///ledger.db", base=Path(sys.argv[1])) as ledger, ledger.publishing():
    print("publishing", flush=True)
    time.sleep(60)
"""


@pytest.mark.timeout(60)
def test_one_run_publishes_at_a_time_until_its_process_ends(tmp_path: Path) -> None:
    """Who wants to publish too gives up with a word, writers do not wait; SIGKILL lets the next one in."""
    command = [sys.executable, "-c", PUBLISH, str(tmp_path)]
    other = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    with other, Ledger.open(URL, base=tmp_path, wait_s=0.05) as ledger:
        assert other.stdout is not None
        assert b"publishing\n" == other.stdout.readline()
        with pytest.raises(LedgerBusy, match="let it finish, then run `okr page`"):
            ledger.publishing().__enter__()
        ledger.append(ONE, recorded_at=MONDAY, run="run1")
        other.kill()
        other.wait()
        with ledger.publishing():
            assert 1 == ledger.head().seq


def test_what_was_appended_is_synced_to_the_disk(tmp_path: Path) -> None:
    """A commit outlives a power cut: write-ahead log, and full synchronisation on every connection."""
    with Ledger.open(URL, base=tmp_path) as ledger, ledger._database.reading() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]  # fmt: skip  # noqa: E501
    assert pragmas == ["wal", 2]


def test_a_folder_without_rights_is_named(tmp_path: Path) -> None:
    """Neither the file nor a folder for it can be created: one error each, with the path."""
    folder = tmp_path / "locked"
    folder.mkdir()
    for url in ("sqlite:///ledger.db", "sqlite:///.okr/ledger.db"):
        with read_only(folder), pytest.raises(LedgerUnreachable, match="locked") as told:
            Ledger.open(url, base=folder)
        assert "right" in told.value.mend


def test_a_ledger_without_write_rights_is_named(tmp_path: Path) -> None:
    """A state folder that became read-only is told by path, not by a traceback."""
    folder = tmp_path / "state"
    folder.mkdir()
    with Ledger.open(URL, base=folder) as ledger:
        ledger.append(ONE, recorded_at=MONDAY, run="run1")
    with read_only(folder), pytest.raises(LedgerUnreachable, match=r"ledger\.db cannot be opened"):
        Ledger.open(URL, base=folder)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    """Where `.okr` is a file, the ledger's folder cannot be."""
    (tmp_path / ".okr").write_text("")
    with pytest.raises(LedgerUnreachable, match=r"\.okr cannot be created"):
        Ledger.open("sqlite:///.okr/ledger.db", base=tmp_path)


@pytest.mark.parametrize("url", [
    "sqlite://", "sqlite:///:memory:", "hunter2", "mysql://u:hunter2@h/d", "duckdb:///hunter2",
    "postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2@127.0.0.1:1/okr",
])  # fmt: skip
def test_a_url_that_is_no_ledger_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    """The message says what to write; no secret is in it, nor in its cause."""
    with pytest.raises(LedgerUnreachable) as told:
        Ledger.open(url, base=tmp_path)
    assert "hunter2" not in f"{told.value!r} {told.value} {told.value.__cause__!r}"


@pytest.mark.parametrize("content", [b"no database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """It is told, and not written to."""
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(LedgerCorrupt, match=r"ledger\.db is torn, or no SQLite database"):
        Ledger.open(URL, base=tmp_path)
    assert content == (tmp_path / "ledger.db").read_bytes()


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    """A table `entry` of another program is not ours to append to."""
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("CREATE TABLE entry (id INTEGER)")
    with pytest.raises(LedgerCorrupt, match="no ledger version"):
        Ledger.open(URL, base=tmp_path)


def test_a_ledger_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    """An old program does not guess at tables that it does not know."""
    Ledger.open(URL, base=tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("UPDATE ledger_version SET version = 2")
        connection.commit()
    with pytest.raises(LedgerNewer, match="version 2, this program knows version 1"):
        Ledger.open(URL, base=tmp_path)


FILL = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.errors import LedgerFull
from okr_pipeline.ledger.store import Ledger
at = datetime(2026, 10, 5, 8, tzinfo=UTC)
with Ledger.open("sqlite:///ledger.db", base=Path(sys.argv[1])) as ledger:
    [one] = ledger.append([Draft("run", "r", None, {})], recorded_at=at, run="r")
    try:
        ledger.append([Draft("run", "r", None, {"text": "x" * 1000})] * 4000, recorded_at=at, run="r")
    except LedgerFull as error:
        assert error.mend.startswith("free disk space"), error
    else:
        raise AssertionError("4 MB went into 2")
    assert (one.seq, one.hash) == (ledger.head().seq, ledger.head().hash)
    assert [] == ledger.verify_chain()
    assert 2 == ledger.append([Draft("run", "r", None, {})], recorded_at=at, run="r")[0].seq
"""


def test_a_full_disk_keeps_the_ledger_whole(tmp_path: Path) -> None:
    """On a real file system of 2 MB: LedgerFull, nothing of the batch kept, the next small one fits."""
    ran = run_on_small_disk(FILL, tmp_path, megabytes=2)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_error_of_the_ledger_says_what_to_do() -> None:
    """Callers catch LedgerError alone, and print message and mend."""
    errors = [LedgerBusy, LedgerCorrupt, LedgerFull, LedgerNewer, LedgerUnreachable]
    assert all(issubclass(error, LedgerError) for error in errors)
    assert str(LedgerError("it broke", mend="mend it")) == "it broke; mend it"
