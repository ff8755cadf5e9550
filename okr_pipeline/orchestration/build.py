"""The whole graph of one project."""

import dagster as dg

from okr_pipeline.orchestration.days import days_assets
from okr_pipeline.orchestration.extracts import extract_assets, source_specs
from okr_pipeline.orchestration.jobs import read_definitions, sync_definitions
from okr_pipeline.orchestration.key_results import key_results_asset
from okr_pipeline.orchestration.landings import landing_asset
from okr_pipeline.orchestration.news import news_sensor
from okr_pipeline.orchestration.publications import publish_asset
from okr_pipeline.orchestration.sync_all import sync_all_job
from okr_pipeline.workspace import Workspace


def build_definitions(workspace: Workspace, *, executor: dg.ExecutorDefinition) -> dg.Definitions:
    """Return the definitions of *workspace*. Nothing is opened, connected to or resolved."""
    project = workspace.project
    onwards = [
        *(landing_asset(workspace, dataset) for dataset in project.datasets.values()),
        key_results_asset(workspace),
        *(publish_asset(workspace, publisher) for publisher in project.publishers.values()),
    ]
    graph = dg.Definitions(
        assets=[*source_specs(workspace), *extract_assets(workspace), *onwards, *days_assets(workspace)],
        jobs=[sync_all_job(workspace)],
        sensors=[news_sensor(workspace)],
        executor=executor,
    )
    return dg.Definitions.merge(graph, read_definitions(project), sync_definitions(project, onwards))
