"""Every question of a project answered, whatever its metric is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from okr_pipeline.model.calendar import CycleToDate
from okr_pipeline.model.metric import Aggregate, Formula, Measure, Query, Ratio
from okr_pipeline.model.okr import Project
from okr_pipeline.warehouse.composed import compose, inputs_of
from okr_pipeline.warehouse.cube import read_cubes
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.direct import answer_directly, load_of
from okr_pipeline.warehouse.question import Answer, Answers, Ask, Loads
from okr_pipeline.warehouse.sandbox import Sandbox, answer_query
from okr_pipeline.warehouse.series import answer_from_cube

# Up to this many questions of a dataset, one query each is as fast as the statement over cells.
_FEW = 4


def measure(db: Database, project: Project, asks: Iterable[Ask], *, sandbox: Sandbox) -> Answers:
    """
    Return the answer to each of *asks*.

    Equal questions are answered once; a ratio or formula asks for its inputs at the same cut and
    loads. Each failure stays with its own question.
    """
    in_place = {ask: placed(project, ask) for ask in asks}
    by_metric: dict[str, dict[Ask, None]] = defaultdict(dict)
    for ask in in_place.values():
        by_metric[ask.metric][ask] = None
    answers = _from_cubes(db, project, list(dict.fromkeys(in_place.values())))
    for metric, group in by_metric.items():
        open_asks = [ask for ask in group if ask not in answers]
        answers.update(_measure_metric(db, project, project.metrics[metric].measure, open_asks, sandbox))
    return {ask: answers[as_placed] for ask, as_placed in in_place.items()}


def _from_cubes(db: Database, project: Project, asks: Sequence[Ask]) -> dict[Ask, Answer]:
    """Answer from day cubes where that is cheaper: many questions of additive flows at the newest load."""
    by_cube: dict[tuple[str, str], list[tuple[Aggregate, Ask]]] = defaultdict(list)
    cubes = read_cubes(db, project)
    for ask in asks:
        of = project.metrics[ask.metric].measure
        if not isinstance(of, Aggregate) or of.time is None:
            continue
        cube = cubes.get((of.dataset, of.time))
        if cube is not None and load_of(ask, of) == cube.load and cube.holds(of):
            by_cube[of.dataset, of.time].append((of, ask))
    answers: dict[Ask, Answer] = {}
    for place, group in by_cube.items():
        if len(group) > _FEW:
            answers.update(answer_from_cube(db, cubes[place], group, calendar=project.calendar))
    return answers


def _measure_metric(
    db: Database, project: Project, of: Measure, asks: Sequence[Ask], sandbox: Sandbox
) -> dict[Ask, Answer]:
    match of:
        case Aggregate():
            dataset = project.datasets[of.dataset]
            return {ask: answer_directly(db, ask, of, dataset) for ask in asks}
        case Query():
            return {ask: answer_query(sandbox, ask, of) for ask in asks}
        case Ratio() | Formula():
            names = inputs_of(of)
            below = measure(
                db, project, [replace(ask, metric=name) for ask in asks for name in names], sandbox=sandbox
            )
            rows = [{name: below[replace(ask, metric=name)] for name in names} for ask in asks]
            return dict(zip(asks, compose(db, of, rows), strict=True))


def placed(project: Project, ask: Ask) -> Ask:
    """Give *ask* its span, and take from it all that does not bear on its answer."""
    of = project.metrics[ask.metric].measure
    if isinstance(of, Ratio | Formula):
        return ask
    if of.window is None:
        return replace(ask, cycle=None, loads=(), stocks=_only(ask.stocks, {of.dataset}))
    cycle = project.cycles[ask.cycle] if ask.cycle else None
    span = project.calendar.span(of.window, cut=ask.cut, cycle=cycle)
    read = {of.dataset} if isinstance(of, Aggregate) else set(of.datasets)
    counted_from = ask.cycle if isinstance(of.window, CycleToDate) else None
    return replace(ask, span=span, cycle=counted_from, loads=_only(ask.loads, read), stocks=())


def _only(loads: Loads, datasets: set[str]) -> Loads:
    return tuple(pair for pair in loads if pair[0] in datasets)
