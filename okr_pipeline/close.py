"""Close a cycle: freeze where every key result ended, with its score, its grade and what was learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.calendar import Cycle
from okr_pipeline.model.observation import Observation, State, Status
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.policy import Grades
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.record import decimal_text, digest, says
from okr_pipeline.run import Run

_LANDED_ASPIRATION = Decimal("0.7")


class CannotClose(Exception):
    """A cycle cannot be closed yet; *problems* are all the reasons, each with what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """
    Where one key result ended.

    *score* is its progress clamped to 0..1, *grade* 1 to 4; both None where there is no progress.
    *landed* says whether it counts as achieved: a committed one where it is reached, an aspirational one
    from 0.7, and by a fresh value only. *observed* is the hash of the observation that it was graded by; None
    where no source ever fed it.
    """

    key_result: str
    value: Decimal | None
    progress: Decimal | None
    score: Decimal | None
    grade: int | None
    landed: bool
    status: str
    learned: str
    observed: str | None


def close_cycle(
    project: Project, snapshot: Snapshot | None, run: Run, *, cycle: str, why: str | None
) -> Entry:
    """
    Record the close of *cycle* by what *snapshot*, the newest, says of its last day, and return the entry.

    The same close again appends nothing. Where the numbers, the notes or the grades are others than at
    the first close, *why* must say so: both stand in the ledger.

    Raises:
        CannotClose: If the cycle is not over, a key result has no final observation or no learning
            note, or an earlier close says something else and *why* is None.
    """
    end = project.calendar.end_of(project.cycles[cycle].end_on)
    if snapshot is None or snapshot.as_of < end:
        raise CannotClose([_too_early(project, snapshot, project.cycles[cycle], run.as_of)])
    final = {o.key_result: o for o in snapshot.key_results}
    key_results = [kr for kr in project.key_results() if project.cycle_of(kr).id == cycle]
    if problems := [p for kr in key_results for p in _open_ends(project, kr, final.get(kr.id), end)]:
        raise CannotClose(problems)
    body = _body(project, snapshot, cycle, [_graded(project, kr, final.get(kr.id)) for kr in key_results])
    last = run.ledger.last("close", subject=cycle)
    if last is not None and {**last.body, "why": None} == body:
        return last
    if last is not None and why is None:
        raise CannotClose(
            [f"{cycle} was closed with other numbers or notes; say why it is closed again: --why TEXT"]
        )
    [entry] = run.write([Draft("close", cycle, end, {**body, "why": why})])
    return entry


def closed_cycles(ledger: Ledger) -> Mapping[str, Entry]:
    """Return the newest close of every cycle that was closed."""
    return {entry.subject: entry for entry in ledger.entries("close")}


def grade_of(score: Decimal, grades: Grades) -> int:
    """Return the grade of a score: 1, or the highest whose cut point it reaches."""
    return 1 + sum(score >= cut for cut in (grades.two, grades.three, grades.four))


def _graded(project: Project, key_result: KeyResult, observed: Observation | None) -> Graded:
    progress = observed.progress if observed else None
    score = None if progress is None else max(Decimal(0), min(Decimal(1), progress))
    enough = key_result.aspiration == "aspirational" and score is not None and score >= _LANDED_ASPIRATION
    reached = observed is not None and observed.status is Status.REACHED
    fresh = observed is not None and observed.state is State.OK
    return Graded(
        key_result=key_result.id,
        value=observed.value if observed else None,
        progress=progress,
        score=score,
        grade=None if score is None else grade_of(score, project.grades),
        landed=fresh and (reached or enough),
        status=observed.status.value if observed else "no_data",
        learned=project.learned[key_result.id],
        observed=digest(says(observed)) if observed else None,
    )


def _open_ends(
    project: Project, key_result: KeyResult, observed: Observation | None, end: datetime
) -> list[str]:
    """Return what keeps one key result from being closed."""
    problems = []
    if key_result.ready and (observed is None or observed.as_of != end):
        problems.append(f"{key_result.id} was not measured for the cycle's last day; run `okr sync`")
    if not project.learned.get(key_result.id):
        file = f"check_ins/{project.cycle_of(key_result).id}.yaml"
        problems.append(f"{key_result.id} has no learning note; write it under `learned:` in {file}")
    return problems


def _too_early(project: Project, snapshot: Snapshot | None, cycle: Cycle, as_of: datetime) -> str:
    if project.calendar.end_of(cycle.end_on) > as_of:
        return f"{cycle.id} is not over: its last day is {cycle.end_on}"
    known = "nothing was measured" if snapshot is None else "nothing was measured since its last day"
    return f"{cycle.id} ended on {cycle.end_on}, and {known}; run `okr sync`"


def _body(project: Project, snapshot: Snapshot, cycle: str, graded: Sequence[Graded]) -> dict[str, Any]:
    objectives = {
        o.objective: o for o in snapshot.objectives if project.objectives[o.objective].cycle == cycle
    }
    return {
        "snapshot": snapshot.id,
        "config": snapshot.config_digest,
        "why": None,
        "key_results": {
            one.key_result: {
                name: decimal_text(value) if isinstance(value, Decimal) else value
                for name, value in asdict(one).items()
                if name != "key_result"
            }
            for one in graded
        },
        "objectives": {
            id: {"progress": decimal_text(o.progress), "status": o.status.value}
            for id, o in objectives.items()
        },
    }
