"""What `okr doctor` asks of an organisation: who answers, what is left of the allowance, what may be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from connectors.contract import Check
from connectors.errors import ConnectorError
from connectors.salesforce import aggregate, identity, whole
from connectors.salesforce.api import objects
from connectors.salesforce.page import page_of
from connectors.salesforce.plan import planned
from connectors.salesforce.reach import Reach, statement
from connectors.salesforce.rows import Rows
from connectors.salesforce.sign_in import SKEW_S, skew_seconds
from connectors.typed import TypedRows

if TYPE_CHECKING:
    from connectors.contract import ExtractRequest
    from connectors.salesforce.api import Api
    from connectors.salesforce.options import SalesforceDataset

_LOW = 10
"""Percent of the allowance from which on what is left is worth a word."""


def checks(api: Api, requests: tuple[ExtractRequest, ...]) -> list[Check]:
    """Return what there is to say; only who answers where nobody does."""
    api.begin()
    try:
        found = [_organisation(api)]
        found += _allowance(api)
        found += _clock(api)
    except ConnectorError as problem:
        return [Check(subject="connection", passed=False, seen=problem.message, mend=problem.mend)]
    return found + [_dataset(api, request) for request in requests]


def _organisation(api: Api) -> Check:
    found = api.organization()
    kind = "a sandbox" if found.get("IsSandbox") else "production"
    if (contradiction := identity.mismatch(api)) is not None:
        mend = "mend domain or instance_url, or declare the `organization` that is meant"
        declared = api.connection.organization is not None
        return Check(subject="organisation", passed=False, seen=contradiction, mend=mend, advice=declared)
    return Check(subject="organisation", passed=True, seen=f"{found['Id']}, {kind}, by {api.connection.auth}")


def _allowance(api: Api) -> Iterator[Check]:
    if api.usage is None:
        return
    left = max(0, api.usage.most - api.usage.used)
    seen = f"{left} of {api.usage.most} requests left today"
    if left * 100 >= api.usage.most * _LOW:
        yield Check(subject="allowance", passed=True, seen=seen)
    else:
        mend = "read less often, or see in Setup, Company Information, who uses them"
        yield Check(subject="allowance", passed=False, seen=seen, mend=mend, advice=True)


def _clock(api: Api) -> Iterator[Check]:
    skew_s = skew_seconds(api.transport, now=api.timing.now())
    if skew_s is None:
        return
    if abs(skew_s) <= SKEW_S:
        yield Check(subject="clock", passed=True, seen=f"{abs(skew_s)} s from Salesforce's")
        return
    seen = f"{abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} Salesforce's"
    mend = "set this machine's clock: a sign-in by jwt fails by it; what is read goes by Salesforce's"
    yield Check(subject="clock", passed=False, seen=seen, mend=mend, advice=True)


def _dataset(api: Api, request: ExtractRequest) -> Check:
    try:
        rows, columns = _sample(api, request)
    except ConnectorError as problem:
        return Check(subject=request.dataset, passed=False, seen=problem.message, mend=problem.mend)
    seen = f"one row read, {columns} columns fit" if rows else "readable, without a row"
    return Check(subject=request.dataset, passed=True, seen=seen)


def _sample(api: Api, request: ExtractRequest) -> tuple[int, int]:
    """Return how many rows and columns a short read gives."""
    options = cast("SalesforceDataset", request.options)
    typed = TypedRows(request)
    if options.mode == "aggregate":
        found = list(aggregate.batches(aggregate.ask(api, request), request, typed))
        return sum(batch.num_rows for batch in found), len(request.columns)
    plan = planned(request, api.describe)
    whole.refuse_unfit(plan, options.cross_check)
    answer = api.query(statement(plan, Reach.of(plan), limit=1), include_deleted=plan.include_deleted)
    records = objects(answer, "records")
    if records:
        Rows(request, typed, plan).batch(page_of(plan, records))
    return len(records), len(request.columns)
