"""The trend of a key result as a number a day: what every small or big drawing follows."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.model.report import KeyResultLine, TrendPoint

_HAVE_NO_WAY = ("keep", "find_baseline")
_STEPPED = ("milestones", "all_of", "manual")


def in_values(line: KeyResultLine) -> bool:
    """Return whether *line* is drawn in its own unit: there is no way from a start to a target."""
    if line.masked or line.parts:
        return False
    return line.goal in _HAVE_NO_WAY or (line.goal == "reach" and line.target is None)


def is_stepped(line: KeyResultLine) -> bool:
    """Return whether *line* stands still between its changes: parts that are met, numbers that are stated."""
    return line.goal in _STEPPED or bool(line.parts)


def series(line: KeyResultLine) -> list[Decimal | None]:
    """Return what *line* is drawn in, a number a day: its progress, or its values."""
    values = in_values(line)
    return [None if point is None else point.value if values else point.progress for point in every_day(line)]


def expected_series(line: KeyResultLine) -> list[Decimal | None]:
    """Return the expected progress a day; none at all for what has no course."""
    if in_values(line) or all(point.expected is None for point in line.trend):
        return []
    return [None if point is None else point.expected for point in every_day(line)]


def settled_days(line: KeyResultLine) -> int:
    """Return how many of the days that are drawn have a value that will not change much any more."""
    days = len(every_day(line))
    if line.provisional_from is None or not line.trend:
        return days
    return max(0, min(days, (line.provisional_from - line.trend[0].day).days))


def every_day(line: KeyResultLine) -> list[TrendPoint | None]:
    """Return the trend of *line* with None for each day in between that it does not list."""
    if not line.trend:
        return []
    by_day = {point.day.toordinal(): point for point in line.trend}
    return [by_day.get(day) for day in range(min(by_day), max(by_day) + 1)]
