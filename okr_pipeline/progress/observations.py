"""What is said of a case once there is a verdict: its observation."""

from __future__ import annotations

from decimal import Decimal

from okr_pipeline.findings import Measurement
from okr_pipeline.model.goal import Bounds, Keep
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.ninths import ninths, number
from okr_pipeline.progress.cases import Case
from okr_pipeline.progress.verdicts import Verdict

_TOO_LARGE = "the numbers are too large for an exact progress"
_NO_CURVE = "nothing is expected: the cycle that it follows has no progress at its close"


def observation_of(
    m: Measurement, case: Case, verdict: Verdict, *, definition: str, config: str
) -> Observation:
    """Return the observation behind *m*, of which *verdict* was given as *case*."""
    goal, shown = case.key_result.goal, case.shown
    bounds = goal.bounds if isinstance(goal, Keep) else Bounds()
    return Observation(
        key_result=m.key_result,
        as_of=m.cut,
        state=_state(case),
        status=verdict.status,
        reason=_reason(m, case, verdict),
        definition=definition,
        value=_nine_places(shown.value) if shown else None,
        baseline=_nine_places(case.terms.baseline),
        target=_nine_places(case.terms.target),
        low=_nine_places(bounds.low),
        high=_nine_places(bounds.high),
        progress=verdict.progress,
        expected=verdict.expected,
        gap=verdict.gap,
        raw_status=verdict.raw_status,
        parts=shown.parts if shown else case.parts,
        outside_since=case.outside_since,
        carried_from=case.carried.cut if case.carried else None,
        newest_at=m.newest_at,
        read_at=m.read_at,
        loads=m.loads,
        stocks=m.stocks,
        config=config,
    )


def _state(case: Case) -> State:
    if case.fresh:
        return case.answer.state
    return State.STALE if case.carried else State.NO_DATA


def _nine_places(value: Decimal | None) -> Decimal | None:
    """Return *value* with nine places, however it was written."""
    return None if value is None else number(ninths(value))


def _reason(m: Measurement, case: Case, verdict: Verdict) -> str | None:
    """Return why there is no fresh value, or why one says nothing."""
    if not case.good or case.answer.reason is not None:
        return case.answer.reason if m.gap is None else m.gap
    terms = case.terms
    if verdict.progress is None:
        return terms.problem or _no_period(case) or _TOO_LARGE
    if verdict.expected is None and not terms.rule.is_band and not terms.rule.segments:
        return _NO_CURVE
    return None


def _no_period(case: Case) -> str | None:
    """Return why what is held over time has no progress yet."""
    held = case.terms.held_over_time
    return f"no {held.period} has ended yet" if held else None
