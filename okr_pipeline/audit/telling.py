"""An explanation in words, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from textwrap import indent
from typing import Any

from okr_pipeline.audit.explain import Explanation, Origin, Step
from okr_pipeline.counts import counted
from okr_pipeline.ledger.instant import instant_text
from okr_pipeline.model.observation import CheckResult, State
from okr_pipeline.publish.display import display, moment
from okr_pipeline.publish.explained import explanation as facts
from okr_pipeline.publish.explained import formula
from okr_pipeline.record import decimal_text, says
from okr_pipeline.warehouse.question import Answer

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def as_text(explained: Explanation, again: Answer | None, *, rows: Rows, sql: bool) -> str:
    """
    Return the explanation for a terminal: the number, the way to it, and what it rests on.

    *again* is the number measured again; None where its rows are gone by policy.
    """
    return "\n".join(
        [
            *_number(explained),
            *(line for step in explained.steps for line in _step(step, rows.get(step.metric, ()), sql=sql)),
            *(line for origin in explained.origins for line in _origin(origin, explained.report.zone)),
            *_proof(explained, again),
            *_history(explained),
        ]
    )


def as_data(explained: Explanation, again: Answer | None, *, rows: Rows) -> dict[str, Any]:
    """Return the explanation as JSON data, version 1: decimals and instants as text."""
    return {
        "version": 1,
        "key_result": explained.line.id,
        "declared_at": explained.key_result.at,
        "snapshot": explained.report.snapshot,
        "as_of": instant_text(explained.report.as_of),
        **says(explained.observation),
        "loads": dict(explained.observation.loads),
        "stocks": dict(explained.observation.stocks),
        "config": explained.observation.config,
        "steps": [asdict(step) for step in explained.steps],
        "origins": [
            {
                name: instant_text(part) if isinstance(part, datetime) else part
                for name, part in asdict(o).items()
            }
            for o in explained.origins
        ],
        "recomputed": decimal_text(again.value) if again else None,
        "recomputes": again.value == explained.observation.value if again else None,
        "restatements": [says(restated) for restated in explained.restated],
        "published": [{"to": to, "at": instant_text(at)} for to, at in explained.published],
        "rows": {metric: [_plain(row) for row in found] for metric, found in rows.items()},
    }


def _number(explained: Explanation) -> Iterator[str]:
    line, report = explained.line, explained.report
    yield f"{line.title}   {moment(report.as_of, report.zone)}   snapshot {report.snapshot[:12]}"
    yield f"  {formula(line)}"
    for name, value in facts(line, report):
        yield f"  {name:<18} {value}"
    yield f"  {'Declared':<18} {explained.key_result.at}"


def _step(step: Step, rows: Sequence[Mapping[str, Any]], *, sql: bool) -> Iterator[str]:
    yield f"metric {step.metric} = {step.words}   {step.at}"
    if sql and step.sql:
        yield indent(step.sql, "  | ")
    for row in rows:
        yield "  > " + "  ".join(f"{name}={value}" for name, value in row.items())


def _origin(origin: Origin, zone: str) -> Iterator[str]:
    yield f"source {origin.dataset} ({origin.connector}), load {origin.load}"
    read = f"{moment(origin.read_at, zone)}, {origin.mode}, {counted(origin.rows, 'row')}"
    yield f"  read      {read}, {origin.origin}"
    if origin.full_read_at:
        since = f"{moment(origin.full_read_at, zone)}, {counted(origin.full_read_rows or 0, 'row')}"
        yield f"  on top of the full read of {since}, and what was read since"
    yield f"  extract   {origin.extract_id[:12]}, ledger entry {origin.receipt}"
    if origin.retired_at:
        yield f"  retired   {moment(origin.retired_at, zone)}, by policy (`retain`): digest only"
    if origin.cursor_to:
        yield f"  cursor    up to {origin.cursor_to}"
    if origin.checks:
        yield f"  checks    {', '.join(map(_check, origin.checks))}"


def _check(check: CheckResult) -> str:
    return f"{check.check} {'ok' if check.passed else 'FAILED'}"


def _proof(explained: Explanation, again: Answer | None) -> Iterator[str]:
    if again is None:
        yield "stored rows are gone, by policy: the number stands as it was recorded"
        return
    unit = explained.line.unit
    found = (
        display(again.value, unit, style="full") if again.value is not None else f"no value ({again.reason})"
    )
    same = again.value == explained.observation.value and again.state is not State.ERROR
    yield f"stored rows give {found}: {'matches' if same else 'DOES NOT MATCH'}"


def _history(explained: Explanation) -> Iterator[str]:
    zone, unit = explained.report.zone, explained.line.unit
    for restated in explained.restated:
        yield f"restated as {display(restated.value, unit, style='full')}, cause {restated.cause.value}"
    if explained.published:
        places = [f"{to} {moment(at, zone)}" for to, at in explained.published]
        yield f"published to {', '.join(places)}"


def _plain(row: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else _text(value) for name, value in row.items()}


def _text(value: object) -> str:
    return instant_text(value) if isinstance(value, datetime) else str(value)
