"""The groups of one aggregate query, in one call."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, cast

import pyarrow as pa

from connectors import json_text
from connectors.contract import ExtractRequest
from connectors.errors import SetupError, Transient
from connectors.names import positions
from connectors.salesforce.api import Api
from connectors.salesforce.options import SalesforceDataset
from connectors.transport.answer import Answer
from connectors.typed import TypedRows

MOST_GROUPS = 2_000


def ask(api: Api, request: ExtractRequest) -> Answer:
    """
    Return the answer to the dataset's query.

    Raises:
        SetupError: If it has more than 2,000 groups, or the dataset a cursor.
    """
    options = cast("SalesforceDataset", request.options)
    if request.cursor is not None:
        raise SetupError("an aggregate has no cursor", mend="remove `cursor`: every read is the whole answer")
    answer = api.query(str(options.query), include_deleted=options.include_deleted)
    if not isinstance(answer.value, dict) or not isinstance(answer.value.get("records"), list):
        raise Transient(f"{answer.named()}: no groups came", mend="it is read again next run")
    if answer.value.get("done") is not True:
        mend = "group by fewer or coarser fields, or read rows and aggregate in a metric"
        raise SetupError(f"{answer.named()}: more than {MOST_GROUPS} groups", mend=mend)
    return answer


def batches(answer: Answer, request: ExtractRequest, rows: TypedRows) -> Generator[pa.RecordBatch]:
    """Yield the groups in order of what they hold: Salesforce gives them in any."""
    records: list[Mapping[str, Any]] = answer.value["records"]
    if not records:
        return
    names = [name for name in records[0] if name != "attributes"]
    positions(request.columns, names, where="the query")
    wanted = [{name: record.get(name) for name in request.columns} for record in records]
    wanted.sort(key=json_text.canonical)
    columns = [[record[name] for record in wanted] for name in request.columns]
    yield rows.batch(columns, lambda row, column: f"group {row + 1}")
