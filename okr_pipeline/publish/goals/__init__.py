"""
What is said of a key result, by the kind of its goal: one class a kind, for page, terminal and explain.

now      what stands in its row: a value, or how many of its parts are met
goal     what it is to become, to stand beside that
way      how far it is
formula  how it is counted, with the numbers put in
facts    name and text of what its goal consists of; parts, the same of conditions, milestones and groups
"""

from __future__ import annotations

from okr_pipeline.model.report import KeyResultLine
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals.bounds import Keep
from okr_pipeline.publish.goals.kind import Baseline, Kind, Staged, Stated
from okr_pipeline.publish.goals.parts import Conditions, InGroups, Milestones

_KINDS: dict[str, type[Kind]] = {
    "reach": Kind,
    "keep": Keep,
    "steps": Staged,
    "milestones": Milestones,
    "all_of": Conditions,
    "manual": Stated,
    "find_baseline": Baseline,
}


def words(line: KeyResultLine, *, locale: str = say.LOCALE) -> Kind:
    """Return what is said of *line*."""
    if line.goal == "keep" and line.held and line.held.startswith("in "):
        return InGroups(line, locale)
    return _KINDS[line.goal](line, locale)


def is_band(line: KeyResultLine) -> bool:
    """Return whether *line* is inside or outside, and moves nowhere."""
    return line.goal in ("keep", "all_of")
