"""One asset a publisher: the newest snapshot, given to its readers."""

import dagster as dg

from okr_pipeline.model.okr import Publisher
from okr_pipeline.model.report import Report
from okr_pipeline.orchestration import keys
from okr_pipeline.orchestration.stage import stage
from okr_pipeline.orchestration.told import publish_result
from okr_pipeline.publish.outbox import Published, publish
from okr_pipeline.report import build_report
from okr_pipeline.run import Run
from okr_pipeline.snapshot import read_snapshot
from okr_pipeline.workspace import Workspace


def publish_asset(workspace: Workspace, publisher: Publisher) -> dg.AssetsDefinition:
    """Return the asset of one rendering; readers keep the one before when it fails."""

    @dg.asset(
        key=keys.publish_key(publisher.id),
        deps=[keys.snapshot_key(workspace.project.id)],
        group_name=workspace.project.id,
        kinds={publisher.id},
    )
    def give(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with stage(context, workspace) as run:
            report = _newest_report(workspace, run)
            given = publish(
                {publisher.id: publisher}, report, run, base=workspace.base, resolve=workspace.resolved
            )
        for one in given:
            if one.failure is not None:
                raise dg.Failure(one.failure)
        done = next((one for one in given if one.publisher == publisher.id), None)
        return publish_result(done or Published(publisher=publisher.id, where=None), report)

    return give


def _newest_report(workspace: Workspace, run: Run) -> Report:
    snapshot = read_snapshot(run.ledger, workspace.project.id)
    if snapshot is None:
        raise dg.Failure("there is no snapshot yet; run sync_key_results", allow_retries=False)
    return build_report(workspace.project, snapshot, run.ledger)
