"""The snapshot as rows of a spreadsheet tab: a headline, when it was, a stamp, and a row a key result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal

from babel.numbers import get_currency_symbol

from connectors.google_sheets.board import Cell
from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish import display as say
from okr_pipeline.publish.explained import parting, remarks, staleness, vouched
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.page import groups
from okr_pipeline.publish.sentences import headline
from okr_pipeline.publish.standing import standing
from okr_pipeline.publish.visible import one_line

COLUMNS = (
    "Objective",
    "Key result",
    "Kind",
    "Owner",
    "Status",
    "Now",
    "Target",
    "Way",
    "Expected",
    "Gap (points)",
    "7 days (points)",
    "Confidence",
    "Newest data",
    "Note",
    "Id",
)
HEAD = 4
"""Rows above the first key result."""
STAMP_ROW = 2
"""The row, from 0, whose first cell is kept free for the stamp."""

MOST_SIGNS = 5_000
"""Of a text in one cell; Google takes no more than 50,000."""
MOST_OF_A_UNIT = 50
"""Signs of a unit in a number format, which stands in every cell."""
DIGITS = 15
"""Significant digits that a spreadsheet holds of a number; the tables have all of them."""

_HELD = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_NO_LITERAL = str.maketrans('"\\', "'/")
_POINTS = "+0.0;-0.0;0.0"


def sheet_rows(report: Report) -> list[list[Cell]]:
    """Return the rows of *report*, all of one length; lagging and leading stand apart as on the page."""
    as_of = f"As of {say.moment(report.as_of, report.zone)}. What is changed here by hand is overwritten."
    top = [[_text(headline(report))], [_text(as_of)], [Cell()], [_text(name) for name in COLUMNS]]
    below = [
        [*_key_result(objective, group.word, line, report)]
        for objective in report.objectives
        for group in groups(objective)
        for line in group.lines
    ]
    return [row + [Cell()] * (len(COLUMNS) - len(row)) for row in top + below]


def _key_result(objective: ObjectiveLine, kind: str, line: KeyResultLine, report: Report) -> Iterator[Cell]:
    told = words(line)
    yield _text(objective.title)
    yield _text(line.title)
    yield _text(kind)
    yield _text(line.owner or objective.owner)
    yield _text(f"{standing(line).mark} {standing(line).word}")
    yield _figure(line.value, line.unit, else_=told.now())
    yield _figure(line.target, line.unit, else_=told.goal())
    # A number where the page shows this very number; else its words, such as "inside".
    yield _percent(line.progress) if told.way() == say.percent(line.progress) else _text(told.way())
    yield _percent(line.expected)
    yield _points(line.gap)
    yield _points(line.change_7d)
    yield _percent(line.said.confidence if line.said else None)
    yield _text(say.moment(line.newest_at, report.zone) if line.newest_at else None)
    yield _text("; ".join(_remarks(line, report)))
    yield _text(line.id)


def _remarks(line: KeyResultLine, report: Report) -> Iterator[str]:
    note = line.said.note if line.said and line.said.note else line.note
    yield from filter(None, (staleness(line, report), parting(line), vouched(line)))
    yield from remarks(line)
    yield from filter(None, (note,))


def _text(text: str | None) -> Cell:
    return Cell(one_line(text, MOST_SIGNS)) if text else Cell()


def _figure(value: Decimal | None, unit: str | None, *, else_: str) -> Cell:
    return _text(else_) if value is None else Cell(_held(value), _pattern(value, unit))


def _percent(ratio: Decimal | None) -> Cell:
    return Cell() if ratio is None else Cell(_held(ratio), _pattern(ratio, "percent"))


def _points(ratio: Decimal | None) -> Cell:
    return Cell() if ratio is None else Cell(_held(ratio.scaleb(2)), _POINTS)


def _held(value: Decimal) -> Decimal:
    """Return *value* as a spreadsheet can hold it: the same number where 15 digits are enough."""
    return _HELD.plus(value)


def _pattern(value: Decimal, unit: str | None) -> str:
    """Return the number format that shows as many digits of *value* as the page."""
    if unit == "percent":
        return f"{_digits(_places(say.percent(value)), least='0')}%"
    if unit is not None and say.is_money(unit):
        symbol = _quoted(get_currency_symbol(unit, say.LOCALE))
        return f"{symbol}{_digits(_places(say.display(value, unit, style='full')))}"
    digits = _digits(_places(say.display(value)))
    return f"{digits}{_quoted(f' {unit}')}" if unit else digits


def _places(shown: str) -> int:
    """Return how many digits *shown* has behind its point."""
    found = re.search(r"\.([0-9]+)", shown)
    return len(found[1]) if found else 0


def _digits(places: int, *, least: str = "#,##0") -> str:
    return f"{least}.{'0' * places}" if places else least


def _quoted(text: str) -> str:
    """Return *text* as a literal part of a number format, which a quotation mark or a backslash would end."""
    return f'"{one_line(text, MOST_OF_A_UNIT).translate(_NO_LITERAL)}"'
