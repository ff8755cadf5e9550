"""What the documentation lists is what there is."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from doc_pages import PAGES, ROOT, Block, blocks, section

from okr_pipeline import config
from okr_pipeline.cli import main, shell
from okr_pipeline.demo import config_folder
from okr_pipeline.publish.columns import HISTORY, KEY_RESULTS, OBJECTIVES, PARTS

COMMANDS = ROOT / "docs/commands.md"
EXAMPLES = {
    "connector": "sources/example.yaml",
    "metrics": "metrics/example.yaml",
    "cycle": "objectives/fy26_q3/example.yaml",
    "check_ins": "check_ins/fy26_q3.yaml",
}


@pytest.mark.parametrize("name", sorted(main.commands))
def test_a_command_is_documented_whole(name: str) -> None:
    """Its section has each of its options and no other."""
    cells = re.findall(r"^\| (`.*?) \|", section(COMMANDS, f"## okr {name}"), re.MULTILINE)
    documented = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(cells)))
    declared = {option for parameter in main.commands[name].params for option in parameter.opts}
    assert {option for option in declared if option.startswith("-")} == documented


def test_exit_codes_are_documented() -> None:
    """The table has every code that the command line ends with."""
    codes = {shell.DONE, shell.FINDINGS, shell.USAGE, shell.FAILED, shell.PARTLY, shell.INTERRUPTED}
    found = re.findall(r"^\| (\d+) \|", section(COMMANDS, "## Exit codes"), re.MULTILINE)
    assert codes == set(map(int, found))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_sentences_exist(page: Path) -> None:
    """`okr ...` in running text names a command and options that there are."""
    written = re.findall(r"`(okr [^`\n]+)`", page.read_text(encoding="utf-8"))
    assert [] == [words for words in written if not exists(words)]


def exists(words: str) -> bool:
    options = {option for parameter in main.params for option in parameter.opts} | {"-h", "--help"}
    named = [word for word in shlex.split(words)[1:] if word in main.commands]
    options |= {option for name in named for p in main.commands[name].params for option in p.opts}
    return {word for word in shlex.split(words) if word.startswith("-")} <= options and bool(
        named or "-" in words
    )


def test_the_table_of_diagnostics_is_current() -> None:
    """docs/diagnostics.md ends with the program's own list, as `okr_pipeline.config.code_table` gives it."""
    assert (ROOT / "docs/diagnostics.md").read_text(encoding="utf-8").endswith(config.code_table())


@pytest.mark.parametrize("columns", [KEY_RESULTS, PARTS, HISTORY, OBJECTIVES])
def test_columns_of_published_tables_are_documented(columns: tuple[tuple[str, str, str], ...]) -> None:
    """docs/tables.md has each column with its kind and meaning, in order."""
    rows = "".join(f"| `{name}` | {kind} | {meaning} |\n" for name, kind, meaning in columns)
    assert rows in (ROOT / "docs/tables.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES for block in blocks(page) if block.language == "yaml"],
    ids=lambda block: block.heading,
)
def test_yaml_examples_are_well_formed(block: Block, tmp_path: Path) -> None:
    """Every key and value is known and readable; what an example refers to may lie elsewhere."""
    shutil.copytree(config_folder(), tmp_path / "okr_config")
    name = EXAMPLES.get(block.text.partition(":")[0], "okr.yaml")
    whole = name != "okr.yaml" or block.text.startswith("project:")
    text = block.text if whole else f"project: part\ntimezone: UTC\n{block.text}"
    (tmp_path / "okr_config" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "okr_config" / name).write_text(text, encoding="utf-8")
    found = [d for d in config.check(tmp_path / "okr_config").diagnostics if d.file == name]
    assert [] == [f"{d.line}: {d.message}" for d in found if d.code[3] in "015"]


def test_links_lead_somewhere() -> None:
    """Every relative link names a file that is there, and a heading in it where it names one."""
    broken = []
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
            file, _, anchor = target.partition("#")
            path = (page.parent / file).resolve() if file else page
            if not path.exists() or (anchor and anchor not in anchors(path)):
                broken.append(f"{page.name}: {target}")
    assert [] == broken


def anchors(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
