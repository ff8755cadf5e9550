"""
YAML text to plain data that remembers where everything stands.

Only the core types of YAML 1.2: `no`, `010`, `1:30` and dates are text. Numbers are `int` or
`Decimal`, never float. What could surprise a reader (anchors, tags, a key written twice) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

MAX_DEPTH = 64
MAX_DIGITS = 38

_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DIGIT = re.compile(r"\.?[0-9]")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]{1,4})?\Z")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_WRITE_OUT = "write the value out, or quote it if it is text that begins with `&`, `*` or `<<`"


class Spot(NamedTuple):
    """Where something begins: line and column count from 1; *length* is what of it stands on that line."""

    line: int
    column: int
    length: int


class YamlMapping(dict[str, object]):
    """A mapping with the spots of its keys and values, and its own."""

    __slots__ = ("key_spots", "spot", "value_spots")

    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot
        self.key_spots: dict[str, Spot] = {}
        self.value_spots: dict[str, Spot] = {}


class YamlList(list[object]):
    """A list with the spots of its items, and its own."""

    __slots__ = ("item_spots", "spot")

    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot
        self.item_spots: list[Spot] = []


class Unreadable:
    """Stands where a value has already been reported, so that nobody reports it again."""


UNREADABLE = Unreadable()


class YamlProblem(NamedTuple):
    """One thing wrong with the text itself."""

    code: str
    spot: Spot
    message: str
    mend: str


class _Refused(Exception):
    """Nothing after this point can be read."""

    def __init__(self, problem: YamlProblem) -> None:
        self.problem = problem


def parse(text: str) -> tuple[object, list[YamlProblem]]:
    """
    Return the data in *text* and every problem found.

    The data is a `YamlMapping`, a `YamlList`, a scalar, None for an empty text, or `UNREADABLE`
    when the text cannot be read to its end.
    """
    problems: list[YamlProblem] = []
    try:
        return _Reader(text, problems).document(), problems
    except _Refused as refusal:
        return UNREADABLE, [*problems, refusal.problem]
    except yaml.YAMLError as error:
        return UNREADABLE, [*problems, _syntax_problem(error, text)]


class _Reader:
    """Builds data from libyaml's events, one document deep, keeping what is wrong in *problems*."""

    def __init__(self, text: str, problems: list[YamlProblem]) -> None:
        self.next_event: Callable[[], Any] = yaml.CSafeLoader(text).get_event
        self.problems = problems

    def document(self) -> object:
        self.next_event()  # the start of the stream
        if not isinstance(self.next_event(), DocumentStartEvent):
            return None
        first = self.next_event()
        data = self.value(first, _spot(first), 1)
        self.next_event()  # the end of the document
        event = self.next_event()
        if isinstance(event, DocumentStartEvent):
            mend = "keep one document a file: drop the `---`"
            raise _Refused(YamlProblem("OKR014", _spot(event), "a second YAML document begins here", mend))
        return data

    def value(self, event: Any, spot: Spot, depth: int) -> object:
        if event.anchor is not None or event.tag is not None:
            raise _Refused(_indirection(event, spot))
        kind = type(event)
        if kind is ScalarEvent:
            return self.scalar(event, spot) if event.implicit[0] else event.value
        if depth > MAX_DEPTH:
            message, mend = f"nested deeper than {MAX_DEPTH} levels", "flatten it: nothing here needs depth"
            raise _Refused(YamlProblem("OKR010", spot, message, mend))
        if kind is MappingStartEvent:
            return self.mapping(spot, depth)
        return self.list(spot, depth)

    def mapping(self, spot: Spot, depth: int) -> YamlMapping:
        mapping = YamlMapping(spot)
        while type(event := self.next_event()) is not MappingEndEvent:
            key_spot = _spot(event)
            key = self.key(event, key_spot)
            value_event = self.next_event()
            value_spot = _spot(value_event)
            value = self.value(value_event, value_spot, depth + 1)
            if key in mapping:
                self.doubled(key, key_spot, mapping.key_spots[key])
                continue
            mapping[key] = value
            mapping.key_spots[key] = key_spot
            mapping.value_spots[key] = value_spot
        return mapping

    def list(self, spot: Spot, depth: int) -> YamlList:
        items = YamlList(spot)
        while type(event := self.next_event()) is not SequenceEndEvent:
            item_spot = _spot(event)
            items.item_spots.append(item_spot)
            items.append(self.value(event, item_spot, depth + 1))
        return items

    def key(self, event: Any, spot: Spot) -> str:
        if event.anchor is not None or event.tag is not None:
            raise _Refused(_indirection(event, spot))
        plain = type(event) is ScalarEvent and event.implicit[0]
        if type(event) is not ScalarEvent or (plain and event.value in ("", "~")):
            mend = "write a plain word before the `:`"
            raise _Refused(YamlProblem("OKR013", spot, "a key that is no plain text", mend))
        if plain and event.value == "<<":
            raise _Refused(YamlProblem("OKR008", spot, "YAML merge keys are not allowed", _WRITE_OUT))
        return str(event.value)

    def scalar(self, event: Any, spot: Spot) -> object:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "-.0123456789" and text[-1] not in "fFnN":
            return text
        if _NO_NUMBER.match(text):
            return self.no_number(spot, "OKR011", f"`{text}` is no number", "write a finite number")
        whole = _INTEGER.match(text)
        if not whole and not (_DECIMAL.match(text) and _DIGIT.search(text)):
            return text
        if sum(c.isdigit() for c in text) > MAX_DIGITS:
            mend = "round it, or quote it if it is text"
            return self.no_number(spot, "OKR012", f"a number of more than {MAX_DIGITS} digits", mend)
        return int(text) if whole else Decimal(text)

    def no_number(self, spot: Spot, code: str, message: str, mend: str) -> Unreadable:
        self.problems.append(YamlProblem(code, spot, message, mend))
        return UNREADABLE

    def doubled(self, key: str, spot: Spot, first: Spot) -> None:
        message = f"`{key}` is written twice: on line {first.line} and on line {spot.line}"
        self.problems.append(YamlProblem("OKR007", spot, message, "keep one of the two"))


def _indirection(event: Any, spot: Spot) -> YamlProblem:
    """Return why *event*, which has an anchor or a tag, is refused."""
    if event.anchor is not None:
        what = "aliases" if type(event) is AliasEvent else "anchors"
        return YamlProblem("OKR008", spot, f"YAML {what} are not allowed", _WRITE_OUT)
    return YamlProblem("OKR009", spot, "YAML tags are not allowed", "drop the tag; types follow from the key")


def _spot(event: Any) -> Spot:
    start, end = event.start_mark, event.end_mark
    line, column = start.line, start.column
    length = end.column - column if end.line == line else 1
    return Spot(line + 1, column + 1, length or 1)


_PLAIN_WORDS = (
    ("block scalar", None, "text that begins with `>` or `|`", 'put the value in quotes: keep: ">= 99%"'),
    ("an alias", None, "text that begins with `*`", "put the value in quotes"),
    ("an anchor", None, "text that begins with `&`", "put the value in quotes"),
    (None, "mapping values are not allowed", "a second `:` on one line", "indent it, or quote the text"),
    ("quoted scalar", "end of stream", "a quote is never closed", "close it"),
    (None, "unknown escape", "an unknown escape after a backslash", "double it, or use single quotes"),
    ("flow", None, "a bracket is never closed, or a comma is missing", "close it with `]` or `}`"),
    (None, "cannot start any token", "a value cannot begin with this character", "put the value in quotes"),
    (None, "could not find expected ':'", "a line without `key: value`", "write `key: value`, or indent it"),
    (None, "did not find expected key", "indented unlike the lines above", "align it with its siblings"),
    (None, "did not find expected '-'", "a key among list items", "indent it, or begin it with `- `"),
)


def _syntax_problem(error: yaml.YAMLError, text: str) -> YamlProblem:
    """Say in plain words what libyaml stumbled over, without repeating any of the text."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return YamlProblem("OKR005", Spot(1, 1, 1), "a character that YAML does not allow", "remove it")
    context, problem = error.context or "", error.problem or ""
    mark = error.context_mark if "quoted" in context or "block scalar" in context else error.problem_mark
    mark = mark or error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    spot = Spot(line + 1, column + 1, 1)
    rows = text.split("\n")
    if line < len(rows) and rows[line][:column].strip(" ") == "" and rows[line][column : column + 1] == "\t":
        return YamlProblem("OKR006", spot, "a tab in the indentation", "indent by spaces")
    for in_context, in_problem, message, mend in _PLAIN_WORDS:
        if (in_context is None or in_context in context) and (in_problem is None or in_problem in problem):
            return YamlProblem("OKR005", spot, message, mend)
    return YamlProblem("OKR005", spot, f"not valid YAML: {problem}", "mend it here, or on the line before")
