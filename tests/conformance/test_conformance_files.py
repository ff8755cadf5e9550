"""The files connector against the conformance suite, in each of its formats."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from connectors.testing import COLUMNS, ConnectorConformance, Row, as_table


class FileFeed:
    kind = "files"
    connection: Mapping[str, object] = {"root": "data"}
    name = ""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "data").mkdir()

    @property
    def path(self) -> Path:
        return self.base / "data" / self.name

    def dataset(self) -> Mapping[str, object]:
        return {"path": self.name}

    def fill(self, rows: Sequence[Row]) -> None:
        raise NotImplementedError


class CsvFeed(FileFeed):
    name = "sample.csv"

    def fill(self, rows: Sequence[Row]) -> None:
        with self.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(COLUMNS))
            writer.writeheader()
            writer.writerows({name: _text(value) for name, value in found.items()} for found in rows)


class JsonLinesFeed(FileFeed):
    name = "sample.jsonl"

    def fill(self, rows: Sequence[Row]) -> None:
        lines = [
            json.dumps({name: _text(value) for name, value in found.items()}, ensure_ascii=False)
            for found in rows
        ]
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class ParquetFeed(FileFeed):
    name = "sample.parquet"

    def fill(self, rows: Sequence[Row]) -> None:
        pq.write_table(as_table(rows), self.path)


class ExcelFeed(FileFeed):
    name = "sample.xlsx"

    def fill(self, rows: Sequence[Row]) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(list(COLUMNS))
        for found in rows:
            sheet.append([_cell(value) for value in found.values()])
        for line in sheet.iter_rows(min_col=5, max_col=5):
            line[0].data_type = "s" if line[0].value is not None else "n"
        book.save(self.path)

    def dataset(self) -> Mapping[str, object]:
        return {"path": self.name, "sheet": "Sheet"}


class BucketFeed(CsvFeed):
    """CSV where fsspec reaches it."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.connection = {"root": self.path.parent.as_uri()}


def _text(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _cell(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


class TestCsv(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path) -> CsvFeed:
        return CsvFeed(tmp_path)


class TestJsonLines(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path) -> JsonLinesFeed:
        return JsonLinesFeed(tmp_path)


class TestParquet(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path) -> ParquetFeed:
        return ParquetFeed(tmp_path)


class TestExcel(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path) -> ExcelFeed:
        return ExcelFeed(tmp_path)


class TestBucket(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path) -> BucketFeed:
        return BucketFeed(tmp_path)
