"""JSON lines: one object a line, parsed strictly, numbers exactly as written."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import Any, cast

import pyarrow as pa

from connectors import json_text
from connectors.contract import BATCH_ROWS, ExtractRequest, Table
from connectors.errors import BadValue
from connectors.files.options import FilesDataset
from connectors.files.source_file import SourceFile, Utf8Stream
from connectors.names import positions
from connectors.suggest import json_type
from connectors.typed import TypedRows

MAX_LINE = 16 << 20

Line = tuple[int, dict[str, Any]]


def read(file: SourceFile, request: ExtractRequest, rows: TypedRows) -> Generator[pa.RecordBatch]:
    """
    Yield the file's rows. A key that a line leaves out is null there; one that every line leaves
    out is a changed schema. BadValue at the first line that is no JSON object.
    """
    options = cast("FilesDataset", request.options)
    lines = _objects(file, encoding=options.encoding)
    while chunk := list(islice(lines, BATCH_ROWS)):
        for _, record in chunk:
            for key in record.keys() - file.columns.keys():
                file.columns[key] = type(record[key]).__name__
        columns = [_column(chunk, name, kind) for name, kind in request.columns.items()]
        yield rows.batch(columns, _place(file.name, chunk))
    if file.columns:
        positions(request.columns, list(file.columns), where=file.name)


def tables(file: SourceFile) -> list[Table]:
    """Return the file as a table with the keys of its first 100 lines."""
    cells: dict[str, list[object]] = {}
    for _, record in islice(_objects(file, encoding="utf-8-sig"), 100):
        for key, value in record.items():
            cells.setdefault(key, []).append(value)
    return [Table(name=file.name, columns={key: json_type(found) for key, found in cells.items()})]


def _objects(file: SourceFile, *, encoding: str) -> Iterator[Line]:
    """Yield line number and object of every line that is not blank."""
    text = io.BufferedReader(Utf8Stream(file, encoding=encoding), 1 << 20)
    number = 0
    while True:
        try:
            line = text.readline(MAX_LINE)
            number += 1
            if not line:
                return
            if len(line) == MAX_LINE:
                raise ValueError(f"longer than {MAX_LINE >> 20} MiB")
            record = json_text.parse(line.decode()) if line.strip() else None
        except UnicodeDecodeError:
            raise _mistake(f"{file.name}:{number}", f"bytes that are not {encoding}") from None
        except ValueError as problem:
            raise _mistake(f"{file.name}:{number}", str(problem)) from None
        if record is not None:
            if not isinstance(record, dict):
                raise _mistake(f"{file.name}:{number}", "no object")
            yield number, record


def _column(chunk: list[Line], name: str, kind: str) -> list[object]:
    values = [record.get(name) for _, record in chunk]
    if kind != "json":
        return values
    return [None if value is None else json_text.canonical(value) for value in values]


def _place(name: str, chunk: list[Line]) -> Callable[[int, str], str]:
    return lambda row, column: f"{name}:{chunk[row][0]}"


def _mistake(place: str, what: str) -> BadValue:
    return BadValue(f"{place}: {what}", mend="write one JSON object a line", place=place)
