"""Key results that are made of parts: which of their conditions, milestones or groups are met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa

from okr_pipeline.model.goal import AllOf, HeldInGroups, Keep, Milestones
from okr_pipeline.model.observation import Part
from okr_pipeline.model.people import CheckIn
from okr_pipeline.ninths import ONE, clamped_ninths, column, ninths
from okr_pipeline.progress.bands import Band, band_columns, band_of
from okr_pipeline.progress.cases import Case
from okr_pipeline.progress.terms import Terms
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database


def meet_parts(db: Database, cases: Sequence[Case], *, check_ins: Sequence[CheckIn]) -> None:
    """Fill in which parts of *cases* are met, and what `progress` and `standing` they come to."""
    done = _done(check_ins)
    for case in cases:
        if case.measured and isinstance(case.key_result.goal, Milestones):
            case.parts = tuple(_milestones(case.key_result.goal, case, done))
    parted = [case for case in cases if case.parts]
    if not parted:
        return
    for found in statements.parts(db, _table(parted)).to_pylist():
        case = parted[found["owner"]]
        case.progress, case.standing = found["progress"], found["standing"]
        case.parts = tuple(
            replace(part, progress=None if met is None else Decimal(int(met)))
            for part, met in zip(case.parts, found["met"], strict=True)
        )


def _done(check_ins: Sequence[CheckIn]) -> dict[tuple[str, str], date]:
    """Return the day from which each milestone is done, by key result and milestone."""
    done: dict[tuple[str, str], date] = {}
    for said in sorted(check_ins, key=lambda said: said.on, reverse=True):
        done.update({(said.key_result, id): said.on for id in said.done})
    return done


def _milestones(goal: Milestones, case: Case, done: Mapping[tuple[str, str], date]) -> Iterator[Part]:
    """Yield the parts of *case* in declared order, with those that are *done* by hand among them."""
    measured = {part.name: part for part in case.parts}
    for milestone in goal.milestones:
        if milestone.done is None:
            since = done.get((case.key_result.id, milestone.id))
            met = since is not None and since <= case.day
            yield Part(name=milestone.id, value=None, progress=Decimal(int(met)))
        elif milestone.id in measured:
            yield measured[milestone.id]


def _table(cases: Sequence[Case]) -> pa.Table:
    """Return the input of `parts.sql`; owners are places in *cases*."""
    listed = [(n, place, part) for n, case in enumerate(cases) for place, part in enumerate(case.parts)]
    parts = [part for *_, part in listed]
    asked = [_asked(cases[n].terms, part) for n, _, part in listed]
    return pa.table(
        {
            "owner": pa.array([n for n, *_ in listed], pa.int64()),
            "place": pa.array([place for _, place, _ in listed], pa.int64()),
            "how": pa.array([_how(cases[n].terms) for n, *_ in listed], pa.string()),
            "value": column([clamped_ninths(part.value) for part in parts], wide=True),
            **band_columns([band for band, *_ in asked]),
            "met": pa.array([_told(part) for part in parts], pa.bool_()),
            "weight": column([weight for _, weight, _ in asked], wide=True),
            "required": column([required for *_, required in asked], wide=True),
        }
    )


def _how(terms: Terms) -> str:
    return "all" if isinstance(terms.key_result.goal, AllOf) else "share"


def _told(part: Part) -> bool | None:
    """Return whether *part* is met where no value tells: what is done by hand brings its progress along."""
    return part.progress == 1 if part.value is None and part.progress is not None else None


def _asked(terms: Terms, part: Part) -> tuple[Band, int, int | None]:
    """Return the band of one part, its weight, and the share of parts that has to be met."""
    match terms.key_result.goal:
        case AllOf(conditions=conditions):
            strict = terms.rule.policy.keep_strict
            return band_of(conditions[int(part.name) - 1].bounds, strict=strict), ONE, None
        case Milestones(milestones=milestones):
            milestone = next(m for m in milestones if m.id == part.name)
            band = band_of(milestone.done.bounds, strict=False) if milestone.done else Band()
            return band, ninths(milestone.weight), None
        case Keep(held=HeldInGroups(share=share)):
            return terms.band or Band(), ONE, ninths(share)
        case _:
            return Band(), ONE, None
