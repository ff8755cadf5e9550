"""
The little SOQL that the fake Salesforce speaks, over tables in SQLite's memory.

SELECT of fields, parents' fields, COUNT(), COUNT(x), SUM, MIN, MAX and AVG; WHERE with comparisons, IN, LIKE,
AND, OR, NOT and brackets; GROUP BY, ORDER BY, LIMIT. Whatever else a statement holds is MALFORMED_QUERY.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

NUMBERS = ("int", "double", "currency", "percent")
TOKEN = re.compile(
    r"\s+|'(?:[^'\\]|\\.)*'|\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d))?|\d+(?:\.\d+)?"
    r"|[A-Za-z_][\w.]*|<=|>=|!=|<>|[=<>(),]"
)
CLAUSES = ("SELECT", "FROM", "WHERE", "GROUP", "ORDER", "LIMIT")
FUNCTIONS = ("COUNT", "SUM", "MIN", "MAX", "AVG")
WORDS = {"AND", "OR", "NOT", "IN", "LIKE", "ASC", "DESC", "NULL", "BY"}


class SoqlError(Exception):
    """A statement that is refused, with the code that Salesforce gives it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field. *to* is the object a reference leads to, under the relationship name *name* without Id."""

    name: str
    type: str
    precision: int = 18
    scale: int = 0
    to: str | None = None
    calculated: bool = False
    hidden: bool = False

    @property
    def relationship(self) -> str | None:
        return self.name.removesuffix("Id") if self.to else None

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "precision": self.precision if self.type in NUMBERS else 0,
            "scale": self.scale,
            "length": 255 if self.type == "string" else 0,
            "calculated": self.calculated,
            "aggregatable": self.type != "textarea",
            "filterable": True,
            "referenceTo": [self.to] if self.to else [],
            "relationshipName": self.relationship,
        }


@dataclass(kw_only=True)
class Selected:
    """An answer: *paths* are the columns in order; *rows* hold values as stored; *size* is COUNT()'s."""

    object: str
    paths: Sequence[str]
    fields: Sequence[Field | None]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    size: int | None = None
    aggregate: bool = False


class _ExactSum:
    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: float | None) -> None:
        if value is not None:
            self.total = (self.total or Decimal(0)) + Decimal(repr(value))

    def finalize(self) -> float | None:
        return None if self.total is None else float(self.total)


class Tables:
    """The objects of an organisation and their rows. Thread-safe."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Field]] = {}
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.create_aggregate("sum", 1, _ExactSum)  # Salesforce adds decimals, not doubles
        self._lock = threading.RLock()

    def create(self, name: str, fields: Iterable[Field]) -> None:
        """Make an object; whatever it held before is gone."""
        with self._lock:
            self.objects[name] = {one.name: one for one in fields}
            columns = ", ".join(f'"{one}"' for one in self.objects[name])
            self._db.execute(f'DROP TABLE IF EXISTS "{name}"')
            self._db.execute(f'CREATE TABLE "{name}" ({columns}, PRIMARY KEY ("Id"))')

    def change(self, name: str, one: Field, *, renamed_from: str | None = None) -> None:
        """Declare a field anew, as an administrator does."""
        with self._lock:
            if renamed_from is not None:
                del self.objects[name][renamed_from]
                self._db.execute(f'ALTER TABLE "{name}" RENAME COLUMN "{renamed_from}" TO "{one.name}"')
            self.objects[name][one.name] = one

    def insert(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows, or replace those of the same Id."""
        fields = list(self.objects[name])
        marks = ", ".join("?" * len(fields))
        with self._lock:
            self._db.executemany(
                f'INSERT OR REPLACE INTO "{name}" VALUES ({marks})',
                ([stored(row.get(one)) for one in fields] for row in rows),
            )

    def update(self, name: str, id: str, **changes: Any) -> None:
        with self._lock:
            for one, value in changes.items():
                self._db.execute(f'UPDATE "{name}" SET "{one}" = ? WHERE "Id" = ?', (stored(value), id))

    def remove(self, name: str, id: str) -> None:
        """Delete for good, without a trace."""
        with self._lock:
            self._db.execute(f'DELETE FROM "{name}" WHERE "Id" = ?', (id,))

    def select(self, soql: str, *, deleted: bool) -> Selected:
        """Return the answer to a statement; rows of the recycle bin only with *deleted*."""
        parts = _clauses(_tokens(soql))
        name = _one(parts["FROM"])
        if name not in self.objects:
            raise SoqlError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        resolve = _Resolver(self.objects, name)
        selected, columns = _selection(parts["SELECT"], resolve)
        where = resolve.sql(parts.get("WHERE", []))
        if "IsDeleted" in self.objects[name] and not deleted:
            where = f'({where or 1}) AND NOT ifnull(t."IsDeleted", 0)'
        tail = f'FROM "{name}" t' + (f" WHERE {where}" if where else "")
        with self._lock:
            if selected.paths == ("COUNT()",):
                selected.size = self._db.execute(f"SELECT count(*) {tail}").fetchone()[0]
                return selected
            for clause in ("GROUP", "ORDER", "LIMIT"):
                if clause in parts:
                    tail += f" {clause} " + resolve.sql(parts[clause], aliases=selected.paths)
            selected.rows = self._db.execute(f"SELECT {', '.join(columns)} {tail}").fetchall()
        return selected


def stored(value: Any) -> Any:
    """Return *value* as the tables keep it: numbers as doubles, instants as text that sorts."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return value.isoformat() if isinstance(value, date) else int(value) if isinstance(value, bool) else value


class _Resolver:
    """Turns tokens of one object's statement into SQL."""

    def __init__(self, objects: Mapping[str, Mapping[str, Field]], name: str) -> None:
        self.objects, self.name = objects, name

    def field(self, path: str) -> tuple[Field, str]:
        """Return the field that *path* names, and its SQL."""
        object, source = self.name, "t"
        *parents, last = path.split(".")
        sql = ""
        for depth, parent in enumerate(parents):
            found = [one for one in self.objects[object].values() if one.relationship == parent]
            if not found or found[0].hidden:
                raise SoqlError("INVALID_FIELD", f"Didn't understand relationship '{parent}'")
            object = str(found[0].to)
            sql = f'(SELECT %s FROM "{object}" p{depth} WHERE p{depth}."Id" = {source}."{found[0].name}")'
            source = f"p{depth}"
        one = self.objects[object].get(last)
        if one is None or one.hidden:
            raise SoqlError("INVALID_FIELD", f"No such column '{path}' on entity '{self.name}'.")
        column = f'{source}."{one.name}"'
        return one, sql % column if parents else column

    def sql(self, tokens: Sequence[str], *, aliases: Sequence[str] = ()) -> str:
        return " ".join(self._one(token, aliases) for token in tokens)

    def _one(self, token: str, aliases: Sequence[str]) -> str:
        upper = token.upper()
        if token[0] == "'":
            text = re.sub(r"\\(.)", r"\1", token[1:-1]).replace("'", "''")
            return f"'{text}'"
        if re.match(r"\d{4}-\d\d-\d\dT", token):
            return f"'{stored(datetime.fromisoformat(token))}'"
        if re.match(r"\d{4}-\d\d-\d\d", token):
            return f"'{token}'"
        if upper in ("TRUE", "FALSE"):
            return str(int(upper == "TRUE"))
        if upper in WORDS or upper in FUNCTIONS or not (token[0].isalpha() or token[0] == "_"):
            return token
        return f'"{token}"' if token in aliases and "." not in token else self.field(token)[1]


def _tokens(soql: str) -> list[str]:
    found, end = [], 0
    for match in TOKEN.finditer(soql):
        if match.start() != end:
            break
        end = match.end()
        if match[0].strip():
            found.append(match[0])
    if end != len(soql):
        raise SoqlError("MALFORMED_QUERY", f"unexpected token at {end}")
    return found


def _clauses(tokens: Sequence[str]) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    depth = 0
    for token in tokens:
        upper = token.upper()
        depth += (token == "(") - (token == ")")
        if depth == 0 and upper in CLAUSES:
            if upper in parts:
                raise SoqlError("MALFORMED_QUERY", f"unexpected {upper}")
            parts[upper] = []
        elif not parts:
            raise SoqlError("MALFORMED_QUERY", "expected SELECT")
        else:
            parts[next(reversed(parts))].append(token)
    if list(parts)[:2] != ["SELECT", "FROM"] or depth:
        raise SoqlError("MALFORMED_QUERY", "expected SELECT ... FROM ...")
    return parts


def _one(tokens: Sequence[str]) -> str:
    if len(tokens) != 1:
        raise SoqlError("MALFORMED_QUERY", "expected one object")
    return tokens[0]


def _selection(tokens: Sequence[str], resolve: _Resolver) -> tuple[Selected, list[str]]:
    items: list[list[str]] = [[]]
    for token in tokens:
        if token == "," and items[-1].count("(") == items[-1].count(")"):
            items.append([])
        else:
            items[-1].append(token)
    if "".join(tokens).upper() == "COUNT()":
        return Selected(object=resolve.name, paths=("COUNT()",), fields=(None,), aggregate=True), []
    paths, fields, columns = [], [], []
    for number, item in enumerate(items):
        is_call = item[0].upper() in FUNCTIONS and "(" in item
        body = item[: item.index(")") + 1] if is_call else item[:1]
        one = resolve.field(body[2] if is_call else body[0])[0]
        alias = item[len(body)] if len(item) > len(body) else f"expr{number}" if is_call else body[0]
        paths.append(alias)
        is_count = is_call and body[0].upper() == "COUNT"
        fields.append(Field(name=alias, type="int") if is_count else one)
        columns.append(f'{resolve.sql(body)} AS "{alias}"')
    aggregate = any(item[0].upper() in FUNCTIONS for item in items)
    return Selected(object=resolve.name, paths=paths, fields=fields, aggregate=aggregate), columns
