"""
The whole main path in one step, for a click: what `okr sync` does, told to Dagster asset by asset.

A failed step takes everything downstream of it with it, in any executor. Sources that fail must
not: so here a failure is told when all that could be done is done.
"""

from collections.abc import Iterator

import dagster as dg

from okr_pipeline.ledger.store import Ledger
from okr_pipeline.orchestration import keys
from okr_pipeline.orchestration.extracts import extract_result
from okr_pipeline.orchestration.key_results import numbers_results
from okr_pipeline.orchestration.landings import landing_result
from okr_pipeline.orchestration.stage import stage
from okr_pipeline.orchestration.told import publish_result, snapshot_result
from okr_pipeline.sync import Synced, sync
from okr_pipeline.workspace import Workspace

Told = dg.AssetMaterialization | dg.AssetCheckEvaluation


def sync_all_job(workspace: Workspace) -> dg.JobDefinition:
    """Return the job; its run is red if any dataset was not read or any rendering not written."""

    @dg.op(name="sync", out={}, pool=keys.WAREHOUSE_POOL)
    def everything(context: dg.OpExecutionContext) -> Iterator[Told]:
        with stage(context, workspace) as run:
            done = sync(workspace, run)
            results = list(results_of(workspace, done, run.ledger))
        for result in results:
            yield from events_of(result)
        if failures := list(failures_of(done)):
            raise dg.Failure(description="\n".join(failures), allow_retries=False)

    @dg.job(name="sync_all", description="Read everything again, and bring every key result up to date.")
    def sync_all() -> None:
        everything()

    return sync_all


def results_of(workspace: Workspace, done: Synced, ledger: Ledger) -> Iterator[dg.MaterializeResult]:
    """Yield what the assets of one sync would have returned, upstream first; what failed is left out."""
    datasets = workspace.project.datasets
    receipts = ledger.by_seq(e.receipt for e in done.extracted if e.receipt is not None)
    for receipt in receipts.values():
        yield extract_result(datasets[receipt.subject], receipt)
    for dataset in datasets.values():
        yield landing_result(dataset, ledger)
    yield from numbers_results(workspace.project, done.report)
    yield snapshot_result(done.report)
    for published in done.published:
        if published.failure is None:
            yield publish_result(published, done.report)


def events_of(result: dg.MaterializeResult) -> Iterator[Told]:
    """Yield *result* as events that a step may log for assets which are not its own."""
    assert isinstance(result.asset_key, dg.AssetKey)  # noqa: S101
    version = {"dagster/data_version": result.data_version.value} if result.data_version else {}
    yield dg.AssetMaterialization(result.asset_key, metadata=dict(result.metadata or {}), tags=version)
    for check in result.check_results or ():
        yield dg.AssetCheckEvaluation(
            asset_key=result.asset_key,
            check_name=str(check.check_name),
            passed=check.passed,
            severity=check.severity,
            metadata=check.metadata,
        )


def failures_of(done: Synced) -> Iterator[str]:
    """Yield one line for each thing that one sync could not do."""
    for extracted in done.extracted:
        if extracted.error is not None:
            yield f"{extracted.dataset}: {extracted.error}"
    for published in done.published:
        if published.failure is not None:
            yield f"publish {published.publisher}: {published.failure}"
