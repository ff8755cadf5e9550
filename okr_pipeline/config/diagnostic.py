"""One problem of a configuration: where, what was expected, how to mend it; and three ways to print it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from okr_pipeline.layout import CONFIG_FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """
    One problem at one place.

    *file* is relative to the configuration folder; *line* and *column* count from 1. *length* is
    the number of characters to underline (0: none). *text* is the line as it may be shown: secrets
    are already masked. *mend* says what to do, in one line. A *warning* does not keep a project from
    loading.
    """

    code: str
    message: str
    mend: str
    file: str
    line: int = 1
    column: int = 1
    length: int = 0
    text: str = ""
    warning: bool = False

    @property
    def place(self) -> str:
        """`file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"

    def sort_key(self) -> tuple[str, int, int, str]:
        """Order by place: settings first, then files by name."""
        return ("" if self.file == "okr.yaml" else self.file, self.line, self.column, self.code)


class ConfigError(Exception):
    """A configuration has problems; *diagnostics* are all of them, sorted by place."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__(render_text(diagnostics))


def render_text(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the diagnostics for people, a blank line between two."""
    return "\n\n".join(_block(diagnostic) for diagnostic in diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return a JSON document, `{"version": 1, "diagnostics": [...]}`, for programs."""
    fields = ("code", "warning", "file", "line", "column", "length", "message", "mend")
    rows = [{name: getattr(diagnostic, name) for name in fields} for diagnostic in diagnostics]
    return json.dumps({"version": 1, "diagnostics": rows}, indent=2, ensure_ascii=False)


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one workflow command a diagnostic, as GitHub shows them beside the lines of a change."""
    return "\n".join(map(_workflow_command, diagnostics))


def _block(diagnostic: Diagnostic) -> str:
    level = "warning: " if diagnostic.warning else ""
    head = f"{diagnostic.place}: {diagnostic.code} {level}{_visible(diagnostic.message)}"
    margin = " " * len(str(diagnostic.line))
    rows = [head]
    if diagnostic.text.strip():
        shown = _visible(diagnostic.text.rstrip())
        rows += [f" {margin} |", f" {diagnostic.line} | {shown}"]
        if diagnostic.length:
            rows.append(f" {margin} | {_underline(diagnostic)}")
    rows.append(f" {margin} = {_visible(diagnostic.mend)}")
    return "\n".join(rows)


def _underline(diagnostic: Diagnostic) -> str:
    text = diagnostic.text.rstrip()
    before = text[: diagnostic.column - 1]
    marked = text[diagnostic.column - 1 : diagnostic.column - 1 + diagnostic.length]
    return " " * _width(before) + "^" * max(_width(marked), 1)


def _visible(text: str) -> str:
    """Return *text* with characters that would move the cursor or turn the line made visible."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _width(text: str) -> int:
    """Return how many terminal cells *text* takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def _workflow_command(diagnostic: Diagnostic) -> str:
    properties = {
        "file": f"{CONFIG_FOLDER}/{diagnostic.file}",
        "line": diagnostic.line,
        "col": diagnostic.column,
        "endColumn": diagnostic.column + max(diagnostic.length, 1),
        "title": diagnostic.code,
    }
    places = ",".join(f"{name}={_escaped(str(value), also=':,')}" for name, value in properties.items())
    level = "warning" if diagnostic.warning else "error"
    return f"::{level} {places}::{_escaped(f'{diagnostic.message}; {diagnostic.mend}')}"


def _escaped(text: str, *, also: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{also}" else c for c in text)
