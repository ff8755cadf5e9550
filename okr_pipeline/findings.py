"""What the stages hand to one another, from a measurement to everything one run found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from okr_pipeline.ledger.entry import Draft
from okr_pipeline.model.observation import CheckResult, ObjectiveObservation, Observation
from okr_pipeline.model.report import SourceLine
from okr_pipeline.warehouse.question import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """
    One key result at one cut, before it is held against its goal.

    *gap* says why the data does not reach the cut; None when it does. *newest_at* is the newest
    time in the data, at most the cut. *lost* means that it rests on a load that is gone from
    warehouse and lake.
    """

    key_result: str
    cut: datetime
    answer: Answer
    gap: str | None
    newest_at: datetime | None
    loads: Mapping[str, int]
    stocks: Mapping[str, int]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """The measured start of one key result: a frozen value, or the reason why there is none yet."""

    value: Decimal | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Good:
    """An earlier good value, from the ledger: what a key result falls back on when its source fails."""

    key_result: str
    cut: datetime
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything one run found out, before it is written down. *past* are the days before *now*."""

    now: Sequence[Observation]
    past: Sequence[Observation]
    objectives: Sequence[ObjectiveObservation]
    sources: Sequence[SourceLine]
    checks: Sequence[CheckResult]
    baselines: Sequence[Draft]
