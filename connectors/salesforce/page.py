"""One page of rows as it came, and whether its rows follow one another as the query asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.salesforce.faults import damaged
from connectors.salesforce.plan import Plan
from connectors.salesforce.reach import Key

_ID = "^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}(Z|\+0000))?$"
_MOMENT_SIGNS = 23
_ID_SIGNS = 15


@dataclass(frozen=True, slots=True)
class Page:
    """*columns* stand in the order of a plan's paths: Python objects from JSON, or Arrow texts from CSV."""

    columns: Sequence[pa.Array | Sequence[object]]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.columns[0])


def page_of(plan: Plan, records: Sequence[Mapping[str, Any]]) -> Page:
    """Return JSON records as a page; the field of a parent that is missing is None."""
    return Page([_column(records, path.split(".")) for path in plan.paths])


def last_key(plan: Plan, page: Page, *, after: Key | None) -> Key:
    """
    Return where the last row of *page* stands.

    Raises:
        Incomplete: If its rows do not come in order, each once, after the row *after*.
    """
    ids = _texts(page.columns[plan.id_at], _ID, what="ids")
    keys = pc.utf8_slice_codeunits(ids, 0, _ID_SIGNS)
    moments = None
    if plan.cursor_at is not None:
        moments = _texts(page.columns[plan.cursor_at], _MOMENT, what="cursor values")
        moments = pc.utf8_slice_codeunits(moments, 0, _MOMENT_SIGNS)
        keys = pc.binary_join_element_wise(moments, keys, "")
    before = [] if after is None else [_joined(after)]
    in_order = pa.concat_arrays([pa.array(before, pa.string()), keys])
    rising = pc.less(in_order.slice(0, len(in_order) - 1), in_order.slice(1))
    if pc.all(rising).as_py() is False:
        wrong = pc.sum(pc.invert(rising)).as_py()
        raise damaged(
            "rows came twice or out of order", expected="each once, in order", got=f"{wrong} that are not"
        )
    last_id = str(ids[-1])
    if moments is None:
        return (last_id,)
    moment = str(moments[-1])
    return (moment + "Z" if "T" in moment else moment, last_id)


def _joined(key: Key) -> str:
    *moment, id = key
    return "".join(part.removesuffix("Z") for part in moment) + id[:_ID_SIGNS]


def _texts(values: pa.Array | Sequence[object], pattern: str, *, what: str) -> pa.Array:
    try:
        found = pa.array(values, pa.string())
    except (pa.ArrowInvalid, TypeError):
        found = pa.nulls(1, pa.string())
    if found.null_count or pc.all(pc.match_substring_regex(found, pattern)).as_py() is False:
        raise damaged(f"the {what} of a page", expected="one in every row", got="something else")
    return found


def _column(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[object]:
    found: list[Any] = list(records)
    try:
        for name in names:
            found = [None if inner is None else inner[name] for inner in found]
    except (KeyError, TypeError):
        # A field without a value is null; one that is not there at all was lost on the way.
        raise damaged(
            "the records of a page", expected=f"{'.'.join(names)} in each", got="some without"
        ) from None
    return found
