"""Files that are torn, ragged, hostile or changing: an error with its place, never a wrong row."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.contract import Extract, ExtractRequest
from connectors.errors import BadValue, ConnectorError, Incomplete, SchemaChanged, SetupError, SourceEmpty
from connectors.registry import connect, model_of

AB = {"a": "integer", "b": "string"}


def extract(base: Path, path: str, columns: Mapping[str, str] = AB, **changes: Any) -> Extract:
    fields = model_of("files")[1].model_fields
    options = {name: changes.pop(name) for name in list(changes) if name in fields}
    request = ExtractRequest(
        dataset="d",
        columns=columns,
        options=model_of("files")[1].model_validate({"path": path, **options}),
        **changes,
    )
    return connect("files", {"root": "."}, base=base).extract(request)


def rows(base: Path, path: str, columns: Mapping[str, str] = AB, **changes: Any) -> list[dict[str, Any]]:
    return [row for batch in extract(base, path, columns, **changes) for row in batch.to_pylist()]


def csv_rows(base: Path, content: bytes | str, **changes: Any) -> list[dict[str, Any]]:
    written = content.encode() if isinstance(content, str) else content
    (base / "x.csv").write_bytes(written)
    return rows(base, "x.csv", **changes)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('a,b\n1,2\n\n3,"x\ny"\n5,6,7\n', "x.csv:6"),
        ("a,b\n1,2\n3\n", "x.csv:3"),
        ('a,b\n1,2\n3,"never closed\n5,6\n', "x.csv:3"),
        ('a,b\n1,"2\n', "x.csv:2"),
        (b"a,b\n1,2\n3,\xff\xfe\n", "x.csv:3"),
        ('a,b\n1,2\n\n3,"x\ny"\nq,7\n', "x.csv:6"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, content: str | bytes, place: str) -> None:
    """Ragged rows, open quotes, wrong bytes and unfit cells name the line where they begin."""
    with pytest.raises(BadValue) as caught:
        csv_rows(tmp_path, content)
    assert caught.value.place == place


def test_line_survives_chunks(tmp_path: Path) -> None:
    """A bad cell far behind the first batch still has its true line, broken lines before it counted."""
    body = "".join(f'{n},"two\nlines"\n' for n in range(70_000))
    with pytest.raises(BadValue) as caught:
        csv_rows(tmp_path, f"a,b\n{body}oops,1\n")
    assert caught.value.place == "x.csv:140002"


@pytest.mark.fault(25, 37, on="files")
def test_header_matches_exactly(tmp_path: Path) -> None:
    """A doubled or missing name stops the dataset; another order and more columns do not."""
    assert csv_rows(tmp_path, "z,b,a\n0,x,1\n") == [{"a": 1, "b": "x"}]
    with pytest.raises(SchemaChanged, match="2 times"):
        csv_rows(tmp_path, "a,a,b\n1,2,3\n")
    with pytest.raises(SchemaChanged, match="did you mean A "):
        csv_rows(tmp_path, "A ,b\n1,2\n")


def test_empty_cells_are_null_except_quoted_texts(tmp_path: Path) -> None:
    """An empty cell is null; only `""` in a string column is the empty text."""
    found = csv_rows(tmp_path, 'a,b\n"",""\n,\n')
    assert found == [{"a": None, "b": ""}, {"a": None, "b": None}]


@pytest.mark.parametrize(
    ("encoding", "options"),
    [("utf-8-sig", {}), ("utf-16", {"encoding": "utf-16"}), ("cp1252", {"encoding": "cp1252"})],
)
def test_encodings_are_declared(tmp_path: Path, encoding: str, options: dict[str, str]) -> None:
    """UTF-8 with or without its mark needs no word; others are named and then read exactly."""
    assert csv_rows(tmp_path, "a,b\n1,ü\n".encode(encoding), **options) == [{"a": 1, "b": "ü"}]


def test_wrong_bytes_have_their_line(tmp_path: Path) -> None:
    """Bytes that the declared encoding lacks name their line, wide encodings too."""
    for content, encoding, place in (
        (b"a,b\n1,2\n2,\x81\n", "cp1252", "x.csv:3"),
        ("a,b\n1,2\n".encode("utf-16") + b"\x00\xd8\x00", "utf-16", "x.csv:3"),
    ):
        with pytest.raises(BadValue, match="bytes that are not") as caught:
            csv_rows(tmp_path, content, encoding=encoding)
        assert caught.value.place == place


def test_dialect_is_declared(tmp_path: Path) -> None:
    """Delimiter, quote, header row and date format are taken as written."""
    content = "Report\n\nday;text\n05.10.2026;'a;b'\n"
    found = csv_rows(
        tmp_path,
        content,
        columns={"day": "date", "text": "string"},
        delimiter=";",
        quote="'",
        header_row=3,
        formats={"day": "%d.%m.%Y"},
    )
    assert found == [{"day": date(2026, 10, 5), "text": "a;b"}]


def test_nothing_is_not_a_header(tmp_path: Path) -> None:
    """A file without a byte is an empty source; a header alone is a table without rows."""
    with pytest.raises(SourceEmpty):
        csv_rows(tmp_path, "")
    assert csv_rows(tmp_path, "a,b\n") == []


def test_pattern_reads_in_order_of_name(tmp_path: Path) -> None:
    """Files of a pattern follow one another by name, and the receipt lists each with its hash."""
    for name, number in (("2.csv", 2), ("10.csv", 10), ("1.csv", 1)):
        (tmp_path / name).write_text(f"a,b\n{number},x\n")
    read = extract(tmp_path, "*.csv")
    assert [row["a"] for batch in read for row in batch.to_pylist()] == [1, 10, 2]
    assert [identity.split()[0] for identity in read.receipt().request_ids] == ["1.csv", "10.csv", "2.csv"]


def test_no_path_leaves_the_root(tmp_path: Path) -> None:
    """Parents, absolute paths and symbolic links that lead outside are refused, in discovery too."""
    (tmp_path / "outside.csv").write_text("a,b\n1,2\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.csv").symlink_to(tmp_path / "outside.csv")
    for path in ("../outside.csv", str(tmp_path / "outside.csv"), "link.csv", "*.csv", "missing.csv"):
        with pytest.raises(SetupError):
            rows(root, path)
    assert connect("files", {}, base=root).discover() == []


def test_changed_while_read_has_no_receipt(tmp_path: Path) -> None:
    """A file that grows under the reader gives Incomplete, not a receipt of something in between."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2\n" * 3_000_000)
    read = extract(tmp_path, "x.csv")
    batches = iter(read)
    next(batches)
    with path.open("a") as file:
        file.write("3,4\n")
    with pytest.raises(Incomplete):
        list(batches)
    with pytest.raises(RuntimeError):
        read.receipt()


def test_torn_archives_are_incomplete(tmp_path: Path) -> None:
    """A Parquet or Excel file cut short is never read in part."""
    pq.write_table(pa.table({"a": [1], "b": ["x"]}), tmp_path / "x.parquet")
    openpyxl.Workbook().save(tmp_path / "x.xlsx")
    for name in ("x.parquet", "x.xlsx"):
        whole = (tmp_path / name).read_bytes()
        for keep in (len(whole) - 9, len(whole) // 2, 9):
            (tmp_path / name).write_bytes(whole[:keep])
            with pytest.raises(Incomplete):
                rows(tmp_path, name)


@pytest.mark.parametrize(
    "line",
    [
        '{"a":1,"a":2,"b":""}',
        '{"a":NaN,"b":""}',
        '{"a":' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"a":1',
        "[1]",
        "7",
    ],
)
def test_json_lines_are_strict(tmp_path: Path, line: str) -> None:
    """Doubled keys, NaN, endless digits, deep nesting and torn objects name their line."""
    (tmp_path / "x.jsonl").write_text('{"a":1,"b":"x"}\n\n' + line + "\n")
    with pytest.raises(BadValue) as caught:
        rows(tmp_path, "x.jsonl")
    assert caught.value.place == "x.jsonl:3"


def test_json_numbers_keep_their_digits(tmp_path: Path) -> None:
    """A number that no float holds arrives digit by digit; a key left out is null."""
    (tmp_path / "x.jsonl").write_text('{"n":12345678901234567890.123456789}\n{"n":null}\n')
    found = rows(tmp_path, "x.jsonl", {"n": "decimal(38,9)"})
    assert found == [{"n": Decimal("12345678901234567890.123456789")}, {"n": None}]


def workbook(path: Path, cells: Mapping[str, Any]) -> None:
    book = openpyxl.Workbook()
    for address, value in {"A1": "a", "B1": "b", **cells}.items():
        book.active[address] = value
    book.save(path)


@pytest.mark.fault(35, on="files")
def test_excel_errors_have_their_address(tmp_path: Path) -> None:
    """An error cell and a formula that was never calculated are rejects at their A1 address."""
    workbook(tmp_path / "x.xlsx", {"A2": 1, "A3": "#REF!", "A4": "=1+1", "B5": "x"})
    read = extract(tmp_path, "x.xlsx", reject_limit=2)
    assert [row["a"] for batch in read for row in batch.to_pylist()] == [1, None]
    assert [(r.place, r.reason) for r in read.receipt().rejects] == [
        ("x.xlsx Sheet!A3", "error cell #REF!"),
        ("x.xlsx Sheet!A4", "uncalculated formula: open and save the file in Excel"),
    ]


@pytest.mark.fault(38, on="files")
def test_excel_sheet_is_named(tmp_path: Path) -> None:
    """A renamed tab is a changed schema with the nearest name; several tabs need a name."""
    book = openpyxl.Workbook()
    book.active.title = "Plan 2026"
    book.create_sheet("Notes")
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(SchemaChanged, match="did you mean Plan 2026"):
        rows(tmp_path, "x.xlsx", sheet="Plan2026")
    with pytest.raises(SchemaChanged, match="write `sheet:`"):
        rows(tmp_path, "x.xlsx")


def test_excel_bombs_are_refused(tmp_path: Path) -> None:
    """An archive that unpacks to a thousand times its size, and XML entities, stop before parsing."""
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<c/>" * 10_000_000)
    with zipfile.ZipFile(tmp_path / "entity.xlsx", "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'
        )
    for name in ("bomb.xlsx", "entity.xlsx"):
        with pytest.raises(BadValue):
            rows(tmp_path, name)


def test_parquet_is_cast_exactly(tmp_path: Path) -> None:
    """Wider types of the file become the declared ones where every value fits, else rejects by row."""
    table = pa.table({"a": pa.array([1, 2**40], pa.uint64()), "b": pa.array([1.5, 0.125])})
    pq.write_table(table, tmp_path / "x.parquet")
    assert rows(tmp_path, "x.parquet", {"a": "integer"}) == [{"a": 1}, {"a": 2**40}]
    with pytest.raises(BadValue, match="more than 1 decimal") as caught:
        rows(tmp_path, "x.parquet", {"b": "decimal(9,1)"})
    assert caught.value.place == "x.parquet row 2"


@pytest.mark.fault(50, on="files")
def test_messages_hold_no_value(tmp_path: Path) -> None:
    """No error quotes the cell that caused it."""
    for content in ("a,b\nsecret-7,1\n", "a,b\n1,2,secret-7\n", 'a,b\n1,"secret-7\n'):
        with pytest.raises(ConnectorError) as caught:
            csv_rows(tmp_path, content)
        assert "secret-7" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("form", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_told_with_the_encoding_to_declare(tmp_path: Path, form: str) -> None:
    """It was once told as a mistake of quotes, or as a file without its columns."""
    content = "a,b\n1,\u00fc\n".encode(form)
    with pytest.raises(BadValue, match="is written in UTF-16, and declared as utf-8") as told:
        csv_rows(tmp_path, content)
    declared = told.value.mend.split("`")[1].removeprefix("encoding: ")
    assert [{"a": 1, "b": "\u00fc"}] == csv_rows(tmp_path, content, encoding=declared)


def test_bytes_of_another_encoding_ask_for_the_right_one(tmp_path: Path) -> None:
    """The mend once named quotes and delimiter."""
    with pytest.raises(BadValue) as told:
        csv_rows(tmp_path, "a,b\n1,\u00fc\n".encode("cp1252"))
    assert "mend `encoding` at the dataset" in told.value.mend
