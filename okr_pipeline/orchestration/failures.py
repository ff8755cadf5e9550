"""Our errors as Dagster's: who tries again, when, and who waits for a person."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

import dagster as dg

from connectors.errors import ConnectorError, Incomplete, QuotaExhausted, Transient
from okr_pipeline.lake import LakeError
from okr_pipeline.ledger.errors import LedgerBusy, LedgerError
from okr_pipeline.warehouse.errors import WarehouseBusy, WarehouseError

StageError = ConnectorError | LakeError | LedgerError | WarehouseError
STAGE_ERRORS = (ConnectorError, LakeError, LedgerError, WarehouseError)

READ_AGAIN = dg.RetryPolicy(
    max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""For reads, on top of what a connector has already tried again itself."""

LONGEST_WAIT = timedelta(minutes=15)
"""A run does not sleep longer than this; the next scheduled one reads instead."""

BUSY_WAIT_S = 15


def as_dagster(error: StageError, *, now: datetime) -> dg.Failure | dg.RetryRequested:
    """
    Return what a step that met *error* raises.

    A quota that is free again soon, and a store in use, are waited for. What may pass is left to
    the step's retry policy. Everything else needs a person: no retry.
    """
    match error:
        case QuotaExhausted(until=datetime() as until) if until - now <= LONGEST_WAIT:
            return dg.RetryRequested(
                max_retries=3, seconds_to_wait=max(1, ceil((until - now).total_seconds()))
            )
        case WarehouseBusy() | LedgerBusy():
            return dg.RetryRequested(max_retries=20, seconds_to_wait=BUSY_WAIT_S)
        case _:
            return dg.Failure(
                description=str(error),
                metadata={"error": type(error).__name__, "mend": error.mend},
                allow_retries=isinstance(error, Transient | Incomplete),
            )


def unread(errors: Mapping[str, StageError], *, now: datetime) -> dg.Failure | dg.RetryRequested:
    """
    Return what a step raises that could not read the datasets in *errors*.

    It is tried again if any of them may pass, after the longest wait that one asks for.
    """
    each = [as_dagster(error, now=now) for error in errors.values()]
    if waits := [one for one in each if isinstance(one, dg.RetryRequested)]:
        return max(waits, key=lambda wait: wait.seconds_to_wait or 0)
    return dg.Failure(
        description="\n".join(f"{dataset}: {error}" for dataset, error in errors.items()),
        metadata={dataset: type(error).__name__ for dataset, error in errors.items()},
        allow_retries=any(isinstance(one, dg.Failure) and one.allow_retries for one in each),
    )
