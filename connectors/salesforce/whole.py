"""What Salesforce says of a whole dataset in one aggregate call: the number of rows, and some sums."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from connectors.errors import SetupError, Transient
from connectors.salesforce import soql
from connectors.salesforce.api import Api, objects
from connectors.salesforce.plan import Plan
from connectors.salesforce.schema import NUMBERS
from connectors.transport.answer import Answer


def refuse_unfit(plan: Plan, columns: Sequence[str]) -> None:
    """Raise SetupError unless the source can add up *columns* as they land."""
    for column in columns:
        found = plan.fields[column]
        if found.type not in NUMBERS or not found.aggregatable:
            what = f"{plan.object}: cross_check cannot add up {column}"
            raise SetupError(what, mend="name columns that are numbers which Salesforce aggregates")
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
    try:
        [record] = objects(answer, "records")
        found = {"rows": str(int(record["n"]))}
        for number, column in enumerate(columns):
            found[f"sum {column}"] = _plain(record[f"s{number}"])
    except (KeyError, ValueError, TypeError, InvalidOperation):
        pass
    else:
        return found, answer
    raise Transient(f"{answer.named()}: no sums came", mend="it is read again next run")


def _plain(value: object) -> str:
    """Return a sum without exponent or zeros at its end; nothing adds up to 0."""
    number = Decimal(str(value)) if value is not None else Decimal(0)
    return format(number.normalize(), "f") if number else "0"
