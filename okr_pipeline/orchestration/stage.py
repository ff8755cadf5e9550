"""What every step shares: one run of ours inside a run of Dagster's, and its errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg

from okr_pipeline.orchestration.failures import STAGE_ERRORS, as_dagster
from okr_pipeline.run import Run
from okr_pipeline.workspace import Workspace


@contextmanager
def stage(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    workspace: Workspace,
    *,
    as_of: datetime | None = None,
) -> Iterator[Run]:
    """
    Give one stage its run, with the ledger open, as of *as_of* (None: when Dagster's run started).

    Raises:
        Failure, RetryRequested: For an error of ours.
    """
    try:
        with workspace.ledger() as ledger:
            yield Run(ledger=ledger, as_of=as_of or started_at(context), recorded_at=datetime.now(UTC))
    except STAGE_ERRORS as error:
        raise as_dagster(error, now=datetime.now(UTC)) from error


def started_at(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> datetime:
    """Return when Dagster's run started, in whole seconds: the same for all its steps and their retries."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is None or record.start_time is None:
        raise RuntimeError(f"run {context.run.run_id} has not started")
    return datetime.fromtimestamp(int(record.start_time), UTC)
