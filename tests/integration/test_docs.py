"""
What the documentation shows is what happens.

Each page is one session in a folder that holds `demo/`, as `make demo` leaves it. In `console` blocks every
line that begins with `$` is run, and what follows it is its output; `python` blocks are run, and a `text`
block after one is what it prints. `...` stands for anything. An exit code other than 0 is written behind the
command. A block that begins with `# not run by the tests` is left out.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from doc_pages import PAGES, ROOT, Block, Shell, blocks, section, trimmed

from okr_pipeline.workspace import Workspace

NOT_RUN = "# not run by the tests"
EXIT_CODE = re.compile(r"# exit code (\d+)")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company, synced on both of its Mondays."""
    shell = Shell(tmp_path_factory.mktemp("demo"))
    for day, expected in (("2026-09-28", 0), ("2026-10-05", 4)):
        shell.run(f"okr init --demo --on {day} demo")
        assert expected == shell.run(f"okr -C demo sync --as-of {day}T09:00")[1]
    return shell.cwd / "demo"


def require(expected: str, found: str, *, of: str) -> None:
    """Fail unless *found* is what *expected* says, with `...` for anything."""
    if not doctest.OutputChecker().check_output(expected, found, doctest.ELLIPSIS):
        pytest.fail(f"{of}\n\nshown:\n{expected}\nfound:\n{found}", pytrace=False)


def run_console(shell: Shell, text: str) -> None:
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = step.partition("\n")
        found, code = shell.run(command)
        wanted = EXIT_CODE.search(command)
        if code != (int(wanted[1]) if wanted else 0):
            pytest.fail(f"{command}\n\nended with {code}:\n{found}", pytrace=False)
        if expected:
            require(expected, found, of=command)


def run_python(shell: Shell, block: Block, namespace: dict[str, Any]) -> None:
    printed = io.StringIO()
    with contextlib.chdir(shell.cwd), contextlib.redirect_stdout(printed):
        exec(compile(block.text, "page", "exec"), namespace)
    if shown := re.match(r"```text\n(.*?)^```", block.after, re.DOTALL | re.MULTILINE):
        require(shown[1], trimmed(printed.getvalue()), of=block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_is_what_happens(page: Path, demo: Path, tmp_path: Path) -> None:
    """Every command and every example of a page runs, in order, and gives what the page says."""
    shutil.copytree(demo, tmp_path / "demo")
    shell, namespace = Shell(tmp_path), {"__name__": "page"}
    for block in blocks(page):
        if block.text.startswith(NOT_RUN):
            continue
        if block.language == "console":
            run_console(shell, block.text)
        elif block.language == "python":
            run_python(shell, block, namespace)


def test_every_kind_of_ledger_entry_is_documented(demo: Path) -> None:
    """The table of kinds in docs/lineage.md has each kind that a run writes, with every part of its body."""
    table = section(ROOT / "docs/lineage.md", "## The ledger")
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", table, re.MULTILINE))
    with Workspace.load(demo, environ={}).ledger() as ledger:
        written = [entry for kind in rows for entry in ledger.entries(kind)]
        assert ledger.head().seq == len(written)
    parts = {(entry.kind, part) for entry in written for part in entry.body}
    assert set() == {(kind, part) for kind, part in parts if f"`{part}`" not in rows[kind]}
