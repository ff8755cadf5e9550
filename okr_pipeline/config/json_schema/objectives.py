"""The schemas of objectives and check-ins."""

from __future__ import annotations

from collections.abc import Iterable

from okr_pipeline.config import schema_objectives as text
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.goal_values import HELD_EXAMPLES
from okr_pipeline.config.goals.expected import CURVES
from okr_pipeline.config.json_schema.parts import (
    DATE,
    DURATION,
    NUMBER,
    Schema,
    by_day,
    by_id,
    list_of,
    maybe,
    of,
    one_of,
    people,
    status,
)
from okr_pipeline.config.schema import StatusText

_TARGET: Schema = {
    "anyOf": [
        NUMBER,
        {"type": "string", "pattern": r"^([+-](\d+(\.\d+)?|\.\d+)\s*(%|points?)|x\s?(\d+(\.\d+)?|\.\d+))$"},
        {"enum": ["unknown", "private"]},
    ],
    "description": "The number to reach: 4M, 38%, +15%, +5 points, x2; or unknown, private",
}
_BOUNDS: Schema = {"type": "string", "examples": ["<= 2.5%", ">= 99.9%", "22..28", "> 22 and < 28"]}


def objectives(draft: Draft) -> Schema:
    """Return the schema of a file of objectives."""
    objective = of(
        text.ObjectiveText,
        owner=maybe(people(draft)),
        strategy=one_of(draft.settings.text.strategy if draft.settings.text else ()),
        supports=list_of(maybe(draft.objectives)),
        depends_on=list_of(maybe({*draft.objectives, *draft.key_results})),
        contributes_to=maybe(draft.objectives),
        status=status(StatusText),
        action_plan=of(text.ActionPlanText),
        revisions=_revisions(),
        retired=_retired(draft.objectives),
        key_results=by_id(_key_result(draft)),
    )
    return of(
        text.ObjectivesText,
        cycle=one_of(draft.cycles),
        objectives=by_id(objective),
        revisions=_revisions(),
    )


def check_ins(draft: Draft) -> Schema:
    """Return the schema of a file of check-ins."""
    milestones = {m for k in draft.key_results.values() if k.text for m in k.text.milestones or ()}
    check_in = of(
        text.CheckInText,
        on=DATE,
        key_result=one_of(draft.key_results),
        author=maybe(people(draft)),
        confidence=NUMBER,
        value=NUMBER,
        done=list_of(maybe(milestones)),
        override=of(text.OverrideText, until=DATE),
    )
    learned: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    learned["propertyNames"] = one_of(draft.key_results)
    return of(text.CheckInsText, check_ins=list_of(check_in), learned=learned)


def _key_result(draft: Draft) -> Schema:
    names = {name.partition(".")[2] for name in draft.key_results} | set(draft.key_results)
    goal = {
        "from": _baseline(draft),
        "keep": _BOUNDS,
        "warn": _BOUNDS,
        "held": {"type": "string", "examples": list(HELD_EXAMPLES)},
        "steps": by_day(NUMBER),
        "milestones": by_id(_milestone(draft)),
        "all_of": {
            **list_of(of(text.ConditionText, metric=one_of(draft.metrics), keep=_BOUNDS)),
            "minItems": 2,
        },
        "manual": of(text.ManualText, **{"from": NUMBER}, to=NUMBER, fresh_for=DURATION),
        "find_baseline": {"const": True},
        "expected": {"anyOf": [{"enum": list(CURVES)}, by_day(NUMBER)]},
    }
    return of(
        text.KeyResultText,
        **goal,
        metric=one_of(draft.metrics),
        to=_TARGET,
        commit=NUMBER,
        stretch=NUMBER,
        weight=NUMBER,
        settles_after=DURATION,
        owner=maybe(people(draft)),
        led_by=list_of(maybe(names)),
        retired=_retired(names),
    )


def _baseline(draft: Draft) -> Schema:
    measured = {"type": "object", "properties": {"at": DATE}, "required": ["at"]}
    taken = {
        "type": "object",
        "properties": {"close_of": one_of(draft.key_results)},
        "required": ["close_of"],
    }
    return {"anyOf": [NUMBER, {"const": "auto"}, measured, taken]}


def _milestone(draft: Draft) -> Schema:
    done = maybe({"manual", *(f"{metric} = 1" for metric in draft.metrics)})
    return of(text.MilestoneText, by=DATE, done=done, weight=NUMBER)


def _retired(names: Iterable[str]) -> Schema:
    return of(text.RetiredText, on=DATE, replaced_by=maybe(names))


def _revisions() -> Schema:
    return list_of(of(text.RevisionText, **{"from": {}}, on=DATE, to={}))
