"""One key result in facts and figures: the same words on the page and in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from okr_pipeline.counts import counted
from okr_pipeline.model.observation import State
from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish import display as say


def formula(line: KeyResultLine, *, locale: str = say.LOCALE) -> str:
    """Return how *line* is counted, in words and with its numbers in full."""
    if line.goal == "keep":
        return f"kept while the value is {line.keep}"
    words = "progress = (now - from) / (target - from)"
    if line.value is None or line.baseline is None or line.target is None:
        return words
    now, start, target = (
        say.display(number, line.unit, style="full", locale=locale)
        for number in (line.value, line.baseline, line.target)
    )
    return f"{words} = ({now} - {start}) / ({target} - {start}) = {say.percent(line.progress, locale=locale)}"


def explanation(
    line: KeyResultLine, report: Report, *, locale: str = say.LOCALE
) -> Iterator[tuple[str, str]]:
    """Yield name and text of every fact behind the number of *line*, those that it has."""
    if line.goal != "keep":
        yield "From", say.display(line.baseline, line.unit, style="full", locale=locale)
        yield "Target", say.display(line.target, line.unit, style="full", locale=locale)
        if line.expected is not None:
            due = expected_figure(line, locale=locale)
            yield "Expected by now", f"{say.percent(line.expected, locale=locale)} ({due})"
        yield "Gap", say.points(line.gap, locale=locale)
    yield "Value", say.display(line.value, line.unit, style="full", locale=locale)
    newest = say.moment(line.newest_at, report.zone, locale=locale) if line.newest_at else "not known"
    yield "Newest data", newest
    if line.read_at:
        yield "Read", _read(line, report, locale=locale)
    yield "Sources", ", ".join(line.sources) or "none"
    yield "Owner", line.owner or "none"
    if line.carried_from:
        yield "Value carried from", say.moment(line.carried_from, report.zone, locale=locale)
    if line.reason:
        yield "Reason", line.reason
    if line.led_by:
        yield "Led by", ", ".join(line.led_by)
    if line.note:
        yield "Note", line.note


def _read(line: KeyResultLine, report: Report, *, locale: str) -> str:
    """Return when the data was read, and how many days of the trend show what was read before them."""
    aged = sum(point.read_at is not None for point in line.trend)
    told = say.moment(line.read_at, report.zone, locale=locale) if line.read_at else "never"
    if not aged:
        return told
    days = f"{counted(aged, 'day')} of {len(line.trend)}"
    return f"{told}; not read on {days}, which show the state read before"


def staleness(line: KeyResultLine, report: Report, *, locale: str = say.LOCALE) -> str | None:
    """Return since when and why *line* has no fresh value; None when its value is fresh."""
    if line.state is State.OK:
        return None
    if line.value is not None and line.carried_from is not None:
        since = say.moment(line.carried_from, report.zone, locale=locale)
        old = f"value of {since}, {say.age(line.carried_from, as_of=report.as_of)} old"
    else:
        old = "no value" if line.value is None else "no fresh value"
    return f"{old}: {line.reason}" if line.reason else old


def is_old(line: KeyResultLine) -> bool:
    """Return whether *line* shows a value that is not of this snapshot."""
    return line.state is not State.OK and line.value is not None


def figure(value: Decimal | None, unit: str | None, *, locale: str = say.LOCALE) -> str:
    """Return *value* without its noun, short enough for a label; percent and money keep their sign."""
    shown = say.display(value, unit, locale=locale)
    return shown.removesuffix(f" {unit}") if unit else shown


def goal(line: KeyResultLine, *, locale: str = say.LOCALE) -> str:
    """Return what *line* is to become, to stand beside its value: `of 4.80M`, `keep 10 to 14`; no noun."""
    if line.goal == "keep":
        noun = f" {line.unit}" if line.unit else ""
        return f"keep {line.keep or ''}".removesuffix(noun).strip()
    return "" if line.target is None else f"of {figure(line.target, line.unit, locale=locale)}"


def expected_figure(line: KeyResultLine, *, locale: str = say.LOCALE) -> str:
    """Return the value that the expected progress stands for, in the unit of *line*."""
    if line.expected is None or line.baseline is None or line.target is None:
        return say.NOTHING
    return figure(line.baseline + line.expected * (line.target - line.baseline), line.unit, locale=locale)


def objective_way(line: ObjectiveLine, *, locale: str = say.LOCALE) -> str:
    """Return how far an objective is, and what that leaves out: `57.3 % of the way, 4 of 5 counted`."""
    if line.progress is None:
        return f"none of {line.declared} counted"
    way = f"{say.percent(line.progress, locale=locale)} of the way"
    return way if line.counted == line.declared else f"{way}, {line.counted} of {line.declared} counted"
