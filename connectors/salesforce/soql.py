"""SOQL as text: what a configuration may say in it, and how our own statements are put together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from connectors.nesting import too_deep

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}\Z")
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}\Z")
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<instant>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d))?)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_.]*(?::\d+)?)
    | (?P<sign><=|>=|!=|<>|[=<>(),+-])
    """,
    re.VERBOSE,
)
_RELATIVE = re.compile(
    r"(YESTERDAY|TODAY|TOMORROW|(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR|90_DAYS|FISCAL_QUARTER|FISCAL_YEAR)"
    r"|(LAST|NEXT)_N_[A-Z_]+|N_[A-Z_]+_AGO)(:\d+)?\Z",
    re.IGNORECASE,
)
_OF_THE_USER = {"CONVERTTIMEZONE", "CONVERTCURRENCY", "TOLABEL"}
"""Functions whose answer follows the zone, currency or language of whoever asks."""
_AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"}
_NEVER = {"FOR", "UPDATE", "TYPEOF", "OFFSET", "ROWS", "USING", "FIND", "TRACKING", "VIEWSTAT"}
_NOT_IN_CONDITION = {"ORDER", "GROUP", "LIMIT", "HAVING", "WITH"}
_NOT_OUTSIDE_BRACKETS = {"SELECT", "FROM", "WHERE"}


class Token(NamedTuple):
    """One word, sign or literal of SOQL; *depth* counts the brackets around it."""

    kind: str
    text: str
    depth: int


def is_name(text: str) -> bool:
    """Return whether *text* is an API name of an object or a field."""
    return bool(_NAME.match(text))


def is_path(text: str) -> bool:
    """Return whether *text* is a field, or a field of a related object: `Account.Segment__c`."""
    return bool(_PATH.match(text))


def refused_condition(text: str) -> str | None:
    """Return why *text* may not be a condition, None if it may."""
    return _refused(text) or next(
        _refused_words(text, _NOT_IN_CONDITION, outside=_NOT_OUTSIDE_BRACKETS), None
    )


def refused_query(text: str) -> str | None:
    """Return why *text* may not be an aggregate query, None if it may."""
    if (refusal := _refused(text)) is not None:
        return refusal
    tokens = _tokens(text)
    words = [token.text.upper() for token in tokens if token.kind == "word" and token.depth == 0]
    if words[:1] != ["SELECT"] or words.count("SELECT") != 1 or words.count("FROM") != 1:
        return "expected one SELECT ... FROM ..."
    if (refusal := next(_refused_words(text, set(), outside=set()), None)) is not None:
        return refusal
    if "COUNT ( )" in " ".join(token.text.upper() for token in tokens if token.kind != "text"):
        return "COUNT() gives no row to read: write COUNT(Id) and a name, such as COUNT(Id) deals"
    if "GROUP" not in words and not _AGGREGATES & set(words):
        return "expected an aggregate such as COUNT(Id) or SUM(Amount); rows are read by `object`"
    return None


def _refused(text: str) -> str | None:
    if too_deep(text):
        return "brackets nest too deep"
    depth = end = 0
    for found in _TOKEN.finditer(text):
        if found.start() != end:
            break
        end = found.end()
        depth += (found[0] == "(") - (found[0] == ")")
        if depth < 0:
            return "a bracket closes that was never opened"
    if end != len(text):
        return f"SOQL has no such sign, or a quote stays open, at character {end + 1}"
    if depth:
        return "a bracket stays open"
    return None if text.strip() else "expected SOQL, found nothing"


def _refused_words(text: str, words: set[str], *, outside: set[str]) -> Iterator[str]:
    for token in _tokens(text):
        upper = token.text.upper()
        if token.kind != "word":
            continue
        if _RELATIVE.match(upper):
            yield (
                f"{upper.partition(':')[0]} is another day for every user's time zone: "
                "write the date out, such as 2026-02-01 or 2026-02-01T00:00:00Z"
            )
        if upper in _OF_THE_USER:
            yield f"{upper} is something else for every user: read the field as it is"
        if upper in _NEVER or upper in words or (token.depth == 0 and upper in outside):
            yield f"{upper} has no place here"


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    depth = 0
    for token in _TOKEN.finditer(text):
        depth -= token[0] == ")"
        if token.lastgroup != "space":
            found.append(Token(str(token.lastgroup), token[0], depth))
        depth += token[0] == "("
    return found


def quoted(text: str) -> str:
    """Return *text* as a SOQL literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def select(
    fields: Sequence[str],
    *,
    of: str,
    conditions: Sequence[str],
    order: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    """Return a statement; every condition is one of ours or was let through by `refused_condition`."""
    text = f"SELECT {', '.join(fields)} FROM {of}"
    if conditions:
        text += f" WHERE {' AND '.join(f'({condition})' for condition in conditions)}"
    if order:
        text += f" ORDER BY {', '.join(order)}"
    return text if limit is None else f"{text} LIMIT {limit}"
