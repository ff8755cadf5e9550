"""A connector of somebody else: the package that CONTRIBUTING.md shows, installed and used for real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import ROOT, blocks
from project_builder import ProjectFolder

CONNECTOR = "okr_json_document.py"
DEALS = '[{"id": "a", "amount": 12.50, "won": true}, {"id": "b", "amount": 7.25, "won": true}]'


def files_shown() -> dict[str, str]:
    """Return the files of CONTRIBUTING.md: blocks whose first line is their name."""
    found = (re.match(r"# ([\w.]+)\n", block.text) for block in blocks(ROOT / "CONTRIBUTING.md"))
    texts = [block.text for block in blocks(ROOT / "CONTRIBUTING.md")]
    return {name[1]: text for name, text in zip(found, texts, strict=True) if name}


def run(*words: str, cwd: Path, installed: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), *([str(installed)] if installed else [])])
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": path, "COLUMNS": "200"}
    return subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outsider's package as a folder."""
    folder = tmp_path_factory.mktemp("outsider")
    for name, text in files_shown().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package is installed by pip: built from its own pyproject.toml, with nothing downloaded."""
    target = tmp_path_factory.mktemp("installed")
    how = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
    done = run(sys.executable, "-m", "pip", "install", *how, "--target", str(target), ".", cwd=package)
    assert 0 == done.returncode, done.stderr
    return target


def test_the_connector_is_small() -> None:
    """A whole connector is less than 100 lines."""
    assert len(files_shown()[CONNECTOR].splitlines()) < 100


def test_its_tests_are_the_suite(package: Path, installed: Path) -> None:
    """The outsider's own pytest runs every check of the suite, with the plugin named in one line."""
    done = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", cwd=package, installed=installed)
    assert 0 == done.returncode, done.stdout[-3000:]
    assert "json_document" in next(
        line for line in done.stdout.splitlines() if line.startswith("okr connectors:")
    )
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 25


def test_a_mistake_is_told_by_row_and_column(package: Path, installed: Path, tmp_path: Path) -> None:
    """A connector that loses the sign of an amount fails with the row, the column and its type."""
    broken = (
        (package / CONNECTOR)
        .read_text(encoding="utf-8")
        .replace(
            "[row.get(name) for row in part]",
            "[str(v).strip('-') if (v := row.get(name)) else v for row in part]",
        )
    )
    (tmp_path / CONNECTOR).write_text(broken, encoding="utf-8")
    for name in ("conftest.py", "test_json_document.py"):
        (tmp_path / name).write_text((package / name).read_text(encoding="utf-8"), encoding="utf-8")
    words = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "exactly")
    done = run(*words, cwd=tmp_path, installed=installed)
    assert 1 == done.returncode
    assert "row 3, column amount (decimal(18,2))" in done.stdout


def test_a_project_uses_its_kind(installed: Path, tmp_path: Path) -> None:
    """`okr check`, `add dataset` and `sync` know the kind; without the package, check says what is gone."""
    project = ProjectFolder(tmp_path)
    (tmp_path / "data/deals.json").write_text(DEALS, encoding="utf-8")
    source = {"connector": "json_document", "connection": {"root": "data"}, "datasets": {}}
    project.sources, project.metrics, project.key_results = {"crm": source}, {}, {}
    project.objectives = {}
    project.write()
    okr = (sys.executable, "-c", "from okr_pipeline.cli import main; main(prog_name='okr')")
    for words in ("check", "add dataset crm deals.json"):
        done = run(*okr, *words.split(), cwd=tmp_path, installed=installed)
        assert 0 == done.returncode, (words, done.stdout, done.stderr)
    (tmp_path / "okr_config/metrics").mkdir()
    (tmp_path / "okr_config/metrics/crm.yaml").write_text(
        "metrics:\n  won: {dataset: crm.deals, value: sum(amount), where: won}\n", encoding="utf-8"
    )
    done = run(*okr, "sync", "--as-of", "2026-08-10", cwd=tmp_path, installed=installed)
    assert (0, True) == (done.returncode, "extract   dataset=crm.deals mode=full rows=2" in done.stderr), (
        done.stderr
    )
    without = run(*okr, "check", cwd=tmp_path)
    assert (1, True) == (without.returncode, "json_document` is no connector" in without.stdout), (
        without.stdout
    )
