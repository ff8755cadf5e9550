"""Objectives, key results and the project that holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.metric import (
    Aggregate,
    Change,
    Dataset,
    Formula,
    Indicator,
    Metric,
    Query,
    Ratio,
    Source,
)


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """A baseline that is measured for *day*, once, and then frozen in the ledger."""

    day: date


@dataclass(frozen=True, slots=True)
class ClosedAt:
    """A baseline taken over: the value at which key result *key_result* of an earlier cycle was closed."""

    key_result: str


Start = Decimal | MeasuredOn | ClosedAt


@dataclass(frozen=True, slots=True)
class RelativeTarget:
    """
    A target counted from the baseline.

    `ratio`: baseline x (1 + amount) (+15% is 0.15). `points`: baseline + amount (+5 points is
    0.05). `times`: baseline x amount (x2 is 2).
    """

    how: Literal["ratio", "points", "times"]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpenTarget:
    """A target that is not told: `unknown` (nobody knows it yet) or `private` (not written here)."""

    why: Literal["unknown", "private"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    Move from a baseline to a target. *commit* and *stretch* are marks below and above it.

    A declared *direction* must agree with baseline and target; None is inferred from them.
    """

    baseline: Start
    target: Decimal | RelativeTarget | OpenTarget
    commit: Decimal | None = None
    stretch: Decimal | None = None
    direction: Literal["up", "down"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Stay inside. None is no bound on that side; *..._inclusive* says if equal is inside."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOverTime:
    """
    Inside at the ends of at least *share* of all *each* (1 is every one).

    *of* says which are counted: those that ended by the cut (`so_far`), or all of the cycle. One
    without an observation is not inside. `Period` ends that lie in the cycle count.
    """

    each: Literal["day", "week", "month", "quarter"]
    share: Decimal = Decimal(1)
    of: Literal["so_far", "cycle"] = "so_far"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldInGroups:
    """Inside in at least *share* of the groups of *dimension*, the metric's `by` (1 is every group)."""

    dimension: str
    share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """
    Stay inside *bounds*. *warn* is a tighter band: between the two is at risk.

    *held* None asks for now alone.
    """

    bounds: Bounds
    warn: Bounds | None = None
    held: HeldOverTime | HeldInGroups | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Staged targets: *steps* are days of the cycle with the number to have by then, in order of time."""

    baseline: Start
    steps: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A metric that must lie inside *bounds*."""

    metric: str
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One thing to have done *by* a day. *done* None means that a check-in says so, by its id."""

    id: str
    by: date
    done: Condition | None
    weight: Decimal = Decimal(1)
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """Things to have done, each with its weight and its day, in declared order."""

    milestones: tuple[Milestone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Conditions that must hold together, in declared order."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """
    A number that people state in check-ins, from *baseline* to *target*.

    A *score* is stated as 0..1 itself. A statement older than *fresh_for* is stale.
    """

    baseline: Decimal = Decimal(0)
    target: Decimal = Decimal(1)
    score: bool = False
    fresh_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class FindBaseline:
    """Learn where the metric stands: no target yet, and so no progress."""


Goal = Reach | Keep | Steps | Milestones | AllOf | Manual | FindBaseline


@dataclass(frozen=True, slots=True)
class DatedCurve:
    """Expected shares of the way by the end of days, straight between; the last is the cycle's last day."""

    points: tuple[tuple[date, Decimal], ...]


Expected = Literal["linear", "back_loaded", "front_loaded", "last_cycle"] | DatedCurve
"""The way to be on by a day. A `Steps` goal runs through its steps unless another is declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Since *on* the key result no longer counts in its objective. It is still measured."""

    on: date
    why: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """
    One measurable outcome of one objective. *id* is `<objective>.<name>`.

    *metric* is the one number it is held against; None where its goal names metrics of its own
    (`Milestones`, `AllOf`), is `Manual`, or where no source feeds it yet: it is listed as not
    ready then. Values younger than *settles_after* are provisional. Its number stands when its cycle is
    over, unless *after_end* goes on measuring.
    """

    id: str
    objective: str
    title: str
    metric: str | None
    goal: Goal
    indicator: Indicator
    owner: str | None = None
    weight: Decimal = Decimal(1)
    led_by: tuple[str, ...] = ()
    note: str | None = None
    expected: Expected | None = None
    settles_after: timedelta | None = None
    aspiration: Literal["committed", "aspirational"] = "committed"
    visibility: Literal["public", "masked"] = "public"
    retired: Retired | None = None
    proxy_for: str | None = None
    after_end: Literal["stands", "measured"] = "stands"
    at: str = field(default="", compare=False)

    @property
    def parts(self) -> Mapping[str, str]:
        """The metrics that are measured, by the name of their part: `""` for the one of `metric`."""
        match self.goal:
            case AllOf(conditions=conditions):
                return {str(n): condition.metric for n, condition in enumerate(conditions, 1)}
            case Milestones(milestones=milestones):
                return {m.id: m.done.metric for m in milestones if m.done}
            case _:
                return {"": self.metric} if self.metric else {}

    @property
    def ready(self) -> bool:
        """Whether anything can be said of it: a metric is declared, or people state it."""
        return bool(self.parts) or isinstance(self.goal, Manual | Milestones)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How progress becomes a status: a row of parameters.

    *basis* is what the thresholds are compared with: `gap` (progress - expected, in ratios),
    `expected` (progress >= threshold x expected), `elapsed` (progress >= threshold x elapsed
    share), `progress` (progress itself). At or above *on_track* is on track, at or above
    *at_risk* is at risk, else off track; *strict* thresholds must be exceeded. *day_count*
    `from_zero` is 0 on a cycle's first day. *keep_strict* puts a value equal to a bound outside.
    A status is published once it has held for *dwell* days.
    """

    name: str = "pace"
    basis: Literal["gap", "expected", "elapsed", "progress"] = "gap"
    on_track: Decimal = Decimal("-0.10")
    at_risk: Decimal = Decimal("-0.25")
    on_track_strict: bool = False
    at_risk_strict: bool = False
    day_count: Literal["inclusive", "from_zero"] = "inclusive"
    keep_strict: bool = False
    dwell: int = 1


POLICIES: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy(),
        Policy(
            name="viva",
            on_track=Decimal(0),
            at_risk=Decimal("-0.25"),
            day_count="from_zero",
            keep_strict=True,
        ),
        Policy(name="engagedly", on_track=Decimal("-0.165"), on_track_strict=True, at_risk=Decimal("-0.33")),
        Policy(name="upraise", basis="expected", on_track=Decimal("0.95"), at_risk=Decimal("0.75")),
        Policy(name="mooncamp", basis="elapsed", on_track=Decimal("0.90"), at_risk=Decimal("0.70")),
        Policy(name="servicenow", basis="progress", on_track=Decimal("0.90"), at_risk=Decimal("0.75")),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """
    One declared change of a goal: *change* is `<key result>.<key>`, *was* and *now* as written.

    *on* is the day it holds from.
    """

    on: date
    change: str
    was: str
    now: str
    why: str
    learned: str | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlan:
    """What follows when an objective is missed, and when it is exceeded."""

    missed: str | None = None
    exceeded: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """
    A qualitative aim of one cycle, with the key results that prove it.

    *roll_up* makes its progress of theirs, *status_roll_up* its status. *policy* None is the project's.
    """

    id: str
    cycle: str
    title: str
    key_results: tuple[KeyResult, ...]
    owner: str | None = None
    level: Literal["company", "team", "person"] = "company"
    why: str | None = None
    strategy: str | None = None
    supports: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    contributes_to: str | None = None
    roll_up: Literal["mean", "min", "sum"] = "mean"
    status_roll_up: Literal["worst", "by_progress", "majority"] = "worst"
    policy: Policy | None = None
    action_plan: ActionPlan | None = None
    revisions: tuple[Revision, ...] = ()
    retired: Retired | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A status that a person vouches for from the check-in's day to *until*, beside the computed one."""

    status: str
    until: date
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """
    What a person said of a key result *on* a day. *confidence* is 0..1.

    *value* is the number of a `Manual` goal; *done* are ids of milestones done by that day.
    """

    key_result: str
    on: date
    author: str
    confidence: Decimal | None = None
    note: str | None = None
    value: Decimal | None = None
    done: tuple[str, ...] = ()
    override: Override | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """Where the grades 2, 3 and 4 begin, as scores."""

    two: Decimal = Decimal("0.25")
    three: Decimal = Decimal("0.5")
    four: Decimal = Decimal("0.7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Where one rendering of a snapshot goes: `page`, `tables`. *options* as declared."""

    id: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where lake, ledger and warehouse live, as written: a folder, a database URL, a file."""

    lake: str = ".okr/lake"
    ledger: str = "sqlite:///.okr/ledger.db"
    warehouse: str = ".okr/warehouse.duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """
    Everything declared under one `okr_config/`, resolved and free of contradictions.

    *check_ins* are those of files, in order of time; *check_ins_dataset* names a dataset that holds
    more of them. *lint_exceptions* maps codes of advice to the reason why it is not wanted.
    *learned* maps key results to what their owners learned, for the cycle's close.
    """

    id: str
    calendar: Calendar
    cycles: Mapping[str, Cycle]
    sources: Mapping[str, Source]
    datasets: Mapping[str, Dataset]
    metrics: Mapping[str, Metric]
    objectives: Mapping[str, Objective]
    publishers: Mapping[str, Publisher] = field(default_factory=dict)
    stores: Stores = Stores()
    strategy: Mapping[str, str] = field(default_factory=dict)
    north_star: str | None = None
    policy: Policy = Policy()
    grades: Grades = Grades()
    lint_profile: Literal["lean", "balanced", "strict"] = "balanced"
    lint_exceptions: Mapping[str, str] = field(default_factory=dict)
    check_ins: tuple[CheckIn, ...] = ()
    check_ins_dataset: str | None = None
    learned: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""

    def key_results(self) -> Iterator[KeyResult]:
        """Yield every key result, objective by objective, in declared order."""
        for objective in self.objectives.values():
            yield from objective.key_results

    def key_result(self, id: str) -> KeyResult:
        """
        Return the key result *id*.

        Raises:
            KeyError: If no such key result is declared.
        """
        for key_result in self.key_results():
            if key_result.id == id:
                return key_result
        raise KeyError(id)

    def cycle_of(self, key_result: KeyResult) -> Cycle:
        """Return the cycle of the objective that *key_result* belongs to."""
        return self.cycles[self.objectives[key_result.objective].cycle]

    def policy_of(self, key_result: KeyResult) -> Policy:
        """Return the status policy that *key_result* is judged by."""
        return self.objectives[key_result.objective].policy or self.policy

    def datasets_of(self, metric_id: str) -> tuple[str, ...]:
        """Return the ids of all datasets that *metric_id* rests on, sorted, through ratios and formulas."""
        measure = self.metrics[metric_id].measure
        match measure:
            case Ratio(of=of, to=to):
                below = {*self.datasets_of(of), *self.datasets_of(to)}
            case Change(of=of):
                below = set(self.datasets_of(of))
            case Formula(inputs=inputs):
                below = {dataset for name in inputs.values() for dataset in self.datasets_of(name)}
            case Aggregate(dataset=dataset):
                below = {dataset}
            case Query(datasets=datasets):
                below = set(datasets)
        return tuple(sorted(below))
