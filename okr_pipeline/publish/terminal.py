"""The leader's view in a terminal: all key results, or one, as wide as the window allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish import display as say
from okr_pipeline.publish import grid, sentences
from okr_pipeline.publish.explained import (
    explanation,
    is_old,
    objective_way,
    parting,
    remarks,
    said,
    staleness,
    vouched,
)
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.links import links
from okr_pipeline.publish.standing import standing, standing_of
from okr_pipeline.publish.trend import series
from okr_pipeline.publish.visible import visible

_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARK = 12
_SHORTEST_TITLE = 12
_NARROW, _ROOMY, _WIDE = 72, 96, 124
_WIDEST = 22
_PARTS = {Decimal(1): "✓", Decimal(0): "○", None: "?"}


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


class _Field(NamedTuple):
    """One column of the overview: its text for a key result, in the colour of the status or plain."""

    heading: str
    justify: Literal["left", "right"]
    text: Callable[[KeyResultLine], str]
    coloured: bool = False


@dataclass(frozen=True, slots=True)
class _Overview:
    """All objectives, as one thing to print: printing each of a thousand lines takes half a second."""

    report: Report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        lines = sentences.key_results(self.report)
        fields = list(_fields(self.report, console.width))
        cells = {
            line.id: [grid.Cell(visible(f.text(line)), _colour(line) if f.coloured else None) for f in fields]
            for line in lines
        }
        columns = [_column(field, [row[n].text for row in cells.values()]) for n, field in enumerate(fields)]
        stacked = (
            console.width < _NARROW or grid.room_for_titles(columns, width=console.width) < _SHORTEST_TITLE
        )
        for objective in self.report.objectives:
            yield Segment.line()
            yield from console.render(_heading(objective), options)
            for text in _beside(objective, self.report):
                yield from console.render(Text(visible(text), style="dim"), options)
            for word, some in _groups(objective):
                if stacked:
                    yield from console.render(_stacked(word, some, self.report), options)
                else:
                    rows = [(visible(line.title), cells[line.id]) for line in some]
                    yield from grid.table(console, word, columns, rows)
            for text in _people(objective):
                yield from console.render(Text(visible(text)), options)


def print_overview(report: Report, console: Console) -> None:
    """Print headline, what is stale, and every objective with its leading and lagging key results apart."""
    console.print(Text(sentences.headline(report), style="bold"))
    console.print(Text(_stamp(report), style="dim"))
    star = sentences.north_star(report)
    for sentence in [*([star] if star else []), *sentences.worries(report)]:
        console.print(Text(f"{sentence.standing.mark if sentence.standing else '?'} {sentence.text}"))
    console.print(_Overview(report), crop=False, end="")
    if sentence_left := sentences.not_ready_sentence(report):
        console.print()
        console.print(Text(sentence_left, style="dim"))


def draws_trends(console: Console) -> bool:
    """Return whether the overview has room for trends in the window of *console*."""
    return console.width >= _WIDE


def print_key_result(report: Report, key_result: str, console: Console) -> None:
    """
    Print one key result: where it stands, its trend, and every fact behind it.

    Raises:
        UnknownKeyResultError: If the report holds no such key result.
    """
    from rich.table import Table

    line = _find(report, key_result)
    console.print(Text.assemble((visible(line.title), "bold"), "   ", (_stamp(report), "dim")))
    console.print(Text.assemble(_stands(line), "   ", visible(f"{_now(line)} {words(line).goal()}")))
    if position := "   ".join(_position(line)):
        console.print(Text(position))
    if note := staleness(line, report):
        console.print(Text(visible(f"? {note}")))
    for told in filter(None, (parting(line), *remarks(line))):
        console.print(Text(visible(told)))
    if drawn := sparkline(line, min(len(line.trend), max(console.width - 4, 10))):
        console.print(Text(drawn, style=standing(line).colour))
    console.print()
    console.print(Text(visible(words(line).formula())))
    facts = Table.grid(padding=(0, 2))
    for part, told in words(line).parts():
        facts.add_row(Text(f"{_PARTS[part.progress]} {visible(part.title)}"), Text(visible(told)))
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
    return Text.assemble(
        (visible(objective.title), "bold"), "  ", _stands(objective), "  ", (objective_way(objective), "dim")
    )


def _groups(objective: ObjectiveLine) -> Iterator[tuple[str, list[KeyResultLine]]]:
    """Yield lagging and leading key results apart, then the retired; nothing for none."""
    for word in ("lagging", "leading", "retired"):
        some = [line for line in objective.key_results if word == _group(line)]
        if some:
            yield word, some


def _group(line: KeyResultLine) -> str:
    return "retired" if line.retired else line.indicator


def _beside(objective: ObjectiveLine, report: Report) -> Iterator[str]:
    """Yield what stands beside the number of an objective: its end, what it leans on, what follows."""
    if told := parting(objective):
        yield told
    for link in links(objective, report):
        stands = f": {link.standing.mark} {link.standing.word}" if link.standing else ""
        yield f"{link.words} {link.title}{stands}"
    if objective.after:
        yield f"{objective.after.outcome}: {objective.after.text}"


def _people(objective: ObjectiveLine) -> Iterator[str]:
    """Yield the statuses that people vouch for beside the computed ones."""
    for line in objective.key_results:
        if line.override:
            yield f"{standing_of(line.override.status).mark} {line.title}: {vouched(line)}"


def _stands(line: KeyResultLine | ObjectiveLine) -> Text:
    return Text(_status(line), style=_colour(line))


def _status(line: KeyResultLine | ObjectiveLine) -> str:
    shown = standing(line)
    return f"{shown.mark} {shown.word}"


def _colour(line: KeyResultLine | ObjectiveLine) -> str:
    return standing(line).colour


def _stacked(indicator: str, lines: list[KeyResultLine], report: Report) -> Group:
    parts: list[RenderableType] = [Text(indicator, style="dim")]
    for line in lines:
        figures = (f"{_now(line)} {words(line).goal()}", _gap(line), _age(line, report))
        parts.append(Text.assemble(_stands(line), "  ", visible(line.title)))
        parts.append(Padding(Text(visible("  ".join(filter(None, figures))), style="dim"), (0, 0, 0, 2)))
    return Group(*parts)


def _column(field: _Field, texts: Sequence[str]) -> grid.Column:
    """Return the column of *field*, as wide as the longest of its *texts*, within reason."""
    width = min(max([len(field.heading), *map(cell_len, texts)]), _WIDEST)
    return grid.Column(field.heading, field.justify, width)


def _fields(report: Report, width: int) -> Iterator[_Field]:
    """Yield the columns that a window *width* wide has room for."""
    yield _Field("status", "left", _status, coloured=True)
    yield _Field("now", "right", _now)
    yield _Field("target", "left", lambda line: words(line).goal())
    if width >= _WIDE:
        yield _Field("progress", "right", lambda line: words(line).way() or say.NOTHING)
        yield _Field("expected", "right", lambda line: say.percent(line.expected))
    yield _Field("gap", "right", lambda line: say.signed_points(line.gap))
    if width >= _WIDE:
        yield _Field("trend", "left", lambda line: sparkline(line, _SPARK))
    if width >= _ROOMY:
        yield _Field("data age", "right", lambda line: _age(line, report))
    if width >= _WIDE and any(line.said for line in sentences.key_results(report)):
        yield _Field("check-in", "left", lambda line: said(line) or "")


def _now(line: KeyResultLine) -> str:
    return f"{words(line).now()}{' ?' if is_old(line) else ''}"


def _gap(line: KeyResultLine) -> str:
    return say.points(line.gap) if line.gap is not None else ""


def _age(line: KeyResultLine, report: Report) -> str:
    return say.age(line.newest_at, as_of=report.as_of)


def _position(line: KeyResultLine) -> Iterator[str]:
    if way := words(line).way():
        yield f"{way} of the way" if way.endswith("%") else way
    if line.expected is not None:
        due = words(line).due()
        share = say.percent(line.expected)
        yield f"expected {share}" if due == share else f"expected {share} ({due})"
    if line.gap is not None:
        yield say.points(line.gap)


def _find(report: Report, key_result: str) -> KeyResultLine:
    from difflib import get_close_matches

    lines = {line.id: line for line in sentences.key_results(report)}
    if key_result not in lines:
        raise UnknownKeyResultError(key_result, nearest=get_close_matches(key_result, lines, n=3))
    return lines[key_result]
