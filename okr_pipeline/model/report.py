"""A snapshot made ready to read: every reader (page, tables, terminal, notebook) draws from this alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from okr_pipeline.model.observation import CheckResult, State, Status

if TYPE_CHECKING:
    from okr_pipeline.model.metric import Indicator
    from okr_pipeline.model.policy import Policy


class TrendPoint(NamedTuple):
    """
    One past day of one key result, at its end. The last point is the snapshot itself.

    None in *value* and *progress* is a day without an observation: a gap in the line, never 0. *read_at*
    is set where nobody looked that day: the state shown is the one that was read then.
    """

    day: date
    value: Decimal | None
    progress: Decimal | None
    expected: Decimal | None
    status: Status
    read_at: datetime | None = None


class PartLine(NamedTuple):
    """
    One condition, milestone or group of a key result.

    *keep* is the bound it is held to, as text (None: done by hand); *progress* is 1 where it is met, 0
    where not, None where it cannot be told, for *reason*. *by* and *weight* are a milestone's.
    """

    name: str
    title: str
    value: Decimal | None
    unit: str | None
    keep: str | None
    progress: Decimal | None
    reason: str | None = None
    by: date | None = None
    weight: Decimal | None = None


class Mark(NamedTuple):
    """A `commit` below or a `stretch` above the target; *reached* None where there is no value."""

    name: str
    value: Decimal | None
    reached: bool | None


class Stage(NamedTuple):
    """A staged target: the number to have by the end of a day."""

    by: date
    value: Decimal | None


class Retirement(NamedTuple):
    """Since when a key result no longer counts, why, and the id of what came in its place."""

    on: date
    why: str
    replaced_by: str | None


class Periods(NamedTuple):
    """How many of the periods that count were inside, and how many count."""

    inside: int
    counted: int
    each: str


class Earlier(NamedTuple):
    """
    Past days that keep the number of an earlier definition: how many, and the last of them.

    *read_otherwise* of them would read another value by now; only those are counted that were
    measured as the key result is measured today.
    """

    days: int
    until: date
    read_otherwise: int


class Said(NamedTuple):
    """What somebody said in the newest check-in. *confidence* is 0..1."""

    on: date
    author: str
    confidence: Decimal | None
    note: str | None


class Vouched(NamedTuple):
    """A status that a person vouches for until a day, inside, beside the computed one."""

    status: Status
    until: date
    why: str
    author: str
    on: date


class Graded(NamedTuple):
    """How a key result was graded at its cycle's close: score 0..1, grade 1..4; None without a progress."""

    score: Decimal | None
    grade: int | None
    landed: bool
    learned: str


class Consequence(NamedTuple):
    """What was said beforehand to follow when an objective is missed, or exceeded: now that it is."""

    outcome: Literal["missed", "exceeded"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResultLine:
    """
    One key result as a reader meets it.

    Ratios are unrounded (1 is 100 %). *unit* decides how values are shown. *goal* is `reach`, `keep`,
    `steps`, `milestones`, `all_of`, `manual` or `find_baseline`; *keep* is the declared bound as text
    (`<= 2.5%`), *low* and *high* the same as numbers for drawing, None where there is no bound on that
    side. *change_7d* is progress now minus progress seven days before, None when either is missing.
    *newest_at* is the newest time in the data it rests on, *read_at* when it was read, the longest unread
    part. *sources* are source ids; *reason* says why there is no fresh value.

    *held* says for how many periods or groups a keep has to hold, and *outside_since* is the first
    day at whose end it did not. *parts* are conditions, milestones or groups; *stages* staged targets;
    *marks* commit and stretch. *raw_status* is what the policy says where it has not said so for long
    enough to be published. Values of *provisional_from* and later days may still change much; None: those
    of no day. *baseline_reads* is what the day of the frozen baseline reads since, where that is another
    number. A *masked* one shows no value anywhere: those fields are None.

    *warn* is the tighter bound of a keep, *periods* counts those of one that is held over time.
    *target_as* says how a target is written that is no number: `+15 % of the baseline`, `private`,
    `not known yet`; *baseline_as* the same of a baseline. *curve* is the expected course in words.
    *retired* is None until the day that it names. *said*, *override* and *graded* are people's word.
    *earlier* is None where all days were recorded as it is defined now. *warnings* are what the receipts
    of the reads behind it warn of, each after its dataset.
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
    read_at: datetime | None = None
    held: str | None = None
    outside_since: date | None = None
    raw_status: Status | None = None
    parts: tuple[PartLine, ...] = ()
    stages: tuple[Stage, ...] = ()
    marks: tuple[Mark, ...] = ()
    provisional_from: date | None = None
    baseline_reads: Decimal | None = None
    aspiration: str = "committed"
    proxy_for: str | None = None
    retired: Retirement | None = None
    masked: bool = False
    warn: str | None = None
    periods: Periods | None = None
    target_as: str | None = None
    baseline_as: str | None = None
    curve: str | None = None
    said: Said | None = None
    override: Vouched | None = None
    graded: Graded | None = None
    earlier: Earlier | None = None
    warnings: tuple[str, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether the value shown is younger than it takes to settle."""
        return self.provisional_from is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveLine:
    """
    One objective with its key results. *counted* of *declared* parts carry its progress.

    Of the others, *no_data* have no progress to count, *measuring* look for their baseline and
    *no_target* have no target told; *retired* ones are declared no more.

    *policy* is what its key results are judged by (None: not told). *strategy* is the choice that it
    answers to, in words; *supports*, *depends_on* and *contributes_to* are ids of others. *after* is
    told from the cycle's last day on. *retirement* is None until the day that it names.
    """

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
    expected: Decimal | None = None
    no_data: int = 0
    measuring: int = 0
    no_target: int = 0
    retired: int = 0
    policy: Policy | None = None
    strategy: str | None = None
    supports: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    contributes_to: str | None = None
    after: Consequence | None = None
    retirement: Retirement | None = None


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
    ledger entry. *not_ready* are key results without a metric. *north_star* is the key result that
    measures the project's North Star; None where there is no such star, or none measures it.
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
    north_star: str | None = None
