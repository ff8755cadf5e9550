"""The answers to the parts of a key result, put together to one."""

from __future__ import annotations

from collections.abc import Sequence

from okr_pipeline.model.goal import HeldInGroups, Keep
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.warehouse.question import Answer

Parts = tuple[tuple[str, Answer], ...]


def together(key_result: KeyResult, answers: Sequence[Answer]) -> tuple[Answer, Parts]:
    """
    Return the answer of *key_result* and those of its parts, from one answer a metric in order.

    More than one number has no value of its own. Where one of them is missing, its reason is
    passed on, with the name of the part.
    """
    names = list(key_result.parts)
    match key_result.goal:
        case Keep(held=HeldInGroups()):
            [parts] = [answer.groups for answer in answers]
            if not parts:
                return answers[0], ()
        case _ if names == [""]:
            return answers[0], ()
        case _:
            parts = tuple(zip(names, answers, strict=True))
    for name, answer in parts:
        if answer.value is None:
            return Answer(None, answer.state, f"{name}: {answer.reason}"), parts
    return Answer(None), parts
