"""The window of a read as parameters and conditions that its database compares as we do."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import ExtractRequest
from connectors.errors import SetupError
from connectors.window import Bound, bounds, cursor_type

_PARAMETER = re.compile(r"(?<!\\):(since|until|okr_since|okr_until)\b")
_DAY = timedelta(days=1)
_REPEATED = timedelta(hours=2)
_ENDS: dict[str, tuple[Bound, Bound]] = {
    "integer": (-(2**63), 2**63 - 1),
    "decimal": (Decimal(-(10**38)), Decimal(10**38)),
    "date": (date.min, date.max),
    "timestamp": (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """SQL conditions on the cursor and the parameters in them. They may let more through, never less."""

    sql: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


def own_parameters(
    request: ExtractRequest, *, backend: str, naive: bool, used: tuple[str, ...]
) -> dict[str, Any]:
    """
    Return the values of the :since and :until that the query itself uses. An open end is the
    lowest or highest value of the cursor's type. *naive* is whether the cursor's times carry no zone.
    """
    if not used:
        return {}
    kind = cursor_type(request)
    if kind is None:
        raise SetupError(f"the query uses :{used[0]} but no cursor is declared", mend="declare `cursor:`")
    values = {
        name: end if value is None else value
        for name, value, end in zip(("since", "until"), bounds(request), _ENDS[kind.name], strict=True)
    }
    return {name: _sent(name, values[name], request, backend=backend, naive=naive) for name in used}


def conditions(request: ExtractRequest, *, backend: str, naive: bool, cursor: str) -> Conditions:
    """Return the window as conditions on the SQL expression *cursor*."""
    found: list[str] = []
    parameters: dict[str, Any] = {}
    for name, sign, value in zip(("since", "until"), (">=", "<"), bounds(request), strict=True):
        if value is None:
            continue
        if backend == "sqlite":
            condition, sent = _in_sqlite(cursor, sign, name, value)
        else:
            condition = f"{cursor} {sign} :okr_{name}"
            sent = _sent(name, value, request, backend=backend, naive=naive)
        found.append(condition)
        parameters[f"okr_{name}"] = sent
    return Conditions(tuple(found), parameters)


def written_out(sql: str, parameters: Mapping[str, Any]) -> str:
    """Return *sql* for PostgreSQL with its parameters as literals of their types: digits, days, instants."""
    return _PARAMETER.sub(lambda found: _literal(parameters[found[1]]), sql)


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        kind = "timestamp" if value.tzinfo is None else "timestamptz"
        return f"{kind} '{value.isoformat(sep=' ')}'".replace(":", "\\:")
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, Decimal):
        return f"'{value:f}'\\:\\:numeric"
    if isinstance(value, int):
        return f"'{value:d}'\\:\\:bigint"
    raise TypeError(f"no literal for {type(value).__name__}")


def _in_sqlite(cursor: str, sign: str, name: str, value: Bound) -> tuple[str, object]:
    """
    Compare what SQLite can: decimals as integers, and times as text of one form, whole days wider
    than asked since they may carry any offset. What is no number or time comes through, to be a reject.
    """
    if not isinstance(value, date):
        rounded = math.floor(value) if name == "since" else math.ceil(value)
        return f"({cursor} {sign} :okr_{name} OR typeof({cursor}) = 'text')", rounded
    wider = _shifted(value, -_DAY if name == "since" else 2 * _DAY)
    shown = f"strftime('%Y-%m-%d %H\\:%M\\:%f', {cursor})"
    text = wider.strftime("%Y-%m-%d 00:00:00.000")
    return f"({shown} {sign} :okr_{name} OR ({cursor} IS NOT NULL AND {shown} IS NULL))", text


def _shifted(value: date, by: timedelta) -> date:
    try:
        return value + by
    except OverflowError:
        return value


def _sent(name: str, value: Bound, request: ExtractRequest, *, backend: str, naive: bool) -> object:
    """Return a bound as the driver takes it: instants as local times where the cursor's carry no zone."""
    if isinstance(value, datetime) and (naive or backend == "sqlite"):
        local = _local(value, request, last=name == "until")
        return local.isoformat(sep=" ") if backend == "sqlite" else local
    return value.isoformat() if backend == "sqlite" and isinstance(value, date) else value


def _local(value: datetime, request: ExtractRequest, *, last: bool) -> datetime:
    """
    Return *value* as a local time of the request's zone.

    In an hour that the clocks repeat, rows mean its first pass. A *last* bound in the second pass
    therefore moves behind the hour: too much is read, and cut exactly afterwards.
    """
    try:
        placed = value.astimezone(ZoneInfo(request.zone or "UTC"))
    except OverflowError:
        return value.replace(tzinfo=None)
    local = placed.replace(tzinfo=None, fold=0)
    return local + _REPEATED if last and placed.fold else local
