"""The pages of the documentation, cut into blocks, and a shell to run what they show."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block: its language, its text, the heading above it, and the page's text after it."""

    language: str
    text: str
    heading: str
    after: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of *page*, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        heading = re.findall(r"^#+ (.*)$", text[: found.start()], re.MULTILINE)[-1]
        yield Block(found[1], found[2], heading, text[found.end() :].lstrip("\n"))


def section(page: Path, heading: str) -> str:
    """Return the section of *page* whose heading begins with *heading*, up to the next of its level."""
    level = heading.split()[0]
    found = re.search(
        rf"^{re.escape(heading)}\b.*?(?=^{level} |\Z)",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert found is not None, f"{page.name} has no {heading}"
    return found[0]


class Shell:
    """Runs commands from *folder* on, one after the other, with `okr` on the path."""

    def __init__(self, folder: Path) -> None:
        self.cwd = folder
        tools = folder / ".bin"
        tools.mkdir()
        okr = tools / "okr"
        code = "from okr_pipeline.cli import main; main(prog_name='okr')"
        okr.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
        okr.chmod(0o755)
        self.environ = {
            "PATH": f"{tools}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }

    def run(self, command: str) -> tuple[str, int]:
        """Run *command*; return what it printed, both streams as they came, and its exit code."""
        if command.startswith("cd "):
            self.cwd = (self.cwd / command.split()[1]).resolve(strict=True)
            return "", 0
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.cwd,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return trimmed(done.stdout), done.returncode


def trimmed(printed: str) -> str:
    """Return *printed* without blanks at the ends of its lines."""
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
