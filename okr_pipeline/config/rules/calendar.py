"""Rules 1 and 2: cycles on the calendar."""

from __future__ import annotations

from collections.abc import Iterator

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft


def cycles_end_after_they_start(draft: Draft) -> Iterator[Diagnostic]:
    """1. The last day of a cycle is its first day or later."""
    for cycle in draft.cycles.values():
        if cycle.noun and cycle.noun.end_on < cycle.noun.start_on:
            place = cycle.place.below("end")
            message = f"`{cycle.id}` ends on {cycle.noun.end_on}, before it starts on {cycle.noun.start_on}"
            yield place.problem("OKR301", message, "mend one of the two dates")


def cycles_lie_inside_their_parent(draft: Draft) -> Iterator[Diagnostic]:
    """2. A parent exists, and contains all days of its child."""
    for cycle in draft.cycles.values():
        if cycle.text is None or cycle.text.parent is None:
            continue
        place, parent_id = cycle.place.below("parent"), cycle.text.parent
        if not draft.cycles.may_exist(parent_id):
            others = [name for name in draft.cycles if name != cycle.id]
            mend = "declare it, or remove `parent`"
            yield draft.unknown("OKR204", place, parent_id, "cycle", others, mend=mend)
            continue
        declared = draft.cycles.get(parent_id)
        child, parent = cycle.noun, declared.noun if declared else None
        if child is None or parent is None or any(c.end_on < c.start_on for c in (child, parent)):
            continue
        if child.start_on < parent.start_on or child.end_on > parent.end_on:
            days = f"{parent.start_on} to {parent.end_on}"
            mend = "mend the dates of one of the two, or remove `parent`"
            yield place.problem("OKR302", f"`{cycle.id}` reaches outside `{parent_id}`, {days}", mend)
