"""What titles give away: OKRL11 to OKRL14."""

from __future__ import annotations

import re
from collections.abc import Iterator

from okr_pipeline.lint.advice import Found, Rule, Seen, about
from okr_pipeline.lint.words import first_of, likeness

_NUMBER = re.compile(r"\d|%")
_ALIKE = 0.75


def activity(seen: Seen) -> Iterator[Found]:
    """Yield key results whose title begins with something to do."""
    for key_result in seen.open_key_results():
        if word := first_of(seen.words.activities, key_result.title, at_start=True):
            yield about(key_result, f"the title begins with `{word}`: an activity, not what it changes")


def vanity(seen: Seen) -> Iterator[Found]:
    """Yield key results over numbers that only ever grow."""
    for key_result in seen.open_key_results():
        metric = seen.project.metrics[key_result.metric] if key_result.metric else None
        titles = [key_result.title, *([metric.title] if metric and metric.title else [])]
        word = next((word for title in titles if (word := first_of(seen.words.vanity, title))), None)
        if word:
            yield about(key_result, f"`{word}` grows whatever one does")


def unmeasurable(seen: Seen) -> Iterator[Found]:
    """Yield key results whose wording nobody can hold a number against."""
    for key_result in seen.open_key_results():
        if key_result.metric and not seen.profile.wording:
            continue
        if word := first_of(seen.words.unmeasurable, key_result.title):
            yield about(key_result, f"`{word}` says no number: nobody can tell whether it came true")


def restates_a_metric(seen: Seen) -> Iterator[Found]:
    """Yield objectives that are a number, or the title of one of their key results or its metric."""
    for objective in seen.open_objectives():
        if _NUMBER.search(objective.title):
            yield about(objective, "its title holds a number: that is a key result")
            continue
        for key_result in objective.key_results:
            metric = seen.project.metrics[key_result.metric].title if key_result.metric else None
            titles = [key_result.title, *([metric] if metric else [])]
            if any(_alike(seen, objective.title, title) for title in titles):
                yield about(objective, f"its title says the same as {key_result.id}")
                break


def _alike(seen: Seen, one: str, other: str) -> bool:
    return likeness(one, other, leaving_out=seen.words.stop_words) >= _ALIKE


RULES = (
    Rule(
        code="OKRL11",
        title="An activity instead of an outcome",
        reason="It can be done in full without anything becoming better for anybody.",
        example="Not `Send 12 newsletters` but `Readers who try the feature within a week`.",
        find=activity,
    ),
    Rule(
        code="OKRL12",
        title="A vanity metric",
        reason="A number that cannot fall decides nothing: it is green while the company fails.",
        example="Not `Total users` but `Teams active in the last week`.",
        find=vanity,
    ),
    Rule(
        code="OKRL13",
        title="Wording that cannot be measured",
        reason="In the last week everybody will have an opinion, and nobody a number.",
        example="Not `Better onboarding` but `New teams that invite colleagues, from 31 % to 43 %`.",
        find=unmeasurable,
    ),
    Rule(
        code="OKRL14",
        title="An objective that restates a metric",
        reason="An objective says why and where to; a number in its place leaves nothing else to aim for.",
        example="Not `Revenue of 4M` but `Win the mid-market`, with the revenue as a key result.",
        find=restates_a_metric,
    ),
)
