"""Promises about the shape of the code that no single module can keep."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = [*ROOT.glob("okr_pipeline/**/*.py"), *ROOT.glob("connectors/**/*.py"), ROOT / "definitions.py"]
HEAVY = ("dagster", "sqlalchemy", "pandas", "duckdb", "pyarrow", "simple_salesforce", "gspread", "openpyxl")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_check_runs_where_dagster_cannot_be_imported() -> None:
    """A fresh interpreter that refuses dagster still checks the example project."""
    code = """
import sys
sys.modules["dagster"] = None
from okr_pipeline.cli import main
main(["check"], standalone_mode=False)
"""
    done = run(code)
    assert "no problem found" in done.stderr, done.stderr


@pytest.mark.parametrize("module", ["okr_pipeline.cli", "okr_pipeline.config", "okr_pipeline.publish.latest"])
def test_quick_commands_load_no_heavy_library(module: str) -> None:
    """What every command starts with imports none of the libraries that cost a fifth of a second and more."""
    done = run(f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("name", ["connectors", "definitions"])
def test_generic_names_resolve_inside_this_repository(name: str) -> None:
    """`connectors` and `definitions` are everybody's names; here they are ours."""
    found = importlib.util.find_spec(name)
    assert found is not None
    assert Path(str(found.origin)).resolve().is_relative_to(ROOT)


def test_nobody_imports_definitions() -> None:
    """`definitions.py` is for Dagster alone."""
    importers = [
        path.relative_to(ROOT).as_posix()
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name == "definitions" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "definitions")
    ]
    assert [] == importers


def test_clock_and_environment_are_read_at_the_top_alone() -> None:
    """Below the command line and Dagster, time and environment are arguments; network protocols apart."""
    reads = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "os.environ", "os.getenv"}
    # Signed tokens and `Retry-After` go by the time of day: when a source is asked, never what a number is.
    protocols = "connectors/transport/policy.py"
    allowed = ("okr_pipeline/cli/", "okr_pipeline/orchestration/", "definitions.py", protocols)
    found = [
        f"{name}:{node.lineno}"
        for path in PRODUCT
        if not (name := path.relative_to(ROOT).as_posix()).startswith(allowed)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in reads
    ]
    assert [] == found


def test_the_lock_pins_by_hash_and_names_no_address() -> None:
    """Every locked requirement has a hash, and no line says where it comes from."""
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        pinned = re.findall(r"^[a-z0-9][a-z0-9._\[\],-]*==[^\s]+.*?(?=^\S|\Z)", text, re.M | re.S)
        assert pinned, path
        assert [] == [entry.split("==")[0] for entry in pinned if "--hash=sha256:" not in entry]
        assert not re.search(r"://|--index|--find-links|file:", text), path


def test_no_init_file_under_tests() -> None:
    """A package under `tests/` would shadow ours of the same name."""
    assert [] == list((ROOT / "tests").glob("**/__init__.py"))
