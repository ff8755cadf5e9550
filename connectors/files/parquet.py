"""Parquet: typed by the file, cast exactly to what is declared."""

from __future__ import annotations

from collections.abc import Callable, Generator

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.contract import BATCH_ROWS, ExtractRequest, Table
from connectors.errors import Incomplete
from connectors.files.source_file import SourceFile
from connectors.names import positions
from connectors.typed import TypedRows


def read(file: SourceFile, request: ExtractRequest, rows: TypedRows) -> Generator[pa.RecordBatch]:
    """Yield the file's rows; Incomplete if it is torn or gives another number of them than it declares."""
    source = _opened(file)
    names = source.schema_arrow.names
    wanted = positions(request.columns, names, where=file.name)
    file.columns = _types(source)
    start = 0
    try:
        for batch in source.iter_batches(BATCH_ROWS, columns=list(request.columns), use_threads=False):
            columns = [batch.column(names[position]) for position in wanted]
            yield rows.batch(columns, _place(file.name, start))
            start += batch.num_rows
    except (pa.ArrowException, OSError):
        raise file.torn("Parquet") from None
    file.declared_rows = source.metadata.num_rows
    if start != file.declared_rows:
        raise Incomplete(
            f"{file.name} gave {start} of {file.declared_rows} rows", mend="write the file again"
        )


def tables(file: SourceFile) -> list[Table]:
    """Return the file as a table with its own types; instants are its possible cursors."""
    types = _types(_opened(file))
    return [
        Table(name=file.name, columns=types, cursors=tuple(n for n, t in types.items() if "timestamp" in t))
    ]


def _opened(file: SourceFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file.hash_whole(), pre_buffer=False)
    except (pa.ArrowException, OSError):
        raise file.torn("Parquet") from None


def _types(source: pq.ParquetFile) -> dict[str, str]:
    return {field.name: str(field.type) for field in source.schema_arrow}


def _place(name: str, start: int) -> Callable[[int, str], str]:
    return lambda row, column: f"{name} row {start + row + 1}"
