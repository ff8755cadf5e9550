"""
YAML text to plain data that remembers where everything stands.

Only the core types of YAML 1.2: `no`, `010`, `1:30` and dates are text. Numbers are `int` or
`Decimal`, never float. What could surprise a reader (anchors, tags, a key written twice) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

MAX_DEPTH = 64
MAX_DIGITS = 38

_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]{1,4})?\Z")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")


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


class _Refused(Exception):  # noqa: N818  (it never leaves this module)
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
    except yaml.MarkedYAMLError as error:
        return UNREADABLE, [*problems, _syntax_problem(error, text)]


class _Reader:
    """Builds data from libyaml's events, one document deep, keeping what is wrong in *problems*."""

    def __init__(self, text: str, problems: list[YamlProblem]) -> None:
        self.events: Iterator[Event] = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        self.problems = problems

    def document(self) -> object:
        data: object = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    message, mend = (
                        "a second YAML document begins here",
                        "keep one document a file: drop the `---`",
                    )
                    raise _Refused(YamlProblem("OKR014", _spot(event), message, mend))
                data = self.value(next(self.events), 1)
        return data

    def value(self, event: Event, depth: int) -> object:
        self.refuse_indirection(event)
        if type(event) is ScalarEvent:
            return self.scalar(event)
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise _Refused(
                YamlProblem("OKR010", _spot(event), message, "flatten it: nothing here needs depth")
            )
        if type(event) is MappingStartEvent:
            return self.mapping(event, depth)
        return self.list(event, depth)

    def mapping(self, start: Event, depth: int) -> YamlMapping:
        mapping = YamlMapping(_spot(start))
        while not isinstance(event := next(self.events), CollectionEndEvent):
            key = self.key(event)
            value_event = next(self.events)
            spot = _spot(value_event)
            value = self.value(value_event, depth + 1)
            if key in mapping:
                self.doubled(key, _spot(event), mapping.key_spots[key])
                continue
            mapping[key] = value
            mapping.key_spots[key] = _spot(event)
            mapping.value_spots[key] = spot
        return mapping

    def list(self, start: Event, depth: int) -> YamlList:
        items = YamlList(_spot(start))
        while not isinstance(event := next(self.events), CollectionEndEvent):
            items.item_spots.append(_spot(event))
            items.append(self.value(event, depth + 1))
        return items

    def key(self, event: Event) -> str:
        self.refuse_indirection(event)
        if type(event) is not ScalarEvent or (event.implicit[0] and event.value in ("", "~")):
            mend = "write a plain word before the `:`"
            raise _Refused(YamlProblem("OKR013", _spot(event), "a key that is no plain text", mend))
        if event.value == "<<" and event.implicit[0]:
            raise _Refused(_indirection(_spot(event), "merge keys"))
        return str(event.value)

    def scalar(self, event: ScalarEvent) -> object:
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "-.0123456789" and text[-1] not in "fFnN":
            return text
        if _NO_NUMBER.match(text):
            return self.no_number(_spot(event), "OKR011", f"`{text}` is no number", "write a finite number")
        return self.number(event, text)

    def number(self, event: ScalarEvent, text: str) -> object:
        whole = _INTEGER.match(text)
        if not whole and not (_DECIMAL.match(text) and any(c.isdigit() for c in text.split("e")[0])):
            return text
        if sum(c.isdigit() for c in text) > MAX_DIGITS:
            message = f"a number of more than {MAX_DIGITS} digits"
            return self.no_number(
                _spot(event), "OKR012", message, "round it, or put it in quotes if it is text"
            )
        return int(text) if whole else Decimal(text)

    def no_number(self, spot: Spot, code: str, message: str, mend: str) -> Unreadable:
        self.problems.append(YamlProblem(code, spot, message, mend))
        return UNREADABLE

    def doubled(self, key: str, spot: Spot, first: Spot) -> None:
        message = f"`{key}` is written twice: on line {first.line} and on line {spot.line}"
        self.problems.append(YamlProblem("OKR007", spot, message, "keep one of the two"))

    def refuse_indirection(self, event: Event) -> None:
        if isinstance(event, AliasEvent):
            raise _Refused(_indirection(_spot(event), "aliases"))
        if isinstance(event, NodeEvent):
            if event.anchor is not None:
                raise _Refused(_indirection(_spot(event), "anchors"))
            if getattr(event, "tag", None) is not None:
                message, mend = "YAML tags are not allowed", "drop the tag; types follow from the key"
                raise _Refused(YamlProblem("OKR009", _spot(event), message, mend))


def _indirection(spot: Spot, what: str) -> YamlProblem:
    mend = "write the value out, or quote it if it is text that begins with `&`, `*` or `<<`"
    return YamlProblem("OKR008", spot, f"YAML {what} are not allowed", mend)


def _spot(event: Event) -> Spot:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        return Spot(1, 1, 1)
    length = end.column - start.column if end.line == start.line else 0
    return Spot(start.line + 1, start.column + 1, max(length, 1))


_PLAIN_WORDS = (
    ("block scalar", None, "text that begins with `>` or `|`", 'put the value in quotes: keep: ">= 99%"'),
    ("an alias", None, "text that begins with `*`", "put the value in quotes"),
    ("an anchor", None, "text that begins with `&`", "put the value in quotes"),
    (
        None,
        "mapping values are not allowed",
        "a second `:` on one line",
        "indent by spaces, or quote the text",
    ),
    ("quoted scalar", "end of stream", "a quote is never closed", "close it"),
    (
        None,
        "unknown escape",
        "an unknown escape after a backslash",
        "use single quotes, or double the backslash",
    ),
    ("flow", None, "a bracket is never closed, or a comma is missing", "close it with `]` or `}`"),
    (None, "cannot start any token", "a value cannot begin with this character", "put the value in quotes"),
    (None, "could not find expected ':'", "a line without `key: value`", "write `key: value`, or indent it"),
    (
        None,
        "did not find expected key",
        "the indentation does not fit the lines above",
        "align it with its siblings",
    ),
    (None, "did not find expected '-'", "a key among list items", "indent it, or begin it with `- `"),
)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> YamlProblem:
    """Say in plain words what libyaml stumbled over, without repeating any of the text."""
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
