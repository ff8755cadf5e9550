"""A snapshot made ready to read: every reader (page, tables, terminal, notebook) draws from this alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from okr_pipeline.model.metric import Indicator
from okr_pipeline.model.observation import CheckResult, State, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """
    One past day of one key result, at its end. The last point is the snapshot itself.

    None in *value* and *progress* is a day without an observation: a gap in the line, never 0.
    """

    day: date
    value: Decimal | None
    progress: Decimal | None
    expected: Decimal | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResultLine:
    """
    One key result as a reader meets it.

    Ratios are unrounded (1 is 100 %). *unit* decides how values are shown. *goal* is `reach` or
    `keep`; *keep* is the declared bound as text (`<= 2.5%`), *low* and *high* the same as numbers
    for drawing, None where there is no bound on that side. *change_7d* is progress now minus
    progress seven days before, None when either is missing. *newest_at* is the newest time in
    the data it rests on. *sources* are source ids; *reason* says why there is no fresh value.
    """

    id: str
    title: str
    owner: str | None
    indicator: Indicator
    goal: str
    unit: str | None
    status: Status
    state: State
    reason: str | None
    value: Decimal | None
    baseline: Decimal | None
    target: Decimal | None
    keep: str | None
    progress: Decimal | None
    expected: Decimal | None
    gap: Decimal | None
    change_7d: Decimal | None
    carried_from: datetime | None
    newest_at: datetime | None
    sources: tuple[str, ...]
    led_by: tuple[str, ...]
    note: str | None
    trend: tuple[TrendPoint, ...]
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveLine:
    """One objective with its key results. *counted* of *declared* key results carry its progress."""

    id: str
    title: str
    owner: str | None
    level: str
    why: str | None
    cycle: str
    start_on: date
    end_on: date
    progress: Decimal | None
    status: Status
    counted: int
    declared: int
    key_results: tuple[KeyResultLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One source as of the snapshot. *problem* None means that all of its datasets are usable and fresh."""

    id: str
    connector: str
    newest_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    One snapshot with everything that a reader needs, self-contained.

    *zone* is the project's time zone name; *seq* and *head* are place and hash of the snapshot's
    ledger entry. *not_ready* are key results without a metric.
    """

    project: str
    zone: str
    as_of: datetime
    known_at: datetime
    snapshot: str
    seq: int
    head: str
    config_digest: str
    objectives: tuple[ObjectiveLine, ...]
    sources: tuple[SourceLine, ...]
    failed_checks: tuple[CheckResult, ...]
    not_ready: tuple[str, ...]
