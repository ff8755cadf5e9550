"""The content hash: independent of batches and of memory, changed by every cell."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.canonical import CanonicalHash
from connectors.column_type import arrow_schema

SCHEMA = arrow_schema(
    {
        "i": "integer",
        "d": "decimal(38,9)",
        "s": "string",
        "b": "boolean",
        "day": "date",
        "at": "timestamp",
    }
)
CELLS = st.fixed_dictionaries(
    {
        "i": st.none() | st.integers(-(2**63), 2**63 - 1),
        "d": st.none() | st.decimals(-(10**28), 10**28, places=9, allow_nan=False),
        "s": st.none() | st.text(max_size=5),
        "b": st.none() | st.booleans(),
        "day": st.none() | st.dates(),
        "at": st.none() | st.datetimes(timezones=st.just(UTC)),
    }
)
ROWS = st.lists(CELLS, max_size=12)


def batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def digest(*batches: pa.RecordBatch) -> str:
    counted = CanonicalHash(SCHEMA)
    for part in batches:
        counted.update(part)
    return counted.hexdigest()


@given(ROWS, st.lists(st.integers(0, 12), max_size=4))
def test_splitting_never_changes_it(rows: list[dict[str, object]], cuts: list[int]) -> None:
    """However the rows are cut into batches, slices included, the hash is one."""
    whole = batch(rows)
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [whole.slice(start, end - start) for start, end in pairwise(bounds)]
    assert digest(*parts) == digest(whole)


@settings(max_examples=200)
@given(st.lists(CELLS, min_size=1, max_size=6), st.data())
def test_a_changed_cell_always_changes_it(rows: list[dict[str, object]], data: st.DataObject) -> None:
    """Rows that differ in a single cell, a null among them, hash differently."""
    at = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(SCHEMA.names))
    other = data.draw(CELLS)[name]
    changed = [dict(row) for row in rows]
    changed[at][name] = other
    assert (digest(batch(rows)) == digest(batch(changed))) == (rows[at][name] == other)


def test_bytes_under_a_null_do_not_matter() -> None:
    """Two arrays that differ only in what lies in memory under a null hash alike."""
    valid = pa.array([True, False, True])
    found = [
        pa.Array.from_buffers(
            pa.int64(), 3, [pa.array([1, None, 3]).buffers()[0], pa.array([1, hidden, 3]).buffers()[1]]
        )
        for hidden in (7, 8)
    ]
    schema = pa.schema([("i", pa.int64())])
    digests = []
    for column in found:
        assert column.is_valid().to_pylist() == valid.to_pylist()
        counted = CanonicalHash(schema)
        counted.update(pa.record_batch([column], schema=schema))
        digests.append(counted.hexdigest())
    assert digests[0] == digests[1]


def test_text_cannot_move_between_rows() -> None:
    """`ab` + `c` is not `a` + `bc`, and an empty text is not a null."""
    texts = [["ab", "c"], ["a", "bc"], ["", "abc"], [None, "abc"]]
    found = {digest(batch([{"s": text} for text in pair])) for pair in texts}
    assert len(found) == 4


def test_order_matters() -> None:
    """Rows in another order are other content."""
    assert digest(batch([{"i": 1}, {"i": 2}])) != digest(batch([{"i": 2}, {"i": 1}]))


def test_column_names_and_types_matter() -> None:
    """The same cells under another name or scale are other content."""
    schemas = [{"a": "decimal(9,2)"}, {"b": "decimal(9,2)"}, {"a": "decimal(9,3)"}]
    found = {CanonicalHash(arrow_schema(columns)).hexdigest() for columns in schemas}
    assert len(found) == 3


def test_hash_of_known_rows_is_pinned() -> None:
    """Stored hashes stay comparable: a change of this constant would break every lake."""
    rows = [
        {
            "i": -1,
            "d": Decimal("12.5"),
            "s": "é",
            "b": True,
            "day": date(2026, 1, 1),
            "at": datetime(2026, 1, 1, tzinfo=UTC),
        },
        {},
    ]
    assert digest(batch(rows)) == "9f94b05708dd3b6a1361c120b58b7148154581eaceb73e2328ca5329649051a5"
