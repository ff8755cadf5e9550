"""The digest of an extract's content: the same rows hash the same, however they were cut into batches."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


class CanonicalHash:
    """
    SHA-256 over a schema and its rows in order.

    Every column is hashed by itself: the row numbers of its nulls, then its values as little-endian
    buffers with nulls as zeros (texts: byte lengths, then UTF-8 bytes). The content hash covers the
    schema, the row count and the column digests, so neither batch boundaries nor what lies in memory
    under a null can change it. Order does.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self.bytes = 0
        self._schema = schema
        self._columns = [(hashlib.sha256(), hashlib.sha256(), hashlib.sha256()) for _ in schema]

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of *batch*, whose schema must be the one given at the start."""
        for column, (nulls, fixed, content) in zip(batch.columns, self._columns, strict=True):
            if column.null_count:
                nulls.update(_null_rows(column, first=self.rows))
                column = _nulls_zeroed(column)
            values, text = _buffers(column)
            fixed.update(values)
            content.update(text)
            self.bytes += len(values) + len(text)
        self.rows += batch.num_rows

    def hexdigest(self) -> str:
        """Return the content hash of all rows so far: 64 hexadecimal digits."""
        header = [[field.name, str(field.type)] for field in self._schema]
        whole = hashlib.sha256(json.dumps([header, self.rows], ensure_ascii=False).encode())
        for digests in self._columns:
            for digest in digests:
                whole.update(digest.digest())
        return whole.hexdigest()


def _null_rows(column: pa.Array, *, first: int) -> memoryview:
    """Return the numbers of the null rows, counted from the start of the extract, as int64."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.indices_nonzero(column.is_null()).cast(pa.int64())
    numbers: pa.Array = pc.add(places, pa.scalar(first, pa.int64()))
    return _fixed(numbers, width=8)


def _nulls_zeroed(column: pa.Array) -> pa.Array:
    """Return *column* with every null as zero or the empty text: its bytes no longer depend on memory."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        return pc.fill_null(column, "")
    if pa.types.is_boolean(column.type):
        return pc.fill_null(column, False)
    return pc.fill_null(column, pa.scalar(0, column.type))


def _buffers(column: pa.Array) -> tuple[memoryview, memoryview]:
    """Return the fixed-width bytes of a column without nulls, and its text bytes (empty for other types)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        return _fixed(pc.binary_length(column), width=4), _text(column)
    if pa.types.is_boolean(column.type):
        return _fixed(column.cast(pa.uint8()), width=1), memoryview(b"")
    return _fixed(column, width=column.type.bit_width // 8), memoryview(b"")


def _fixed(column: pa.Array, *, width: int) -> memoryview:
    values = column.buffers()[1]
    if values is None or not len(column):
        return memoryview(b"")
    return memoryview(values)[column.offset * width : (column.offset + len(column)) * width]


def _text(column: pa.Array) -> memoryview:
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return memoryview(b"")
    bounds = memoryview(offsets).cast("B").cast("i")
    return memoryview(data)[bounds[column.offset] : bounds[column.offset + len(column)]]
