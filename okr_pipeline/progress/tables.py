"""The tables that `progress.sql` reads of cases, and the codes of statuses in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from okr_pipeline.model.observation import Status
from okr_pipeline.model.okr import Project
from okr_pipeline.model.policy import Policy
from okr_pipeline.ninths import column, exact_ninths, ninths, places, widest
from okr_pipeline.progress.bands import Band, band_columns
from okr_pipeline.progress.cases import Case, fixed_status
from okr_pipeline.progress.rule import Rule
from okr_pipeline.progress.terms import Terms

CODES = (
    Status.NO_DATA,
    Status.OFF_TRACK,
    Status.AT_RISK,
    Status.ON_TRACK,
    Status.REACHED,
    Status.STALE,
    Status.NOT_STARTED,
    Status.MEASURING,
    Status.NO_TARGET,
)
"""Statuses by their codes in `progress.sql` and `dwell.sql`."""

_CODE = {status: code for code, status in enumerate(CODES)}


def code_of(status: Status | None) -> int | None:
    """Return the code of *status*; None stays None."""
    return None if status is None else _CODE[status]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """
    Small numbers for terms, rules and cuts, by which the tables are joined.

    Those of two rules lie as far apart as there are cuts.
    """

    terms: Mapping[Terms, int]
    rules: Mapping[Rule, int]
    cuts: Mapping[datetime, int]

    @classmethod
    def of(cls, cases: Collection[Case]) -> Numbers:
        # Bands after ways, and cases by the numbers of their terms: what looks for one finds it together.
        terms = sorted(dict.fromkeys(case.terms for case in cases), key=lambda own: own.band is not None)
        cuts = {cut: n for n, cut in enumerate(dict.fromkeys(case.cut for case in cases))}
        rules = dict.fromkeys(own.rule for own in terms)
        return cls(
            terms={own: n for n, own in enumerate(terms)},
            rules={rule: n * len(cuts) for n, rule in enumerate(rules)},
            cuts=cuts,
        )

    def place(self, case: Case) -> tuple[int, int]:
        """Return the numbers of *case*, as its result bears them."""
        return self.terms[case.terms], self.cuts[case.cut]


def tables_of(project: Project, cases: Sequence[Case], numbers: Numbers) -> tuple[dict[str, pa.Table], bool]:
    """Return what `progress.sql` reads of *cases*, and whether the numbers in it are wide."""
    alone = [case for case in cases if not case.terms.is_compound]
    compound = [case for case in cases if case.terms.is_compound]
    values = [exact_ninths(case.shown.value) if case.shown else None for case in alone]
    terms = {own: n for own, n in numbers.terms.items() if not own.is_compound}
    wide = _is_wide(values, terms)
    tables = {
        "observed": pa.table({**_columns(project, alone, numbers), "value": column(values, wide=wide)}),
        "stood": _stood(project, compound, numbers),
        **terms_tables(terms, numbers.rules, wide=wide),
        "cuts": _cuts(cases, numbers),
    }
    return tables, wide


def _is_wide(values: Iterable[int | None], terms: Iterable[Terms]) -> bool:
    """Whether a value, a difference or a quotient may not fit 64 bits."""
    walks = [walk for own in terms if (walk := own.walk)]
    limits = [limit for own in terms if own.band for limit in own.band.limits]
    ways = [way for _, way in walks]
    furthest = widest(values) + widest(baseline for baseline, _ in walks)
    least = min(map(abs, ways), default=1)
    return max(furthest, widest(ways), widest(limits)) >= 2**62 or furthest >= 9 * 10**9 * least


def _columns(project: Project, cases: Sequence[Case], numbers: Numbers) -> dict[str, pa.Array]:
    """Return what `observed` and `stood` have in common."""
    return {
        "key_result": places((numbers.terms[case.terms] for case in cases), below=len(numbers.terms)),
        "cut": places((numbers.cuts[case.cut] for case in cases), below=len(numbers.cuts)),
        "fixed": pa.array([code_of(fixed_status(project, case)) for case in cases], pa.uint8()),
    }


def _stood(project: Project, cases: Sequence[Case], numbers: Numbers) -> pa.Table:
    return pa.table(
        {
            **_columns(project, cases, numbers),
            "rule": pa.array([numbers.rules[case.terms.rule] for case in cases], pa.int32()),
            "progress": column([_worked_out(case) for case in cases]),
            "standing": column([case.shown.standing if case.shown else None for case in cases]),
        }
    )


def _worked_out(case: Case) -> int | None:
    """Return the progress of more than one number: of periods as it is, of parts as they were last told."""
    if case.terms.held_over_time:
        return case.progress
    return case.shown.progress if case.shown else None


def _cuts(cases: Sequence[Case], numbers: Numbers) -> pa.Table:
    days = {case.cut: case.day.toordinal() for case in cases}
    return pa.table(
        {
            "cut": places(numbers.cuts.values(), below=len(numbers.cuts)),
            "day": column([days[cut] for cut in numbers.cuts]),
        }
    )


def terms_tables(terms: Mapping[Terms, int], rules: Mapping[Rule, int], *, wide: bool) -> dict[str, pa.Table]:
    """Return the tables `ways`, `bands`, `rules` and `segments` of `progress.sql`, from numbers for all."""
    ways = {own: n for own, n in terms.items() if own.band is None}
    bands = {own: n for own, n in terms.items() if own.band is not None}
    below = max(terms.values(), default=-1) + 1
    walks = [own.walk for own in ways]
    return {
        "ways": pa.table(
            {
                **_numbered(ways, rules, below=below),
                "baseline": column([walk and walk[0] for walk in walks], wide=wide),
                "way": column([walk and walk[1] for walk in walks], wide=wide),
            }
        ),
        "bands": pa.table(
            {
                **_numbered(bands, rules, below=below),
                **band_columns([own.band or Band() for own in bands], wide=wide),
            }
        ),
        "rules": _rules(rules),
        "segments": _segments(rules),
    }


def _numbered(terms: Mapping[Terms, int], rules: Mapping[Rule, int], *, below: int) -> dict[str, pa.Array]:
    return {
        "key_result": places(terms.values(), below=below),
        "rule": pa.array([rules[own.rule] for own in terms], pa.int32()),
    }


def _rules(rules: Mapping[Rule, int]) -> pa.Table:
    return pa.table(
        {
            "rule": pa.array(rules.values(), pa.int32()),
            "band": pa.array([rule.is_band for rule in rules], pa.bool_()),
            "shape": pa.array([rule.shape for rule in rules], pa.string()),
            "whole": column([rule.whole for rule in rules], wide=True),
            **{
                name: column([getattr(rule, name) for rule in rules])
                for name in ("unit", "start_at", "length", "last_at")
            },
            **policy_columns([rule.policy for rule in rules]),
        }
    )


def _segments(rules: Mapping[Rule, int]) -> pa.Table:
    segments = [(n, *segment) for rule, n in rules.items() for segment in rule.segments]
    return pa.table(
        {
            "rule": pa.array([n for n, *_ in segments], pa.int32()),
            "from_at": column([a for _, a, _, _, _ in segments]),
            "to_at": column([b for _, _, b, _, _ in segments]),
            "from_share": column([share for *_, share, _ in segments], wide=True),
            "to_share": column([share for *_, share in segments], wide=True),
        }
    )


def policy_columns(policies: Sequence[Policy]) -> dict[str, pa.Array]:
    """Return what `progress.sql` and `roll_up.sql` read of *policies*."""
    return {
        "basis": pa.array([policy.basis for policy in policies], pa.string()),
        "on_track": column([ninths(policy.on_track) for policy in policies]),
        "at_risk": column([ninths(policy.at_risk) for policy in policies]),
        "on_track_strict": pa.array([policy.on_track_strict for policy in policies], pa.bool_()),
        "at_risk_strict": pa.array([policy.at_risk_strict for policy in policies], pa.bool_()),
    }
