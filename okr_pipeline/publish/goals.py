"""
What is said of a key result, by the kind of its goal: one class a kind, for page, terminal and explain.

now      what stands in its row: a value, or how many of its parts are met
goal     what it is to become, to stand beside that
way      how far it is
formula  how it is counted, with the numbers put in
facts    name and text of what its goal consists of; parts, the same of conditions, milestones and groups
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from okr_pipeline.counts import counted
from okr_pipeline.model.observation import Status
from okr_pipeline.model.report import KeyResultLine, PartLine
from okr_pipeline.publish import display as say

Fact = tuple[str, str]
MASKED = "not shown"


def words(line: KeyResultLine, *, locale: str = say.LOCALE) -> Kind:
    """Return what is said of *line*."""
    if line.goal == "keep" and line.held and line.held.startswith("in "):
        return InGroups(line, locale)
    return _KINDS[line.goal](line, locale)


class Kind:
    """A number on its way from a baseline to a target; the other kinds say what differs."""

    def __init__(self, line: KeyResultLine, locale: str) -> None:
        self.line, self.locale = line, locale

    def now(self) -> str:
        line = self.line
        if line.masked:
            return say.NOTHING if line.progress is None else MASKED
        return say.display(line.value, line.unit, locale=self.locale)

    def goal(self) -> str:
        if self.line.target is None:
            return f"target {self.line.target_as}" if self.is_open else ""
        return f"of {figure(self.line.target, self.line.unit, locale=self.locale)}"

    def way(self) -> str:
        return "" if self.line.progress is None else say.percent(self.line.progress, locale=self.locale)

    def label(self) -> str:
        """Return where it stands, short enough to stand in a drawing."""
        line = self.line
        return self.way() if line.masked else figure(line.value, line.unit, locale=self.locale)

    def ends(self) -> tuple[str, str]:
        """Return what no progress is called in a drawing, and what all of it is."""
        start, target = (figure(at, self.line.unit) for at in (self.line.baseline, self.line.target))
        return ("from the start", "target") if self.line.masked else (f"from {start}", f"target {target}")

    def due(self) -> str:
        """Return what is expected by now, as a number where there is one."""
        due = expected_figure(self.line, locale=self.locale)
        return say.percent(self.line.expected, locale=self.locale) if due == say.NOTHING else due

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
            due = expected_figure(line, locale=self.locale)
            due = "" if due == say.NOTHING else f" ({due})"
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
            return MASKED if self.line.masked else origin or say.NOTHING
        return f"{self.full(value)}, {origin}" if origin else self.full(value)


class Keep(Kind):
    """A number that stays inside its bounds, now or for most of its days."""

    def goal(self) -> str:
        noun = f" {self.line.unit}" if self.line.unit else ""
        keep = (self.line.keep or "").removesuffix(noun)
        return " ".join(filter(None, ("keep", keep or "inside", self.held)))

    def way(self) -> str:
        line = self.line
        if line.progress is None:
            return ""
        if line.periods:
            return f"{line.periods.inside} of {counted(line.periods.counted, line.periods.each)}"
        if line.status is Status.AT_RISK and line.warn:
            return f"inside, not {line.warn}"
        return "inside" if line.progress == 1 else "outside"

    def formula(self) -> str:
        line = self.line
        kept = f"kept while the value is {line.keep or 'inside its bounds'}"
        kept += f", at risk unless {line.warn}" if line.warn else ""
        kept += "" if line.value is None else f"; it is {self.full(line.value)}"
        if not line.periods:
            return kept
        each, share = line.periods.each, say.percent(line.progress, locale=self.locale)
        count = f"{line.periods.inside} / {line.periods.counted}"
        return f"{kept}; progress = {each}s that ended inside / {each}s = {count} = {share}"

    def facts(self) -> Iterator[Fact]:
        if self.line.held:
            yield "To hold", self.held
        if self.line.outside_since:
            yield "Outside first", f"at the end of {self.day(self.line.outside_since)}"

    @property
    def held(self) -> str:
        held = self.line.held or ""
        return f"on {held}" if held and held[0].isdigit() else held

    def day(self, on: object) -> str:
        return say.day(on, locale=self.locale)  # type: ignore[arg-type]


class Parts(Kind):
    """Things that are each met or not: what its parts are called, and what they come to, differ by kind."""

    noun, each = "parts", "met"

    def now(self) -> str:
        if not self.line.parts:
            return say.NOTHING
        return f"{self.met} of {len(self.line.parts)}"

    def goal(self) -> str:
        return self.noun

    def label(self) -> str:
        return self.now()

    def ends(self) -> tuple[str, str]:
        return f"none {self.each}", f"all {self.each}"

    @property
    def met(self) -> int:
        return sum(part.progress == 1 for part in self.line.parts)

    def facts(self) -> Iterator[Fact]:
        yield from ()

    def parts(self) -> Iterator[tuple[PartLine, str]]:
        return ((part, self.part(part)) for part in self.line.parts)

    def part(self, part: PartLine) -> str:
        """Return where one part stands: value, what it is held to, by when, and the verdict."""
        known = part.value is not None
        value = say.display(part.value, part.unit, locale=self.locale) if known else None
        verdict = {1: self.each, 0: f"not {self.each}"}.get(part.progress)  # type: ignore[call-overload]
        untold = f"cannot be told: {part.reason}" if part.reason else "cannot be told"
        asked = f"asked {part.keep}" if part.keep else None
        by = f"by {say.day(part.by, locale=self.locale)}" if part.by else None
        weight = f"weight {part.weight.normalize():f}" if part.weight not in (None, 1) else None
        return ", ".join(filter(None, (verdict or untold, value, asked, by, weight)))


class Conditions(Parts):
    """Conditions that must hold together."""

    noun = "conditions"

    def way(self) -> str:
        return "" if self.line.progress is None else "all met" if self.line.progress == 1 else "not all met"

    def ends(self) -> tuple[str, str]:
        return "not all met", "all met"

    def formula(self) -> str:
        return f"met while all {len(self.line.parts)} conditions are: {self.now()} now"


class Milestones(Parts):
    """Things to have done, each by a day."""

    noun, each = "milestones", "done"

    def formula(self) -> str:
        weights = [part.weight or Decimal(1) for part in self.line.parts]
        done = sum((w for w, p in zip(weights, self.line.parts, strict=True) if p.progress == 1), Decimal(0))
        words = "progress = weight done / weight of all"
        if self.line.progress is None:
            return words
        return f"{words} = {done.normalize():f} / {sum(weights, Decimal(0)).normalize():f} = {self.way()}"

    def facts(self) -> Iterator[Fact]:
        return self.pace()


class InGroups(Parts):
    """A bound to be kept in most groups of a dimension."""

    each = "inside"

    def goal(self) -> str:
        return " ".join(filter(None, ("keep", self.line.keep or "inside", self.line.held)))

    def way(self) -> str:
        return "" if self.line.progress is None else f"{self.met} of {len(self.line.parts)} inside"

    def formula(self) -> str:
        words = "progress = groups inside / groups"
        if self.line.progress is None:
            return words
        share = say.percent(self.line.progress, locale=self.locale)
        return f"{words} = {self.met} / {len(self.line.parts)} = {share}, to hold {self.line.held}"


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


_KINDS: dict[str, type[Kind]] = {
    "reach": Kind,
    "keep": Keep,
    "steps": Staged,
    "milestones": Milestones,
    "all_of": Conditions,
    "manual": Stated,
    "find_baseline": Baseline,
}


def is_band(line: KeyResultLine) -> bool:
    """Return whether *line* is inside or outside, and moves nowhere."""
    return line.goal in ("keep", "all_of")


def figure(value: Decimal | None, unit: str | None, *, locale: str = say.LOCALE) -> str:
    """Return *value* without its noun, short enough for a label; percent and money keep their sign."""
    shown = say.display(value, unit, locale=locale)
    return shown.removesuffix(f" {unit}") if unit else shown


def expected_figure(line: KeyResultLine, *, locale: str = say.LOCALE) -> str:
    """Return the value that the expected progress stands for, in the unit of *line*."""
    if line.expected is None or line.baseline is None or line.target is None:
        return say.NOTHING
    return figure(line.baseline + line.expected * (line.target - line.baseline), line.unit, locale=locale)
