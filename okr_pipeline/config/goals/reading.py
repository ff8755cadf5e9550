"""The keys of one key result while its goal is read: what was found, and what was written how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from okr_pipeline.config import values
from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Number
from okr_pipeline.config.goal_values import bounds, known_amount
from okr_pipeline.config.place import Place
from okr_pipeline.config.reading import Fields
from okr_pipeline.config.schema_objectives import KeyResultText
from okr_pipeline.config.values import Amount
from okr_pipeline.model.calendar import Cycle
from okr_pipeline.model.goal import Bounds

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One key result at *place*.

    *cycle* is None when it could not be read. *numbers* and *conditions* collect what
    `ReadKeyResult` keeps of them; what does not fit goes to *report*.
    """

    text: KeyResultText
    place: Place
    cycle: Cycle | None
    report: list[Diagnostic]
    numbers: list[Number] = field(default_factory=list)
    conditions: list[tuple[str, Place]] = field(default_factory=list)

    @property
    def fields(self) -> Fields:
        """The keys of the key result itself."""
        return Fields(self.text, self.place, self.report)

    def amount(self, key: str, *, until_known: str) -> Decimal | None:
        """Return the number under *key*, held against the key result's metric."""
        written = self.fields.get(key, lambda raw: known_amount(raw, until_known=until_known), "OKR113")
        return self.noted(written, self.place.below(key), self.text.metric)

    def bounds(self, raw: object, place: Place, metric: str | None) -> Bounds | None:
        """Return the bounds in *raw*, at *place*, held against *metric*."""
        read = place.parsed(raw, bounds, "OKR110", self.report)
        for written in read[1] if read else ():
            self.noted(written, place, metric)
        return read[0] if read else None

    def noted(self, written: Amount | None, place: Place, metric: str | None) -> Decimal | None:
        """Keep *written* as a number held against *metric*, and return its value."""
        if written is None:
            return None
        self.numbers.append(Number(written, place, metric))
        return written.value

    def dated(
        self, written: Mapping[str, object], place: Place, parse: Callable[[object], Value], code: str
    ) -> Iterator[tuple[date, Value, Place]]:
        """Yield days and values of a mapping by days, each with its place, without what does not fit."""
        for day, raw in written.items():
            here = place.below(day)
            on = here.parsed_key(values.day, "OKR107", self.report)
            value = here.parsed(raw, parse, code, self.report)
            if on is not None and value is not None:
                yield on, value, here
