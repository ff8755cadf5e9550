"""Key results, the objectives over them and the snapshot that holds them: one step, one as-of."""

import json
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter

import dagster as dg

from okr_pipeline.definition import definition_hash, definition_of
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.model.report import Report
from okr_pipeline.orchestration import keys
from okr_pipeline.orchestration.jobs import DAILY
from okr_pipeline.orchestration.overdue import overdue
from okr_pipeline.orchestration.stage import stage
from okr_pipeline.orchestration.told import fresh_check, key_result_result, objective_result, snapshot_result
from okr_pipeline.publish.outbox import publish
from okr_pipeline.publish.sentences import key_results as key_result_lines
from okr_pipeline.report import build_report
from okr_pipeline.sync import measure_all
from okr_pipeline.workspace import Workspace

MOST_KEY_RESULTS = 200
"""An asset costs two events a run, so above this a project shows its objectives instead."""


def key_results_asset(workspace: Workspace) -> dg.AssetsDefinition:
    """
    Return the assets that one measurement gives: key results or objectives, and the snapshot.

    Whichever of them are asked for, everything is measured, at one as-of, and recorded as one
    snapshot; the choice decides what is reported.
    """
    project = workspace.project
    specs = [*numbers_specs(project)]

    @dg.multi_asset(
        name="key_results",
        specs=[*specs, _snapshot_spec(project, after=[spec.key for spec in specs])],
        check_specs=[fresh_check(project.id)],
        can_subset=True,
        pool=keys.WAREHOUSE_POOL,
    )
    def measured(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        with stage(context, workspace) as run:
            snapshot = measure_all(workspace, run)
            report = build_report(project, snapshot, run.ledger)
            # No rendering yet; it leaves what `okr show` reads, also where nothing is published.
            for one in publish({}, report, run, base=workspace.base, resolve=workspace.resolved):
                context.log.warning(one.failure)
        yield from selected(context, numbers_results(project, report))
        yield from selected(context, [snapshot_result(report)])

    return measured


def numbers_results(project: Project, report: Report) -> list[dg.MaterializeResult]:
    """Return one result for each of the project's `numbers_specs`, in their order."""
    if one_asset_a_key_result(project):
        return [key_result_result(line) for line in key_result_lines(report)]
    lines = {line.id: line for line in report.objectives}
    return [objective_result(lines[objective.id], report) for objective in leaves_first(project)]


def selected(
    context: dg.AssetExecutionContext, results: Iterable[dg.MaterializeResult]
) -> Iterator[dg.MaterializeResult]:
    """Yield those of *results*, and of their checks, that this step was asked for."""
    for result in results:
        if result.asset_key in context.selected_asset_keys:
            asked = {
                key.name for key in context.selected_asset_check_keys if key.asset_key == result.asset_key
            }
            checks = [check for check in result.check_results or () if check.check_name in asked]
            yield result._replace(check_results=checks)


def one_asset_a_key_result(project: Project) -> bool:
    """Return whether key results are assets; above the limit, objectives are."""
    return sum(1 for _ in with_metric(project.key_results())) <= MOST_KEY_RESULTS


def numbers_specs(project: Project) -> Iterator[dg.AssetSpec]:
    """Yield one spec a key result that has a metric, or one an objective when there are many."""
    if one_asset_a_key_result(project):
        for key_result in with_metric(project.key_results()):
            yield _key_result_spec(project, key_result)
    else:
        below = _contributing(project)
        for objective in leaves_first(project):
            yield _objective_spec(project, objective, below[objective.id])


def leaves_first(project: Project) -> list[Objective]:
    """Return the objectives, each after those that contribute to it: Dagster takes no other order."""
    return [project.objectives[id] for id in TopologicalSorter(_contributing(project)).static_order()]


def with_metric(key_results: Iterable[KeyResult]) -> Iterator[KeyResult]:
    """Yield those of *key_results* that metrics feed, or people state."""
    return (key_result for key_result in key_results if key_result.ready)


def _key_result_spec(project: Project, key_result: KeyResult) -> dg.AssetSpec:
    objective = project.objectives[key_result.objective]
    owner = key_result.owner or objective.owner
    definition = definition_of(project, key_result)
    written = json.dumps(definition, indent=2, ensure_ascii=False)
    return dg.AssetSpec(
        keys.key_result_key(key_result.id),
        deps=_landings(project, [key_result]),
        description=f"{key_result.title}\n\n```json\n{written}\n```",
        group_name=objective.id,
        owners=keys.owners_of(owner),
        kinds={"key_result"},
        tags={"okr/indicator": key_result.indicator, "okr/level": objective.level},
        metadata={"declared_at": key_result.at, "owner": owner or "nobody"},
        code_version=definition_hash(definition),
    )


def _objective_spec(project: Project, objective: Objective, below: Iterable[str]) -> dg.AssetSpec:
    definitions = [definition_of(project, kr) for kr in with_metric(objective.key_results)]
    return dg.AssetSpec(
        keys.objective_key(objective.id),
        deps=[*_landings(project, objective.key_results), *map(keys.objective_key, below)],
        description=objective.title,
        group_name=objective.id,
        owners=keys.owners_of(objective.owner),
        kinds={"objective"},
        tags={"okr/level": objective.level},
        metadata={"declared_at": objective.at, "owner": objective.owner or "nobody"},
        code_version=definition_hash({"key_results": definitions, "roll_up": objective.roll_up}),
    )


def _contributing(project: Project) -> dict[str, list[str]]:
    """Return the ids of the objectives that contribute to each."""
    below: dict[str, list[str]] = {id: [] for id in project.objectives}
    for objective in project.objectives.values():
        if objective.contributes_to:
            below[objective.contributes_to].append(objective.id)
    return below


def _snapshot_spec(project: Project, *, after: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        keys.snapshot_key(project.id),
        deps=after,
        group_name=project.id,
        kinds={"snapshot"},
        code_version=project.digest,
        freshness_policy=overdue(DAILY),
    )


def _landings(project: Project, key_results: Iterable[KeyResult]) -> list[dg.AssetKey]:
    read = {id for kr in key_results for part in kr.parts.values() for id in project.datasets_of(part)}
    return [keys.landing_key(project.datasets[id]) for id in sorted(read)]
