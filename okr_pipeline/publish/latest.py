"""
The last published report as one file, so that `okr show` needs neither ledger nor warehouse.

Exact (decimals as text, instants in UTC), versioned, and read with the standard library alone. It is
JSON in lines: the first holds the report without trends, each of the next the trend of one key
result, so that a look at a thousand key results reads none of their hundred thousand days.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from okr_pipeline.model.observation import CheckResult, State, Status
from okr_pipeline.model.policy import Policy
from okr_pipeline.model.report import (
    Consequence,
    Earlier,
    Graded,
    KeyResultLine,
    Mark,
    ObjectiveLine,
    PartLine,
    Periods,
    Report,
    Retirement,
    Said,
    SourceLine,
    Stage,
    TrendPoint,
    Vouched,
)

VERSION = 1
# How the first line ends, and how it would if there were no other.
_TRENDS, _END = ',"trends":[\n', "}\n"
_LAST = "]}\n"

_DECIMALS = ("value", "baseline", "target", "progress", "expected", "gap", "change_7d", "low", "high")


class ReportFileError(ValueError):
    """A report file is not one that this version reads."""


def report_to_lines(report: Report) -> str:
    """Return *report* as the text of a file that `read_report` reads."""
    lines = [line for objective in report.objectives for line in objective.key_results]
    bare = report_to_json(_with_trends(report, [() for _ in lines]))
    trends = ",\n".join(_json(_trend_out(line)) for line in lines)
    return f"{bare.removesuffix(_END)}{_TRENDS}{trends}\n{_LAST}"


def read_report(file: Path, *, trends: Collection[str] | None = None) -> Report:
    """
    Return the report that *file* holds, with the trends of the key results in *trends* (None: of all).

    The others have an empty one.

    Raises:
        FileNotFoundError: If there is none.
        ReportFileError: If it is damaged, or of another version.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            report = report_from_json(next(lines, "").removesuffix(_TRENDS) + _END)
            if trends is not None and not trends:
                return report
            return _with_trends(report, list(_trends(report, lines, trends)))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        if isinstance(error, ReportFileError):
            raise
        raise ReportFileError("the report file is damaged; publish again to rewrite it") from error


def _trends(
    report: Report, lines: Iterator[str], wanted: Collection[str] | None
) -> Iterator[tuple[TrendPoint, ...]]:
    ids = (line.id for objective in report.objectives for line in objective.key_results)
    for id in ids:
        line = next(lines, "")
        yield _trend_in(json.loads(line.rstrip(",\n"))) if wanted is None or id in wanted else ()
    if [line for line in lines if line.strip()] != [_LAST]:
        raise ValueError("the file has not as many trends as key results")


def _with_trends(report: Report, trends: Iterable[tuple[TrendPoint, ...]]) -> Report:
    """Return *report* with *trends*, one for each key result in its order."""
    given = iter(trends)
    objectives = [
        replace(o, key_results=tuple(replace(line, trend=next(given)) for line in o.key_results))
        for o in report.objectives
    ]
    return replace(report, objectives=tuple(objectives))


def report_to_json(report: Report) -> str:
    """Return *report* as one line of JSON that `report_from_json` turns into an equal report."""
    body = {name: getattr(report, name) for name in _names(Report)}
    body["objectives"] = [_objective_out(line) for line in report.objectives]
    for name in ("sources", "failed_checks"):
        body[name] = [_plain(item) for item in body[name]]
    return _json({"version": VERSION, "report": body}) + "\n"


def _json(body: object) -> str:
    return json.dumps(body, default=_text, ensure_ascii=False, separators=(",", ":"))


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
    lines = [_key_result_out(one) for one in line.key_results]
    return {**_plain(line), "policy": line.policy and _plain(line.policy), "key_results": lines}


def _key_result_out(line: KeyResultLine) -> dict[str, object]:
    return {**_plain(line), "trend": _trend_out(line)}


def _trend_out(line: KeyResultLine) -> dict[str, list[object]]:
    """Return the trend column by column: that a name stands before each number would double the file."""
    return {name: [getattr(point, name) for point in line.trend] for name in TrendPoint._fields}


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
    known["expected"] = _decimal(body.get("expected"))
    known |= {name: tuple(body.get(name, ())) for name in ("supports", "depends_on")}
    known["policy"] = _policy_in(body["policy"]) if body.get("policy") else None
    known["after"] = Consequence(*body["after"]) if body.get("after") else None
    known["retirement"] = _retirement_in(body.get("retirement"))
    known["key_results"] = tuple(_key_result_in(one) for one in body["key_results"])
    return ObjectiveLine(**known)


def _key_result_in(body: Mapping[str, Any]) -> KeyResultLine:
    known = dict(body)
    known |= {name: _decimal(body[name]) for name in _DECIMALS}
    known["status"], known["state"] = Status(body["status"]), State(body["state"])
    known |= {name: _instant(body.get(name)) for name in ("carried_from", "newest_at", "read_at")}
    known["sources"], known["led_by"] = tuple(body["sources"]), tuple(body["led_by"])
    known["trend"] = _trend_in(body["trend"])
    return KeyResultLine(**{**known, **_of_some_kinds(body)})


def _of_some_kinds(body: Mapping[str, Any]) -> dict[str, object]:
    """Return what only some kinds of key results have; a file of an earlier version has none of it."""
    raw, periods, earlier = body.get("raw_status"), body.get("periods"), body.get("earlier")
    return {
        "raw_status": Status(raw) if raw else None,
        "outside_since": _day_or_none(body.get("outside_since")),
        "provisional_from": _day_or_none(body.get("provisional_from")),
        "baseline_reads": _decimal(body.get("baseline_reads")),
        "parts": tuple(_part_in(row) for row in body.get("parts", ())),
        "stages": tuple(Stage(_day(day), _decimal(value)) for day, value in body.get("stages", ())),
        "marks": tuple(Mark(name, _decimal(at), reached) for name, at, reached in body.get("marks", ())),
        "retired": _retirement_in(body.get("retired")),
        "periods": Periods(*periods) if periods else None,
        "earlier": Earlier(earlier[0], _day(earlier[1]), earlier[2]) if earlier else None,
        "warnings": tuple(body.get("warnings", ())),
        **_of_people(body),
    }


def _of_people(body: Mapping[str, Any]) -> dict[str, object]:
    said, override, graded = body.get("said"), body.get("override"), body.get("graded")
    return {
        "said": Said(_day(said[0]), said[1], _decimal(said[2]), said[3]) if said else None,
        "override": _override_in(*override) if override else None,
        "graded": Graded(_decimal(graded[0]), *graded[1:]) if graded else None,
    }


def _override_in(status: str, until: str, why: str, author: str, on: str) -> Vouched:
    return Vouched(Status(status), _day(until), why, author, _day(on))


def _retirement_in(row: list[Any] | None) -> Retirement | None:
    return Retirement(_day(row[0]), *row[1:]) if row else None


def _policy_in(body: Mapping[str, Any]) -> Policy:
    return Policy(**{**body, **{name: Decimal(body[name]) for name in ("on_track", "at_risk")}})


def _part_in(row: list[Any]) -> PartLine:
    part = PartLine(*row)
    return part._replace(
        value=_decimal(row[2]), progress=_decimal(row[5]), by=_day_or_none(row[7]), weight=_decimal(row[8])
    )


def _day_or_none(text: str | None) -> date | None:
    return None if text is None else _day(text)


def _trend_in(columns: Mapping[str, list[Any]]) -> tuple[TrendPoint, ...]:
    readers: dict[str, Callable[[Any], Any]] = {
        "day": _day,
        "status": _STATUSES.__getitem__,
        "read_at": _instant,
    }
    read = (map(readers.get(name, _decimal), columns[name]) for name in TrendPoint._fields)
    return tuple(map(TrendPoint._make, zip(*read, strict=True)))


_STATUSES = {status.value: status for status in Status}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _instant(text: str | None) -> Any:
    return None if text is None else datetime.fromisoformat(text)


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    return date.fromisoformat(text)
