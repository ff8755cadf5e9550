"""An explanation in words, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from textwrap import indent
from typing import Any

from okr_pipeline.audit.explain import Explanation
from okr_pipeline.audit.origins import Origin
from okr_pipeline.audit.steps import Step
from okr_pipeline.counts import counted
from okr_pipeline.ledger.instant import instant_text
from okr_pipeline.model.observation import CheckResult, Observation, Part
from okr_pipeline.publish.display import day, display, moment
from okr_pipeline.publish.explained import explanation as facts
from okr_pipeline.publish.explained import parting, person, remarks
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.visible import visible
from okr_pipeline.record import decimal_text, says

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def as_text(explained: Explanation, again: Observation | None, *, rows: Rows, sql: bool) -> str:
    """
    Return the explanation for a terminal: the number, the way to it, and what it rests on.

    *again* is the observation computed again; None where its rows are gone by policy. Of a masked key
    result it says no value: who may read the stored rows asks for them with *rows*.
    """
    return "\n".join(
        [
            *_number(explained),
            *_parts(explained),
            *_stated(explained),
            *_frozen(explained),
            *(line for step in explained.steps for line in _step(step, rows.get(step.metric, ()), sql=sql)),
            *(line for origin in explained.origins for line in _origin(origin, explained.report.zone)),
            *_proof(explained, again),
            *_history(explained),
        ]
    )


def as_data(explained: Explanation, again: Observation | None, *, rows: Rows) -> dict[str, Any]:
    """Return the explanation as JSON data, version 1: decimals and instants as text."""
    return {
        "version": 1,
        "key_result": explained.line.id,
        "declared_at": explained.key_result.at,
        "snapshot": explained.report.snapshot,
        "as_of": instant_text(explained.report.as_of),
        **_said(explained, explained.observation),
        "formula": words(explained.line).formula(),
        "facts": dict(facts(explained.line, explained.report)),
        "warnings": list(explained.line.warnings),
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
        "stated": [
            {"on": said.on.isoformat(), "author": said.author, "at": said.at} for said in explained.stated
        ],
        "baseline_entry": explained.frozen.entry if explained.frozen else None,
        "recomputed": _said(explained, again).get("value") if again else None,
        "recomputed_parts": _said(explained, again).get("parts", []) if again else None,
        "recomputes": matches(explained, again) if again else None,
        "restatements": [_said(explained, restated) for restated in explained.restated],
        "published": [{"to": to, "at": instant_text(at)} for to, at in explained.published],
        "rows": {metric: [_plain(row) for row in found] for metric, found in rows.items()},
    }


def _number(explained: Explanation) -> Iterator[str]:
    line, report = explained.line, explained.report
    yield f"{line.title}   {moment(report.as_of, report.zone)}   snapshot {report.snapshot[:12]}"
    yield f"  {words(line).formula()}"
    for told in filter(None, (parting(line), *remarks(line))):
        yield f"  {told}"
    for name, value in facts(line, report):
        yield f"  {name:<18} {visible(value)}"
    yield f"  {'Declared':<18} {explained.key_result.at}"


def matches(explained: Explanation, again: Observation) -> bool:
    """Return whether *again* says what was recorded."""
    return says(again) == says(explained.observation)


def _said(explained: Explanation, observation: Observation) -> dict[str, Any]:
    """Return what *observation* says; of a masked key result, without what is in its unit."""
    said = says(observation)
    if not explained.line.masked:
        return said
    for name in ("value", "baseline", "target", "low", "high"):
        said[name] = None
    if "parts" in said:
        said["parts"] = [{**part, "value": None} for part in said["parts"]]
    return said


def _parts(explained: Explanation) -> Iterator[str]:
    metrics = explained.key_result.parts
    for part, told in words(explained.line).parts():
        metric = metrics.get(part.name) or metrics.get("")
        yield f"  part {part.name:<13} {told}   {metric or 'people say so, in check-ins'}"


def _stated(explained: Explanation) -> Iterator[str]:
    unit = explained.line.unit
    for said in explained.stated:
        shown = None if explained.line.masked else said.value
        value = None if shown is None else display(shown, unit, style="full")
        what = ", ".join(filter(None, (value, *(f"{id} done" for id in said.done))))
        yield f"stated by {person(said.author)} on {day(said.on)}: {what or 'not shown'}   {said.at}"


def _frozen(explained: Explanation) -> Iterator[str]:
    if frozen := explained.frozen:
        loads = ", ".join(f"{name} at load {load}" for name, load in sorted(frozen.loads.items()))
        where = f", from {loads}" if loads else ""
        yield f"baseline frozen for {day(frozen.day)}, ledger entry {frozen.entry}{where}"


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


def _proof(explained: Explanation, again: Observation | None) -> Iterator[str]:
    if again is None:
        yield "stored rows are gone, by policy: the number stands as it was recorded"
        return
    outcome = "matches" if matches(explained, again) else "DOES NOT MATCH"
    yield f"{_source(explained)} give {_found(explained, again)}: {outcome}"


def _source(explained: Explanation) -> str:
    kinds = ("stored rows" if explained.origins else "", "check-ins" if explained.stated else "")
    return " and ".join(filter(None, kinds)) or "stored rows"


def _found(explained: Explanation, again: Observation) -> str:
    """Return what came out: the value, the parts, or the progress alone of what is masked."""
    line = explained.line
    units = {part.name: part.unit for part in line.parts}
    if line.masked or again.parts or line.periods:
        values = [f"{part.name}: {_value(part, units, masked=line.masked)}" for part in again.parts]
        share = f"progress {decimal_text(again.progress) or 'none'}, {again.status.value}"
        if again.value is not None and not line.masked:
            values.append(display(again.value, line.unit, style="full"))
        return ", ".join([*values, share])
    if again.value is None:
        return f"no value ({again.reason})"
    return display(again.value, line.unit, style="full")


def _value(part: Part, units: Mapping[str, str | None], *, masked: bool) -> str:
    if part.value is None or masked:
        return {1: "met", 0: "not met"}.get(part.progress, "not told")  # type: ignore[call-overload,no-any-return]
    return display(part.value, units.get(part.name), style="full")


def _history(explained: Explanation) -> Iterator[str]:
    zone, unit = explained.report.zone, explained.line.unit
    for restated in explained.restated:
        value = None if explained.line.masked else restated.value
        told = f" as {display(value, unit, style='full')}" if value is not None else ""
        yield f"restated{told}, cause {restated.cause.value}"
    if explained.published:
        places = [f"{to} {moment(at, zone)}" for to, at in explained.published]
        yield f"published to {', '.join(places)}"


def _plain(row: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else _text(value) for name, value in row.items()}


def _text(value: object) -> str:
    return instant_text(value) if isinstance(value, datetime) else str(value)
