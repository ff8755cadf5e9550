"""What a day of a key result rests on besides its own data: earlier days, an earlier cycle, people's word."""

from __future__ import annotations

from okr_pipeline.followed import predecessor
from okr_pipeline.model.goal import HeldOverTime, Keep, Manual, Milestones
from okr_pipeline.model.okr import KeyResult, Project


def remembers_days(project: Project, key_result: KeyResult) -> bool:
    """Whether what is said of one day rests on the days of its cycle before it."""
    match key_result.goal:
        case Keep(held=HeldOverTime()):
            return True
        case _:
            return project.policy_of(key_result).dwell > 1


def rests_on(project: Project, key_result: KeyResult) -> tuple[str, ...]:
    """Return the key results whose earlier days bear on a day of *key_result*: itself, or what it follows."""
    own = (key_result.id,) if remembers_days(project, key_result) else ()
    before = predecessor(project, key_result) if key_result.expected == "last_cycle" else None
    return (*own, before.id) if before else own


def rests_on_check_ins(key_result: KeyResult) -> bool:
    """Whether what people say decides a number of *key_result*."""
    match key_result.goal:
        case Manual():
            return True
        case Milestones(milestones=milestones):
            return any(milestone.done is None for milestone in milestones)
        case _:
            return False
