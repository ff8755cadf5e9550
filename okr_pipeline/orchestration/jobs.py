"""What runs when: reads by their refresh, key results when there is news and once a day."""

from collections.abc import Iterable

import dagster as dg

from okr_pipeline.model.okr import Project
from okr_pipeline.orchestration import keys

SYNC = "sync_key_results"
DAILY = "0 6 * * *"
"""Key results change with time alone (pace, staleness), so they are measured without news as well."""


def read_definitions(project: Project) -> dg.Definitions:
    """
    Return one job and its schedule for each cron line that sources declare.

    Reads have jobs of their own: in one with the key results, a read that fails would skip them all.
    """
    lines = dict.fromkeys(source.refresh for source in project.sources.values() if source.refresh)
    return dg.Definitions.merge(*(_read_at(project, line) for line in lines))


def sync_definitions(project: Project, assets: Iterable[dg.AssetsDefinition]) -> dg.Definitions:
    """Return the job over *assets*, all from landing to publishing, and its schedule."""
    told = "Land whatever was read, measure every key result, record a snapshot, publish it."
    return _scheduled(project, SYNC, [key for asset in assets for key in asset.keys], line=DAILY, told=told)


def _read_at(project: Project, line: str) -> dg.Definitions:
    datasets = [d for d in project.datasets.values() if project.sources[d.source].refresh == line]
    told = f"Read every dataset whose source declares the refresh `{line}`."
    extracts = [keys.extract_key(dataset) for dataset in datasets]
    return _scheduled(project, keys.extract_job_name(line), extracts, line=line, told=told)


def _scheduled(
    project: Project, name: str, assets: list[dg.AssetKey], *, line: str, told: str
) -> dg.Definitions:
    job = dg.define_asset_job(name, selection=dg.AssetSelection.assets(*assets), description=told)
    schedule = dg.ScheduleDefinition(
        job=job,
        cron_schedule=line,
        execution_timezone=project.calendar.zone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[job], schedules=[schedule])
