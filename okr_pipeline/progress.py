"""Hold measurements against goals: progress, expected, gap and status of every key result at every cut."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from okr_pipeline.definition import definition_hash, definition_of
from okr_pipeline.findings import Baselines, Good, Measurement, PastCycle
from okr_pipeline.followed import past_cycle, predecessor
from okr_pipeline.goals import Held, goal_tables, goals_held
from okr_pipeline.model.goal import FindBaseline, Keep, Milestones, OpenTarget, Reach
from okr_pipeline.model.observation import Observation, Part, State, Status
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.ninths import LARGEST, column, ninths, number, widest
from okr_pipeline.ninths import places as narrow
from okr_pipeline.standing import Row, is_stood, over_time_of, stand
from okr_pipeline.warehouse import progress as statements
from okr_pipeline.warehouse.database import Database

CODES = (
    Status.NO_DATA,
    Status.OFF_TRACK,
    Status.AT_RISK,
    Status.ON_TRACK,
    Status.REACHED,
    Status.STALE,
    Status.NOT_STARTED,
    Status.MEASURING,
    Status.NO_TARGET,
)
"""Statuses by their codes in `progress.sql`."""

_COLOURS = (Status.OFF_TRACK, Status.AT_RISK, Status.ON_TRACK)
_CODE = {status: code for code, status in enumerate(CODES)}
_TOO_LARGE = "the numbers are too large for an exact progress"
Place = tuple[str, datetime]
_NO_CURVE = "nothing is expected: the cycle that it follows has no progress at its close"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the statement says of one row: ratios with nine places, and the policy's own status."""

    progress: Decimal | None
    expected: Decimal | None
    gap: Decimal | None
    status: Status


def observe(
    db: Database,
    project: Project,
    measurements: Sequence[Measurement],
    *,
    baselines: Baselines,
    earlier: Iterable[Good],
    check_ins: Sequence[CheckIn] = (),
    recorded: Mapping[Place, Observation] | None = None,
    closed: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Observation]:
    """
    Return the observation behind each of *measurements*, ordered by key result and cut.

    *baselines* holds those that are not declared as a number, by key result. *earlier* serves to be
    carried forward, and to those that remember their days; a measurement at the same cut replaces
    one. *check_ins* tell which milestones are done. What follows an earlier cycle takes it from the
    measurements, from what was *recorded*, and from how it was *closed*.
    """
    known = dict(recorded or {})
    observations: list[Observation] = []
    earlier = list(earlier)
    for generation in _generations(project, {m.key_result for m in measurements}):
        past_cycles = {
            id: past
            for id, before in generation.items()
            if before and (past := past_cycle(project, before, known, closed=closed or {}))
        }
        found = _observe(
            db,
            project,
            [m for m in measurements if m.key_result in generation],
            baselines=baselines,
            earlier=earlier,
            check_ins=check_ins,
            past_cycles=past_cycles,
        )
        observations += found
        known |= {(o.key_result, o.as_of): o for o in found}
    return sorted(observations, key=lambda o: (o.key_result, o.as_of))


def _generations(project: Project, ids: Collection[str]) -> Iterator[dict[str, KeyResult | None]]:
    """Yield key results with what their curves follow (None: nothing), each after what it follows."""
    follows = {
        kr.id: predecessor(project, kr) if kr.expected == "last_cycle" else None
        for kr in project.key_results()
        if kr.id in ids
    }
    while follows:
        ready = {id: before for id, before in follows.items() if before is None or before.id not in follows}
        # Two that follow each other have no cycle before them: they go without.
        yield ready or dict.fromkeys(follows)
        follows = {id: before for id, before in follows.items() if ready and id not in ready}


def _observe(
    db: Database,
    project: Project,
    measurements: Sequence[Measurement],
    *,
    baselines: Baselines,
    earlier: Sequence[Good],
    check_ins: Sequence[CheckIn],
    past_cycles: Mapping[str, PastCycle],
) -> list[Observation]:
    by_place = {(m.key_result, m.cut): m for m in measurements}
    concerned = {m.key_result: project.key_result(m.key_result) for m in by_place.values()}
    held = goals_held(db, project, list(concerned.values()), baselines=baselines, past_cycles=past_cycles)
    done = _done(check_ins)
    rows = [_measured(project, held[m.key_result], m, done) for m in by_place.values()]
    rows += [
        _remembered(project, held[good.key_result], good)
        for good in earlier
        if good.key_result in held and (good.key_result, good.cut) not in by_place
    ]
    rows.sort(key=lambda row: (row.goal.key_result.id, row.cut))
    stand(db, project, rows)
    sources = list(_carried(rows))
    verdicts = _judge(db, project, rows, sources)
    published = _dwelt(db, project, rows, verdicts)
    definitions = {id: definition_hash(definition_of(project, kr)) for id, kr in concerned.items()}
    return [
        _observation(
            row,
            source,
            verdicts[n],
            published.get(n),
            definition=definitions[row.goal.key_result.id],
            config=project.digest,
        )
        for n, (row, source) in enumerate(zip(rows, sources, strict=True))
        if row.measured is not None
    ]


def _done(check_ins: Sequence[CheckIn]) -> dict[tuple[str, str], date]:
    """Return the day from which each milestone is done, by key result and milestone."""
    done: dict[tuple[str, str], date] = {}
    for said in sorted(check_ins, key=lambda said: said.on, reverse=True):
        done.update({(said.key_result, id): said.on for id in said.done})
    return done


def _on(goals: Sequence[Held], day: date) -> Held:
    """Return the last of *goals* that holds on *day*, or the first."""
    return next((g for g in reversed(goals) if g.since is None or g.since <= day), goals[0])


def _measured(
    project: Project, goals: Sequence[Held], m: Measurement, done: Mapping[tuple[str, str], date]
) -> Row:
    day = project.calendar.day_of(m.cut)
    return Row(
        goal=_on(goals, day),
        cut=m.cut,
        day=day,
        fresh=m.gap is None,
        state=m.answer.state,
        reason=m.answer.reason,
        value=m.answer.value,
        parts=_parts(goals[0].key_result, m, day, done),
        measured=m,
    )


def _parts(
    kr: KeyResult, m: Measurement, day: date, done: Mapping[tuple[str, str], date]
) -> tuple[Part, ...]:
    parts = {name: Part(name=name, value=a.value, progress=None, reason=a.reason) for name, a in m.parts}
    if not isinstance(kr.goal, Milestones):
        return tuple(parts.values())
    for milestone in kr.goal.milestones:
        if milestone.done is None:
            since = done.get((kr.id, milestone.id))
            met = since is not None and since <= day
            parts[milestone.id] = Part(name=milestone.id, value=None, progress=Decimal(int(met)))
    return tuple(parts[m.id] for m in kr.goal.milestones if m.id in parts)


def _remembered(project: Project, goals: Sequence[Held], good: Good) -> Row:
    day = project.calendar.day_of(good.cut)
    return Row(
        goal=_on(goals, day),
        cut=good.cut,
        day=day,
        fresh=True,
        state=State.OK,
        reason=None,
        value=good.value,
        parts=good.parts,
    )


def _carried(rows: Sequence[Row]) -> Iterator[Row | None]:
    """Yield the row whose value each of *rows* shows: its own, or the last good one before it."""
    good: Row | None = None
    for row in rows:
        if good is not None and good.goal.key_result.id != row.goal.key_result.id:
            good = None
        yield row if row.fresh else good
        good = row if row.good else good


def _judge(
    db: Database, project: Project, rows: Sequence[Row], sources: Sequence[Row | None]
) -> dict[int, Verdict]:
    """Return the verdict on those of *rows* that are measured, or that a verdict rests on, by their place."""
    wanted = [n for n, row in enumerate(rows) if row.measured or row.goal.rule.policy.dwell > 1]
    if not wanted:
        return {}
    tables, places, wide = _tables(project, [(rows[n], sources[n]) for n in wanted])
    found = statements.progress(db, tables, wide=wide).to_pydict()
    by_place = {
        (key_result, cut): Verdict(number(progress), number(expected), number(gap), CODES[status])
        for key_result, cut, progress, expected, gap, status in zip(*found.values(), strict=True)
    }
    return {n: by_place[place] for n, place in zip(wanted, places, strict=True)}


def _tables(
    project: Project, rows: Sequence[tuple[Row, Row | None]]
) -> tuple[dict[str, pa.Table], list[tuple[int, int]], bool]:
    """Return the tables of `progress.sql`, the place of each row in them, and whether numbers are wide."""
    cuts = {cut: n for n, cut in enumerate(dict.fromkeys(row.cut for row, _ in rows))}
    goals: dict[tuple[str, date | None], Held] = {}
    for row, _ in rows:
        goals.setdefault((row.goal.key_result.id, row.goal.since), row.goal)
    # Bands after ways, and rows by the numbers of their goals: what looks for one finds it together.
    goals = dict(sorted(goals.items(), key=lambda item: item[1].band is not None))
    numbers = {place: n for n, place in enumerate(goals)}
    rules = {rule: n * len(cuts) for n, rule in enumerate(dict.fromkeys(g.rule for g in goals.values()))}
    places = [(numbers[row.goal.key_result.id, row.goal.since], cuts[row.cut]) for row, _ in rows]
    values = [_units(source) for _, source in rows]
    ways = {n: g for n, g in enumerate(goals.values()) if g.band is None and not is_stood(g)}
    bands = {n: g for n, g in enumerate(goals.values()) if g.band is not None and not is_stood(g)}
    wide = _is_wide(values, ways.values(), bands.values())
    alone, stood = _split(rows)
    key_results = narrow((n for n, _ in places), below=len(goals))
    at = narrow((n for _, n in places), below=len(cuts))
    fixed = pa.array([_fixed(project, row, source) for row, source in rows], pa.uint8())
    tables = {
        "observed": pa.table(
            {"key_result": key_results, "cut": at, "value": column(values, wide=wide), "fixed": fixed}
        ).take(pa.array(alone, pa.int64())),
        "stood": pa.table(
            {
                "key_result": key_results,
                "cut": at,
                "rule": pa.array([rules[row.goal.rule] for row, _ in rows], pa.int32()),
                "fixed": fixed,
                "progress": column([_share(row, source) for row, source in rows]),
                "standing": column(
                    [source.standing if source and source.good else None for _, source in rows]
                ),
            }
        ).take(pa.array(stood, pa.int64())),
        **goal_tables(ways, bands, rules, wide=wide),
        "cuts": pa.table(
            {
                "cut": narrow(cuts.values(), below=len(cuts)),
                "day": column([project.calendar.day_of(cut).toordinal() for cut in cuts]),
            }
        ),
    }
    return tables, places, wide


def _split(rows: Sequence[tuple[Row, Row | None]]) -> tuple[list[int], list[int]]:
    """Return the places of rows that one number decides, and of those that more do."""
    stood = [is_stood(row.goal) for row, _ in rows]
    return [n for n, more in enumerate(stood) if not more], [n for n, more in enumerate(stood) if more]


def _units(source: Row | None) -> int | None:
    """Return the value that *source* shows; None where it has none, or one that is too large."""
    if source is None or source.value is None or not source.good:
        return None
    units = ninths(source.value)
    return units if abs(units) < LARGEST else None


def _share(row: Row, source: Row | None) -> int | None:
    """Return the progress worked out before: of periods as they are, of parts as they were last told."""
    if over_time_of(row.goal):
        return row.progress
    return source.progress if source and source.good else None


def _is_wide(values: Iterable[int | None], ways: Iterable[Held], bands: Iterable[Held]) -> bool:
    """Whether a value, a difference or a quotient may not fit 64 bits."""
    walked = [(g.baseline, way) for g in ways if (way := g.way) is not None]
    limits = [getattr(g.band, name) for g in bands for name in ("low", "high", "warn_low", "warn_high")]
    largest = widest(values) + widest(ninths(baseline) for baseline, _ in walked if baseline is not None)
    least = min((abs(way) for _, way in walked), default=1)
    return (
        max(largest, widest(way for _, way in walked), widest(limits)) >= 2**62
        or largest >= 9 * 10**9 * least
    )


def _fixed(project: Project, row: Row, source: Row | None) -> int | None:
    """Return the code of the status that no progress can change; None where progress decides."""
    key_result = row.goal.key_result
    if row.cut <= project.calendar.midnight(project.cycle_of(key_result).start_on):
        return _CODE[Status.NOT_STARTED]
    if not row.fresh and source is not None:
        return _CODE[Status.STALE]
    match key_result.goal:
        case FindBaseline():
            return _CODE[Status.MEASURING]
        case Reach(target=OpenTarget()):
            return _CODE[Status.NO_TARGET]
        case _:
            return None


def _dwelt(
    db: Database, project: Project, rows: Sequence[Row], verdicts: Mapping[int, Verdict]
) -> dict[int, Status]:
    """Return the statuses that are published in place of a verdict's, by the place of their row."""
    dwelling = [n for n, v in verdicts.items() if rows[n].goal.rule.policy.dwell > 1 and v.status in _COLOURS]
    if not dwelling:
        return {}
    table = pa.table(
        {
            "key_result": pa.array([rows[n].goal.key_result.id for n in dwelling], pa.string()),
            "cut": pa.array([rows[n].cut for n in dwelling], pa.timestamp("us", tz="UTC")),
            "day_end": pa.array([rows[n].cut == project.calendar.end_of(rows[n].day) for n in dwelling]),
            "status": pa.array([_CODE[verdicts[n].status] for n in dwelling], pa.uint8()),
            "dwell": pa.array([rows[n].goal.rule.policy.dwell for n in dwelling], pa.int64()),
        }
    )
    places = {(rows[n].goal.key_result.id, rows[n].cut): n for n in dwelling}
    found = statements.dwell(db, table).to_pylist()
    return {places[row["key_result"], row["cut"].astimezone(UTC)]: CODES[row["published"]] for row in found}


def _observation(
    row: Row,
    source: Row | None,
    verdict: Verdict,
    published: Status | None,
    *,
    definition: str,
    config: str,
) -> Observation:
    goal, m = row.goal, row.measured
    assert m is not None  # noqa: S101
    state = row.state if row.fresh else State.NO_DATA if source is None else State.STALE
    bounds = goal.key_result.goal.bounds if isinstance(goal.key_result.goal, Keep) else None
    return Observation(
        key_result=m.key_result,
        as_of=m.cut,
        state=state,
        status=published or verdict.status,
        reason=_reason(row, source, verdict),
        definition=definition,
        value=_placed(source.value) if source else None,
        baseline=_placed(goal.baseline),
        target=_placed(goal.target),
        low=_placed(bounds.low) if bounds else None,
        high=_placed(bounds.high) if bounds else None,
        progress=verdict.progress,
        expected=verdict.expected,
        gap=verdict.gap,
        raw_status=verdict.status if published not in (None, verdict.status) else None,
        parts=source.parts if source else row.parts,
        outside_since=row.outside_since,
        carried_from=source.cut if source and not row.fresh else None,
        newest_at=m.newest_at,
        read_at=m.read_at,
        loads=m.loads,
        stocks=m.stocks,
        config=config,
    )


def _placed(value: Decimal | None) -> Decimal | None:
    """Return *value* with nine places, however it was written."""
    return None if value is None else number(ninths(value))


def _reason(row: Row, source: Row | None, verdict: Verdict) -> str | None:
    """Return why there is no fresh value, or why one says nothing."""
    reason = row.reason if row.fresh else row.measured.gap if row.measured else None
    if reason is not None or source is None or not source.good:
        return reason
    goal = row.goal
    if verdict.progress is None:
        return goal.problem or source.problem or _TOO_LARGE
    return None if verdict.expected is not None or goal.rule.band or goal.rule.segments else _NO_CURVE
