"""The snapshot as tables: Parquet, CSV, DuckDB and their manifest."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_builder import key_result, many_key_results, report, report_of
from sample_company import sample_report

from okr_pipeline.publish.atomic import OutsideFolderError
from okr_pipeline.publish.columns import HISTORY, KEY_RESULTS, OBJECTIVES, PARTS
from okr_pipeline.publish.tables import build_tables, csv_cell, write_tables

DOCS = Path(__file__).parents[2] / "docs" / "tables.md"


def test_leading_and_lagging_key_results_are_two_tables() -> None:
    """A sum over one table can never mix predictions with outcomes."""
    counts = {name: table.num_rows for name, table in build_tables(sample_report()).items()}
    numbers = {"key_results_leading": 4, "key_results_lagging": 8, "history": 660, "objectives": 3}
    assert {**numbers, "parts": 0} == counts


def test_numbers_are_exact_decimals_and_instants_are_utc() -> None:
    """No column of numbers is a float; times carry their zone."""
    schema = build_tables(sample_report())["key_results_lagging"].schema
    types = (schema.field("value").type, schema.field("as_of").type, schema.field("newest_at").type)
    assert types == (pa.decimal128(38, 9), pa.timestamp("us", tz="UTC"), pa.timestamp("us", tz="UTC"))


def test_every_table_carries_snapshot_and_as_of() -> None:
    """A row that was copied away still says which snapshot it belongs to."""
    made = sample_report()
    for table in filter(len, build_tables(made).values()):
        assert set(table["snapshot"].to_pylist()) == {made.snapshot}
        assert set(table["as_of"].to_pylist()) == {made.as_of}


def test_no_value_is_null_in_every_format(tmp_path: Path) -> None:
    """An empty observation is null or an empty cell, never 0."""
    write_tables(report_of(key_result(value=None)), tmp_path)
    with (tmp_path / "key_results_lagging.csv").open(newline="") as handle:
        cell = next(csv.DictReader(handle))["value"]
    stored = pq.read_table(tmp_path / "key_results_lagging.parquet")["value"].to_pylist()
    with duckdb.connect(str(tmp_path / "okr.duckdb"), read_only=True) as connection:
        row = connection.execute("SELECT value FROM key_results_lagging").fetchall()
    assert (cell, stored, row) == ("", [None], [(None,)])


def test_all_formats_hold_the_same_numbers(tmp_path: Path) -> None:
    """Parquet, CSV and DuckDB agree to the last digit."""
    write_tables(sample_report(), tmp_path)
    stored = pq.read_table(tmp_path / "history.parquet")["progress"].to_pylist()
    with (tmp_path / "history.csv").open(newline="") as handle:
        cells = [Decimal(row["progress"]) if row["progress"] else None for row in csv.DictReader(handle)]
    with duckdb.connect(str(tmp_path / "okr.duckdb"), read_only=True) as connection:
        rows = [
            row[0] for row in connection.execute("SELECT progress FROM history ORDER BY rowid").fetchall()
        ]
    assert stored == cells == rows


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_text_that_a_spreadsheet_would_run_is_quoted(start: str, tmp_path: Path) -> None:
    """A formula in a title arrives as text in a spreadsheet."""
    write_tables(report_of(key_result(title=f"{start}SUM(A1)")), tmp_path, formats=["csv"])
    with (tmp_path / "key_results_lagging.csv").open(newline="", encoding="utf-8") as handle:
        assert next(csv.DictReader(handle))["title"] == f"'{start}SUM(A1)"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (Decimal("-2.000000000"), "-2"),
        (Decimal("2710000.000000000"), "2710000"),
        (Decimal("1E-9"), "0.000000001"),
        (Decimal("0E-9"), "0"),
        (100, "100"),
        (None, ""),
        ("2 - 1", "2 - 1"),
    ],
)
def test_numbers_stay_numbers(value: object, cell: str) -> None:
    """A negative number is not text, and none is written with an exponent."""
    assert csv_cell(value) == cell


def test_the_manifest_names_the_snapshot_and_every_hash(tmp_path: Path) -> None:
    """What a reader finds can be checked against the manifest, which was written last."""
    made = sample_report()
    path = write_tables(made, tmp_path)
    manifest = json.loads(path.read_text())
    files = {file.name for file in tmp_path.iterdir()} - {path.name}
    hashes = {name: sha256((tmp_path / name).read_bytes()).hexdigest() for name in files}
    assert (manifest["snapshot"], {n: f["sha256"] for n, f in manifest["files"].items()}) == (
        made.snapshot,
        hashes,
    )
    assert all((tmp_path / name).stat().st_mtime_ns <= path.stat().st_mtime_ns for name in files)


def test_the_same_report_writes_the_same_parquet_and_csv(tmp_path: Path) -> None:
    """Republishing a snapshot changes no byte of the exchange formats."""
    first = write_tables(sample_report(), tmp_path / "a", formats=["parquet", "csv"]).read_text()
    assert write_tables(sample_report(), tmp_path / "b", formats=["parquet", "csv"]).read_text() == first


def test_a_database_that_is_being_read_is_replaced_whole(tmp_path: Path) -> None:
    """A reader on the old file keeps its snapshot; the next one sees the new."""
    write_tables(report_of(key_result()), tmp_path, formats=["duckdb"])
    question = "SELECT DISTINCT snapshot FROM objectives"
    with duckdb.connect(str(tmp_path / "okr.duckdb"), read_only=True) as reader:
        write_tables(replace(report_of(key_result()), snapshot="f" * 64), tmp_path, formats=["duckdb"])
        assert reader.execute(question).fetchall() == [(report_of().snapshot,)]
    with duckdb.connect(str(tmp_path / "okr.duckdb"), read_only=True) as reader:
        assert reader.execute(question).fetchall() == [("f" * 64,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "okr.duckdb"]


def test_columns_explain_themselves_in_the_database(tmp_path: Path) -> None:
    """Each column carries its meaning as a comment."""
    write_tables(sample_report(), tmp_path, formats=["duckdb"])
    with duckdb.connect(str(tmp_path / "okr.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'history'"
        ).fetchall()
    assert found == [(column.name, column.meaning) for column in HISTORY]


def test_a_value_finer_than_the_ledger_stores_is_refused() -> None:
    """More than nine places is a fault upstream and is not rounded away here."""
    with pytest.raises(ArithmeticError):
        build_tables(report_of(key_result(value=Decimal("0.1234567891"))))


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """A typing error in the configuration leaves the published set alone."""
    with pytest.raises(ValueError, match="xlsx"):
        write_tables(sample_report(), tmp_path, formats=["csv", "xlsx"])
    assert list(tmp_path.iterdir()) == []


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """A planted link cannot make us overwrite a file elsewhere."""
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "history.csv").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutsideFolderError):
        write_tables(sample_report(), tmp_path / "public", formats=["csv"])


def test_an_empty_project_has_empty_tables(tmp_path: Path) -> None:
    """Without key results the files exist with their columns and no rows."""
    write_tables(report(), tmp_path)
    assert pq.read_table(tmp_path / "history.parquet").num_rows == 0


def test_a_thousand_key_results_fit_in_the_tables() -> None:
    """One row a key result and day."""
    assert build_tables(many_key_results(1000))["history"].num_rows == 66_000


def test_the_docs_name_every_column() -> None:
    """Names, kinds and meanings in the documentation are the ones that are written."""
    docs = DOCS.read_text()
    for column in (*KEY_RESULTS, *PARTS, *HISTORY, *OBJECTIVES):
        assert f"| `{column.name}` | {column.kind} | {column.meaning} |" in docs
