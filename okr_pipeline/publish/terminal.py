"""The leader's view in a terminal: all key results, or one, as wide as the window allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.console import Console

from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish import display as say
from okr_pipeline.publish import sentences
from okr_pipeline.publish.explained import (
    expected_figure,
    explanation,
    formula,
    goal,
    is_old,
    objective_way,
    staleness,
)
from okr_pipeline.publish.standing import standing
from okr_pipeline.publish.trend import series
from okr_pipeline.publish.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARK = 12
_NARROW, _ROOMY, _WIDE = 72, 96, 124
_WIDEST = 18


class Screen(Console):
    """A console whose reader may go before the end: that is the caller's to judge, not an exit."""

    def on_broken_pipe(self) -> None:
        """Let the error go on that rich would turn into an exit code of its own."""
        raise BrokenPipeError


class UnknownKeyResultError(KeyError):
    """No key result of this id is in the report. *nearest* are ids that look like it."""

    def __init__(self, key_result: str, *, nearest: list[str]) -> None:
        super().__init__(key_result)
        self.nearest = nearest

    def __str__(self) -> str:
        hint = f"; did you mean {', '.join(self.nearest)}?" if self.nearest else ""
        return f"no key result {self.args[0]!r} in this snapshot{hint}"


def print_overview(report: Report, console: Console) -> None:
    """Print headline, what is stale, and every objective with its leading and lagging key results apart."""
    from rich.text import Text

    console.print(Text(sentences.headline(report), style="bold"))
    console.print(Text(_stamp(report), style="dim"))
    for sentence in sentences.worries(report):
        console.print(Text(f"{sentence.standing.mark if sentence.standing else '?'} {sentence.text}"))
    columns = _columns(report, width=console.width)
    for objective in report.objectives:
        console.print()
        console.print(_heading(objective))
        for indicator in ("lagging", "leading"):
            lines = [line for line in objective.key_results if line.indicator == indicator]
            if lines and console.width < _NARROW:
                _print_stacked(indicator, lines, report, console)
            elif lines:
                _print_table(indicator, lines, columns, console)
    if sentence_left := sentences.not_ready_sentence(report):
        console.print()
        console.print(Text(sentence_left, style="dim"))


def print_key_result(report: Report, key_result: str, console: Console) -> None:
    """
    Print one key result: where it stands, its trend, and every fact behind it.

    Raises:
        UnknownKeyResultError: If the report holds no such key result.
    """
    from rich.table import Table
    from rich.text import Text

    line = _find(report, key_result)
    console.print(Text.assemble((visible(line.title), "bold"), "   ", (_stamp(report), "dim")))
    console.print(Text.assemble(_stands(line), "   ", visible(f"{_now(line)} {goal(line)}")))
    if position := "   ".join(_position(line)):
        console.print(Text(position))
    if note := staleness(line, report):
        console.print(Text(visible(f"? {note}")))
    if drawn := sparkline(line, min(len(line.trend), max(console.width - 4, 10))):
        console.print(Text(drawn, style=standing(line).colour))
    console.print()
    console.print(Text(visible(formula(line))))
    facts = Table.grid(padding=(0, 2))
    for name, value in explanation(line, report):
        facts.add_row(Text(name, style="dim"), Text(visible(value)))
    console.print(facts)


def sparkline(line: KeyResultLine, width: int) -> str:
    """
    Return the trend in block characters, at most *width*; a blank is a stretch without a value.

    Each block shows the last known value of its stretch of days. Empty when nothing is known.
    """
    seen = series(line)
    known = [value for value in seen if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    width = min(width, len(seen))
    cells = [seen[n * len(seen) // width : (n + 1) * len(seen) // width] for n in range(width)]
    latest = [next((value for value in reversed(cell) if value is not None), None) for cell in cells]
    top = len(_BLOCKS) - 1
    return "".join(
        " " if value is None else _BLOCKS[int((value - low) * top / (high - low)) if high > low else top // 2]
        for value in latest
    )


def _stamp(report: Report) -> str:
    return f"{say.moment(report.as_of, report.zone)}   snapshot {report.snapshot[:8]}"


def _heading(objective: ObjectiveLine) -> Text:
    from rich.text import Text

    return Text.assemble(
        (visible(objective.title), "bold"), "  ", _stands(objective), "  ", (objective_way(objective), "dim")
    )


def _stands(line: KeyResultLine | ObjectiveLine) -> Text:
    from rich.text import Text

    shown = standing(line)
    return Text(f"{shown.mark} {shown.word}", style=shown.colour)


def _print_stacked(indicator: str, lines: list[KeyResultLine], report: Report, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Text(indicator, style="dim"))
    for line in lines:
        figures = (f"{_now(line)} {goal(line)}", _gap(line), _age(line, report))
        console.print(Text.assemble(_stands(line), "  ", visible(line.title)))
        console.print(Padding(Text(visible("  ".join(filter(None, figures))), style="dim"), (0, 0, 0, 2)))


def _print_table(
    indicator: str, lines: list[KeyResultLine], columns: Sequence[_Column], console: Console
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True, header_style="dim")
    table.add_column(indicator, ratio=1, overflow="fold")
    for column in columns:
        table.add_column(column.heading, width=column.width, justify=column.justify, overflow="fold")
    for line in lines:
        cells = [column.cell(line) for column in columns]
        table.add_row(
            Text(visible(line.title)),
            *(Text(visible(cell)) if isinstance(cell, str) else cell for cell in cells),
        )
    console.print(table)


class _Column(NamedTuple):
    heading: str
    justify: Literal["left", "right"]
    cell: Callable[[KeyResultLine], str | Text]
    width: int = 0


def _columns(report: Report, *, width: int) -> list[_Column]:
    """Return the columns that a window *width* wide has room for, each as wide as its longest cell."""
    lines = sentences.key_results(report)
    return [_fitted(column, lines) for column in _all_columns(report, width)]


def _fitted(column: _Column, lines: list[KeyResultLine]) -> _Column:
    from rich.cells import cell_len

    cells = [cell_len(visible(str(column.cell(line)))) for line in lines]
    return column._replace(width=min(max([len(column.heading), *cells]), _WIDEST))


def _all_columns(report: Report, width: int) -> Iterator[_Column]:
    yield _Column("status", "left", _stands)
    yield _Column("now", "right", _now)
    yield _Column("target", "left", goal)
    if width >= _WIDE:
        yield _Column("progress", "right", _way)
        yield _Column("expected", "right", lambda line: say.percent(line.expected))
    yield _Column("gap", "right", lambda line: say.signed_points(line.gap))
    if width >= _WIDE:
        yield _Column("trend", "left", lambda line: sparkline(line, _SPARK))
    if width >= _ROOMY:
        yield _Column("data age", "right", lambda line: _age(line, report))


def _way(line: KeyResultLine) -> str:
    return say.NOTHING if line.goal == "keep" else say.percent(line.progress)


def _now(line: KeyResultLine) -> str:
    return f"{say.display(line.value, line.unit)}{' ?' if is_old(line) else ''}"


def _gap(line: KeyResultLine) -> str:
    return say.points(line.gap) if line.gap is not None else ""


def _age(line: KeyResultLine, report: Report) -> str:
    return say.age(line.newest_at, as_of=report.as_of)


def _position(line: KeyResultLine) -> Iterator[str]:
    if line.goal != "keep" and line.progress is not None:
        yield f"{say.percent(line.progress)} of the way"
    if line.expected is not None and line.goal != "keep":
        yield f"expected {say.percent(line.expected)} ({expected_figure(line)})"
    if line.gap is not None:
        yield say.points(line.gap)


def _find(report: Report, key_result: str) -> KeyResultLine:
    from difflib import get_close_matches

    lines = {line.id: line for line in sentences.key_results(report)}
    if key_result not in lines:
        raise UnknownKeyResultError(key_result, nearest=get_close_matches(key_result, lines, n=3))
    return lines[key_result]
