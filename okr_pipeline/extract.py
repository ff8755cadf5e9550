"""Read one dataset from its source into the lake, and write down what was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import Connector, Extract, ExtractRequest, Mode
from connectors.errors import BadValue, ConnectorError, Incomplete, Interrupted, SetupError
from connectors.registry import validated
from okr_pipeline.asked import misfits, request_of
from okr_pipeline.coverage import Coverage
from okr_pipeline.definition import reading_hash
from okr_pipeline.lake import Lake, LakeError, StoredExtract
from okr_pipeline.ledger.entry import Draft
from okr_pipeline.ledger.instant import instant_from, instant_text
from okr_pipeline.ledger.receipt import receipt_body
from okr_pipeline.model.metric import Dataset, Source
from okr_pipeline.personal import hashed, key_of
from okr_pipeline.run import Run
from okr_pipeline.unfinished import UnfinishedRead

_MOST_READS = 3
_OF_THE_ROWS = (BadValue, Incomplete)
"""What is wrong with the rows themselves stays so if the read goes on where it broke off."""

Resolve = Callable[[Mapping[str, object]], Mapping[str, object]]
"""Gives options with the `env:` and `file:` in them replaced; SetupError if one is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """
    How one read went. *error* None means that the receipt at ledger entry *receipt* was accepted.

    *warnings* are what the receipt says that a reader of its numbers should know.
    """

    dataset: str
    rows: int = 0
    mode: Mode = "full"
    receipt: int | None = None
    warnings: tuple[str, ...] = ()
    error: ConnectorError | LakeError | None = None


def extract(
    dataset: Dataset,
    source: Source,
    connector: Connector,
    run: Run,
    *,
    lake: Lake,
    resolve: Resolve,
    backfill_since: date | None = None,
    whole: bool = False,
    unfinished: UnfinishedRead | None = None,
) -> Extracted:
    """
    Read *dataset* of *source* as of the run's as-of: all of it, or what its cursor says is new.

    With *backfill_since*, everything from that day on is read again and the watermark stays; with
    *whole*, everything is, as if a full read were due. *unfinished* keeps the place of a read that
    breaks off. A failure is written down and returned, never raised: it concerns this dataset alone.
    """
    # What was read before: the same run again asks for the same rows again.
    coverage = Coverage.of(run.ledger, dataset, before=run.as_of)
    try:
        key = key_of(dataset, resolve)
    except ConnectorError as error:
        return failed(dataset, error, run)
    declared = reading_hash(dataset, source, key=key)
    full_due = whole or coverage.full_read_due(dataset, run.as_of, declared=declared)
    last = run.ledger.last("receipt", subject=dataset.id)
    mode, since = _reach(dataset, coverage.watermark, full_due=full_due, backfill_since=backfill_since)
    try:
        request = request_for(dataset, connector, resolve=resolve, mode=mode, since=since)
        last_origin = str(last.body["origin"]) if last else None
        request = replace(request, last_origin=last_origin, unfinished=unfinished)
        stored = _stored(request, lambda: hashed(connector.extract(request), dataset.hashed, key), lake)
    except (ConnectorError, LakeError) as error:
        if unfinished is not None and isinstance(error, _OF_THE_ROWS):
            unfinished.clear()
        return failed(dataset, error, run)
    if unfinished is not None:
        unfinished.clear()
    body = {
        "extract_id": stored.extract_id,
        "columns": dict(dataset.columns),
        "declared": declared,
        **receipt_body(stored.receipt),
    }
    same = ("extract_id", "declared", "mode")
    known = last and last.valid_at == run.as_of and all(last.body[name] == body[name] for name in same)
    entry = last if last and known else run.write([Draft("receipt", dataset.id, run.as_of, body)])[0]
    return Extracted(
        dataset=dataset.id,
        rows=stored.receipt.rows,
        mode=request.mode,
        receipt=entry.seq,
        warnings=stored.receipt.warnings,
    )


def _stored(request: ExtractRequest, begin: Callable[[], Extract], lake: Lake) -> StoredExtract:
    """
    Read what *begin* starts to read for *request* into the lake.

    A read that is interrupted begins anew, whole, up to three times in all. What it gave is thrown
    away: two transactions see two states.
    """
    for failures in range(_MOST_READS):
        try:
            stored = lake.store(request.dataset, begin())
        except Interrupted:
            if failures == _MOST_READS - 1:
                raise
        else:
            receipt = replace(stored.receipt, retries=stored.receipt.retries + failures)
            return replace(stored, receipt=receipt)
    raise AssertionError("the last read returns or raises")


def request_for(
    dataset: Dataset,
    connector: Connector,
    *,
    resolve: Resolve,
    mode: Mode = "full",
    since: str | None = None,
) -> ExtractRequest:
    """
    Return what to ask of *connector* for *dataset*: all of it, or from *since* on, inside.

    Raises:
        SetupError: If *resolve* does not find what its options refer to, or that does not fit.
    """
    options = validated(type(connector).Dataset, resolve(dataset.options), what="what the dataset refers to")
    request = request_of(dataset, options, mode=mode, since=since)
    if misfit := next(misfits(request), None):
        raise SetupError(misfit.message, mend=misfit.mend)
    return request


def _reach(
    dataset: Dataset, watermark: str | None, *, full_due: bool, backfill_since: date | None
) -> tuple[Mode, str | None]:
    if dataset.cursor is None:
        return "full", None
    if backfill_since is not None:
        return "backfill", _day_as_cursor(dataset.columns[dataset.cursor], backfill_since)
    if watermark is None or full_due:
        return "full", None
    since = _back(watermark, dataset.columns[dataset.cursor], dataset.overlap)
    return "incremental", _before_doubt(since, dataset.zone) if dataset.zone else since


def _day_as_cursor(declared: str, day: date) -> str | None:
    """Return *day* as a cursor value; None where the cursor counts instead of telling time."""
    if declared == "timestamp":
        return f"{day.isoformat()}T00:00:00Z"
    return day.isoformat() if declared == "date" else None


def _back(watermark: str, declared: str, overlap: timedelta) -> str:
    """Return *watermark* moved back by *overlap*, where the cursor tells time."""
    if declared == "timestamp":
        return instant_text(instant_from(watermark) - overlap)
    if declared == "date":
        return (date.fromisoformat(watermark) - timedelta(days=-(-overlap // timedelta(days=1)))).isoformat()
    return watermark


def _before_doubt(since: str, zone: str) -> str:
    """
    Return *since* moved back over an hour that the clocks of *zone* repeat, where it lies in one.

    Local times there mean the first pass: rows of the second would count as read already.
    """
    if not since.endswith("Z"):
        return since
    local = instant_from(since).astimezone(ZoneInfo(zone))
    first, second = (local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return instant_text(instant_from(since) - max(first - second, timedelta()))


def failed(dataset: Dataset, error: ConnectorError | LakeError, run: Run) -> Extracted:
    """Write down that *dataset* could not be read; the same failure at the same as-of is written once."""
    body = {"error": type(error).__name__, "message": error.message, "mend": error.mend}
    last = run.ledger.last("failure", subject=dataset.id)
    if last is None or last.valid_at != run.as_of or last.body != body:
        run.write([Draft("failure", dataset.id, run.as_of, body)])
    return Extracted(dataset=dataset.id, error=error)
