"""Goals that are bounds to stay inside, now or over time."""

from __future__ import annotations

from collections.abc import Iterator

from okr_pipeline.counts import counted
from okr_pipeline.model.observation import Status
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals.kind import Fact, Kind


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
            day = say.day(self.line.outside_since, locale=self.locale)
            yield "Outside first", f"at the end of {day}"

    @property
    def held(self) -> str:
        held = self.line.held or ""
        return f"on {held}" if held and held[0].isdigit() else held
