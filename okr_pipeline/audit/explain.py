"""One published number, followed back: goal, formula, query, loads, extracts, checks, rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import cycle
from typing import Any

from okr_pipeline.audit.recompute import asks_of
from okr_pipeline.audit.replay import projects_by_digest
from okr_pipeline.definition import metrics_below
from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.calendar import window_words
from okr_pipeline.model.metric import Aggregate, Change, Formula, Metric, Query, Ratio
from okr_pipeline.model.observation import CheckResult, Observation, State
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.report import KeyResultLine, Report
from okr_pipeline.record import observation_from
from okr_pipeline.report import build_report
from okr_pipeline.retire import retired_loads
from okr_pipeline.snapshot import read_snapshot
from okr_pipeline.stated import stated
from okr_pipeline.together import together
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.direct import conditions, query_text
from okr_pipeline.warehouse.landing import landed_loads, state_at
from okr_pipeline.warehouse.measure import measure
from okr_pipeline.warehouse.question import Answer, Ask
from okr_pipeline.warehouse.sandbox import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One metric on the way: how it is computed, in the user's words and in SQL, and where it is declared."""

    metric: str
    words: str
    at: str
    sql: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """
    One dataset at the load a number was measured at: what was read, when, and how its checks went.

    *full_read_at* and *full_read_rows* are the full read that other rows come from; None where the
    load itself is one. *retired_at* is when its extract left the lake; None while it is kept.
    """

    dataset: str
    connector: str
    load: int
    read_at: datetime
    extract_id: str
    origin: str
    mode: str
    rows: int
    cursor_to: str | None
    receipt: int
    checks: tuple[CheckResult, ...]
    full_read_at: datetime | None = None
    full_read_rows: int | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything about one number of one snapshot; *published* are (publisher, recorded at)."""

    project: Project
    key_result: KeyResult
    observation: Observation
    report: Report
    line: KeyResultLine
    steps: tuple[Step, ...]
    origins: tuple[Origin, ...]
    restated: tuple[Observation, ...]
    published: tuple[tuple[str, datetime], ...]


class NothingPublished(LookupError):
    """There is no snapshot yet, or none that holds the key result."""


def explain(
    ledger: Ledger, current: Project, key_result: str, *, as_of: datetime | None = None
) -> Explanation:
    """
    Explain *key_result* in the newest snapshot, or in the newest one at or before *as_of*.

    Raises:
        NothingPublished: If no such snapshot holds it.
    """
    snapshot = read_snapshot(ledger, current.id, as_of=as_of)
    found = [o for o in snapshot.key_results if o.key_result == key_result] if snapshot else []
    if snapshot is None or not found:
        raise NothingPublished(key_result)
    observation = found[0]
    project = projects_by_digest(ledger, current)[snapshot.config_digest]
    declared = project.key_result(key_result)
    versions = ledger.entries("observation", subject=key_result)
    report = build_report(project, snapshot, ledger)
    return Explanation(
        project=project,
        key_result=declared,
        observation=observation,
        report=report,
        line=next(line for o in report.objectives for line in o.key_results if line.id == key_result),
        steps=tuple(
            _step(project, project.metrics[id], ask)
            for ask in asks_of(project, declared, observation)
            for id in metrics_below(project, ask.metric)
        ),
        origins=tuple(_origins(ledger, project, observation)),
        restated=tuple(o for o in map(observation_from, versions) if o.as_of == observation.as_of)[1:],
        published=tuple(
            (e.subject, e.recorded_at)
            for e in ledger.entries("publication")
            if e.body["snapshot"] == snapshot.id
        ),
    )


def recompute(db: Database, sandbox: Sandbox, explanation: Explanation) -> Answer | None:
    """
    Return the number as the stored rows give it now; None where they are gone by policy.

    More than one number has no value of its own: its reason says whether every part is as it was.
    """
    project, declared, seen = explanation.project, explanation.key_result, explanation.observation
    retired = {(origin.dataset, origin.load) for origin in explanation.origins if origin.retired_at}
    if retired - landed_loads(db):
        return None
    asks = asks_of(project, declared, seen)
    if not asks:
        return stated(project, [(declared, seen.carried_from or seen.as_of)], project.check_ins)[0].answer
    answer, parts = together(declared, measure(db, project, asks, sandbox=sandbox))
    if not parts:
        return answer
    recorded = {part.name: part.value for part in seen.parts}
    other = [name for name, part in parts if recorded.get(name) != part.value]
    if other:
        return Answer(None, State.ERROR, f"{', '.join(other)}: another value than was recorded")
    return Answer(None, State.OK, "each part has the value that was recorded")


def rows_behind(db: Database, explanation: Explanation, *, most: int) -> dict[str, list[dict[str, Any]]]:
    """Return up to *most* rows behind each aggregate on the way, by metric id."""
    project = explanation.project
    asks = asks_of(project, explanation.key_result, explanation.observation)
    found = {}
    # They differ in their metrics alone: any of them tells cycle, cut and loads.
    for step, ask in zip(explanation.steps, cycle(asks), strict=False):
        of = project.metrics[step.metric].measure
        if isinstance(of, Aggregate) and (load := _loads(ask, of).get(of.dataset)) is not None:
            dataset = project.datasets[of.dataset]
            where = conditions(of, dataset, _span(project, of, ask))
            order = ", ".join(f'"{name}"' for name in dataset.key) or "ALL"
            rows = f"SELECT * EXCLUDE (_from_load, _to_load) FROM {state_at(dataset.id, load)}"
            found[step.metric] = db.rows(f"{rows} WHERE {where} ORDER BY {order} LIMIT {most:d}")
    return found


def _step(project: Project, metric: Metric, ask: Ask) -> Step:
    of = metric.measure
    sql = None
    match of:
        case Aggregate():
            words = of.value + (f" where {of.where}" if of.where else "")
            if of.time and of.window:
                words += f" by {of.time}, {window_words(of.window)}"
            words += f", for each {of.by}" if of.by else ""
            if (load := _loads(ask, of).get(of.dataset)) is not None:
                sql = query_text(of, project.datasets[of.dataset], _span(project, of, ask), load=load)
        case Query():
            words, sql = f"one SELECT, {window_words(of.window)}", of.sql
        case Ratio():
            words = f"{of.of} / {of.to}"
        case Formula():
            words = of.expression
        case Change():
            words = f"{of.of}, against {since_words(of)}"
    return Step(metric=metric.id, words=words, at=metric.at, sql=sql)


def since_words(change: Change) -> str:
    """Return the earlier time of *change* as a user writes it."""
    return f"previous {change.period}" if change.since == "previous" else f"same {change.period} last year"


def _span(project: Project, of: Aggregate, ask: Ask) -> Any:
    if of.window is None:
        return None
    cycle = project.cycles[ask.cycle] if ask.cycle else None
    return project.calendar.span(of.window, cut=ask.cut, cycle=cycle)


def _loads(ask: Ask, of: Aggregate) -> dict[str, int]:
    return dict(ask.loads if of.time else ask.stocks)


def _origins(ledger: Ledger, project: Project, observation: Observation) -> Iterator[Origin]:
    retired = retired_loads(ledger)
    for dataset, number in sorted({**observation.loads, **observation.stocks}.items()):
        landed = [e for e in ledger.entries("load", subject=dataset) if e.body["verdict"] == "landed"]
        upto = [entry for entry in landed if int(str(entry.body["number"])) <= number]
        if upto:
            full = next((entry for entry in reversed(upto) if entry.body["mode"] == "full"), upto[-1])
            origin = _origin(ledger, project, upto[-1], full=full)
            yield replace(origin, retired_at=retired.get((dataset, origin.load)))


def _origin(ledger: Ledger, project: Project, entry: Entry, *, full: Entry) -> Origin:
    body: Mapping[str, Any] = entry.body
    receipts = ledger.by_seq([body["receipt"], int(str(full.body["receipt"]))])
    receipt: Mapping[str, Any] = receipts[body["receipt"]].body
    full_receipt: Mapping[str, Any] = receipts[int(str(full.body["receipt"]))].body
    return Origin(
        dataset=entry.subject,
        connector=project.sources[project.datasets[entry.subject].source].connector,
        load=body["number"],
        read_at=entry.valid_at or entry.recorded_at,
        extract_id=body["extract_id"],
        origin=receipt["origin"],
        mode=body["mode"],
        rows=receipt["rows"],
        cursor_to=body["cursor_to"],
        receipt=body["receipt"],
        checks=tuple(CheckResult(**check) for check in body["checks"]),
        full_read_at=None if full is entry else full.valid_at,
        full_read_rows=None if full is entry else full_receipt["rows"],
    )
