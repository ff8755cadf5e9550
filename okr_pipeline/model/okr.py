"""Objectives, key results and the project that holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.metric import Aggregate, Dataset, Formula, Indicator, Metric, Query, Ratio, Source


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """A baseline that is measured for *day*, once, and then frozen in the ledger."""

    day: date


@dataclass(frozen=True, slots=True)
class RelativeTarget:
    """
    A target counted from the baseline.

    `ratio`: baseline x (1 + amount) (+15% is 0.15). `points`: baseline + amount (+5 points is
    0.05). `times`: baseline x amount (x2 is 2).
    """

    how: Literal["ratio", "points", "times"]
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Move from a baseline to a target. *commit* and *stretch* are marks below and above it."""

    baseline: Decimal | MeasuredOn
    target: Decimal | RelativeTarget
    commit: Decimal | None = None
    stretch: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Stay inside bounds. None is no bound on that side; *..._inclusive* says if equal is inside."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """
    One measurable outcome of one objective. *id* is `<objective>.<name>`.

    *metric* None means that no source feeds it yet: it is listed as not ready.
    """

    id: str
    objective: str
    title: str
    metric: str | None
    goal: Reach | Keep
    indicator: Indicator
    owner: str | None = None
    weight: Decimal = Decimal(1)
    led_by: tuple[str, ...] = ()
    note: str | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A qualitative aim of one cycle, with the key results that prove it."""

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
    roll_up: Literal["mean", "min"] = "mean"
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
    """Everything declared under one `okr_config/`, resolved and free of contradictions."""

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

    def datasets_of(self, metric_id: str) -> tuple[str, ...]:
        """Return the ids of all datasets that *metric_id* rests on, sorted, through ratios and formulas."""
        measure = self.metrics[metric_id].measure
        match measure:
            case Ratio(of=of, to=to):
                below = {*self.datasets_of(of), *self.datasets_of(to)}
            case Formula(inputs=inputs):
                below = {dataset for name in inputs.values() for dataset in self.datasets_of(name)}
            case Aggregate(dataset=dataset):
                below = {dataset}
            case Query(datasets=datasets):
                below = set(datasets)
        return tuple(sorted(below))
