"""Pages as batches of declared types: the same values whether they came as JSON or as CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.cells import DECIMAL, Unreadable
from connectors.column_type import declared_types
from connectors.contract import ExtractRequest
from connectors.salesforce.page import Page
from connectors.salesforce.plan import Plan
from connectors.salesforce.schema import NUMBERS
from connectors.typed import TypedRows

_EXACT = Context(prec=100)
_NUMBER = re.compile(DECIMAL)
_WHOLE = r"^-?[0-9]+(\.0+)?$"


class Rows:
    """Types the pages of one read; *count* are the rows of all pages so far."""

    def __init__(self, request: ExtractRequest, typed: TypedRows, plan: Plan) -> None:
        self.count = 0
        self._typed = typed
        self._plan = plan
        self._types = declared_types(request.columns)

    def batch(self, page: Page) -> pa.RecordBatch:
        """Return the rows of *page* that fit; BadValue beyond the request's reject_limit."""
        columns = [
            self._values(page, at, column) for at, column in zip(self._plan.columns, self._types, strict=True)
        ]
        ids = page.columns[self._plan.id_at]
        self.count += page.rows
        return self._typed.batch(columns, lambda row, column: f"{self._plan.object} {ids[row]}")

    def _values(self, page: Page, at: int, column: str) -> Any:
        values = page.columns[at]
        if (code := self._plan.amounts.get(column)) is not None:
            codes = page.columns[self._plan.paths.index(code)]
            return self._converted(values, codes, most=self._types[column].scale)
        is_number = self._plan.fields[column].type in NUMBERS
        if is_number and isinstance(values, pa.Array) and self._types[column].name == "integer":
            return _whole(values)
        return values

    def _converted(self, amounts: Any, codes: Any, *, most: int) -> Sequence[object]:
        currency = self._plan.currency
        rates = currency.rates if currency else {}
        found: list[object] = []
        for amount, code in zip(_listed(amounts), _listed(codes), strict=True):
            rate = rates.get(str(code))
            found.append(None if amount is None else _in_one_currency(_number(amount), rate, most))
        return found


def _in_one_currency(amount: Any, rate: Decimal | None, most: int) -> object:
    """Return *amount* times *rate*, exactly; what has more than *most* decimals then is a reject."""
    if rate is None:
        return Unreadable("an amount of a currency that `rates` does not name")
    if not isinstance(amount, Decimal):
        return amount
    found = _EXACT.multiply(amount, rate)
    if -int(found.normalize(_EXACT).as_tuple().exponent) <= most:
        return found
    return Unreadable(f"more than {most} decimals once converted: declare what amount and rate have together")


def _whole(values: pa.Array) -> pa.Array | Sequence[object]:
    """Return texts of whole numbers without the `.0` or the exponent that doubles are written with."""
    if pc.all(pc.match_substring_regex(values, _WHOLE)).as_py() is not False:
        return pc.replace_substring_regex(values, r"\.0+$", "")
    return [None if text is None else _number(text) for text in values.to_pylist()]


def _number(value: object) -> Any:
    """Return a number that was read as text or JSON; what is none, to be a reject."""
    text = str(value)
    return Decimal(text) if _NUMBER.match(text) else Unreadable("not a decimal number")


def _listed(values: Any) -> Sequence[Any]:
    found: Sequence[Any] = values.to_pylist() if isinstance(values, pa.Array) else values
    return found
