"""A row condition taken apart: `column = literal` tests that many metrics share, and the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from okr_pipeline.expression.compile import compile_row
from okr_pipeline.expression.read import dotted, parsed

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    One condition: every column of *equals* has its value (as text), and *rest* holds (None: no more).

    Conditions that differ in those values alone have equal `columns` and `rest`.
    """

    equals: tuple[tuple[str, str], ...] = ()
    rest: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are tested for one value each."""
        return tuple(column for column, _ in self.equals)


@lru_cache(maxsize=65_536)
def pattern_of(where: str | None, columns: tuple[tuple[str, str], ...]) -> Pattern:
    """Take apart a condition that `check_where` has passed; *columns* are (name, declared type)."""
    if where is None:
        return Pattern()
    types = dict(columns)
    equals: dict[str, str] = {}
    rest = []
    for test in _conjuncts(parsed(where)):
        found = _equality(test, types)
        if found is not None and found[0] not in equals:
            equals[found[0]] = found[1]
        else:
            rest.append(test.sql("duckdb"))
    left = compile_row(" AND ".join(f"({test})" for test in rest)) if rest else None
    return Pattern(tuple(sorted(equals.items())), left)


def _conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    tree = tree.unnest()
    if isinstance(tree, exp.And):
        return [*_conjuncts(tree.this), *_conjuncts(tree.expression)]
    return [tree]


def _equality(test: exp.Expr, types: Mapping[str, str]) -> tuple[str, str] | None:
    """Return column and value of a test for one value, of a type whose text says it exactly."""
    if isinstance(test, exp.Column) and types.get(dotted(test)) == "boolean":
        return dotted(test), "true"
    if isinstance(test, exp.Not) and isinstance(inner := test.this.unnest(), exp.Column):
        return (dotted(inner), "false") if types.get(dotted(inner)) == "boolean" else None
    if not (isinstance(test, exp.EQ) and isinstance(test.this, exp.Column)):
        return None
    name, value = dotted(test.this), test.expression
    match types.get(name), value:
        case "string", exp.Literal(is_string=True):
            return name, str(value.this)
        case "integer", exp.Literal(is_string=False) if _DIGITS.fullmatch(str(value.this)):
            return name, str(value.this)
        case "boolean", exp.Boolean():
            return name, "true" if value.this else "false"
    return None
