"""What to declare of a discovered table: types by the source's names for them, and columns that tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice

from connectors.cells import AWARE, BOOLEAN, DATE, DECIMAL, INTEGER, NAIVE

LOOSE_DECIMAL = "decimal(38,9)"
"""For numbers without a declared scale: an inexact one is refused, so that nothing is rounded unseen."""
MONEY = "decimal(18,2)"
LOOKED_AT = 1_000
"""Cells of a column that its type is guessed from, where the source has none."""

_CENTS = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,2})?")
_EXACT = re.compile(r"(numeric|decimal|number|dec|decimal\d+)\((\d+), ?(\d+)\)( unsigned)?")
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("boolean", re.compile(r"bool(ean)?|checkbox|(tinyint|bit)\(1\)|bit")),
    ("decimal(20,0)", re.compile(r"bigint( ?\(\d+\))? unsigned|uint64|hugeint|ubigint")),
    (
        "integer",
        re.compile(
            r"(tiny|small|medium|big)?int(eger)?\d*( ?\(\d+\))?( unsigned)?|uint(8|16|32)"
            r"|(small|big)?serial|byteint|long|year"
        ),
    ),
    ("date", re.compile(r"date(32|64)?(\[\w+\])?")),
    ("timestamp", re.compile(r"(timestamp|datetime).*")),
    (
        LOOSE_DECIMAL,
        re.compile(r"(double|float|real|numeric|decimal|number|money|currency|percent|halffloat).*"),
    ),
    ("json", re.compile(r"(json|dict|list|struct|map|object|array|variant|super).*")),
)
_CHANGED = re.compile(r"modstamp|modif|updat|chang|edited", re.IGNORECASE)
_CREATED = re.compile(r"creat|insert|added|occurr|at$|date$|time$", re.IGNORECASE)
_DELETED = re.compile(r"(is_?)?(deleted|removed|archived)(_?(at|on|date|time))?", re.IGNORECASE)
_GUESSED = (
    ("integer", INTEGER),
    (LOOSE_DECIMAL, DECIMAL),
    ("boolean", BOOLEAN),
    ("date", DATE),
    ("timestamp", AWARE),
    ("timestamp", NAIVE),
)

_JSON = {str: "text", bool: "boolean", int: "integer", dict: "object", list: "array"}


def declared_as(source_type: str) -> str:
    """Return the type to declare for a column that its source calls *source_type*; `string` if in doubt."""
    name = source_type.strip().lower()
    if exact := _EXACT.fullmatch(name):
        precision, scale = min(int(exact[2]), 38), int(exact[3])
        return f"decimal({max(precision, 1)},{min(scale, precision)})" if precision else LOOSE_DECIMAL
    return next((declared for declared, word in _WORDS if word.fullmatch(name)), "string")


def guessed_from(cells: Iterable[object]) -> str:
    """
    Return the type that all filled *cells* of a column fit, `string` if none but that.

    For sources whose cells are text. A number that begins with 0 is a code, not a number.
    """
    texts = [str(cell) for cell in islice(cells, LOOKED_AT) if cell not in (None, "")]
    if not texts or any(re.match(r"[+-]?0[0-9]", text) for text in texts):
        return "string"
    found = next((kind for kind, form in _GUESSED if all(re.match(form, text) for text in texts)), "string")
    return MONEY if found == LOOSE_DECIMAL and all(_CENTS.fullmatch(text) for text in texts) else found


def json_type(cells: Iterable[object]) -> str:
    """Return what to call the JSON values of one column, `mixed` where they are of several types."""
    kinds = {_JSON.get(type(cell), "number") for cell in cells if cell is not None}
    if kinds == {"integer", "number"}:
        return "number"
    return min(kinds, default="null") if len(kinds) < 2 else "mixed"


def cursors_of(declared: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns that tell time, those that move with every change first."""
    times = [name for name, kind in declared.items() if kind in ("timestamp", "date")]
    return tuple(sorted(times, key=lambda name: (not _CHANGED.search(name), not _CREATED.search(name))))


def moves_with_changes(name: str) -> bool:
    """Return whether a column's name says that it is stamped anew whenever its row changes."""
    return _CHANGED.search(name) is not None


def mark_of_deletion(declared: Mapping[str, str]) -> str | None:
    """Return the column whose name and type say that it marks deleted rows; None if none does."""
    fitting = ("boolean", "timestamp", "date")
    return next((n for n, kind in declared.items() if kind in fitting and _DELETED.fullmatch(n)), None)
