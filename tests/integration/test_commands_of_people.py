"""`okr lint` and `okr check-in`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from project_builder import ProjectFolder, day

from okr_pipeline.cli import main

SAYS = ["check-in", "grow.partners", "--author", "ana", "--on", "2026-08-03"]


class Typed(ProjectFolder):
    """A project with one measured and one stated key result; `run` types a command."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.key_results["partners"] = {"title": "Send letters", "manual": {"from": 0, "to": 4}}
        self.write()

    def run(self, *words: str, **environ: str) -> Result:
        return CliRunner(env=environ).invoke(main, ["-C", str(self.root), *words])

    @property
    def said(self) -> Path:
        return self.root / "okr_config/check_ins/aug.yaml"


@pytest.fixture(name="typed")
def _typed(tmp_path: Path) -> Typed:
    return Typed(tmp_path)


def test_advice_is_told_with_its_reason(typed: Typed) -> None:
    """The place, the code, what was found, why it matters; the exit code stays 0 unless it is asked for."""
    found = typed.run("lint", "--as-of", "2026-08-10")
    assert 0 == found.exit_code
    assert "OKRL11 grow.partners: the title begins with `send`" in found.stdout
    assert "It can be done in full without anything becoming better" in found.stdout
    assert 1 == typed.run("lint", "--as-of", "2026-08-10", "--exit-code").exit_code


def test_advice_for_programs(typed: Typed) -> None:
    """JSON has a version and one object a piece; GitHub gets a warning at the line."""
    listed = json.loads(typed.run("lint", "--as-of", "2026-08-10", "--format", "json").stdout)
    assert 1 == listed["version"]
    assert {"OKRL11", "OKRL43"} <= {
        one["code"] for one in listed["advice"] if one["subject"] == "grow.partners"
    }
    lines = typed.run("lint", "--as-of", "2026-08-10", "--format", "github").stdout.splitlines()
    assert all(
        line.startswith("::warning file=okr_config/objectives/aug/company.yaml,line=") for line in lines
    )


def test_after_every_cycle_there_is_nothing_to_advise(typed: Typed) -> None:
    """It says why it is silent."""
    found = typed.run("lint", "--as-of", "2026-09-10")
    assert ("", True) == (found.stdout, "every cycle is over" in found.stderr)


def test_a_check_in_becomes_a_line_and_then_a_number(typed: Typed) -> None:
    """What was said stands in the cycle's file, and the next sync counts it."""
    found = typed.run(*SAYS, "--value", "2", "--confidence", "60%", "--note", 'a: "quoted" word')
    assert 0 == found.exit_code, found.output
    [said] = yaml.safe_load(typed.said.read_text(encoding="utf-8"))["check_ins"]
    assert ("60%", 'a: "quoted" word') == (said["confidence"], said["note"])
    assert "0.5" == f"{typed.seen_at(day(5))['partners'].progress:.1f}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check-in", "grow.partner", "--note", "x", "--author", "a"], "did you mean `grow.partners`?"),
        (["check-in", "grow.partners", "--note", "x"], "say who you are"),
        (["check-in", "grow.partners", "--author", "a"], "nothing is said"),
        ([*SAYS, "--value", "many"], "`many` is no number"),
        ([*SAYS, "--note", "x", "--status", "at_risk"], "--until"),
        ([*SAYS, "--confidence", "150%"], "confidence"),
    ],
)
def test_what_cannot_be_said_leaves_no_line(typed: Typed, words: list[str], told: str) -> None:
    """Usage ends with 2, the reason is told, and the file is as it was."""
    found = typed.run(*words, OKR_AUTHOR="")
    assert 2 == found.exit_code
    assert told in found.stderr
    assert not typed.said.exists()
