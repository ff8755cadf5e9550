"""Key results of an objective: a goal, and what is said of it."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft, ReadKeyResult, full_id
from okr_pipeline.config.goals import Reading, read_expected, read_goal
from okr_pipeline.config.place import Place
from okr_pipeline.config.reading import Fields, declare
from okr_pipeline.config.schema_objectives import KeyResultText, RetiredText
from okr_pipeline.model.calendar import Cycle
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.people import Retired


def read_key_result(id: str, data: object, cycle: Cycle | None, place: Place, draft: Draft) -> None:
    """Read the key result *id* into *draft*; *cycle* is None when it could not be read."""
    declared = declare(draft.key_results, id, KeyResultText, data, place, draft.report)
    if declared.text is not None:
        declared.noun = _key_result(id, Reading(declared.text, place, cycle, draft.report))


def _key_result(id: str, reading: Reading) -> ReadKeyResult | None:
    text, objective = reading.text, id.partition(".")[0]
    goal = read_goal(reading)
    expected = read_expected(reading)
    weight = reading.fields.get("weight", values.amount, "OKR106")
    settles_after = reading.fields.get("settles_after", values.duration, "OKR108")
    retired = read_retired(text.retired, objective, reading.place, reading.report)
    if goal is None:
        return None
    key_result = KeyResult(
        id=id,
        objective=objective,
        title=text.title,
        metric=text.metric,
        goal=goal,
        indicator=text.indicator,
        owner=text.owner,
        weight=Decimal(1) if weight is None else weight.value,
        led_by=tuple(full_id(name, objective) for name in text.led_by),
        note=text.note,
        expected=expected,
        settles_after=settles_after,
        aspiration=text.aspiration,
        visibility=text.visibility,
        retired=retired,
        proxy_for=text.proxy_for,
        after_end=text.after_end,
        at=reading.place.at,
    )
    numbers, conditions = tuple(reading.numbers), tuple(reading.conditions)
    return ReadKeyResult(key_result=key_result, numbers=numbers, conditions=conditions)


def read_retired(
    text: RetiredText | None, group: str, place: Place, report: list[Diagnostic]
) -> Retired | None:
    """Return the retirement of what stands at *place*; a bare successor is one of the same *group*."""
    if text is None:
        return None
    on = Fields(text, place.below("retired"), report).required("on", values.day, "OKR107")
    successor = full_id(text.replaced_by, group) if text.replaced_by and group else text.replaced_by
    return Retired(on=on, why=text.why, replaced_by=successor) if on else None
