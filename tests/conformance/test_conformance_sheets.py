"""The google_sheets connector against the conformance suite, over TLS, through gspread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from fake_google import FakeGoogle
from fake_sheet import Book, Tab

from connectors.testing import COLUMNS, ConnectorConformance, Row

ID = "1conformance-spreadsheet"


class SheetFeed:
    kind = "google_sheets"

    def __init__(self, base: Path, google: FakeGoogle, *, zone: str = "UTC") -> None:
        self.base = base
        account = google.service_account()
        self.connection: Mapping[str, object] = {**google.network, "service_account": account}
        self.tab = Tab("Plan", 187)
        readers = {google.email}
        google.add(Book(ID, "Finance", [Tab("Notes", 0), self.tab], zone=zone, readers=readers))

    def dataset(self) -> Mapping[str, object]:
        return {"spreadsheet": ID, "tab": "Plan"}

    def fill(self, rows: Sequence[Row]) -> None:
        self.tab.rows = [list(COLUMNS), *(list(found.values()) for found in rows)]


class TestSheets(ConnectorConformance):
    @pytest.fixture
    def feed(self, tmp_path: Path) -> Iterator[SheetFeed]:
        with FakeGoogle(tmp_path) as google:
            yield SheetFeed(tmp_path, google)
