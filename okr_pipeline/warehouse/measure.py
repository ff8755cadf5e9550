"""Every question of a project answered, whatever its metric is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from okr_pipeline.model.calendar import CycleToDate
from okr_pipeline.model.metric import Aggregate, Change, Formula, Query, Ratio
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.composed import compose, inputs_of
from okr_pipeline.warehouse.cube import read_cubes
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.direct import answer_directly, span_of
from okr_pipeline.warehouse.groups import answer_groups
from okr_pipeline.warehouse.question import Answer, Ask, Loads, dataset_in, state_name
from okr_pipeline.warehouse.sandbox import Sandbox, answer_query
from okr_pipeline.warehouse.series import Key, Series

# Up to this many questions of a cube, one query each is as fast as the statement over its cells.
_FEW = 4


def measure(db: Database, project: Project, asks: Sequence[Ask], *, sandbox: Sandbox) -> list[Answer]:
    """
    Return the answer to each of *asks*, in their order.

    Equal questions are answered once; a ratio or formula asks for its inputs at the same cut and
    loads. Each failure stays with its own question.
    """
    answers = _from_cubes(db, project, asks)
    answers |= _one_by_one(db, project, _open(asks, answers), sandbox)
    answers |= _composed(db, project, _open(asks, answers), sandbox)
    return [answers[n] for n in range(len(asks))]


def _open(asks: Sequence[Ask], answers: Mapping[int, Answer]) -> dict[int, Ask]:
    return {n: ask for n, ask in enumerate(asks) if n not in answers}


def _from_cubes(db: Database, project: Project, asks: Sequence[Ask]) -> dict[int, Answer]:
    """Answer from day cubes where that is cheaper: many questions of additive flows at the newest load."""
    cubes = {place: Series(cube, project) for place, cube in read_cubes(db, project).items()}
    keys: dict[Series, dict[int, Key]] = defaultdict(dict)
    for n, ask in enumerate(asks):
        of = project.metrics[ask.metric].measure
        series = cubes.get((of.dataset, of.time)) if isinstance(of, Aggregate) and of.time else None
        if series and isinstance(of, Aggregate) and (key := series.key(of, ask)):
            keys[series][n] = key
    answers: dict[int, Answer] = {}
    for series, wanted in keys.items():
        distinct = dict.fromkeys(wanted.values())
        if len(distinct) > _FEW:
            found = series.answers(db, distinct)
            answers |= {n: found[key] for n, key in wanted.items() if key in found}
    return answers


def _one_by_one(
    db: Database, project: Project, asks: Mapping[int, Ask], sandbox: Sandbox
) -> dict[int, Answer]:
    """Answer what reads rows, by a query each."""
    known: dict[Ask, Answer] = {}
    answers = {}
    for n, ask in asks.items():
        of = project.metrics[ask.metric].measure
        if isinstance(of, Aggregate | Query):
            ask = placed(project, ask)
            if ask not in known:
                known[ask] = _answer(db, project, ask, of, sandbox)
            answers[n] = known[ask]
    return answers


def _answer(db: Database, project: Project, ask: Ask, of: Aggregate | Query, sandbox: Sandbox) -> Answer:
    if isinstance(of, Query):
        return answer_query(sandbox, ask, of)
    if of.by:
        return answer_groups(db, ask, of, project.datasets[of.dataset])
    return answer_directly(db, ask, of, project.datasets[of.dataset])


def _composed(db: Database, project: Project, asks: Mapping[int, Ask], sandbox: Sandbox) -> dict[int, Answer]:
    """Answer what is made of other metrics; all of those are asked for at once."""
    made = {
        n: of
        for n, ask in asks.items()
        if isinstance(of := project.metrics[ask.metric].measure, Ratio | Formula | Change)
    }
    if not made:
        return {}
    below = [_inputs(project, of, asks[n]) for n, of in made.items()]
    found = iter(measure(db, project, [ask for own in below for ask in own], sandbox=sandbox))
    inputs = [[next(found) for _ in own] for own in below]
    return dict(zip(made, compose(db, list(made.values()), inputs), strict=True))


def _inputs(project: Project, of: Ratio | Formula | Change, ask: Ask) -> list[Ask]:
    """Return what *of* asks for: its inputs at the same cut; a change, its metric now and then."""
    if not isinstance(of, Change):
        return [replace(ask, metric=name) for name in inputs_of(of)]
    then = project.calendar.earlier(ask.cut, of.period, of.since)
    known = dict(ask.stocks)
    back = tuple(
        (name, known[at])
        for name in {dataset_in(name) for name in known}
        if (at := state_name(name, then)) in known
    )
    now = replace(ask, metric=of.of)
    return [now, replace(now, cut=then, stocks=back)]


def placed(project: Project, ask: Ask) -> Ask:
    """Give *ask* its span, and take from it all that does not bear on its answer."""
    of = project.metrics[ask.metric].measure
    if not isinstance(of, Aggregate | Query):
        return ask
    read = {of.dataset} if isinstance(of, Aggregate) else set(of.datasets)
    if of.window is None:
        return replace(ask, cycle=None, loads=(), stocks=_only(ask.stocks, read))
    counted_from = ask.cycle if isinstance(of.window, CycleToDate) else None
    span = span_of(project, ask, of.window)
    return replace(ask, span=span, cycle=counted_from, loads=_only(ask.loads, read), stocks=())


def _only(loads: Loads, datasets: set[str]) -> Loads:
    return tuple(pair for pair in loads if pair[0] in datasets)
