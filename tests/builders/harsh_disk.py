"""Folders without rights and disks without room, for real."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_NOBODY = 65534


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take the right to write *folder* away, and from root the power to ignore that."""
    folder.chmod(0o555)
    if os.geteuid() == 0:
        for above in folder.parents[:-1]:
            if not above.stat().st_mode & 0o001:
                above.chmod(above.stat().st_mode | 0o011)
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o755)


def run_on_small_disk(script: str, folder: Path, *, megabytes: int) -> subprocess.CompletedProcess[str]:
    """Run a Python *script* on *folder*, which is a file system of its own there, of this size."""
    mount = f'mount -t tmpfs -o size={megabytes}m tmpfs "$1" || exit 77; exec "$2" -c "$3" "$1"'
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    command = [*alone, str(folder), sys.executable, script]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare on this machine")
    if ran.returncode == 77 or ran.stderr.startswith("unshare:"):
        pytest.skip("this machine lets nobody mount a small disk")
    return ran
