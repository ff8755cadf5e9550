"""Goals that are made of parts: conditions, milestones, the groups of a dimension."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from okr_pipeline.model.report import PartLine
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals.kind import Fact, Kind


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
        asked = f"asked {part.keep}" if part.keep else None
        by = f"by {say.day(part.by, locale=self.locale)}" if part.by else None
        weight = f"weight {part.weight.normalize():f}" if part.weight not in (None, 1) else None
        return ", ".join(filter(None, (self.verdict(part), value, asked, by, weight)))

    def verdict(self, part: PartLine) -> str:
        if part.progress is None:
            return f"cannot be told: {part.reason}" if part.reason else "cannot be told"
        return self.each if part.progress == 1 else f"not {self.each}"


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
