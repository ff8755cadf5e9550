"""A project while it is being read: everything declared, also what is broken, with its places."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.place import Place
from okr_pipeline.config.schema import (
    CycleText,
    DatasetText,
    MetricText,
    SettingsText,
    SourceText,
)
from okr_pipeline.config.schema_objectives import KeyResultText, ObjectiveText
from okr_pipeline.config.values import Amount
from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.goal import Goal
from okr_pipeline.model.metric import Dataset, Measure, Source
from okr_pipeline.model.okr import KeyResult, Stores
from okr_pipeline.model.people import CheckIn, Retired, Revision
from okr_pipeline.model.policy import Grades, Policy
from okr_pipeline.spelling import did_you_mean, shown

MAX_SUGGESTED = 50

TextT = TypeVar("TextT")
NounT = TypeVar("NounT")


@dataclass(slots=True, kw_only=True)
class Declared(Generic[TextT, NounT]):
    """
    One declared thing.

    *text* is None when its shape is wrong, *noun* is None when anything in it could not be read;
    it is declared all the same, so that references to it are not reported again.
    """

    id: str
    place: Place
    text: TextT | None = None
    noun: NounT | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a goal, as it was written at *place*, and the *metric* it is held against."""

    amount: Amount
    place: Place
    metric: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadKeyResult:
    """A key result, its *numbers*, and the metrics that its conditions name, with their places."""

    key_result: KeyResult
    numbers: tuple[Number, ...] = ()
    conditions: tuple[tuple[str, Place], ...] = ()

    @property
    def goal(self) -> Goal:
        """What the key result is held against."""
        return self.key_result.goal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadObjective:
    """What of an objective is read before others are known: its cycle, its own policy, its retirement."""

    cycle: str
    policy: Policy | None = None
    retired: Retired | None = None


@dataclass(frozen=True, slots=True)
class ReadRevision:
    """A revision, the *key_result* that it changes and the *key* of it, as far as its text tells them."""

    revision: Revision
    place: Place
    key_result: str
    key: str


@dataclass(frozen=True, slots=True)
class ReadCheckIn:
    """A check-in of the file of *cycle*, and its value as it was written."""

    check_in: CheckIn
    place: Place
    cycle: str
    value: Amount | None


@dataclass(slots=True)
class Settings:
    """okr.yaml. *text* is None when it is missing or its shape is wrong: strategies are unknown then."""

    place: Place | None = None
    text: SettingsText | None = None
    calendar: Calendar | None = None
    stores: Stores = field(default_factory=Stores)
    policy: Policy = field(default_factory=Policy)
    grades: Grades = field(default_factory=Grades)


class Declarations(dict[str, Declared[TextT, NounT]]):
    """
    What is declared of one kind, by id.

    *open_groups* are the first parts of ids (a topic, a source) whose file could not be read;
    *open_ended* says that anything may be declared in such a file. Nobody can say of those ids
    that they do not exist.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open_groups: set[str] = set()
        self.open_ended = False

    def may_exist(self, id: str) -> bool:
        """Whether *id* is declared, or could be in a file that is unreadable."""
        return id in self or self.open_ended or id.partition(".")[0] in self.open_groups

    def add(self, declared: Declared[TextT, NounT], report: list[Diagnostic]) -> bool:
        """Add *declared*; False, and a diagnostic that names both places, if its id is taken."""
        first = self.setdefault(declared.id, declared)
        if first is declared:
            return True
        message = f"`{declared.id}` is declared twice: here and at {first.place.at}"
        report.append(declared.place.key_problem("OKR209", message, "rename one of the two"))
        return False


@dataclass(slots=True)
class Draft:
    """
    Everything that was read, whatever its state.

    *report* collects what is wrong; *unknown_names* counts the names that nothing is called.
    *learned* holds text and place by key result. Of what *is_recorded*, connectors are not asked: they
    took it once.
    """

    is_recorded: bool = False
    report: list[Diagnostic] = field(default_factory=list)
    unknown_names: int = 0
    settings: Settings = field(default_factory=Settings)
    cycles: Declarations[CycleText, Cycle] = field(default_factory=Declarations)
    sources: Declarations[SourceText, Source] = field(default_factory=Declarations)
    datasets: Declarations[DatasetText, Dataset] = field(default_factory=Declarations)
    metrics: Declarations[MetricText, Measure] = field(default_factory=Declarations)
    objectives: Declarations[ObjectiveText, ReadObjective] = field(default_factory=Declarations)
    key_results: Declarations[KeyResultText, ReadKeyResult] = field(default_factory=Declarations)
    revisions: list[ReadRevision] = field(default_factory=list)
    check_ins: list[ReadCheckIn] = field(default_factory=list)
    learned: dict[str, tuple[str, Place]] = field(default_factory=dict)

    def cycle_of(self, objective_id: str) -> Cycle | None:
        """Return the cycle of an objective, or of the key result; None when either could not be read."""
        objective = self.objectives.get(objective_id.partition(".")[0])
        declared = self.cycles.get(objective.noun.cycle) if objective and objective.noun else None
        return declared.noun if declared else None

    def read_key_results(self) -> Iterator[tuple[Place, ReadKeyResult]]:
        """Yield every key result that could be read, with its place."""
        for declared in self.key_results.values():
            if declared.noun is not None:
                yield declared.place, declared.noun

    def unit_of(self, metric_id: str | None) -> str | None:
        """Return the unit of a metric, empty when it has none; None when the metric is not known."""
        metric = self.metrics.get(metric_id) if metric_id else None
        return (metric.text.unit or "") if metric and metric.text else None

    def objective_id(self, name: str) -> str:
        """Return the objective id that *name* means: `fy26.grow` names the cycle too, and means `grow`."""
        cycle, _, objective = name.partition(".")
        return objective if objective in self.objectives and cycle in self.cycles else name

    def unknown(
        self, code: str, place: Place, name: str, kind: str, known: Collection[str], *, mend: str
    ) -> Diagnostic:
        """Return the diagnostic for *name*, which is no *kind*: did you mean one of *known*, else *mend*."""
        self.unknown_names += 1
        # Each is compared with every name there is: a thousand among a thousand would take seconds.
        near = did_you_mean(name, known) if self.unknown_names <= MAX_SUGGESTED else ""
        return place.problem(code, f"{shown(name)} is no {kind}", near or mend)


def full_id(name: str, group: str) -> str:
    """Return the id of *name* as written inside *group*: a bare name belongs to the same group."""
    return name if "." in name else f"{group}.{name}"
