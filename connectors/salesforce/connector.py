"""The connector for Salesforce: looks at what there is to read, then reads it by the cheaper of two ways."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from connectors.contract import Check, Extract, ExtractRequest, Table
from connectors.errors import Incomplete
from connectors.salesforce.options import SalesforceConnection, SalesforceDataset
from connectors.transport.policy import Policy, Timing
from connectors.typed import TypedRows
from connectors.window import within

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

    from connectors.salesforce.api import Api
    from connectors.salesforce.bulk_lane import Patience
    from connectors.salesforce.jobs import Jobs
    from connectors.salesforce.page import Page
    from connectors.salesforce.plan import Plan
    from connectors.salesforce.size import Size
    from connectors.transport.tally import Tally

BULK_FROM = 20_000
"""Rows from which on `read: auto` takes a Bulk job."""


@dataclass(slots=True)
class _Seen:
    """What one extract has found out so far."""

    begun: Tally | None = None
    organisation: str = ""
    at: datetime | None = None
    types: dict[str, str] = field(default_factory=dict)
    whole: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    warnings: list[str] = field(default_factory=list)


class SalesforceConnector:
    """One organisation. What it gives is the same by query pages and by Bulk jobs, to the content hash."""

    kind: ClassVar[str] = "salesforce"
    Connection: ClassVar[type[BaseModel]] = SalesforceConnection
    Dataset: ClassVar[type[BaseModel]] = SalesforceDataset

    def __init__(
        self,
        connection: SalesforceConnection,
        *,
        base: Path,
        policy: Policy | None = None,
        timing: Timing | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._connection = connection
        self._base = base
        self._policy = policy or Policy()
        self._timing = timing or Timing()
        self._patience = patience
        self._opened: Api | None = None

    def extract(self, request: ExtractRequest) -> Extract:
        """
        Read one dataset: whole, in order of ids; or a window, in order of cursor and id, that ends at
        the server's clock as the read begins.
        """
        typed = TypedRows(request)
        seen = _Seen()

        def facts() -> dict[str, Any]:
            return {
                **self._cost(seen),
                "complete": "yes",
                "declared_total": seen.rows,
                "origin": _origin(seen.organisation, cast("SalesforceDataset", request.options)),
                "source_schema": seen.types,
                "server_time_at": seen.at,
                "warnings": tuple(seen.warnings),
                "whole": seen.whole,
                "libraries": _libraries(),
                **typed.facts(),
            }

        return Extract(request, typed.schema, within(self._batches(request, typed, seen), request), facts)

    def check(self, requests: tuple[ExtractRequest, ...]) -> list[Check]:
        """Say who answers, what is left of the allowance, how the clocks differ; read a row of each."""
        from connectors.salesforce import doctor

        return doctor.checks(self._api(), requests)

    def discover(self) -> list[Table]:
        """Return the objects that the user may read, custom ones first, at most 100."""
        from connectors.salesforce import catalog

        return catalog.tables(self._api())

    def describe(self, name: str) -> Table | None:
        """Return one object with its fields; None if the user sees none of that name."""
        from connectors.salesforce import catalog

        return catalog.table(self._api(), name)

    def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _api(self) -> Api:
        from connectors.salesforce.api import Api

        if self._opened is None:
            self._opened = Api(self._connection, base=self._base, policy=self._policy, timing=self._timing)
        return self._opened

    def _cost(self, seen: _Seen) -> dict[str, Any]:
        tally = self._api().transport.tally()
        return (tally - seen.begun if seen.begun else tally).facts()

    def _batches(self, request: ExtractRequest, typed: TypedRows, seen: _Seen) -> Generator[pa.RecordBatch]:
        from connectors.salesforce import aggregate, identity
        from connectors.salesforce.api import server_time

        api = self._api()
        seen.begun = api.begin()
        seen.organisation = identity.organisation(api, last_origin=request.last_origin)
        if cast("SalesforceDataset", request.options).mode == "rows":
            yield from self._rows(api, request, typed, seen)
            return
        answer = aggregate.ask(api, request)
        seen.at = server_time(answer, otherwise=self._timing.now())
        for batch in aggregate.batches(answer, request, typed):
            seen.rows += batch.num_rows
            yield batch

    def _rows(
        self, api: Api, request: ExtractRequest, typed: TypedRows, seen: _Seen
    ) -> Generator[pa.RecordBatch]:
        from connectors.salesforce import size
        from connectors.salesforce.plan import clocked, planned
        from connectors.salesforce.rows import Rows

        options = cast("SalesforceDataset", request.options)
        plan = planned(request, api.describe)
        seen.types = dict(plan.types)
        found = size.asked(api, plan, request, options)
        seen.whole = found.whole
        seen.warnings += (*_conversions(plan), *found.warnings)
        if plan.include_deleted and request.deleted is None:
            seen.warnings.append("rows in the recycle bin count too: `deleted: IsDeleted` takes them out")
        jobs = self._jobs(request, plan, found, seen)
        seen.at = jobs.started_at if jobs else found.at
        plan = clocked(plan, seen.at)
        rows = Rows(request, typed, plan)
        for page in self._pages(api, plan, found, jobs):
            yield rows.batch(page)
        seen.rows = rows.count
        _refuse_missing(api, plan, before=found.rows, rows=rows.count)

    def _jobs(self, request: ExtractRequest, plan: Plan, found: Size, seen: _Seen) -> Jobs | None:
        """Return the Bulk jobs to read by, those of a read that broke off among them; None for pages."""
        from connectors.salesforce.jobs import Jobs

        read = cast("SalesforceDataset", request.options).read
        jobs = Jobs(request.unfinished, read=f"{seen.organisation} {plan.fingerprint()}", now=found.at)
        large = found.rows is None or found.rows >= BULK_FROM or jobs.any
        return jobs if read == "bulk" or (read == "auto" and large) else None

    def _pages(self, api: Api, plan: Plan, found: Size, jobs: Jobs | None) -> Generator[Page]:
        """Return the pages of the whole read; QuotaExhausted if the allowance does not bear it."""
        from connectors.salesforce import allowance, bulk_lane, rest_lane
        from connectors.salesforce.reach import Reach

        expected = allowance.calls(found.rows or 0, plan, in_bulk=jobs is not None)
        share = self._connection.share_ratio
        allowance.refuse_costly(expected, api.usage, share=share, object=plan.object)
        if jobs is None:
            return rest_lane.pages(api, plan, Reach.of(plan))
        patience = self._patience or bulk_lane.Patience()
        return bulk_lane.pages(api, plan, Reach.of(plan), jobs=jobs, patience=patience)


def _refuse_missing(api: Api, plan: Plan, *, before: int | None, rows: int) -> None:
    """Raise Incomplete if the source held more rows than came, before the read and after it."""
    from connectors.salesforce import size

    if before is None or rows >= before:
        return
    after = size.counted(api, plan)[0]
    if after is not None and rows < after:
        raise Incomplete(
            f"{plan.object}: {rows} rows came, the source counts {min(before, after)}",
            mend="nothing of it is used; it is read again next run",
        )


def _conversions(plan: Plan) -> list[str]:
    if plan.currency is None or not plan.amounts:
        return []
    to = plan.currency.convert_to
    others = sorted((code, rate) for code, rate in plan.currency.rates.items() if code != to)
    rates = ", ".join(f"1 {code} = {rate} {to}" for code, rate in others)
    return [f"{', '.join(plan.amounts)} in {to}{f' at {rates}' if rates else ''}"]


def _origin(organisation: str, options: SalesforceDataset) -> str:
    from connectors.salesforce.identity import origin

    if options.object is not None:
        return origin(organisation, f"object {options.object}")
    return origin(organisation, f"query sha256:{hashlib.sha256(str(options.query).encode()).hexdigest()}")


def _libraries() -> dict[str, str]:
    found = {}
    for name in ("simple-salesforce", "requests", "pyarrow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
