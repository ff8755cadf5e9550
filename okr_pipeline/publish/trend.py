"""The trend of a key result as a number a day: what every small or big drawing follows."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.model.report import KeyResultLine, TrendPoint


def series(line: KeyResultLine) -> list[Decimal | None]:
    """Return what *line* is drawn in, a number a day: progress of a `reach`, values of a `keep`."""
    days = every_day(line)
    if line.goal == "keep":
        return [None if point is None else point.value for point in days]
    return [None if point is None else point.progress for point in days]


def expected_series(line: KeyResultLine) -> list[Decimal | None]:
    """Return the expected progress a day; none at all for a `keep`."""
    if line.goal == "keep":
        return []
    return [None if point is None else point.expected for point in every_day(line)]


def every_day(line: KeyResultLine) -> list[TrendPoint | None]:
    """Return the trend of *line* with None for each day in between that it does not list."""
    if not line.trend:
        return []
    by_day = {point.day.toordinal(): point for point in line.trend}
    return [by_day.get(day) for day in range(min(by_day), max(by_day) + 1)]
