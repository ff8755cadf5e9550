"""The one statement a read sends: checked to be a SELECT, wrapped to its columns, window and order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from connectors.errors import SetupError
from connectors.nesting import too_deep
from connectors.sql.effects import effect_of

BOUNDS = ("since", "until")
_UNPARSED = "cannot be parsed"
# A comment may hide the first word: then nothing is said.
_QUERY_BEGINS = re.compile(r"[\s(]*(--|/\*|(select|with|from|values|table)\b)", re.IGNORECASE)
_SQLGLOT = {"postgresql": "postgres", "mssql": "tsql", "mariadb": "mysql"}
_WRITES = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.TruncateTable,
    exp.Command,
    exp.Copy,
    exp.Set,
    exp.Into,
    exp.Lock,
)


@dataclass(frozen=True, slots=True)
class Source:
    """
    What stands after FROM. *sql* is ready for SQLAlchemy's `text`: the colons of bound parameters
    are bare, all others escaped. *tables* are the names it reads, *bound* the parameters it uses.
    """

    sql: str
    tables: tuple[str, ...]
    bound: tuple[str, ...] = ()


def from_query(query: str, *, backend: str) -> Source:
    """
    Return *query* as a source.

    Raises:
        SetupError: If it is not exactly one SELECT (with WITH, UNION and the like), writes, locks,
            calls a function that does more than read, or uses another parameter than :since and :until.
    """
    dialect = _SQLGLOT.get(backend, backend)
    dialect = dialect if dialect in sqlglot.Dialect.classes else ""
    found = _one_select(query, dialect)
    if isinstance(found, str):
        raise SetupError(f"the query {found}", mend="write exactly one SELECT that only reads under `query`")
    tokens = sqlglot.tokenize(query, read=dialect)
    if dialect == "mysql" and any(c.startswith(("!", "M!")) for token in tokens for c in token.comments):
        raise SetupError("the query hides code in a comment", mend="write it without `/*! ... */`")
    sql, bound = _escaped(query, tokens)
    return Source(sql, tuple(table.name for table in found.find_all(exp.Table)), bound)


def refused_in_any_dialect(query: str) -> str | None:
    """
    Return why *query* is no read, whatever the database; None where that cannot be told.

    What the common grammar cannot parse may be a database's own, if it begins like a query. Where it
    sees a statement or a call, others may see a text or a comment.
    """
    found = _one_select(query, "")
    if found == _UNPARSED:
        return None if _QUERY_BEGINS.match(query) else "does not begin with SELECT or WITH"
    others = (_one_select(query, dialect) for dialect in ("mysql", "postgres"))
    return found if isinstance(found, str) and all(isinstance(other, str) for other in others) else None


def bound_in_any_dialect(query: str) -> tuple[str, ...]:
    """Return which of :since and :until *query* uses; none where the common grammar cannot tell."""
    found = _one_select(query, "")
    if isinstance(found, str):
        return ()
    used = {node.name for node in found.find_all(exp.Placeholder)}
    return tuple(name for name in BOUNDS if name in used)


def from_table(table: str, *, quote: Callable[[str], str]) -> Source:
    """Return a table, named as table or schema.table, as a source. *quote* escapes colons too."""
    parts = table.split(".")
    return Source(".".join(map(quote, parts)), (parts[-1],))


def _one_select(query: str, dialect: str) -> exp.Query | str:
    """Return the parsed query, or why it is refused."""
    if too_deep(query):
        return _UNPARSED
    try:
        tokens = sqlglot.tokenize(query, read=dialect)
        if (effect := effect_of(tokens)) is not None:
            return f"does more than read ({effect})"
        statements = [statement for statement in sqlglot.parse(query, read=dialect) if statement is not None]
    except (SqlglotError, RecursionError):
        return _UNPARSED
    found = [statement for statement in statements if not isinstance(statement, exp.Semicolon)]
    if len(found) != 1:
        return f"holds {len(found)} statements"
    if not isinstance(found[0], exp.Query):
        return "is no SELECT"
    for node in found[0].walk():
        if isinstance(node, _WRITES):
            return f"does more than read ({node.key.upper()})"
        if isinstance(node, exp.Placeholder) and node.name not in BOUNDS:
            return "uses a parameter other than :since and :until"
    return found[0]


def _escaped(query: str, tokens: Sequence[Token]) -> tuple[str, tuple[str, ...]]:
    """Cut closing semicolons off, and escape every colon that begins no bound parameter."""
    ends = [token.start for token in tokens if token.token_type is TokenType.SEMICOLON]
    end = min(ends, default=len(query))
    bare: dict[int, str] = {}
    for sign, name in pairwise(tokens):
        if sign.text == ":" and name.text in BOUNDS and name.start == sign.end + 1:
            bare[sign.start] = name.text
    signs = [sign if sign != ":" or at in bare else "\\:" for at, sign in enumerate(query[:end])]
    return f"(\n{''.join(signs)}\n)", tuple(name for name in BOUNDS if name in bare.values())


def probe(source: Source) -> str:
    """Return the statement that gives no row, but the names and types of all columns."""
    return f"SELECT * FROM {source.sql} okr_source WHERE 1 = 0"


def select(source: Source, *, columns: Sequence[str], conditions: Sequence[str], order: Sequence[str]) -> str:
    """Return the statement that reads; all three are SQL expressions over `okr_source`."""
    where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
    by = f"\nORDER BY {', '.join(order)}" if order else ""
    return f"SELECT {', '.join(columns)}\nFROM {source.sql} okr_source{where}{by}"
