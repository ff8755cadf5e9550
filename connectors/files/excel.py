"""Excel: one sheet by name, its cells as Excel last showed them, within limits that a bomb exceeds."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import Any, cast
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from connectors.cells import Unreadable
from connectors.contract import BATCH_ROWS, ExtractRequest, Table
from connectors.errors import BadValue, SchemaChanged, SourceEmpty
from connectors.files.options import FilesDataset
from connectors.files.source_file import SourceFile
from connectors.names import nearest, positions
from connectors.typed import TypedRows

MAX_UNPACKED = 1 << 30
MAX_RATIO = 100
MAX_CELLS = 10_000_000
_SMALL = 16 << 20
_BROKEN = (zipfile.BadZipFile, KeyError, ValueError, ParseError, EOFError, InvalidFileException)

Row = tuple[int, Sequence[object]]


def read(file: SourceFile, request: ExtractRequest, rows: TypedRows) -> Generator[pa.RecordBatch]:
    """
    Yield the rows below the header that are not wholly empty. An empty cell or text is null. An
    error such as #REF!, and a formula that was never calculated, do not fit any column.
    """
    options = cast("FilesDataset", request.options)
    _refuse_bombs(file)
    shown = _loaded(file, values=True)
    title = _sheet_title(shown, options.sheet, file.name)
    place = f"{file.name} {title}"
    written = _loaded(file, values=False)
    pairs = _rows(shown[title], written[title], place)
    header = _header(pairs, options.header_row, place)
    wanted = positions(request.columns, header, where=place)
    file.columns = {name: "cell" for name in header if name}
    letters = {name: get_column_letter(at + 1) for name, at in zip(request.columns, wanted, strict=True)}
    body = (row for row in pairs if any(cell is not None for cell in row[1]))
    while chunk := list(islice(body, BATCH_ROWS)):
        columns = [[cells[at] if at < len(cells) else None for _, cells in chunk] for at in wanted]
        yield rows.batch(columns, _placed(place, letters, chunk))


def tables(file: SourceFile) -> list[Table]:
    """Return every sheet as a table whose columns are its first row's texts."""
    _refuse_bombs(file)
    book = _loaded(file, values=True)
    firsts = [(sheet.title, next(_unbroken(sheet.iter_rows(), file), ())) for sheet in book.worksheets]
    return [
        Table(
            name=f"{file.name}!{title}",
            columns={str(cell.value): "cell" for cell in first if cell.value is not None},
        )
        for title, first in firsts
    ]


def _loaded(file: SourceFile, *, values: bool) -> Any:
    try:
        return openpyxl.load_workbook(file.stream, read_only=True, data_only=values)
    except _BROKEN:
        raise file.torn("Excel") from None


def _unbroken(rows: Iterator[Any], file: SourceFile) -> Iterator[Any]:
    """Yield *rows*, which are unpacked and parsed as they are taken; Incomplete where that fails."""
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except _BROKEN:
            raise file.torn("Excel") from None
        yield row


def _rows(shown: Any, written: Any, place: str) -> Iterator[Row]:
    """Yield row number and cells, where *shown* holds values and *written* the formulas behind them."""
    count = 0
    for number, (values, formulas) in enumerate(
        zip(shown.iter_rows(), written.iter_rows(), strict=True), start=1
    ):
        count += len(values)
        if count > MAX_CELLS:
            raise BadValue(f"{place} has more than {MAX_CELLS} cells", mend="export it as CSV", place=place)
        yield number, [_cell(value, formula) for value, formula in zip(values, formulas, strict=True)]


def _cell(shown: Any, written: Any) -> object:
    if shown.data_type == "e":
        return Unreadable(f"error cell {shown.value}" if _is_error(shown.value) else "error cell")
    if shown.value is None and written.data_type == "f":
        return Unreadable("uncalculated formula: open and save the file in Excel")
    return None if shown.value == "" else shown.value


def _is_error(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"#[A-Z0-9/_]{1,20}[!?]?", value) is not None


def _header(pairs: Iterator[Row], header_row: int, place: str) -> list[str]:
    for number, cells in pairs:
        if number == header_row:
            return ["" if cell is None or isinstance(cell, Unreadable) else str(cell) for cell in cells]
    raise SourceEmpty(f"{place} ends before its header row {header_row}", mend="mend `header_row`")


def _sheet_title(book: Any, wanted: str | None, name: str) -> str:
    titles: list[str] = [sheet.title for sheet in book.worksheets]
    if wanted is None and len(titles) == 1:
        return titles[0]
    if wanted is not None and wanted in titles:
        return wanted
    close = None if wanted is None else nearest(wanted, titles)
    what = f"has {len(titles)} sheets and none is named" if wanted is None else f"has no sheet {wanted}"
    raise SchemaChanged(
        f"{name} {what}",
        mend=f"did you mean {close}?" if close else f"write `sheet:`, one of {', '.join(titles)}",
        column=wanted or "sheet",
        nearest=close,
    )


def _placed(place: str, letters: dict[str, str], chunk: list[Row]) -> Callable[[int, str], str]:
    return lambda row, column: f"{place}!{letters[column]}{chunk[row][0]}"


def _refuse_bombs(file: SourceFile) -> None:
    """Raise BadValue for an archive that unpacks to far more than it is, or whose XML declares entities."""
    name = file.name
    try:
        with zipfile.ZipFile(file.hash_whole()) as archive:
            parts = archive.infolist()
            unpacked, packed = sum(p.file_size for p in parts), sum(p.compress_size for p in parts)
            if unpacked > MAX_UNPACKED or (unpacked > _SMALL and unpacked > MAX_RATIO * packed):
                raise BadValue(
                    f"{name} unpacks {packed} bytes to {unpacked}",
                    mend="save it anew, or export it as CSV",
                    place=name,
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in _start(archive, part):
                    raise BadValue(f"{name} declares XML entities", mend="save it anew in Excel", place=name)
    except zipfile.BadZipFile:
        raise file.torn("Excel") from None


def _start(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as opened:
        return opened.read(4096)
