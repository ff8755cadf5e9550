"""
Checked expressions to DuckDB SQL that is exact.

DuckDB's own `/` is floating point as soon as one side is DECIMAL, and so are `avg` and the way
between two neighbours of a quantile. Macros of the warehouse stand in for them: `exact_div` (an
error at 0, for rows), `exact_ratio` (null at 0, for results), `exact_quantile`, and `nine` (rounds
half-even to nine places). `greatest` and `least` of something empty are empty here: DuckDB would
skip it, and `least(1, <nothing>)` would read as done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import sqlglot
from sqlglot import exp

from okr_pipeline.expression import allowed
from okr_pipeline.expression.read import dotted, parsed

_COMBINING: dict[type[exp.Expr], Literal["sum", "min", "max"]] = {
    exp.Sum: "sum",
    exp.Min: "min",
    exp.Max: "max",
}
_POWER_OF_TEN = re.compile(r"10+")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """
    One aggregate inside a value expression.

    *sql* is the whole aggregate. *argument* is what it reads of a row (`*` for a bare count) and
    *filter* its own row condition. Partial answers of `sum count min max` combine over disjoint
    rows; those of `exact` (distinct counts, quantiles) do not.
    """

    function: Literal["sum", "count", "min", "max", "exact"]
    sql: str
    argument: str
    filter: str | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """
    An expression as SQL over named results.

    A value's results are its *aggregations*, named `#0`, `#1`, ...; a formula's are its metrics.
    *divisors* are everything divided by: where one is 0 (in nine places) the expression is null.
    """

    sql: str
    divisors: tuple[str, ...]
    aggregations: tuple[Aggregation, ...] = ()

    @property
    def zero_divisor(self) -> str:
        """A boolean expression: true where a divisor is 0."""
        return " OR ".join(f"coalesce(nine({divisor}) = 0, false)" for divisor in self.divisors) or "false"

    @property
    def additive(self) -> bool:
        """Whether answers over disjoint rows combine into the answer over all of them."""
        return all(aggregation.function in ("sum", "count") for aggregation in self.aggregations)


@lru_cache(maxsize=65_536)
def compile_value(text: str) -> Compiled:
    """Compile a value expression that `check_value` has passed."""
    tree = exp.Paren(this=parsed(text))
    _quote_columns(tree)
    _whole_choices(tree)
    _means(tree)
    aggregations = []
    for node in list(tree.find_all(*allowed.AGGREGATES)):
        whole = node.parent if isinstance(node.parent, exp.Filter) else node
        aggregations.append(_aggregation(node))
        whole.replace(_result(f"#{len(aggregations) - 1}"))
    divisors = _exact_divisions(tree, "exact_ratio")
    return Compiled(tree.sql("duckdb"), tuple(divisors), tuple(aggregations))


@lru_cache(maxsize=65_536)
def compile_row(text: str) -> str:
    """Compile a row condition that `check_where` has passed."""
    tree = exp.Paren(this=parsed(text))
    _quote_columns(tree)
    _whole_choices(tree)
    _exact_divisions(tree, "exact_div")
    return str(tree.sql("duckdb"))


def compile_formula(text: str, name: Callable[[str], str]) -> Compiled:
    """Compile a formula; *name* turns each metric name in it into the name of its result."""
    tree = exp.Paren(this=parsed(text))
    for column in list(tree.find_all(exp.Column)):
        column.replace(_result(name(dotted(column))))
    _whole_choices(tree)
    divisors = _exact_divisions(tree, "exact_ratio")
    return Compiled(tree.sql("duckdb"), tuple(divisors))


def compile_query(text: str, table: Callable[[str], str]) -> str:
    """Compile a SELECT that `check_query` has passed; *table* turns a dataset id into a relation's name."""
    tree = sqlglot.parse_one(text, read="duckdb")
    _whole_choices(tree)
    _means(tree)
    for quantile in list(tree.find_all(exp.Median, *allowed.QUANTILES)):
        whole = quantile.parent if isinstance(quantile.parent, exp.Filter) else quantile
        own = whole.expression.this.sql("duckdb") if isinstance(whole, exp.Filter) else None
        whole.replace(sqlglot.parse_one(_quantile_sql(quantile, own), read="duckdb"))
    _exact_divisions(tree, "exact_div")
    for node in list(tree.find_all(exp.Table)):
        if node.db:
            alias = node.alias or node.name
            name = exp.to_identifier(table(f"{node.db}.{node.name}"), quoted=True)
            node.replace(
                exp.Table(this=name, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
            )
    return str(tree.sql("duckdb"))


@lru_cache(maxsize=65_536)
def row_columns(text: str) -> tuple[str, ...]:
    """Return the columns that a row expression reads, sorted."""
    return tuple(sorted({dotted(column) for column in parsed(text).find_all(exp.Column)}))


def _result(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))


def _quote_columns(tree: exp.Expr) -> None:
    for column in list(tree.find_all(exp.Column)):
        column.replace(_result(dotted(column)))


def _whole_choices(tree: exp.Expr) -> None:
    """Make every `greatest` and `least` empty where a part of it is."""
    for node in reversed(list(tree.find_all(exp.Greatest, exp.Least))):
        parts = [node.this, *node.expressions]
        filled = " AND ".join(f"({part.sql('duckdb')}) IS NOT NULL" for part in parts)
        chosen = f"CASE WHEN {filled} THEN {node.sql('duckdb')} END"
        node.replace(sqlglot.parse_one(chosen, read="duckdb"))


def _means(tree: exp.Expr) -> None:
    """Turn every average into sum over count, keeping its filter."""
    for node in list(tree.find_all(exp.Avg)):
        if isinstance(node.parent, exp.Window):
            continue
        whole = node.parent if isinstance(node.parent, exp.Filter) else node
        parts = []
        for function in (exp.Sum, exp.Count):
            part: exp.Expr = function(this=node.this.copy())
            if isinstance(whole, exp.Filter):
                part = exp.Filter(this=part, expression=whole.expression.copy())
            parts.append(part)
        whole.replace(exp.Div(this=parts[0], expression=parts[1]))


def _aggregation(node: exp.Expr) -> Aggregation:
    around, own = node.parent, None
    if isinstance(around, exp.Filter):
        condition = exp.Paren(this=around.expression.this.copy())
        _exact_divisions(condition, "exact_div")
        own = condition.this.sql("duckdb")
    node = node.copy()
    _exact_divisions(node, "exact_div")
    if isinstance(node, exp.CountIf):
        test = node.this.sql("duckdb")
        own = f"({own}) AND ({test})" if own else test
        return Aggregation("count", _filtered("count(*)", own), "*", own)
    if isinstance(node, exp.Count) and not isinstance(node.this, exp.Distinct):
        argument = node.this.sql("duckdb")
        return Aggregation("count", _filtered(f"count({argument})", own), argument, own)
    if isinstance(node, exp.Sum | exp.Min | exp.Max) and not isinstance(node.this, exp.Distinct):
        function = _COMBINING[type(node)]
        argument = node.this.sql("duckdb")
        return Aggregation(function, _filtered(f"{function}({argument})", own), argument, own)
    argument = node.this.sql("duckdb")
    if isinstance(node, exp.Median | exp.PercentileCont | exp.PercentileDisc):
        return Aggregation("exact", _quantile_sql(node, own), argument, own)
    return Aggregation("exact", _filtered(str(node.sql("duckdb")), own), argument, own)


def _quantile_sql(node: exp.Expr, condition: str | None) -> str:
    """Return a quantile picked from the sorted values: DuckDB finds its place in floating point."""
    distinct = "DISTINCT " if isinstance(node.this, exp.Distinct) else ""
    argument = (node.this.expressions[0] if distinct else node.this).sql("duckdb")
    share = "0.5" if isinstance(node, exp.Median) else node.expression.sql("duckdb")
    macro = "exact_quantile_disc" if isinstance(node, exp.PercentileDisc) else "exact_quantile"
    filled = f"({argument}) IS NOT NULL" + (f" AND ({condition})" if condition else "")
    return f"{macro}(list({distinct}{argument} ORDER BY {argument}) FILTER (WHERE {filled}), {share})"


def _filtered(sql: str, condition: str | None) -> str:
    return f"{sql} FILTER (WHERE {condition})" if condition else sql


def _exact_divisions(tree: exp.Expr, macro: str) -> list[str]:
    """Replace every division below *tree*, innermost first; return the divisors, as SQL."""
    divisors = []
    for node in reversed(list(tree.find_all(exp.Div))):
        above, below = node.this, node.expression
        if isinstance(below, exp.Literal) and _POWER_OF_TEN.fullmatch(str(below.this)):
            # Times 0.01 is exact in DECIMAL and costs a fortieth of a division.
            shifted = exp.Literal.number(f"0.{'0' * (len(str(below.this)) - 2)}1")
            new: exp.Expr = exp.Mul(this=exp.Paren(this=above.copy()), expression=shifted)
        else:
            divisors.append(below.sql("duckdb"))
            nested = any(_is_division(inner) for side in (above, below) for inner in side.walk())
            name = f"{macro}_nested" if nested else macro
            new = exp.Anonymous(this=name, expressions=[above.copy(), below.copy()])
        node.replace(new)
    return divisors


def _is_division(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).startswith("exact_")
