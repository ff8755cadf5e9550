"""CSV: streamed through Arrow as text, strict about its shape, every mistake with its line number."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from connectors.contract import BATCH_ROWS, ExtractRequest, Table
from connectors.errors import BadValue, SourceEmpty
from connectors.files.options import FilesDataset
from connectors.files.source_file import SourceFile, Utf8Stream
from connectors.names import positions
from connectors.typed import TypedRows

if TYPE_CHECKING:
    from _csv import Reader

MAX_COLUMNS = 16_384
MAX_LINE = 1 << 20
MAX_CELL = 64 << 20
_BLOCK = 4 << 20
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_16_UNMARKED = {0: "utf-16-be", 1: "utf-16-le"}  # by where the first zero byte is


def read(file: SourceFile, request: ExtractRequest, rows: TypedRows) -> Generator[pa.RecordBatch]:
    """
    Yield the file's rows. Blank lines are skipped. An empty cell is null; only a quoted empty cell
    of a string column is the empty text.
    """
    options = cast("FilesDataset", request.options)
    _refuse_utf_16(file, options)
    source = Utf8Stream(file, encoding=options.encoding, quote=options.quote)
    text = io.BufferedReader(source, _BLOCK)
    records = _Records(file, options)
    header = _header(text, options, records)
    file.columns = dict.fromkeys(header, "text")
    wanted = positions(request.columns, header, where=file.name)
    records.width = len(header)
    empty_is_null = [kind != "string" for kind in request.columns.values()]
    start = 0
    for batch in _text_batches(text, options, records, wanted=wanted):
        columns = [
            _empty_as_null(column) if nullable else column
            for column, nullable in zip(batch.columns, empty_is_null, strict=True)
        ]
        yield rows.batch(columns, records.placed_from(start))
        start += batch.num_rows
    if source.quotes % 2:
        records.refuse_mistakes()


def tables(file: SourceFile) -> list[Table]:
    """Return the file as a table whose columns are text; its options say what parts cells, if no comma."""
    options = FilesDataset(path=file.name)
    _refuse_utf_16(file, options)
    header = _whole_header(file, options)
    found: dict[str, object] = {}
    if len(header) == 1 and (other := next((sign for sign in ";\t|" if sign in header[0]), None)):
        parted = _whole_header(file, options.model_copy(update={"delimiter": other}))
        if len(parted) > 1:  # not where it is quoted
            found, header = {"delimiter": other}, parted
    return [Table(name=file.name, columns=dict.fromkeys(header, "text"), options=found)]


def _whole_header(file: SourceFile, options: FilesDataset) -> list[str]:
    file.stream.seek(0)
    text = io.BufferedReader(Utf8Stream(file, encoding=options.encoding))
    return _header(text, options, _Records(file, options))


def _refuse_utf_16(file: SourceFile, options: FilesDataset) -> None:
    """Raise BadValue for a file in UTF-16, as spreadsheets write "Unicode text", that is not declared so."""
    start = file.stream.read(2)
    file.stream.seek(0)
    found = "utf-16" if start in _UTF_16_MARKS else _UTF_16_UNMARKED.get(start.find(0))
    if found and not codecs.lookup(options.encoding).name.startswith(("utf-16", "utf-32")):
        raise BadValue(
            f"{file.name} is written in UTF-16, and declared as {options.encoding}",
            mend=f"write `encoding: {found}` at the dataset, or export the file as UTF-8",
            place=f"{file.name}:1",
        )


def _header(text: io.BufferedReader[Utf8Stream], options: FilesDataset, records: _Records) -> list[str]:
    """Return the header's cells; *text* is left at the first byte after it."""
    name = records.name
    place = f"{name}:{options.header_row}"
    try:
        for number, record in enumerate(_csv(_lines(text), name, options), start=1):
            if number == options.header_row:
                if len(record) > MAX_COLUMNS:
                    raise BadValue(f"{place} has more than {MAX_COLUMNS} columns", mend=_MEND, place=place)
                return record
    except UnicodeDecodeError:
        raise records.wrong_bytes() from None
    except csv.Error:
        raise BadValue(
            f"{place} is no header in {options.encoding}",
            mend="mend `encoding`, `quote` or `delimiter`",
            place=place,
        ) from None
    raise SourceEmpty(f"{name} ends before its header row {options.header_row}", mend="mend `header_row`")


_MEND = "mend the file, or `delimiter` and `quote` at the dataset"
_MEND_ENCODING = "mend `encoding` at the dataset, or export the file as UTF-8"


def _csv(lines: Iterator[str], name: str, options: FilesDataset) -> Reader:
    return csv.reader(lines, delimiter=options.delimiter_of(name), quotechar=options.quote, strict=True)


def _lines(text: io.BufferedReader[Utf8Stream]) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise csv.Error
        yield line.decode()


def _text_batches(
    text: io.BufferedReader[Utf8Stream], options: FilesDataset, records: _Records, *, wanted: list[int]
) -> Iterator[pa.RecordBatch]:
    names = [f"f{position}" for position in range(records.width)]
    read = arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK)
    parse = arrow_csv.ParseOptions(
        delimiter=options.delimiter_of(records.name), quote_char=options.quote, newlines_in_values=True
    )
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=[names[position] for position in wanted],
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    try:
        with arrow_csv.open_csv(pa.PythonFile(text, mode="r"), read, parse, convert) as reader:
            for block in reader:
                for start in range(0, block.num_rows, BATCH_ROWS):
                    yield block.slice(start, BATCH_ROWS)
    except pa.ArrowInvalid as problem:
        if str(problem).startswith("Empty CSV file"):
            return
        records.refuse_mistakes()
        raise records.mistake("has a row that cannot be read", line=None) from None
    except UnicodeDecodeError:
        raise records.wrong_bytes() from None


def _empty_as_null(column: pa.Array) -> pa.Array:
    lengths = pc.binary_length(column)
    if pc.min(lengths).as_py() != 0:
        return column
    return pc.if_else(pc.equal(lengths, 0), pa.scalar(None, pa.string()), column)


class _Records:
    """A slow second look at the file: where a record begins, and what is wrong with the first bad one."""

    def __init__(self, file: SourceFile, options: FilesDataset) -> None:
        self.name = file.name
        self.width = 0
        self._file = file
        self._options = options
        self._lines: Iterator[int] | None = None
        self._next = 0

    def placed_from(self, start: int) -> Callable[[int, str], str]:
        """Return where rows are, counted from data row *start*. Rows are asked for in ascending order."""
        return lambda row, column: f"{self.name}:{self._line_of(start + row)}"

    def refuse_mistakes(self) -> None:
        """Raise BadValue for the first record that is not as wide as the header, or not CSV."""
        for line, record in self._scan():
            if len(record) != self.width:
                cells = f"{len(record)} cell{'s' * (len(record) != 1)}"
                raise self.mistake(f"{cells} where the header has {self.width}", line=line)

    def wrong_bytes(self) -> BadValue:
        """Return the error of the first line that the declared encoding does not decode."""
        try:
            for _ in self._scan():
                pass
        except BadValue as problem:
            return problem
        return self._wrong_bytes(line=None)

    def _wrong_bytes(self, *, line: int | None) -> BadValue:
        return self.mistake(f"bytes that are not {self._options.encoding}", line=line, mend=_MEND_ENCODING)

    def mistake(self, what: str, *, line: int | None, mend: str = _MEND) -> BadValue:
        place = self.name if line is None else f"{self.name}:{line}"
        return BadValue(f"{place}: {what}", mend=mend, place=place)

    def _line_of(self, row: int) -> int:
        if self._lines is None:
            self._lines = (line for line, _ in self._scan())
        line = 0
        while self._next <= row:
            line = next(self._lines, 0)
            self._next += 1
        return line

    def _scan(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line and the cells of every data record that is not a blank line."""
        options = self._options
        csv.field_size_limit(MAX_CELL)  # the module's own 128 KiB would call long texts mistakes
        with self._file.path.open("rb") as stream:
            lines = _decoded(stream, options.encoding)
            reader = _csv(lines, self.name, options)
            line, number = 1, 0
            try:
                for record in reader:
                    number += 1
                    if number > options.header_row and record:
                        yield line, record
                    line = reader.line_num + 1
            except UnicodeDecodeError:
                raise self._wrong_bytes(line=reader.line_num + 1) from None
            except csv.Error as problem:
                unclosed = "unexpected end" in str(problem) or "field larger" in str(problem)
                what = "quotes that do not enclose whole cells"
                raise self.mistake("a quote that is never closed" if unclosed else what, line=line) from None


def _decoded(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield decoded lines; one at a time where a line ends in one byte, so that the wrong one is known."""
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        yield from io.TextIOWrapper(stream, encoding=encoding, newline="")
        return
    for number, line in enumerate(stream):
        yield line.decode(encoding if number == 0 else encoding.removesuffix("-sig"))
