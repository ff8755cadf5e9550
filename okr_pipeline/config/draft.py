"""A project while it is being read: everything declared, also what is broken, with its places."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.place import Place
from okr_pipeline.config.schema import (
    CycleText,
    DatasetText,
    KeyResultText,
    MetricText,
    ObjectiveText,
    SettingsText,
    SourceText,
)
from okr_pipeline.config.values import Amount
from okr_pipeline.model.calendar import Calendar, Cycle
from okr_pipeline.model.metric import Dataset, Measure, Source
from okr_pipeline.model.okr import Keep, Reach, Stores
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A key result's goal, with the amounts as they were written, by key."""

    goal: Reach | Keep
    amounts: Mapping[str, Amount]


@dataclass(slots=True)
class Settings:
    """okr.yaml. *text* is None when it is missing or its shape is wrong: strategies are unknown then."""

    place: Place | None = None
    text: SettingsText | None = None
    calendar: Calendar | None = None
    stores: Stores = field(default_factory=Stores)


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
    """

    report: list[Diagnostic] = field(default_factory=list)
    unknown_names: int = 0
    settings: Settings = field(default_factory=Settings)
    cycles: Declarations[CycleText, Cycle] = field(default_factory=Declarations)
    sources: Declarations[SourceText, Source] = field(default_factory=Declarations)
    datasets: Declarations[DatasetText, Dataset] = field(default_factory=Declarations)
    metrics: Declarations[MetricText, Measure] = field(default_factory=Declarations)
    objectives: Declarations[ObjectiveText, str] = field(default_factory=Declarations)
    key_results: Declarations[KeyResultText, Goal] = field(default_factory=Declarations)

    def cycle_of(self, objective_id: str) -> Cycle | None:
        """Return the cycle of an objective, None when either could not be read."""
        objective = self.objectives.get(objective_id)
        declared = self.cycles.get(objective.noun) if objective and objective.noun else None
        return declared.noun if declared else None

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
