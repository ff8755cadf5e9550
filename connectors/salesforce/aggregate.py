"""The groups of one aggregate query, in one call."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, cast

import pyarrow as pa

from connectors import json_text
from connectors.contract import ExtractRequest
from connectors.errors import SetupError
from connectors.names import positions
from connectors.salesforce.api import Api, objects
from connectors.salesforce.faults import damaged
from connectors.salesforce.options import SalesforceDataset
from connectors.transport.answer import Answer
from connectors.typed import TypedRows

MOST_GROUPS = 2_000


def ask(api: Api, request: ExtractRequest) -> Answer:
    """
    Return the answer to the dataset's query.

    Raises:
        SetupError: If it has more than 2,000 groups.
        Incomplete: If there are not as many groups as the source counts.
    """
    options = cast("SalesforceDataset", request.options)
    answer = api.query(str(options.query), include_deleted=options.include_deleted)
    groups = objects(answer, "records")
    if answer.value.get("done") is not True:
        mend = "group by fewer or coarser fields, or read rows and aggregate in a metric"
        raise SetupError(f"{answer.named()}: more than {MOST_GROUPS} groups", mend=mend)
    if answer.value.get("totalSize") != len(groups):
        total = answer.value.get("totalSize")
        raise damaged(f"{answer.named()}: groups", expected=total, got=len(groups))
    return answer


def batches(answer: Answer, request: ExtractRequest, rows: TypedRows) -> Generator[pa.RecordBatch]:
    """Yield the groups in order of what they hold: Salesforce gives them in any."""
    records: list[Mapping[str, Any]] = answer.value["records"]
    if not records:
        return
    names = [name for name in records[0] if name != "attributes"]
    positions(request.columns, names, where="the query")
    if any(record.keys() < records[0].keys() for record in records):
        raise damaged(f"{answer.named()}: the groups", expected="the same names in each", got="fewer in some")
    wanted = [{name: record[name] for name in request.columns} for record in records]
    wanted.sort(key=json_text.canonical)
    columns = [[record[name] for record in wanted] for name in request.columns]
    yield rows.batch(columns, lambda row, column: f"group {row + 1}")
