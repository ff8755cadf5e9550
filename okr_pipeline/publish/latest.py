"""
The last published report as one JSON file, so that `okr show` needs neither ledger nor warehouse.

Exact (decimals as text, instants in UTC), versioned, and read with the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from okr_pipeline.model.observation import CheckResult, State, Status
from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report, SourceLine, TrendPoint

VERSION = 1

_DECIMALS = ("value", "baseline", "target", "progress", "expected", "gap", "change_7d", "low", "high")


class ReportFileError(ValueError):
    """A report file is not one that this version reads."""


def report_to_json(report: Report) -> str:
    """Return *report* as JSON text that `report_from_json` turns into an equal report."""
    body = {name: getattr(report, name) for name in _names(Report)}
    body["objectives"] = [_objective_out(line) for line in report.objectives]
    for name in ("sources", "failed_checks"):
        body[name] = [_plain(item) for item in body[name]]
    document = {"version": VERSION, "report": body}
    return json.dumps(document, default=_text, ensure_ascii=False, separators=(",", ":")) + "\n"


def report_from_json(text: str) -> Report:
    """
    Return the report that *text* holds.

    Raises:
        ReportFileError: If it is not JSON, of another version, or lacks a part.
    """
    try:
        document = json.loads(text)
        version = document.get("version") if isinstance(document, dict) else None
        if version != VERSION:
            raise ReportFileError(
                f"the report file has version {version}, expected {VERSION}; publish again to rewrite it"
            )
        return _report_in(document["report"])
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        if isinstance(error, ReportFileError):
            raise
        raise ReportFileError("the report file is damaged; publish again to rewrite it") from error


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(item: Any) -> dict[str, object]:
    return {name: getattr(item, name) for name in _names(type(item))}


def _objective_out(line: ObjectiveLine) -> dict[str, object]:
    return {**_plain(line), "key_results": [_key_result_out(one) for one in line.key_results]}


def _key_result_out(line: KeyResultLine) -> dict[str, object]:
    """Write the trend column by column: a thousand key results have a hundred thousand days."""
    columns = {name: [getattr(point, name) for point in line.trend] for name in _names(TrendPoint)}
    return {**_plain(line), "trend": columns}


def _text(value: object) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"a report holds no {type(value).__name__}")


def _report_in(body: Mapping[str, Any]) -> Report:
    known = {name: body[name] for name in _names(Report)}
    known["as_of"], known["known_at"] = _instant(body["as_of"]), _instant(body["known_at"])
    known["objectives"] = tuple(_objective_in(one) for one in body["objectives"])
    known["sources"] = tuple(
        SourceLine(**{**one, "newest_at": _instant(one["newest_at"])}) for one in body["sources"]
    )
    known["failed_checks"] = tuple(CheckResult(**one) for one in body["failed_checks"])
    known["not_ready"] = tuple(body["not_ready"])
    return Report(**known)


def _objective_in(body: Mapping[str, Any]) -> ObjectiveLine:
    known = dict(body)
    known["start_on"], known["end_on"] = _day(body["start_on"]), _day(body["end_on"])
    known["progress"], known["status"] = _decimal(body["progress"]), Status(body["status"])
    known["key_results"] = tuple(_key_result_in(one) for one in body["key_results"])
    return ObjectiveLine(**known)


def _key_result_in(body: Mapping[str, Any]) -> KeyResultLine:
    known = dict(body)
    known |= {name: _decimal(body[name]) for name in _DECIMALS}
    known["status"], known["state"] = Status(body["status"]), State(body["state"])
    known["carried_from"], known["newest_at"] = _instant(body["carried_from"]), _instant(body["newest_at"])
    known["sources"], known["led_by"] = tuple(body["sources"]), tuple(body["led_by"])
    known["trend"] = _trend_in(body["trend"])
    return KeyResultLine(**known)


def _trend_in(columns: Mapping[str, list[Any]]) -> tuple[TrendPoint, ...]:
    rows = zip(*(columns[name] for name in _names(TrendPoint)), strict=True)
    return tuple(
        TrendPoint(
            day=_day(day),
            value=_decimal(value),
            progress=_decimal(progress),
            expected=_decimal(expected),
            status=_STATUSES[status],
        )
        for day, value, progress, expected, status in rows
    )


_STATUSES = {status.value: status for status in Status}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _instant(text: str | None) -> Any:
    return None if text is None else datetime.fromisoformat(text)


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    return date.fromisoformat(text)
