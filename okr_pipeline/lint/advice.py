"""What advice is, what a rule of advice is, and the numbers on which the literature disagrees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from okr_pipeline.lint.words import Words
from okr_pipeline.model.observation import Observation
from okr_pipeline.model.okr import KeyResult, Objective, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    How many, how much: what a school of thought calls too little or too much.

    *objectives* of a level in a cycle and *key_results* of an objective are (least, most).
    *leading_share* is the least share of leading key results in an objective, *pass_or_fail_share*
    the largest share of those that are either done or not. *unlikely_moves* is how many times the
    largest move seen in as many days a target may ask for, *sandbag_moves* the least; *leap* is the
    largest relative move without a history to judge by. *changes* of one goal in a cycle are not often.
    *wording* also judges words in titles of key results that are measured all the same.
    """

    objectives: tuple[int, int]
    key_results: tuple[int, int]
    leading_share: Decimal
    pass_or_fail_share: Decimal
    unlikely_moves: Decimal
    sandbag_moves: Decimal
    leap: Decimal
    changes: int
    longest_days: int
    wording: bool


PROFILES: Mapping[str, Profile] = {
    # One objective a team and about three key results: focus before coverage (Wodtke, Radical Focus).
    "lean": Profile(
        objectives=(1, 2),
        key_results=(1, 3),
        leading_share=Decimal(0),
        pass_or_fail_share=Decimal("0.5"),
        unlikely_moves=Decimal(10),
        sandbag_moves=Decimal("0.1"),
        leap=Decimal(3),
        changes=2,
        longest_days=100,
        wording=False,
    ),
    # Three to five of each at most (Grove, Doerr, Google's re:Work).
    "balanced": Profile(
        objectives=(1, 5),
        key_results=(2, 5),
        leading_share=Decimal("0.2"),
        pass_or_fail_share=Decimal("0.5"),
        unlikely_moves=Decimal(5),
        sandbag_moves=Decimal("0.25"),
        leap=Decimal(2),
        changes=1,
        longest_days=186,
        wording=False,
    ),
    # For those who want every habit named.
    "strict": Profile(
        objectives=(1, 3),
        key_results=(3, 5),
        leading_share=Decimal("0.5"),
        pass_or_fail_share=Decimal("0.25"),
        unlikely_moves=Decimal(3),
        sandbag_moves=Decimal("0.5"),
        leap=Decimal(1),
        changes=0,
        longest_days=100,
        wording=True,
    ),
}


@dataclass(frozen=True, slots=True)
class GoalThen:
    """What a key result was held against since *on*, the day on which a run first recorded it."""

    on: date
    goal: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """
    What the ledger knows. All of it is empty before the first run.

    *values* are a metric's good values by day, in order, whichever key result they were measured
    for; *newest* is each key result's last observation; *goals* what it was held against, in order.
    """

    values: Mapping[str, Sequence[tuple[date, Decimal]]] = field(default_factory=dict)
    newest: Mapping[str, Observation] = field(default_factory=dict)
    goals: Mapping[str, Sequence[GoalThen]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that a rule may look at. *today* is the day that advice is asked for."""

    project: Project
    past: Past
    profile: Profile
    words: Words
    today: date

    def open_objectives(self) -> Iterator[Objective]:
        """Yield the objectives that still run and count: advice on what is over helps nobody."""
        for objective in self.project.objectives.values():
            if self.project.cycles[objective.cycle].end_on >= self.today and objective.retired is None:
                yield objective

    def open_key_results(self) -> Iterator[KeyResult]:
        """Yield the key results of open objectives that are not retired."""
        for objective in self.open_objectives():
            yield from (kr for kr in objective.key_results if kr.retired is None)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to think about: the id it concerns, where that is declared, and what was found."""

    subject: str
    at: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One piece of advice.

    *reason* says why it matters, *example* what to write instead. *find* yields what it found.
    """

    code: str
    title: str
    reason: str
    example: str
    find: Callable[[Seen], Iterable[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What one rule found at one place. *file* and *line* say where it is declared."""

    code: str
    subject: str
    file: str
    line: int
    message: str
    reason: str
    example: str


def about(thing: Objective | KeyResult, message: str) -> Found:
    """Return what was found about an objective or a key result."""
    return Found(thing.id, thing.at, message)
