"""Why a status is what it is, in words: which rule fitted, and which of the policy's thresholds was met."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.model.observation import Status
from okr_pipeline.model.policy import Policy
from okr_pipeline.model.report import KeyResultLine
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals import is_band, words
from okr_pipeline.publish.standing import AHEAD, standing, standing_of

_FIXED = {
    Status.NOT_STARTED: "its cycle has not begun",
    Status.STALE: "no fresh data: that beats any other status",
    Status.NO_DATA: "there is no number to judge",
    Status.MEASURING: "its baseline is being found",
    Status.NO_TARGET: "there is no target to judge it by",
}
_BANDS = {
    Status.REACHED: "held at the end of its cycle",
    Status.ON_TRACK: "it holds",
    Status.OFF_TRACK: "it does not hold",
}


def judged(line: KeyResultLine, policy: Policy | None, *, locale: str = say.LOCALE) -> str:
    """Return the rule that made the status of *line*; *policy* None is not known."""
    if line.raw_status is None:
        found = _rule(line, line.status, policy, locale)
        return f"{found}; from 10 points on it reads as ahead" if standing(line) is AHEAD else found
    rule, now = _rule(line, line.raw_status, policy, locale), standing_of(line.raw_status).word
    days = policy.dwell if policy else 1
    return f"{now} today ({rule}), but a status is published when it has held for {days} days"


def _rule(line: KeyResultLine, status: Status, policy: Policy | None, locale: str) -> str:
    if status in _FIXED:
        return _FIXED[status]
    if is_band(line):
        return _at_risk(line) if status is Status.AT_RISK else _kept(line, status)
    if status is Status.REACHED:
        return "progress is 100 % or more"
    return _threshold(line, status, policy, locale) if policy else standing_of(status).word


def _at_risk(line: KeyResultLine) -> str:
    outside = "it is outside now, and still holds often enough"
    return f"it holds, but is not {line.warn}" if line.warn and line.progress == 1 else outside


def _kept(line: KeyResultLine, status: Status) -> str:
    share = f" {words(line).goal().removeprefix('keep ')}: {words(line).way()}" if line.held else ""
    return f"{_BANDS[status]}{share}"


def _threshold(line: KeyResultLine, status: Status, policy: Policy, locale: str) -> str:
    """Return what was compared with which threshold: `gap -12.0 points, below -10.0, at least -25.0`."""
    seen, of = _compared(line, policy, locale)

    def limit(at: Decimal) -> str:
        if policy.basis == "gap":
            return say.signed_points(at, locale=locale)
        return f"{say.percent(at, locale=locale)}{of}"

    def passed(at: Decimal, *, strict: bool) -> str:
        return f"{'above' if strict else 'at least'} {limit(at)}"

    def missed(at: Decimal, *, strict: bool) -> str:
        return f"{'not above' if strict else 'below'} {limit(at)}"

    on_track, at_risk = (policy.on_track, policy.on_track_strict), (policy.at_risk, policy.at_risk_strict)
    told = {
        Status.ON_TRACK: [passed(on_track[0], strict=on_track[1])],
        Status.AT_RISK: [missed(on_track[0], strict=on_track[1]), passed(at_risk[0], strict=at_risk[1])],
        Status.OFF_TRACK: [missed(at_risk[0], strict=at_risk[1])],
    }[status]
    return f"{seen}, {', '.join(told)} (policy {policy.name})"


def _compared(line: KeyResultLine, policy: Policy, locale: str) -> tuple[str, str]:
    """Return what the thresholds of *policy* are compared with, and what they are shares of."""
    progress = f"progress {say.percent(line.progress, locale=locale)}"
    match policy.basis:
        case "gap":
            return f"gap {say.signed_points(line.gap, locale=locale)} points", ""
        case "expected":
            return progress, f" of the {say.percent(line.expected, locale=locale)} expected"
        case "elapsed":
            return progress, " of the share of days that is over"
        case "progress":
            return progress, ""
