"""Snapshots of past days, by partition: what each day's end looks like from what is known now."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from okr_pipeline.model.okr import Project
from okr_pipeline.orchestration import keys
from okr_pipeline.orchestration.stage import stage
from okr_pipeline.sync import measure_all
from okr_pipeline.workspace import Workspace


def days_assets(workspace: Workspace) -> Iterator[dg.AssetsDefinition]:
    """
    Yield the asset whose partitions are the days of the project's cycles; none without an objective.

    A backfill is one run, each of its days a snapshot of its own, as of that day's end.
    """
    project = workspace.project
    if not project.objectives:
        return

    @dg.asset(
        key=keys.day_key(project.id),
        deps=[keys.landing_key(dataset) for dataset in project.datasets.values()],
        group_name=project.id,
        kinds={"snapshot"},
        partitions_def=_days_of(project),
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=keys.WAREHOUSE_POOL,
    )
    def look_back(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        days = sorted(map(date.fromisoformat, context.partition_keys))
        for day in days:
            with stage(context, workspace, as_of=project.calendar.end_of(day)) as run:
                snapshot = measure_all(workspace, run)
                context.log.info(f"stage=measure day={day} snapshot={snapshot.id}")
        return dg.MaterializeResult(metadata={"days": len(days)})

    yield look_back


def _days_of(project: Project) -> dg.DailyPartitionsDefinition:
    cycles = [project.cycles[objective.cycle] for objective in project.objectives.values()]
    return dg.DailyPartitionsDefinition(
        start_date=min(cycle.start_on for cycle in cycles).isoformat(),
        end_date=(max(cycle.end_on for cycle in cycles) + timedelta(days=1)).isoformat(),
        timezone=project.calendar.zone.key,
    )
