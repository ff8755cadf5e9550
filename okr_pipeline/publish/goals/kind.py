"""Goals that are a number on its way to a target, and the words that every kind has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from okr_pipeline.counts import counted
from okr_pipeline.model.observation import Status
from okr_pipeline.model.report import KeyResultLine, PartLine
from okr_pipeline.publish import display as say

Fact = tuple[str, str]
_MASKED = "not shown"


class Kind:
    """A number on its way from a baseline to a target; the other kinds say what differs."""

    def __init__(self, line: KeyResultLine, locale: str) -> None:
        self.line, self.locale = line, locale

    def now(self) -> str:
        line = self.line
        if line.masked:
            return say.NOTHING if line.progress is None else _MASKED
        return say.display(line.value, line.unit, locale=self.locale)

    def goal(self) -> str:
        if self.line.target is None:
            return f"target {self.line.target_as}" if self.is_open else ""
        return f"of {say.figure(self.line.target, self.line.unit, locale=self.locale)}"

    def way(self) -> str:
        return "" if self.line.progress is None else say.percent(self.line.progress, locale=self.locale)

    def label(self) -> str:
        """Return where it stands, short enough to stand in a drawing."""
        line = self.line
        return self.way() if line.masked else say.figure(line.value, line.unit, locale=self.locale)

    def ends(self) -> tuple[str, str]:
        """Return what no progress is called in a drawing, and what all of it is."""
        start, target = (say.figure(at, self.line.unit) for at in (self.line.baseline, self.line.target))
        return ("from the start", "target") if self.line.masked else (f"from {start}", f"target {target}")

    def due(self) -> str:
        """Return what is expected by now, as a number where there is one."""
        return self.value_due() or say.percent(self.line.expected, locale=self.locale)

    def value_due(self) -> str | None:
        """Return the value that the expected progress stands for; None where that is no value."""
        line = self.line
        if line.expected is None or line.baseline is None or line.target is None:
            return None
        value = line.baseline + line.expected * (line.target - line.baseline)
        return say.figure(value, line.unit, locale=self.locale)

    def formula(self) -> str:
        line, words = self.line, "progress = (now - from) / (target - from)"
        if self.is_open:
            return f"no progress: the target is {line.target_as}"
        if line.value is None or line.baseline is None or line.target is None:
            return words if line.progress is None else f"{words} = {self.way()}"
        now, start, target = map(self.full, (line.value, line.baseline, line.target))
        return f"{words} = ({now} - {start}) / ({target} - {start}) = {self.way()}"

    def facts(self) -> Iterator[Fact]:
        line = self.line
        yield "From", self.described(line.baseline, line.baseline_as)
        if line.baseline_reads is not None:
            yield "From, read again", f"{self.full(line.baseline_reads)}; the frozen one stands"
        yield "Target", self.described(line.target, line.target_as)
        yield from self.marks()
        yield from self.pace()

    def parts(self) -> Iterator[tuple[PartLine, str]]:
        """Yield its conditions, milestones or groups, each with where it stands."""
        yield from ()

    def marks(self) -> Iterator[Fact]:
        for mark in self.line.marks:
            told = {True: "reached", False: "not reached", None: "not told"}[mark.reached]
            place = "" if mark.value is None else f"{self.full(mark.value)}, "
            yield mark.name.capitalize(), f"{place}{told}"

    def pace(self) -> Iterator[Fact]:
        """Yield what is expected by now, and how far that is away."""
        line = self.line
        if line.expected is not None:
            due = f" ({value})" if (value := self.value_due()) else ""
            course = f": {line.curve}" if line.curve else ""
            yield "Expected by now", f"{say.percent(line.expected, locale=self.locale)}{due}{course}"
        if not self.is_open:
            yield "Gap", say.points(line.gap, locale=self.locale)

    @property
    def is_open(self) -> bool:
        """Whether there is no target to reach: it is private, or nobody knows it."""
        return self.line.status is Status.NO_TARGET or self.line.target_as in ("private", "not known yet")

    def full(self, value: Decimal | None) -> str:
        return say.display(value, self.line.unit, style="full", locale=self.locale)

    def described(self, value: Decimal | None, origin: str | None) -> str:
        """Return *value* with how it came about."""
        if value is None:
            return _MASKED if self.line.masked else origin or say.NOTHING
        return f"{self.full(value)}, {origin}" if origin else self.full(value)


class Staged(Kind):
    """A number with targets on the way to the last one."""

    def goal(self) -> str:
        steps = f"in {counted(len(self.line.stages), 'step')}"
        return f"{super().goal()} {steps}".strip()

    def facts(self) -> Iterator[Fact]:
        yield from super().facts()
        for stage in self.line.stages:
            yield f"By {say.day(stage.by, locale=self.locale)}", self.described(stage.value, None)


class Stated(Kind):
    """A number that people state: no source feeds it, and it says so."""

    def goal(self) -> str:
        return f"{super().goal()}, stated by people".removeprefix(", ")

    def facts(self) -> Iterator[Fact]:
        yield "Source", "people, in check-ins: no system feeds it"
        yield from super().facts()


class Baseline(Kind):
    """A number that is learned, before a target is set."""

    def goal(self) -> str:
        return "finding its baseline"

    def formula(self) -> str:
        return "no progress: its baseline is being found, there is no target yet"

    def facts(self) -> Iterator[Fact]:
        yield from ()
