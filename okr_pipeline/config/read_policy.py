"""`status:` of a project or an objective: a policy of the table, or thresholds of its own."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.goal_values import Threshold, threshold
from okr_pipeline.config.place import Place
from okr_pipeline.config.reading import Fields
from okr_pipeline.config.schema import StatusText
from okr_pipeline.model.policy import POLICIES, Policy


def read_policy(text: StatusText, place: Place, report: list[Diagnostic]) -> Policy | None:
    """Return the policy that *text* declares; None, and why in *report*, when it cannot be one."""
    policy = _custom(text, place, report) if text.policy == "custom" else _named(text, place, report)
    if policy is None:
        return None
    return replace(policy, day_count=text.day_count or policy.day_count, dwell=text.dwell)


def _named(text: StatusText, place: Place, report: list[Diagnostic]) -> Policy | None:
    extra = [key for key in ("on", "on_track", "at_risk") if getattr(text, key) is not None]
    for key in extra:
        message = f"`{key}` does nothing beside `policy: {text.policy}`, which has its own"
        report.append(place.below(key).key_problem("OKR114", message, "remove it, or write `policy: custom`"))
    return None if extra else POLICIES[text.policy]


def _custom(text: StatusText, place: Place, report: list[Diagnostic]) -> Policy | None:
    missing = [key for key in ("on", "on_track", "at_risk") if getattr(text, key) is None]
    for key in missing:
        mend = "write `on: gap` with `on_track: -10 points` and `at_risk: -25 points`"
        report.append(place.key_problem("OKR102", f"`{key}` is missing", mend))
    fields = Fields(text, place, report)
    on_track, at_risk = (fields.get(key, threshold, "OKR119") for key in ("on_track", "at_risk"))
    if text.on is None or on_track is None or at_risk is None:
        return None
    before = len(report)
    for key, limit in (("on_track", on_track), ("at_risk", at_risk)):
        _check_unit(text.on, limit, place.below(key), report)
    if len(report) == before and not _lower(at_risk, on_track):
        message = "`at_risk` does not begin below `on_track`"
        report.append(place.below("at_risk").problem("OKR320", message, "write the lower threshold here"))
    elif len(report) == before:
        _check_room(text.on, on_track, at_risk, place, report)
    return Policy(
        name="custom",
        basis=text.on,
        on_track=on_track.value,
        at_risk=at_risk.value,
        on_track_strict=on_track.strict,
        at_risk_strict=at_risk.strict,
    )


def _check_unit(on: str, limit: Threshold, place: Place, report: list[Diagnostic]) -> None:
    """Report *limit* if it is in points where shares are compared, or a percentage without its sign."""
    if limit.unit == "points" and on != "gap":
        message = f"points belong to `on: gap`; `on: {on}` compares shares"
        report.append(place.problem("OKR320", message, "write a percentage such as 90%"))
    elif not limit.unit and abs(limit.value) > 1:
        mend = "write -10 points" if on == "gap" else "write a percentage such as 90%"
        report.append(place.problem("OKR320", "a bare number above 1 is no share", mend))


def _check_room(
    on: str, on_track: Threshold, at_risk: Threshold, place: Place, report: list[Diagnostic]
) -> None:
    """Report thresholds that leave a colour to nobody, or call off track what is exactly on plan."""
    plan, sign = (0, " points") if on == "gap" else (1, "%")
    if on in ("gap", "progress") and on_track.value >= 1:
        message, mend = "what is not reached would never be on track", f"write less: below 100{sign}"
        report.append(place.below("on_track").problem("OKR320", message, mend))
    elif _lower(Threshold(Decimal(plan), strict=False, unit=""), at_risk):
        message, mend = "what is exactly on plan would be off track", f"write {plan * 100}{sign} or less"
        report.append(place.below("at_risk").problem("OKR320", message, mend))
    elif at_risk.value < plan - 1:
        message, mend = "nothing on its way would be off track", f"write {(plan - 1) * 100}{sign} or more"
        report.append(place.below("at_risk").problem("OKR320", message, mend))


def _lower(one: Threshold, other: Threshold) -> bool:
    """Whether *one* begins below *other*: `>= 5` begins below `> 5`."""
    return (one.value, one.strict) < (other.value, other.strict)
