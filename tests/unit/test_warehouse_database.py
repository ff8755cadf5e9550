"""The warehouse's file under real faults: held by another process, torn, forbidden, without room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from harsh_disk import ROOT, read_only, run_on_small_disk

from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.errors import WarehouseBusy, WarehouseDamaged, WarehouseError


def filled(path: Path) -> Path:
    with Database(path, settings=Settings()) as db:
        db.run("CREATE TABLE t AS SELECT i, md5(i::VARCHAR) AS m FROM range(200000) r(i)")
    return path


@contextmanager
def held_by_another_process(path: Path) -> Iterator[int]:
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield other.pid
        other.kill()


@pytest.mark.parametrize("reads", [True, False])
def test_a_held_warehouse_names_who_holds_it(tmp_path: Path, reads: bool) -> None:
    """The process id is in the message, for readers and writers alike."""
    path = filled(tmp_path / "w.duckdb")
    with (
        held_by_another_process(path) as pid,
        pytest.raises(WarehouseBusy, match=f"is held by process {pid}"),
    ):
        Database(path, settings=Settings(), read_only=reads)


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    """The lock goes with the process, however it dies."""
    path = filled(tmp_path / "w.duckdb")
    with held_by_another_process(path):
        pass
    with Database(path, settings=Settings()) as db:
        assert db.rows("SELECT count(*) AS n FROM t") == [{"n": 200000}]


def test_a_warehouse_open_in_this_process_is_busy(tmp_path: Path) -> None:
    """Reading beside a writer of the same process is refused as clearly."""
    path = filled(tmp_path / "w.duckdb")
    with Database(path, settings=Settings()), pytest.raises(WarehouseBusy, match="in this process"):
        Database(path, settings=Settings(), read_only=True)


def test_a_file_that_is_no_warehouse(tmp_path: Path) -> None:
    """It is named damaged, and what makes it again is named."""
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseDamaged, match="okr rebuild"):
        Database(path, settings=Settings())


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6])
def test_flipped_bits_are_never_read_as_data(tmp_path: Path, place: float) -> None:
    """The file's checksums notice; either it does not open, or reading says so."""
    path = filled(tmp_path / "w.duckdb")
    content = bytearray(path.read_bytes())
    start = int(len(content) * place)
    for offset in range(start, min(start + 300_000, len(content)), 512):
        content[offset] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(WarehouseDamaged), Database(path, settings=Settings(), read_only=True) as db:
        db.rows("SELECT max(m) AS m, sum(i) AS s FROM t")


def test_a_truncated_file_is_damaged(tmp_path: Path) -> None:
    """Half of a file is no file."""
    path = filled(tmp_path / "w.duckdb")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(WarehouseDamaged), Database(path, settings=Settings(), read_only=True) as db:
        db.rows("SELECT max(m) AS m FROM t")


def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    """The message names the file and the right that is missing."""
    with read_only(tmp_path), pytest.raises(WarehouseError, match="may not be written"):
        Database(tmp_path / "w.duckdb", settings=Settings())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where the folder should be is told as clearly."""
    (tmp_path / "state").write_text("a file")
    with pytest.raises(WarehouseError, match="cannot be made"):
        Database(tmp_path / "state" / "w.duckdb", settings=Settings())


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """Writing ends with a clear error; what was committed before is there afterwards."""
    script = """
import sys; from pathlib import Path
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.errors import WarehouseFull
path = Path(sys.argv[1]) / "w.duckdb"
with Database(path, settings=Settings(memory="200MB")) as db:
    db.run("CREATE TABLE t AS SELECT 1 AS i")
try:
    with Database(path, settings=Settings(memory="200MB")) as db:
        with db.transaction():
            db.run("CREATE TABLE big AS SELECT hash(i) AS h, md5(i::VARCHAR) AS m FROM range(3000000) r(i)")
except WarehouseFull as error:
    print("FULL", error)
with Database(path, settings=Settings(memory="200MB"), read_only=False) as db:
    tables = db.rows("SELECT count(*) AS n FROM information_schema.tables")
    print(db.rows("SELECT count(*) AS n FROM t"), tables)
"""
    ran = run_on_small_disk(script, tmp_path, megabytes=12)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("FULL warehouse")
    assert ran.stdout.endswith("[{'n': 1}] [{'n': 1}]\n")


def test_nothing_outside_is_within_reach(tmp_path: Path) -> None:
    """Files outside the readable folders, settings and other databases are refused."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    attempts = [
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"ATTACH '{tmp_path / 'other.duckdb'}' AS other",
        f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ]
    with Database(None, settings=Settings()) as db:
        for attempt in attempts:
            with pytest.raises((duckdb.Error, WarehouseError)):
                db.run(attempt)


def test_a_second_statement_never_replaces_an_open_result() -> None:
    """Reading materialises: two answers stand beside each other."""
    with Database(None, settings=Settings()) as db:
        first = db.read("SELECT 1 AS a")
        db.run("SELECT 2")
        assert (first.to_pylist(), ROOT.is_dir()) == ([{"a": 1}], True)
