"""
What the documentation shows is what happens.

Each page is one session in a folder that holds `demo/`, as `make demo` leaves it. In `console` blocks every line
that begins with `$` is run and what follows it is its output; in `python` blocks the code is run, and a `text`
block right after one is what it prints. `...` stands for anything. An exit code other than 0 is written behind the
command. A block that begins with `# not run by the tests` is left out.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from okr_pipeline import config
from okr_pipeline.cli import main
from okr_pipeline.demo import config_folder, write_demo

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = "# not run by the tests"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"# exit code (\d+)")
_SAME = doctest.OutputChecker()


class Block(NamedTuple):
    """One fenced block: its language, its text, the heading above it and the text right after it."""

    language: str
    text: str
    heading: str
    after: str


class Session:
    """A shell in *folder*, with `okr` on its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cwd = folder
        tools = folder / ".bin"
        tools.mkdir()
        okr = tools / "okr"
        okr.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from okr_pipeline.cli import main; main()" "$@"\n')
        okr.chmod(0o755)
        self.environ = {
            "PATH": f"{tools}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }

    def run(self, command: str) -> tuple[str, int]:
        """Run *command* and return what it printed, both streams in order, and its exit code."""
        if command.startswith("cd "):
            self.cwd = (self.cwd / command.split()[1]).resolve(strict=True)
            return "", 0
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.cwd,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines()), done.returncode


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company, synced on both of its Mondays."""
    session = Session(tmp_path_factory.mktemp("demo"))
    for day, code in (("2026-09-28", 0), ("2026-10-05", 4)):
        session.run(f"okr init --demo --on {day} demo")
        assert code == session.run(f"okr -C demo sync --as-of {day}T09:00")[1]
    return session.folder / "demo"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        heading = re.findall(r"^#+ (.*)$", text[: found.start()], re.MULTILINE)[-1]
        yield Block(found[1], found[2], heading, text[found.end() :].lstrip("\n"))


def same(expected: str, found: str) -> bool:
    return _SAME.check_output(expected, found, doctest.ELLIPSIS)


def run_console(session: Session, text: str) -> None:
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = step.partition("\n")
        found, code = session.run(command)
        wanted = _EXIT.search(command)
        assert (int(wanted[1]) if wanted else 0) == code, f"{command}\n{found}"
        if expected:
            assert same(expected, found), f"{command}\nexpected:\n{expected}\nfound:\n{found}"


def run_python(session: Session, block: Block, namespace: dict[str, Any]) -> None:
    printed = io.StringIO()
    with contextlib.chdir(session.cwd), contextlib.redirect_stdout(printed):
        exec(compile(block.text, "page", "exec"), namespace)
    if shown := re.match(r"```text\n(.*?)```", block.after, re.DOTALL):
        found = "".join(f"{line.rstrip()}\n" for line in printed.getvalue().splitlines())
        assert same(shown[1], found), f"{block.text}\nexpected:\n{shown[1]}\nfound:\n{found}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_is_what_happens(page: Path, demo: Path, tmp_path: Path) -> None:
    """Every command and every example of a page runs, in order, and gives what the page says."""
    shutil.copytree(demo, tmp_path / "demo")
    session, namespace = Session(tmp_path), {"__name__": "page"}
    for block in blocks(page):
        if block.text.startswith(NOT_RUN):
            continue
        if block.language == "console":
            run_console(session, block.text)
        elif block.language == "python":
            run_python(session, block, namespace)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_sentence_exists(page: Path) -> None:
    """`okr …` in running text names a command and options that there are."""
    unknown = [words for words in re.findall(r"`(okr [^`]+)`", page.read_text("utf-8")) if not known(words)]
    assert unknown == []


def known(words: str) -> bool:
    options = {"-C", "--help", "--version", "-h", "--project"}
    command = None
    for word in shlex.split(words)[1:]:
        if word.startswith("-"):
            if word.partition("=")[0] not in options:
                return False
        elif command is None and word in main.commands:
            command = main.commands[word]
            options |= {option for parameter in command.params for option in parameter.opts}
    return command is not None or "-C" in words or "--" in words


@pytest.mark.parametrize("name", sorted(main.commands))
def test_commands_are_documented_whole(name: str) -> None:
    """The section of a command has each of its options, and no other."""
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    section = re.search(rf"^## okr {name}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None
    documented = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(re.findall(r"^\| (`.*?) \|", section[0], re.M))))
    declared = {o for p in main.commands[name].params for o in p.opts if o.startswith("-")}
    assert declared == documented


def test_exit_codes_are_documented() -> None:
    """The table has every code that the command line can end with."""
    from okr_pipeline.cli import shell

    codes = {shell.DONE, shell.FINDINGS, shell.USAGE, shell.FAILED, shell.PARTLY, shell.INTERRUPTED}
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert codes == {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}


def test_the_table_of_diagnostics_is_current() -> None:
    """docs/diagnostics.md ends with the program's own list; `code_table()` prints it."""
    page = (ROOT / "docs/diagnostics.md").read_text(encoding="utf-8")
    assert page.endswith(config.code_table())


def test_the_columns_of_the_published_tables_are_documented() -> None:
    """docs/tables.md has each column with its kind and meaning, in order."""
    from okr_pipeline.publish.columns import HISTORY, KEY_RESULTS, OBJECTIVES

    page = (ROOT / "docs/tables.md").read_text(encoding="utf-8")
    for columns in (KEY_RESULTS, HISTORY, OBJECTIVES):
        assert "".join(f"| `{c.name}` | {c.kind} | {c.meaning} |\n" for c in columns) in page


@pytest.mark.parametrize(
    "block",
    [b for page in PAGES for b in blocks(page) if b.language == "yaml"],
    ids=lambda block: block.heading,
)
def test_yaml_examples_are_well_formed(block: Block, tmp_path: Path) -> None:
    """Every key and value of an example is known and readable; what it refers to may lie elsewhere."""
    write_demo(tmp_path, on=config_day())
    name = place_of(block.text)
    (tmp_path / "okr_config" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "okr_config" / name).write_text(block.text, encoding="utf-8")
    found = config.check(tmp_path / "okr_config").diagnostics
    assert [] == [str(d) for d in found if d.file == name and (d.code < "OKR2" or d.code > "OKR4")]


def config_day() -> Any:
    from okr_pipeline.demo import DAYS

    return DAYS[-1]


def place_of(text: str) -> str:
    """Return the file of a project that *text* can stand in, by its first key."""
    places = {
        "connector": "sources/example.yaml",
        "metrics": "metrics/example.yaml",
        "cycle": "objectives/fy26_q3/example.yaml",
    }
    return places.get(text.partition(":")[0], "okr.yaml")


def test_links_lead_somewhere() -> None:
    """Every relative link of a page names a file, and a heading in it where it names one."""
    broken = []
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
            file, _, heading = target.partition("#")
            path = (page.parent / file).resolve() if file else page
            if not path.exists() or (heading and heading not in headings(path)):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def headings(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_pages_name_the_configuration_that_there_is() -> None:
    """The demo's own configuration is what the pages quote files and lines of."""
    assert (config_folder() / "objectives/fy26_q3/company.yaml").is_file() and os.sep
