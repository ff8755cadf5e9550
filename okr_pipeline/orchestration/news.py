"""The sensor that starts a sync when something was read, or failed to be, since the last snapshot."""

import dagster as dg

from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.orchestration.jobs import SYNC
from okr_pipeline.workspace import Workspace


def news_sensor(workspace: Workspace) -> dg.SensorDefinition:
    """
    Return the sensor. It fires once for each piece of news, when one interval brought no more of it.

    A failed read is news: the key results on it turn stale.
    """

    @dg.sensor(
        name="news",
        job_name=SYNC,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Something was read, or could not be, since the last snapshot.",
    )
    def news(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        with workspace.ledger() as ledger:
            newest = newest_news(ledger, workspace.project.id)
        seen = str(newest.seq) if newest else None
        if seen is None:
            return dg.SensorResult(skip_reason="the last snapshot has seen everything", cursor=context.cursor)
        if seen != context.cursor:
            return dg.SensorResult(skip_reason=f"entry {seen} is new; more may follow", cursor=seen)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen)], cursor=seen)

    return news


def newest_news(ledger: Ledger, project: str) -> Entry | None:
    """Return the newest receipt or failure, if the last snapshot was taken before it; None otherwise."""
    entries = [entry for kind in ("receipt", "failure") if (entry := ledger.last(kind))]
    newest = max(entries, key=lambda entry: entry.seq, default=None)
    snapshot = ledger.last("snapshot", subject=project)
    if newest is None or newest.valid_at is None or snapshot is None or snapshot.valid_at is None:
        return newest
    # A snapshot of a past day comes later in the ledger, and has not seen it either.
    seen = snapshot.seq > newest.seq and snapshot.valid_at >= newest.valid_at
    return None if seen else newest
