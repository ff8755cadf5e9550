"""The lake under real faults: killed writers, missing rights, full disks."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from extract_builder import deals, extract_of
from harsh_disk import ROOT, read_only, run_on_small_disk

from okr_pipeline.lake import Lake, LakeError

# A source of endless distinct rows, but for a pause after the first batches.
SOURCE = """
import os, signal, sys
from pathlib import Path
import pyarrow as pa
from pydantic import BaseModel
from connectors.contract import Extract, ExtractRequest
from okr_pipeline.lake import Lake, LakeError

class Nothing(BaseModel):
    pass

def extract(batches, *, then=lambda: None):
    schema = pa.schema([("id", pa.string())])
    def read():
        for n in range(batches):
            ids = [os.urandom(16).hex() for _ in range(65_536)]
            yield pa.record_batch([pa.array(ids)], schema)
        then()
    request = ExtractRequest(dataset="crm.deals", columns={}, options=Nothing())
    return Extract(request, schema, read(), lambda: {"complete": "yes", "origin": "o"})

lake = Lake("lake", base=Path(sys.argv[1]))
"""

PAUSE_IN_READ = (
    SOURCE
    + """
def pause():
    print("paused", flush=True)
    signal.pause()

lake.store("crm.deals", extract(3, then=pause))
"""
)

PAUSE_BEFORE_RENAME = (
    SOURCE
    + """
class Paused(Extract):
    def receipt(self):
        print("paused", flush=True)
        signal.pause()

read = extract(3)
read.__class__ = Paused
lake.store("crm.deals", read)
"""
)


@contextmanager
def paused(script: str, base: Path) -> Iterator[subprocess.Popen[str]]:
    """Run *script* until it says that it paused; it is dead afterwards."""
    command = [sys.executable, "-c", script, str(base)]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout
        assert writer.stdout.readline() == "paused\n"
        yield writer
    finally:
        writer.kill()
        writer.communicate()


def files(base: Path) -> list[Path]:
    return sorted(path for path in base.rglob("*") if path.is_file())


@pytest.mark.parametrize("script", [PAUSE_IN_READ, PAUSE_BEFORE_RENAME], ids=["read", "rename"])
@pytest.mark.fault(51, on="files")
def test_a_killed_writer_leaves_a_temporary_that_is_swept(tmp_path: Path, script: str) -> None:
    """kill -9 in the read, and between write and rename: no extract appears, and sweep cleans up once."""
    lake = Lake("lake", base=tmp_path)
    with paused(script, tmp_path) as writer:
        [temporary] = files(tmp_path)
        assert lake.sweep() == []
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
    assert [temporary] == files(tmp_path) == lake.sweep()
    assert (files(tmp_path), lake.sweep()) == ([], [])


def test_a_stopped_writer_cleans_up_after_itself(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a read leaves no temporary behind."""
    with paused(PAUSE_IN_READ, tmp_path) as writer:
        writer.send_signal(signal.SIGINT)
        writer.wait()
    assert files(tmp_path) == []


def test_there_is_nothing_to_sweep_before_the_first_extract(tmp_path: Path) -> None:
    """A lake that does not exist yet is clean."""
    assert Lake("lake", base=tmp_path).sweep() == []


def test_a_folder_without_rights_is_named(tmp_path: Path) -> None:
    """Neither a first extract nor a further one can be written: the path and the right are told."""
    (tmp_path / "crm").mkdir()
    for folder in (tmp_path / "crm", tmp_path / "crm/lake/extracts/crm/deals"):
        folder.mkdir(parents=True, exist_ok=True)
        with read_only(folder), pytest.raises(LakeError, match=str(tmp_path / "crm")) as told:
            Lake("lake", base=tmp_path / "crm").store("crm.deals", extract_of(deals(3)))
        assert "right to read and write" in told.value.mend
    assert files(tmp_path) == []


FILL = (
    SOURCE
    + """
small = lake.store("crm.deals", extract(0))
try:
    lake.store("crm.deals", extract(8))
except LakeError as error:
    assert "is full (" in error.message and "bytes free)" in error.message, error
    assert error.mend == "free space there, then run again"
else:
    raise AssertionError("8 MB went into 4")
assert [small.path] == [path for path in Path(sys.argv[1]).rglob("*") if path.is_file()]
lake.store("crm.deals", extract(1))
"""
)


@pytest.mark.fault(51, on="files")
def test_a_full_disk_registers_nothing(tmp_path: Path) -> None:
    """On a real file system of 4 MB: a clear error, no half extract, and room again for a small one."""
    ran = run_on_small_disk(FILL, tmp_path, megabytes=4)
    assert (ran.returncode, ran.stderr) == (0, "")
