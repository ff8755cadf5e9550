"""Where the configuration meets the expression language: its problems become diagnostics in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.place import Place

if TYPE_CHECKING:
    from okr_pipeline.expression import Problem


def check_aggregate(
    value: str, where: str | None, columns: Mapping[str, str], place: Place
) -> Iterable[Diagnostic]:
    """Yield what is wrong with the expressions of the metric at *place* over *columns*."""
    from okr_pipeline.expression import check_value, check_where

    yield from _diagnostics("OKR401", value, check_value(value, columns), place.below("value"))
    if where is not None:
        yield from _diagnostics("OKR402", where, check_where(where, columns), place.below("where"))


def formula_names(text: str, place: Place, report: list[Diagnostic]) -> tuple[str, ...] | None:
    """Return the metric names in a formula as written; None, and why in *report*, if it is unusable."""
    from okr_pipeline.expression import check_formula

    return _usable("OKR403", text, check_formula(text), place, report)


def query_datasets(sql: str, place: Place, report: list[Diagnostic]) -> tuple[str, ...] | None:
    """Return the ids of the datasets that a query reads; None, and why in *report*, if it is unusable."""
    from okr_pipeline.expression import check_query

    return _usable("OKR404", sql, check_query(sql), place, report)


def _usable(
    code: str, text: str, found: tuple[tuple[str, ...], list[Problem]], place: Place, report: list[Diagnostic]
) -> tuple[str, ...] | None:
    names, problems = found
    report += _diagnostics(code, text, problems, place)
    return None if any(not problem.warning for problem in problems) else names


def _diagnostics(code: str, text: str, problems: Iterable[Problem], place: Place) -> list[Diagnostic]:
    return [
        place.text_problem(
            code,
            text,
            offset=problem.offset,
            length=problem.length,
            message=problem.message,
            mend=problem.mend,
            warning=problem.warning,
        )
        for problem in problems
    ]
