"""What tells rows apart: the key, and the cursor, since a row may change while pages are read."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.rest import path
from connectors.rest.path import ABSENT, Steps

if TYPE_CHECKING:
    from connectors.contract import ExtractRequest
    from connectors.rest.options import RestDataset
    from connectors.rest.page import Page

Mark = tuple[Any, ...]


def steps_of(request: ExtractRequest, options: RestDataset) -> tuple[Steps, ...]:
    """Return where the parts of a mark lie in a row; none without a key."""
    if not request.key:
        return ()
    names = dict.fromkeys([*request.key, *([request.cursor] if request.cursor else [])])
    return tuple(path.parse(options.fields.get(name, name)) for name in names)


def marks_of(rows: Sequence[Any], steps: Sequence[Steps]) -> list[Mark]:
    """Return the marks of *rows* but those that lack a part: that is for the check of the columns to tell."""
    if not steps:
        return []
    found = (tuple(path.find(row, way) for way in steps) for row in rows)
    return [tuple(map(_hashable, mark)) for mark in found if not any(part is ABSENT for part in mark)]


def repeats(page: Page, previous: Page) -> bool:
    """Return whether *page* holds rows of the one before it."""
    if page.marks:
        return not set(page.marks).isdisjoint(previous.marks)
    return bool(page.rows) and page.rows == previous.rows


def doubled_in(hashes: array[int]) -> int:
    """Return how many of *hashes* are there already; they take 8 bytes a row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.Array.from_buffers(pa.int64(), len(hashes), [None, pa.py_buffer(hashes)])
    ordered = found.take(pc.array_sort_indices(found))
    return int(pc.sum(pc.equal(ordered[1:], ordered[:-1])).as_py() or 0)


def _hashable(value: Any) -> Any:
    # Python gives -1 and -2 one hash.
    is_negative = isinstance(value, (int, Decimal)) and value < 0
    return repr(value) if is_negative or isinstance(value, (list, dict)) else value
