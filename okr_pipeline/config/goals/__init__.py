"""One goal of a kind, read from the keys of a key result."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from okr_pipeline.config.goals.expected import read_expected as read_expected
from okr_pipeline.config.goals.guards import read_all_of, read_keep
from okr_pipeline.config.goals.kinds import kind_of
from okr_pipeline.config.goals.reach import read_reach, read_steps
from okr_pipeline.config.goals.reading import Reading as Reading
from okr_pipeline.config.goals.stated import read_find_baseline, read_manual, read_milestones
from okr_pipeline.model.goal import Goal

_READERS: Mapping[str, Callable[[Reading], Goal | None]] = {
    "keep": read_keep,
    "steps": read_steps,
    "milestones": read_milestones,
    "all_of": read_all_of,
    "manual": read_manual,
    "find_baseline": read_find_baseline,
    "to": read_reach,
}


def read_goal(reading: Reading) -> Goal | None:
    """Return the goal of a key result; None, and why in its report, when any of it cannot be read."""
    before = len(reading.report)
    kind = kind_of(reading.text, reading.place, reading.report)
    goal = _READERS[kind](reading) if kind else None
    return goal if len(reading.report) == before else None
