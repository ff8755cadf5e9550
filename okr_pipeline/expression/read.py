"""Text to a syntax tree, and the small questions both checking and compiling ask of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from connectors.nesting import MOST, too_deep
from okr_pipeline.expression.allowed import AGGREGATES

PREFIX = "SELECT "


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an expression. *offset* and *length* point into its text, 0-based."""

    message: str
    mend: str
    offset: int = 0
    length: int = 1
    warning: bool = False


def parse(text: str) -> exp.Expr | Problem:
    """Return the tree of a single expression, or why it is none."""
    if too_deep(text):
        return nested_problem(text)
    try:
        statements = sqlglot.parse(PREFIX + text, read="duckdb")
    except (ParseError, TokenError) as error:
        return syntax_problem(error, text, shift=len(PREFIX))
    select = statements[0] if len(statements) == 1 else None
    if not isinstance(select, exp.Select) or len(select.expressions) != 1 or _has_clauses(select):
        return Problem("not one expression", "write a single expression, without SELECT or `;`", 0, len(text))
    tree: exp.Expr = select.expressions[0]
    return tree


def parsed(text: str) -> exp.Expr:
    """
    Return a tree of *text* that the caller may change.

    Raises:
        ValueError: If *text* is no expression; checking refuses that before.
    """
    tree = parse(text)
    if isinstance(tree, Problem):
        raise ValueError(tree.message)
    return tree


def nested_problem(text: str) -> Problem:
    """Return that *text* nests its brackets too deep to be read."""
    return Problem(
        "the brackets nest too deep", f"nest at most {MOST}, or declare parts as metrics", 0, len(text)
    )


def syntax_problem(error: ParseError | TokenError, text: str, *, shift: int = 0) -> Problem:
    """Return where reading stopped, without repeating the parser's own words."""
    found = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    highlight = str(found.get("highlight") or "")
    offset = int(found.get("col") or 0) - shift - len(highlight)
    offset = min(max(offset, 0), max(len(text) - 1, 0))
    mend = "check brackets, quotes and operators"
    return Problem("the expression cannot be read", mend, offset, max(len(highlight), 1))


def is_aggregate(node: exp.Expr) -> bool:
    """Whether *node* is an aggregate function."""
    return isinstance(node, AGGREGATES)


def ancestors(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the nodes around *node*, nearest first."""
    while (parent := node.parent) is not None:
        yield parent
        node = parent


def dotted(column: exp.Column) -> str:
    """Return a column's name as written: `Account.Segment__c` is one name."""
    return ".".join(part.name for part in column.parts)


def _has_clauses(select: exp.Select) -> bool:
    return any(value for name, value in select.args.items() if name not in ("expressions", "kind"))
