"""The keys of one mapping whose values have a grammar of their own, read one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from keyword import iskeyword
from typing import TypeVar

from pydantic import BaseModel

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Declarations, Declared
from okr_pipeline.config.place import Place
from okr_pipeline.config.shape import check_id, mapping_at, read_as
from okr_pipeline.config.yaml import YamlMapping

Value = TypeVar("Value")
NounT = TypeVar("NounT")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of *text*, which stands at *place*; what does not fit goes to *report*."""

    text: BaseModel
    place: Place
    report: list[Diagnostic]

    def get(self, key: str, parse: Callable[[object], Value], code: str) -> Value | None:
        """Return what *parse* makes of the value under *key*; None if there is none, or it does not fit."""
        raw = getattr(self.text, f"{key}_" if iskeyword(key) else key)
        return None if raw is None else self.place.below(key).parsed(raw, parse, code, self.report)

    def required(self, key: str, parse: Callable[[object], Value], code: str) -> Value | None:
        """Return what *parse* makes of the value under *key*, where nothing is no value either."""
        raw = getattr(self.text, f"{key}_" if iskeyword(key) else key)
        return self.place.below(key).parsed(raw, parse, code, self.report)


def named(place: Place, data: YamlMapping, report: list[Diagnostic]) -> Iterator[tuple[str, Place, object]]:
    """Yield name, place and data of everything in *data*, the mapping at *place*; its keys are ids."""
    for name, inner in data.items():
        here = place.below(name)
        check_id(name, here, data, report)
        yield name, here, inner


def declare(
    declarations: Declarations[Model, NounT],
    id: str,
    model: type[Model],
    data: object,
    place: Place,
    report: list[Diagnostic],
) -> Declared[Model, NounT]:
    """Add what *data*, at *place*, declares under *id*, its text read as *model*, its noun still to come."""
    declared: Declared[Model, NounT] = Declared(id=id, place=place)
    declarations.add(declared, report)
    mapping = mapping_at(place, data, report)
    if mapping is not None:
        declared.text = read_as(model, mapping, place, report)
    return declared
