"""
The big chart: one key result over its whole cycle, every line labelled where it ends.

Lines lie in a stretched box; places across are in thousandths of the width, sizes and text in
pixels, so that words never stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup

from okr_pipeline.model.report import KeyResultLine, ObjectiveLine
from okr_pipeline.publish import display as say
from okr_pipeline.publish.drawing import (
    Point,
    course,
    firm_and_not,
    levels,
    picture,
    placed_mark,
    scale,
    share,
    span,
    tag,
)
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.standing import standing
from okr_pipeline.publish.trend import expected_series, in_values, is_stepped, series, settled_days

_TOP, _PLOT, _FOOT = 14, 170, 26
_PLOT_RIGHT = 725  # the rest is for labels
_LINE = 16


def big_chart(line: KeyResultLine, objective: ObjectiveLine) -> Markup:
    """
    Return the course of *line* over its whole cycle with every line labelled where it ends.

    A `reach` shows progress, its expected course so far, its target and marks; a `keep` shows values and
    bounds; parts go in steps. Nothing is drawn without a known day.
    """
    seen = series(line)
    if all(value is None for value in seen):
        return Markup("")
    plot = _Plot(line, objective, seen)
    title = f"{line.title}, {say.day(objective.start_on)} to {say.day(objective.end_on)}: " + ", ".join(
        text for _, text, _ in plot.labels
    )
    size = {"width": "100%", "height": _TOP + _PLOT + _FOOT}
    return picture("chart", title, size, *plot.parts())


class _Plot:
    """One big chart being drawn: its range, its lines and the labels at their ends."""

    def __init__(self, line: KeyResultLine, objective: ObjectiveLine, seen: list[Decimal | None]) -> None:
        self.line, self.objective, self.seen = line, objective, seen
        self.words = words(line)
        self.expected = expected_series(line)
        self.levels = self._levels()
        self.low, self.high = span([*seen, *self.expected, *(level for level, _, _ in self.levels)])
        self.today = self.across(line.trend[-1].day)
        self.labels = self._labels()

    def parts(self) -> list[Markup]:
        box = {"x": 0, "y": _TOP, "width": share(_PLOT_RIGHT), "height": _PLOT}
        box |= {"viewBox": "0 0 1000 1000", "preserveAspectRatio": "none", "class": "lines"}
        flat = [tag("path", {"class": kind, "d": f"M0 {self.down(at)}H1000"}) for at, _, kind in self.levels]
        due = course(self._course(self.expected), stepped=self.line.goal == "milestones")
        lines = [tag("path", {"class": "expected", "d": due})]
        for kind, places in firm_and_not(self._course(self.seen), settled_days(self.line)):
            lines.append(tag("path", {"class": kind, "d": course(places, stepped=is_stepped(self.line))}))
        return [tag("svg", box, *flat, *lines), self._last_mark(), *self._words(), *self._days()]

    def across(self, day: date) -> int:
        """Return how far *day* lies in the plot, in thousandths of it."""
        whole = (self.objective.end_on - self.objective.start_on).days or 1
        return min(max((day - self.objective.start_on).days * 1000 // whole, 0), 1000)

    def down(self, value: Decimal) -> int:
        return 1000 - scale(value, self.low, self.high, 1000)

    def _levels(self) -> list[tuple[Decimal, str, str]]:
        line = self.line
        if not in_values(line):
            start, target = self.words.ends()
            marks = [(at, f"{m.name} {say.figure(m.value, line.unit)}", "baseline") for m, at in levels(line)]
            return [(Decimal(1), target, "target"), *marks, (Decimal(0), start, "baseline")]
        bounds = [(line.high, "≤"), (line.low, "≥")]  # short: a phone leaves room for ten letters
        return [
            (at, f"{word} {say.figure(at, line.unit)}", "target") for at, word in bounds if at is not None
        ]

    def _labels(self) -> list[tuple[int, str, str]]:
        """Return y in pixels, text and class of every label: now and expected at today, levels at the end."""
        found = [(self.down(at), text, f"level {kind}") for at, text, kind in self.levels]
        last = next(value for value in reversed(self.seen) if value is not None)
        found.append((self.down(last), f"now {self.words.label()}", "now"))
        if self.line.expected is not None and self.expected:
            found.append((self.down(self.line.expected), f"expected {self.words.due()}", "due"))
        return _apart([(_TOP + y * _PLOT // 1000, text, kind) for y, text, kind in found])

    def _words(self) -> list[Markup]:
        ends = {"now": self.today * _PLOT_RIGHT // 1000 + 22, "due": self.today * _PLOT_RIGHT // 1000 + 22}
        return [
            tag("text", {"class": kind, "x": share(ends.get(kind, _PLOT_RIGHT + 22)), "y": y + 4}, text)
            for y, text, kind in self.labels
        ]

    def _last_mark(self) -> Markup:
        place = next(place for place in reversed(self._course(self.seen)) if place is not None)
        y = _TOP + place[1] * _PLOT // 1000
        return placed_mark(standing(self.line), place[0] * _PLOT_RIGHT // 1000, y, 13)

    def _course(self, values: Sequence[Decimal | None]) -> list[Point | None]:
        first = self.line.trend[0].day
        return [
            None if value is None else (self.across(first + timedelta(days=step)), self.down(value))
            for step, value in enumerate(values)
        ]

    def _days(self) -> list[Markup]:
        y = _TOP + _PLOT + 20
        ends = [(0, "start", self.objective.start_on), (1000, "end", self.objective.end_on)]
        if 170 < self.today < 830:
            ends.append((self.today, "middle", self.line.trend[-1].day))
        return [
            tag(
                "text",
                {"class": "day", "x": share(x * _PLOT_RIGHT // 1000), "y": y, "text-anchor": anchor},
                say.day(day, year=False),
            )
            for x, anchor, day in ends
        ]


def _apart(labels: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Move labels down, then up from the floor, until no two are closer than a line of text."""
    spread: list[tuple[int, str, str]] = []
    for y, text, kind in sorted(labels):
        spread.append((max(y, spread[-1][0] + _LINE) if spread else y, text, kind))
    floor = _TOP + _PLOT
    for place in reversed(range(len(spread))):
        y, text, kind = spread[place]
        spread[place] = (min(y, floor), text, kind)
        floor = spread[place][0] - _LINE
    return spread
