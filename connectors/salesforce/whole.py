"""What Salesforce says of a whole dataset in one aggregate call: the number of rows, and some sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.errors import SetupError, Transient
from connectors.salesforce import soql
from connectors.salesforce.api import Api
from connectors.salesforce.plan import Plan
from connectors.salesforce.schema import NUMBERS
from connectors.transport.answer import Answer


def refuse_unfit(plan: Plan, columns: Sequence[str]) -> None:
    """Raise SetupError unless the source can add up *columns* as they land."""
    for column in columns:
        found = plan.fields.get(column)
        if found is None or found.type not in NUMBERS or not found.aggregatable:
            what = f"{plan.object}: cross_check cannot add up {column}"
            raise SetupError(what, mend="name declared columns that are numbers which Salesforce aggregates")
        if column in plan.amounts:
            what = f"{plan.object}: cross_check of {column}, whose currencies are converted here"
            raise SetupError(what, mend="leave it out of cross_check: Salesforce adds by its own rates")


def asked(
    api: Api, plan: Plan, columns: Sequence[str], *, include_deleted: bool
) -> tuple[dict[str, str], Answer]:
    """Return `rows` and `sum <column>` as plain decimals, and the answer they came in."""
    sums = [f"SUM({plan.fields[column].path}) s{number}" for number, column in enumerate(columns)]
    text = soql.select(["COUNT(Id) n", *sums], of=plan.object, conditions=plan.conditions)
    answer = api.query(text, include_deleted=include_deleted)
    record = _record(answer)
    found = {"rows": str(record["n"])}
    for number, column in enumerate(columns):
        found[f"sum {column}"] = _plain(record[f"s{number}"])
    return found, answer


def _record(answer: Answer) -> Mapping[str, Any]:
    records = answer.value.get("records") if isinstance(answer.value, dict) else None
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
        raise Transient(f"{answer.named()}: no sums came", mend="it is read again next run")
    return records[0]


def _plain(value: object) -> str:
    """Return a sum without exponent or zeros at its end; nothing adds up to 0."""
    number = Decimal(str(value)) if value is not None else Decimal(0)
    return format(number.normalize(), "f") if number else "0"
