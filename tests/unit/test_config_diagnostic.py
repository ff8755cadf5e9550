"""How a diagnostic is printed, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

from okr_pipeline.config import Diagnostic, code_table, render_github, render_json, render_text
from tests.builders.config_project import COMPANY, only, replaced


def diagnostic(**changes: object) -> Diagnostic:
    """Return a diagnostic with *changes*."""
    told = {"code": "OKR103", "message": "`laging` is no indicator", "mend": "did you mean `lagging`?"}
    placed = {
        "file": "objectives/q3/a.yaml",
        "line": 8,
        "column": 20,
        "length": 6,
        "text": "        indicator: laging",
    }
    return Diagnostic(**{**told, **placed, **changes})  # type: ignore[arg-type]


def test_text_shows_the_line_and_a_caret(tmp_path: Path) -> None:
    """Code, place, line, underline and mend, as in the documentation."""
    found = only(tmp_path, replaced("indicator: lagging", "indicator: laging"))
    expected = f"""\
{COMPANY}:9:20: OKR103 `laging` is no indicator
   |
 9 |         indicator: laging
   |                    ^^^^^^
   = did you mean `lagging`?  (leading, lagging)"""
    assert expected == render_text([found])


def test_the_margin_follows_the_line_number() -> None:
    """Three digits of a line number move everything by two."""
    lines = render_text([diagnostic(line=120)]).splitlines()
    assert ["     |", " 120 |         indicator: laging", "     |                    ^^^^^^"] == lines[1:4]


def test_the_caret_stands_right_under_wide_characters() -> None:
    """A Chinese title takes two cells a character, a combining accent none."""
    lines = render_text([diagnostic(text="标题: e\u0301x", column=5, length=3)]).splitlines()
    assert "   |       ^^" == lines[3]


def test_control_and_direction_characters_are_made_visible() -> None:
    """No title can turn the line around or recolour the terminal."""
    shown = render_text([diagnostic(text="title: \u202eevil\x1b[31m\tx", message="a\u2066b")])
    assert ["\n"] == [c for c in dict.fromkeys(shown) if not c.isprintable()]


def test_without_a_line_there_is_no_frame() -> None:
    """A file that cannot be read has nothing to show."""
    assert 2 == len(render_text([diagnostic(text="", length=0)]).splitlines())


def test_json_is_versioned() -> None:
    """Programs get the same facts, without the drawing."""
    document = json.loads(render_json([diagnostic(message="ä\n")]))
    assert 1 == document["version"]
    assert ("OKR103", 8, 20, "ä\n", False) == tuple(
        document["diagnostics"][0][key] for key in ("code", "line", "column", "message", "warning")
    )


def test_github_commands_cannot_be_broken_out_of() -> None:
    """Line breaks, commas and colons are escaped as workflow commands demand."""
    line = render_github([diagnostic(message="50%\n::error::x", file="a,b:c.yaml", warning=True)])
    head = "::warning file=okr_config/a%2Cb%3Ac.yaml,line=8,col=20,endColumn=26,title=OKR103"
    assert f"{head}::50%25%0A::error::x; did you mean `lagging`?" == line


def test_the_table_of_codes_has_a_row_for_each() -> None:
    """The documentation's table is made from the codes themselves."""
    assert "| OKR103 | A word is not one of those allowed here |" in code_table().splitlines()
