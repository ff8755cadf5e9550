"""Faults in the middle of a run, for real: processes killed, files lost, disks full, locks held."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harsh_disk import ROOT, read_only, run_on_small_disk
from project_builder import DEALS, ProjectFolder, day

from okr_pipeline.ledger.errors import LedgerError
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.errors import WarehouseBusy, WarehouseDamaged, WarehouseError

SYNC = f"""
import sys; sys.path[:0] = {[str(ROOT), str(ROOT / "tests/builders")]!r}
import os, signal
from pathlib import Path
from project_builder import ProjectFolder, day
def die(): os.kill(os.getpid(), signal.SIGKILL)
{{patch}}
from okr_pipeline.workspace import Workspace
from okr_pipeline.run import Run
from okr_pipeline.sync import sync
w = Workspace.load(Path(sys.argv[1]), environ={{{{}}}})
with w.ledger() as ledger:
    sync(w, Run(ledger=ledger, as_of=day(11), recorded_at=day(11)))
"""
# Where the process dies: the real function runs, then the kernel ends it at once.
DIES = {
    "after the receipt is written": "import okr_pipeline.sync as s; s.land_all = lambda *a, **k: die()",
    "between the ledger's load and the commit": """
from okr_pipeline.warehouse.database import Database
run = Database.run
def stopped(self, sql, *a):
    if sql == "COMMIT" and self.rows("SELECT 1 FROM landing._loads WHERE load = 2"): die()
    return run(self, sql, *a)
Database.run = stopped""",
    "after the commit": """
import okr_pipeline.sync as s
s.measure_all = lambda *a, **k: die()""",
    "while measuring": "import okr_pipeline.sync as s; s.observe = lambda *a, **k: die()",
    "before the snapshot is appended": "import okr_pipeline.sync as s; s.record = lambda *a, **k: die()",
    "before publishing": "import okr_pipeline.sync as s; s.publish = lambda *a, **k: die()",
}


@pytest.fixture(name="tiny")
def _tiny(tmp_path: Path) -> ProjectFolder:
    folder = ProjectFolder(tmp_path)
    folder.sync_at(day(10))
    folder.csv("crm/deals", [*DEALS[:-1], "d,51,true,2026-08-09", "e,7,true,2026-08-10"])
    return folder


def killed(folder: ProjectFolder, place: str) -> None:
    code = SYNC.format(patch=DIES[place])
    ran = subprocess.run([sys.executable, "-c", code, str(folder.root)], capture_output=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()


def rows(folder: ProjectFolder) -> list[dict[str, Any]]:
    with Database(folder.root / ".okr/warehouse.duckdb", settings=Settings(), read_only=True) as db:
        return db.rows('SELECT * FROM landing."crm.deals" ORDER BY ALL')


def loads(folder: ProjectFolder) -> list[Any]:
    return [(entry.body["verdict"], entry.body["number"]) for entry in folder.entries("load")]


@pytest.mark.parametrize("place", DIES)
@pytest.mark.fault(51, on="files")
def test_a_killed_run_converges(
    place: str, tiny: ProjectFolder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The next run comes to the rows, the numbers and the loads of a run that nothing stopped."""
    calm = ProjectFolder(tmp_path_factory.mktemp("calm"))
    calm.sync_at(day(10))
    calm.csv("crm/deals", (tiny.root / "data/crm/deals.csv").read_text().splitlines())
    expected = calm.seen_at(day(11))
    killed(tiny, place)
    assert tiny.seen_at(day(11)) == expected
    assert (rows(tiny), tiny.history(), loads(tiny)) == (rows(calm), calm.history(), loads(calm))
    with tiny.workspace().ledger() as ledger:
        assert ledger.verify_chain() == []


def test_a_warehouse_that_is_held_is_named_with_its_holder(tiny: ProjectFolder) -> None:
    """The run ends with the process id; when it is let go, the next one goes through."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tiny.root / ".okr/warehouse.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(WarehouseBusy, match=f"held by process {other.pid}"):
            tiny.sync_at(day(11))
        other.kill()
    assert str(tiny.seen_at(day(11))["won"].value) == "458.400000000"


def test_a_lost_warehouse_and_extract_are_made_good_by_a_full_read(tiny: ProjectFolder) -> None:
    """What is gone for ever leaves its days as they were recorded; everything after is told again."""
    tiny.metrics["crm"]["count"] = {"dataset": "crm.deals", "value": "count(*)"}
    tiny.key_results["count"] = {
        "title": "c",
        "metric": "crm.count",
        "indicator": "lagging",
        "from": 0,
        "to": 9,
    }
    tiny.sync_at(day(10))
    before = tiny.history()
    for file in (tiny.root / ".okr/lake").rglob("*.parquet"):
        file.unlink()
    (tiny.root / ".okr/warehouse.duckdb").unlink()
    tiny.csv("crm/deals", DEALS[:3])
    assert tiny.seen_at(day(11))["count"].value == 2
    after = tiny.history()
    assert {place: after[place] for place in before if place[0] == "grow.count"} == {
        place: says for place, says in before.items() if place[0] == "grow.count"
    }


def test_a_lost_extract_of_an_incremental_dataset(tmp_path: Path) -> None:
    """Its key result is stale with the reason, others go on; the next run reads in full and is well."""
    folder = ProjectFolder(tmp_path)
    folder.dataset["cursor"] = "closed_on"
    folder.sync_at(day(10))
    for file in (tmp_path / ".okr/lake").rglob("*.parquet"):
        file.unlink()
    (tmp_path / ".okr/warehouse.duckdb").unlink()
    lost = folder.seen_at(day(11))["won"]
    assert (lost.state, "not in the lake" in str(lost.reason)) == ("stale", True)
    assert str(folder.seen_at(day(12))["won"].value) == "450.400000000"


@pytest.mark.parametrize("damage", ["truncated", "one byte"])
def test_a_damaged_extract_is_never_landed(tiny: ProjectFolder, damage: str) -> None:
    """Rebuilding finds it out by its hash: stale, with the file named, never another number."""
    [extract] = (tiny.root / ".okr/lake").rglob("*.parquet")
    content = bytearray(extract.read_bytes())
    if damage == "truncated":
        del content[-20:]
    else:
        content[len(content) // 4] ^= 1
    extract.write_bytes(content)
    (tiny.root / ".okr/warehouse.duckdb").unlink()
    tiny.csv("crm/deals", DEALS)
    found = tiny.seen_at(day(11))["won"]
    assert (found.state, str(found.value), extract.name in str(found.reason)) == (
        "stale",
        "450.400000000",
        True,
    )


def test_a_warehouse_of_another_ledger_is_started_over(tiny: ProjectFolder) -> None:
    """Moving to a new ledger once merged its first load into the rows of the old one."""
    tiny.sync_at(day(11))
    for file in (tiny.root / ".okr").glob("ledger.db*"):
        file.unlink()
    tiny.csv("crm/deals", [*DEALS[:2], "z,7,true,2026-08-03"])
    assert str(tiny.seen_at(day(12))["won"].value) == "107.100000000"
    assert len(rows(tiny)) == 2


def test_a_torn_warehouse_is_named_and_rebuilt(tiny: ProjectFolder) -> None:
    """The run ends with what to do; without the file, the same number comes out."""
    path = tiny.root / ".okr/warehouse.duckdb"
    expected = tiny.seen_at(day(11))["won"]
    path.write_bytes(os.urandom(9000))
    with pytest.raises(WarehouseDamaged, match="okr rebuild"):
        tiny.sync_at(day(11))
    path.unlink()
    assert tiny.seen_at(day(11))["won"] == expected


def test_a_folder_that_may_not_be_written(tiny: ProjectFolder) -> None:
    """One clear error that names the path, for ledger and warehouse; the published file stays whole."""
    published = (tiny.root / ".okr/latest.json").read_bytes()
    workspace = tiny.write().workspace()
    for store in (workspace.warehouse, *(tiny.root / ".okr").glob("ledger.db*")):
        store.unlink()
    for opens in (workspace.ledger, workspace.writable_warehouse):
        with (
            read_only(tiny.root / ".okr"),
            pytest.raises((LedgerError, WarehouseError), match=str(tiny.root)),
        ):
            opens()
    assert (tiny.root / ".okr/latest.json").read_bytes() == published


@pytest.mark.fault(51, on="files")
def test_a_full_disk_ends_the_run_and_nothing_is_half_published(tmp_path: Path) -> None:
    """The error says that the disk is full; the last published file is the one before."""
    script = f"""
import sys; sys.path[:0] = {[str(ROOT), str(ROOT / "tests/builders")]!r}
from pathlib import Path
from project_builder import DEALS, ProjectFolder, day
root = Path(sys.argv[1])
folder = ProjectFolder(root)
folder.sync_at(day(10))
before = (root / ".okr/latest.json").read_bytes()
(root / "ballast").write_bytes(bytes(1))
folder.csv("crm/deals", [DEALS[0], *(f"{{i}},{{i}}.25,true,2026-08-09" for i in range(60000))])
free = __import__("shutil").disk_usage(root).free
(root / "ballast").write_bytes(bytes(max(free - 400_000, 0)))
try:
    found = folder.seen_at(day(11))["won"]
    print("STALE" if "full" in str(found.reason) else "WELL", found.reason)
except Exception as error:
    print(type(error).__module__, error)
print((root / ".okr/latest.json").read_bytes() == before)
(root / "ballast").unlink()
print(folder.seen_at(day(12))["won"].value)
"""
    ran = run_on_small_disk(script, tmp_path, megabytes=24)
    assert (ran.returncode, ran.stderr) == (0, "")
    first, *rest = ran.stdout.splitlines()
    assert first.startswith(("okr_pipeline.", "STALE")), first
    assert "full" in first or "no space" in first
    assert rest[-1] == "1799985000.000000000"
