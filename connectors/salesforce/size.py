"""How much there is to read, asked first: it decides how, and whether the allowance bears it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.errors import Transient
from connectors.salesforce import soql, whole
from connectors.salesforce.api import Api, server_time
from connectors.salesforce.faults import QueryTimedOut
from connectors.salesforce.reach import Reach, conditions

if TYPE_CHECKING:
    from connectors.contract import ExtractRequest
    from connectors.salesforce.options import SalesforceDataset
    from connectors.salesforce.plan import Plan


@dataclass(frozen=True, slots=True)
class Size:
    """
    *rows* of the read (None: counting takes too long), the server's clock *at* that time, and what
    the source says of the *whole* dataset where that is to be checked.
    """

    rows: int | None
    at: datetime
    whole: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def asked(api: Api, plan: Plan, request: ExtractRequest, options: SalesforceDataset) -> Size:
    """Return how much there is; in one call, or two where a part of a dataset that is checked is read."""
    if not options.cross_check:
        return Size(*counted(api, plan))
    whole.refuse_unfit(plan, options.cross_check)
    # What lands is compared: without the rows that landing leaves out.
    include_deleted = plan.include_deleted and request.deleted is None
    try:
        told, answer = whole.asked(api, plan, options.cross_check, include_deleted=include_deleted)
    except QueryTimedOut:
        return Size(*counted(api, plan), warnings=("cross_check takes too long: it was not made",))
    if plan.cursor_at is None and include_deleted == plan.include_deleted:
        return Size(int(told["rows"]), server_time(answer, otherwise=api.timing.now()), told)
    return Size(*counted(api, plan), told)


def counted(api: Api, plan: Plan) -> tuple[int | None, datetime]:
    """Return the number of rows that *plan* reads, and the server's clock."""
    text = soql.select(["COUNT()"], of=plan.object, conditions=conditions(plan, Reach.of(plan)))
    try:
        answer = api.query(text, include_deleted=plan.include_deleted)
    except QueryTimedOut:
        return None, server_time(None, otherwise=api.timing.now())
    value = answer.value
    if not isinstance(value, Mapping) or not isinstance(value.get("totalSize"), int):
        raise Transient(f"{answer.named()}: no count came", mend="it is read again next run")
    return int(value["totalSize"]), server_time(answer, otherwise=api.timing.now())
