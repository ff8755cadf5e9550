"""One extract as a Parquet file: how it is written, and the hash of what it holds."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.canonical import CanonicalHash
from connectors.contract import Extract

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Rows a group: what a writer holds in memory, and the unit that a reader's threads share out.
_ROW_GROUP = 131_072


def writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer to *path*; each table that it is given becomes one row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # CPU seconds and megabytes for a million rows of a deal table: zstd(1) 0.23 and 20, lz4 0.17
    # and 31, snappy 0.19 and 30, zstd(3) 0.28 and 18. A dictionary for numbers and times costs
    # more than it saves (0.64 and 26, with statistics). Statistics (+0.05) help readers that
    # skip; ours read every row.
    texts = [column.name for column in schema if pa.types.is_string(column.type)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=texts or False,
        write_statistics=False,
    )


def row_groups(extract: Extract) -> Generator[pa.Table]:
    """Yield the batches of *extract* joined to tables of at least a row group, but for the last."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in extract:
        held.append(batch)
        rows += batch.num_rows
        if rows >= _ROW_GROUP:
            yield pa.Table.from_batches(held, extract.schema)
            held, rows = [], 0
    if rows:
        yield pa.Table.from_batches(held, extract.schema)


def content_hash(path: Path) -> str | None:
    """Return the content hash of the rows at *path*; None when its bytes are no readable Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # With its pre-buffer on, reading holds the whole file in memory.
        with pq.ParquetFile(path, pre_buffer=False) as file:
            content = CanonicalHash(file.schema_arrow)
            for batch in file.iter_batches():
                content.update(batch)
    except PermissionError:
        raise
    # Broken bytes reach us under every name: thrift, zstd, UTF-8, a length that no memory holds.
    except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError):
        return None
    return content.hexdigest()
