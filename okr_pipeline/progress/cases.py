"""A key result at a cut is a case: what was found, the terms to judge it on, and what it falls back on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from okr_pipeline.findings import Good, Measurement
from okr_pipeline.model.goal import FindBaseline, OpenTarget, Reach
from okr_pipeline.model.observation import Part, State, Status
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.progress.terms import Terms
from okr_pipeline.warehouse.question import Answer


@dataclass(slots=True, kw_only=True)
class Case:
    """
    One key result at one cut, judged on the *terms* of its *day*.

    *measured* is None for a day of the past that serves the others alone. *carried* is the last good
    case before one whose data does not reach its cut. *progress* and *standing*, in units of the ninth
    place, and *outside_since* are filled in where more than one number decides.
    """

    terms: Terms
    cut: datetime
    day: date
    answer: Answer
    parts: tuple[Part, ...]
    measured: Measurement | None = None
    carried: Case | None = None
    progress: int | None = None
    standing: int | None = None
    outside_since: date | None = None

    @property
    def key_result(self) -> KeyResult:
        return self.terms.key_result

    @property
    def fresh(self) -> bool:
        """Whether the data reaches the cut."""
        return self.measured is None or self.measured.gap is None

    @property
    def good(self) -> bool:
        """Whether others may fall back on it."""
        return self.fresh and self.answer.state is State.OK

    @property
    def value(self) -> Decimal | None:
        return self.answer.value

    @property
    def shown(self) -> Case | None:
        """The good case whose value it shows: itself, or the one that is carried; None without."""
        return self if self.good else self.carried


def cases_of(
    project: Project,
    terms: Mapping[str, Sequence[Terms]],
    measurements: Sequence[Measurement],
    *,
    earlier: Iterable[Good],
) -> list[Case]:
    """
    Return a case for each of *measurements* and of *earlier*, by key result and cut.

    Of one place the last measurement counts, and an earlier value only where there is none. *terms* are
    those of each key result, in order of time; what has none is left out.
    """
    by_place = {(m.key_result, m.cut): m for m in measurements}
    cases = [_measured(project, terms[m.key_result], m) for m in by_place.values()]
    cases += [
        _remembered(project, terms[good.key_result], good)
        for good in earlier
        if good.key_result in terms and (good.key_result, good.cut) not in by_place
    ]
    cases.sort(key=lambda case: (case.key_result.id, case.cut))
    _carry(cases)
    return cases


def _measured(project: Project, terms: Sequence[Terms], m: Measurement) -> Case:
    day = project.calendar.day_of(m.cut)
    parts = tuple(Part(name=name, value=a.value, progress=None, reason=a.reason) for name, a in m.parts)
    return Case(terms=_on(day, terms), cut=m.cut, day=day, answer=m.answer, parts=parts, measured=m)


def _remembered(project: Project, terms: Sequence[Terms], good: Good) -> Case:
    day = project.calendar.day_of(good.cut)
    return Case(terms=_on(day, terms), cut=good.cut, day=day, answer=Answer(good.value), parts=good.parts)


def _on(day: date, terms: Sequence[Terms]) -> Terms:
    """Return the last of *terms* that hold on *day*, or the first."""
    return next((t for t in reversed(terms) if t.since is None or t.since <= day), terms[0])


def _carry(cases: Sequence[Case]) -> None:
    """Let each of *cases* that is not fresh fall back on the last good one of its key result."""
    last: Case | None = None
    for case in cases:
        if last is not None and last.key_result is not case.key_result:
            last = None
        if case.good:
            last = case
        elif not case.fresh:
            case.carried = last


def fixed_status(project: Project, case: Case) -> Status | None:
    """Return the status that no progress can change; None where progress decides."""
    if case.cut <= project.calendar.midnight(project.cycle_of(case.key_result).start_on):
        return Status.NOT_STARTED
    if case.carried is not None:
        return Status.STALE
    match case.key_result.goal:
        case FindBaseline():
            return Status.MEASURING
        case Reach(target=OpenTarget()):
            return Status.NO_TARGET
        case _:
            return None
