"""Objectives, key results and the project that holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.goal import AllOf, Expected, Goal, Manual, Milestones
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
from okr_pipeline.model.people import ActionPlan, CheckIn, Retired, Revision
from okr_pipeline.model.policy import Grades, Policy


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
    policy: Policy = field(default_factory=Policy)
    grades: Grades = field(default_factory=Grades)
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
