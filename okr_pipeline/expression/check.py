"""What keeps an expression from being meant: found from its text and the declared columns alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from connectors.nesting import too_deep
from okr_pipeline.expression import allowed
from okr_pipeline.expression.read import (
    PREFIX,
    Problem,
    ancestors,
    dotted,
    is_aggregate,
    nested_problem,
    parse,
    syntax_problem,
)
from okr_pipeline.spelling import nearest

Kind = Literal["number", "text", "boolean", "date", "timestamp", "unknown"]

_COLUMN_KINDS: dict[str, Kind] = {
    "string": "text",
    "text": "text",
    "varchar": "text",
    "json": "text",
    "integer": "number",
    "bigint": "number",
    "int": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}


def check_value(text: str, columns: Mapping[str, str]) -> list[Problem]:
    """Return what keeps *text* from being an aggregate over *columns* (name to declared type)."""
    tree = parse(text)
    if isinstance(tree, Problem):
        return [tree]
    if problems := [*_refused(tree), *_unknown_columns(tree, columns)]:
        return problems
    if not any(is_aggregate(node) for node in tree.walk()):
        return [
            Problem(
                "no aggregate", "write sum(...), count(*), ... so that one number comes out", 0, len(text)
            )
        ]
    return [*_outside_aggregates(tree), *_not_numbers(tree, columns)]


def check_where(text: str, columns: Mapping[str, str]) -> list[Problem]:
    """Return what keeps *text* from being a condition on one row of *columns*."""
    tree = parse(text)
    if isinstance(tree, Problem):
        return [tree]
    problems = [*_refused(tree), *_unknown_columns(tree, columns)]
    problems += _aggregates(tree, "an aggregate in a row condition", "put it into `value:`")
    if not problems and _kind(tree, columns) not in ("boolean", "unknown"):
        problems.append(Problem("not a condition", "compare the column with something", 0, len(text)))
    return problems or list(_null_traps(tree))


def check_formula(text: str) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the metric names in *text* in order of first use, and what keeps it from being arithmetic."""
    tree = parse(text)
    if isinstance(tree, Problem):
        return (), [tree]
    problems = [*_refused(tree), *_aggregates(tree, "an aggregate in a formula", "declare it as a metric")]
    names = tuple(dict.fromkeys(dotted(node) for node in tree.find_all(exp.Column, bfs=False)))
    if not names and not problems:
        problems.append(Problem("no metric in the formula", "name at least one metric", 0, len(text)))
    if not problems and (kind := _kind(tree, {})) not in ("number", "unknown"):
        problems.append(Problem(f"the formula is a {kind}", "a metric yields one number", 0, len(text)))
    return names, problems


def check_query(text: str) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the dataset ids that one SELECT reads, sorted, and what is wrong with it."""
    if too_deep(text):
        return (), [nested_problem(text)]
    try:
        statements = [s for s in sqlglot.parse(text, read="duckdb") if s is not None]
    except (ParseError, TokenError) as error:
        return (), [syntax_problem(error, text)]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return (), [
            Problem("not exactly one SELECT", "write one SELECT that returns one number", 0, len(text))
        ]
    tree = statements[0]
    problems = [problem for node in tree.walk() if (problem := _query_problem(node)) is not None]
    local = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [table for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
    problems += [
        _at(table, f"`{table.name}` names no dataset", "write source.dataset", prefix="")
        for table in tables
        if not table.db and table.name not in local
    ]
    datasets = tuple(sorted({f"{table.db}.{table.name}" for table in tables if table.db}))
    if not datasets and not problems:
        problems.append(Problem("the query reads no dataset", "select from source.dataset", 0, len(text)))
    return datasets, problems


def _refused(tree: exp.Expr) -> Iterator[Problem]:
    for node in tree.walk():
        if isinstance(node, exp.Subquery | exp.Select):
            yield _at(node, "a query inside an expression", "use a `sql:` metric")
        elif isinstance(node, exp.Window):
            yield _at(node, "a window function", "use a `sql:` metric")
        elif not isinstance(node, allowed.ALLOWED):
            yield _refusal(node)
        elif isinstance(node, exp.Cast) and node.to.this.value.upper() not in allowed.CAST_TYPES:
            mend = "cast to decimal, integer, date, timestamptz, text or boolean"
            yield _at(node, f"a cast to {node.to.sql('duckdb').lower()}", mend)
        elif isinstance(node, exp.Literal) and (problem := _number_problem(node)):
            yield _at(node, *problem)
        elif isinstance(node, exp.Extract) and node.this.name.upper() not in allowed.PARTS:
            mend = f"extract one of {', '.join(sorted(part.lower() for part in allowed.PARTS))}"
            yield _at(node, f"extract({node.this.name.lower()} ...)", mend)
        elif isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            yield _at(node, "`*` outside count(*)", "name the column you mean")
        elif isinstance(node, allowed.QUANTILES) and not _is_share(node.expression):
            yield _at(
                node, "a quantile without its share", "write a number from 0 to 1: quantile_cont(x, 0.95)"
            )


def _number_problem(node: exp.Literal) -> tuple[str, str] | None:
    if node.is_string:
        return None
    if "e" in str(node.this).lower():
        return "a number with an exponent", "write its digits out: it would be a floating-point number"
    if len(str(node.this).replace(".", "").lstrip("0")) > allowed.MOST_DIGITS:
        return f"a number of more than {allowed.MOST_DIGITS} digits", "it would be a floating-point number"
    return None


def _is_share(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and 0 <= Decimal(str(node.this)) <= 1


def _refusal(node: exp.Expr, *, prefix: str = PREFIX) -> Problem:
    name = _function_name(node)
    mend = allowed.REWRITES.get(name, "docs/configuration.md lists what an expression may hold")
    return _at(node, f"`{name.lower()}` is not allowed here", mend, prefix=prefix)


def _function_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return str(node.name).upper()
    return str(node.sql_name()).upper() if isinstance(node, exp.Func) else type(node).__name__.upper()


def _query_problem(node: exp.Expr) -> Problem | None:
    if isinstance(node, exp.Func) and _function_name(node) in allowed.REWRITES:
        return _refusal(node, prefix="")
    if isinstance(node, exp.TableSample):
        return _at(node, "a sample", "a sample cannot be drawn again: read all rows", prefix="")
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return _at(node, "a table function", "select from source.dataset: files are out of reach", prefix="")
    if isinstance(node, exp.Cast) and node.to.this in exp.DataType.FLOAT_TYPES:
        return _at(node, "a cast to a floating-point number", "cast to decimal(38, 9)", prefix="")
    if isinstance(node, exp.Literal) and (problem := _number_problem(node)):
        return _at(node, *problem, prefix="")
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Avg):
        return _at(node, "avg over a window", "divide sum(...) by count(...) over it", prefix="")
    if isinstance(node, exp.Placeholder) and node.name not in allowed.PARAMETERS:
        known = ", ".join(f":{name}" for name in allowed.PARAMETERS)
        return _at(node, f"no parameter :{node.name}", f"there are {known}", prefix="")
    if isinstance(node, exp.Into | exp.Lock):
        return _at(node, "a query that writes or locks", "write one plain SELECT", prefix="")
    return None


def _aggregates(tree: exp.Expr, message: str, mend: str) -> list[Problem]:
    return [_at(node, message, mend) for node in tree.walk() if is_aggregate(node)]


def _unknown_columns(tree: exp.Expr, columns: Mapping[str, str]) -> Iterator[Problem]:
    for node in tree.find_all(exp.Column):
        if (name := dotted(node)) not in columns:
            close = nearest(name, columns)
            mend = f"did you mean `{close}`?" if close else f"declared are: {', '.join(columns)}"
            yield _at(node, f"no column `{name}`", mend)


def _outside_aggregates(tree: exp.Expr) -> Iterator[Problem]:
    for node in tree.find_all(exp.Column):
        around = list(ancestors(node))
        # A FILTER clause stands beside its aggregate, not inside it.
        if not any(is_aggregate(parent) or isinstance(parent, exp.Filter) for parent in around):
            yield _at(node, f"column `{dotted(node)}` outside an aggregate", "wrap it: sum(...), max(...)")
    for inner in tree.find_all(*allowed.AGGREGATES):
        around = list(ancestors(inner))
        if any(is_aggregate(parent) or isinstance(parent, exp.Where) for parent in around):
            yield _at(inner, "an aggregate inside an aggregate", "declare the inner one as its own metric")


def _not_numbers(tree: exp.Expr, columns: Mapping[str, str]) -> Iterator[Problem]:
    for node in tree.find_all(exp.Sum, exp.Avg, exp.Median, *allowed.QUANTILES):
        if (kind := _kind(node.this, columns)) not in ("number", "unknown"):
            name = _function_name(node).lower()
            yield _at(node, f"{name} of a {kind}", "aggregate a number, or count rows")
    if (kind := _kind(tree, columns)) not in ("number", "unknown"):
        yield Problem(f"the value is a {kind}", "a metric yields one number")


def _null_traps(tree: exp.Expr) -> Iterator[Problem]:
    for node in tree.find_all(exp.Not):
        if isinstance(inner := node.this.unnest(), exp.Column):
            name = dotted(inner)
            found = _at(
                inner,
                f"NOT {name} leaves out rows whose `{name}` is empty",
                f"write `{name} IS NOT TRUE` if such rows count",
            )
            yield Problem(found.message, found.mend, found.offset, found.length, warning=True)


def _kind(node: exp.Expr, columns: Mapping[str, str]) -> Kind:
    """Return what *node* yields, as far as its text tells."""
    if isinstance(node, exp.Column):
        return _COLUMN_KINDS.get(columns.get(dotted(node), "").split("(")[0], "unknown")
    if isinstance(node, exp.Cast):
        return _COLUMN_KINDS.get(node.to.sql("duckdb").lower().split("(")[0], "unknown")
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Distinct):
        return _kind(node.expressions[0], columns)
    if isinstance(node, exp.Paren | exp.Filter | exp.Min | exp.Max):
        return _kind(node.this, columns)
    if isinstance(node, (*allowed.PREDICATES, exp.Boolean)):
        return "boolean"
    numeric = (*allowed.ARITHMETIC, exp.Sum, exp.Avg, exp.Median, exp.Count, exp.CountIf, exp.DateDiff)
    if isinstance(node, (*numeric, *allowed.QUANTILES)):
        return "number"
    return "text" if isinstance(node, allowed.TEXT) else "unknown"


def _at(node: exp.Expr, message: str, mend: str, *, prefix: str = PREFIX) -> Problem:
    marks = [inner.meta for inner in node.walk() if "start" in inner.meta]
    if not marks:
        return Problem(message, mend)
    start = min(int(mark["start"]) for mark in marks) - len(prefix)
    end = max(int(mark["end"]) for mark in marks) - len(prefix)
    return Problem(message, mend, max(start, 0), end - start + 1)
