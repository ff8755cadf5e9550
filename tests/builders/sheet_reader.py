"""A small spreadsheet behind the fake Google, and what the connector makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fake_google import FakeGoogle
from fake_sheet import Book, Tab

from connectors.contract import ExtractRequest, Receipt
from connectors.errors import ConnectorError
from connectors.google_sheets import GoogleSheetsConnector
from connectors.google_sheets.api import POLICY
from connectors.google_sheets.options import SheetsConnection, SheetsDataset
from connectors.transport.policy import Policy, Timing

ID = "1finance-spreadsheet-id-never-told"
PLAN = (
    ("Month", "ARR", "Team"),
    (date(2026, 8, 1), Decimal("1200.50"), "North"),
    (date(2026, 9, 1), Decimal("1350"), "South"),
    (date(2026, 10, 1), Decimal("-0.75"), "West"),
)
COLUMNS = {"Month": "date", "ARR": "decimal(18,2)", "Team": "string"}
AT_ONCE = Timing(uniform=lambda least, most: 0.0)
"""Tries again without the waits that are left to chance."""


def plan(rows: Sequence[Sequence[Any]] = PLAN, **more: Any) -> Tab:
    """Return the tab `Plan`, gid 187."""
    return Tab("Plan", 187, rows, **more)


def request(dataset: str = "finance.plan", **changes: Any) -> ExtractRequest:
    """Return a full read of the tab `Plan`; *changes* are of the request, or of the dataset's options."""
    fields = ("columns", "key", "cursor", "zone", "reject_limit", "mode", "since", "until")
    asked = {name: changes.pop(name) for name in fields if name in changes}
    options = {"spreadsheet": ID, "tab": "Plan", **changes}
    kept = {name: value for name, value in options.items() if value is not None}
    made = {"columns": COLUMNS, "key": ("Month",), **asked}
    return ExtractRequest(dataset=dataset, options=SheetsDataset.model_validate(kept), **made)


class Sheets:
    """The fake, a service account that may read its spreadsheet, and reads by fresh connectors."""

    def __init__(self, folder: Path, google: FakeGoogle) -> None:
        self.google = google
        self.folder = folder
        self.connection: dict[str, object] = {
            **google.network,
            "service_account": google.service_account(),
        }
        self.book = Book(ID, "Finance 2026", [Tab("Notes", 0), plan()], readers={google.email})
        google.add(self.book)

    def connector(self, *, policy: Policy | None = None, timing: Timing = AT_ONCE) -> GoogleSheetsConnector:
        """Return a connector of its own, as a run has one."""
        settings = SheetsConnection.model_validate(self.connection)
        return GoogleSheetsConnector(settings, base=self.folder, policy=policy or POLICY, timing=timing)

    def receipt(self, *, policy: Policy | None = None, **changes: Any) -> Receipt:
        """Read once and return the receipt."""
        connector = self.connector(policy=policy)
        try:
            extract = connector.extract(request(**changes))
            for _ in extract:
                pass
            return extract.receipt()
        finally:
            connector.close()

    def rows(self, **changes: Any) -> list[Mapping[str, Any]]:
        """Read once and return the rows."""
        connector = self.connector()
        try:
            return [row for batch in connector.extract(request(**changes)) for row in batch.to_pylist()]
        finally:
            connector.close()

    def refusal(self, **changes: Any) -> ConnectorError:
        """Read once and return why it was refused."""
        try:
            self.receipt(**changes)
        except ConnectorError as problem:
            return problem
        raise AssertionError("nothing was refused")


@contextmanager
def sheets(folder: Path, *, per_minute: int = 10_000) -> Iterator[Sheets]:
    """Run the fake for a test."""
    with FakeGoogle(folder, per_minute=per_minute) as google:
        yield Sheets(folder, google)
