"""A project whose numbers live in one spreadsheet: from YAML to a published value, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from project_builder import ProjectFolder, reach
from sheet_reader import ID, Sheets, sheets

from okr_pipeline.audit.doctor import examine


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Sheets]:
    with sheets(tmp_path) as found:
        yield found


@pytest.fixture
def folder(source: Sheets) -> ProjectFolder:
    """A project beside the fake, with two tables and a cell of the one spreadsheet."""
    made = ProjectFolder(source.folder)
    (source.folder / "google.json").write_text(str(source.connection["service_account"]), encoding="utf-8")
    source.book.named["arr_now"] = (187, (2, 3, 1, 2))
    sheet = {"spreadsheet": "env:FINANCE_SHEET"}
    made.sources["finance"] = {
        "connector": "google_sheets",
        "connection": {
            "service_account": "file:google.json",
            "proxy": "env:HTTPS_PROXY",
            "ca": str(source.google.ca),
        },
        "datasets": {
            "plan": {**sheet, "tab": "Plan", "columns": {"Month": "date", "ARR": "decimal(18,2)"}},
            "teams": {**sheet, "gid": 187, "columns": {"Team": "string"}, "key": ["Team"]},
            "arr_now": {**sheet, "cell": "arr_now", "columns": {"value": "decimal(18,2)"}},
        },
    }
    made.metrics["finance"] = {
        "arr": {"dataset": "finance.plan", "value": "sum(ARR)"},
        "now": {"dataset": "finance.arr_now", "value": "max(value)"},
        "teams": {"dataset": "finance.teams", "value": "count(Team)"},
    }
    made.key_results = {name: reach(f"finance.{name}", to=5000) for name in ("arr", "now", "teams")}
    return made


def environ(source: Sheets, **more: str) -> dict[str, Any]:
    return {"environ": {"FINANCE_SHEET": ID, "HTTPS_PROXY": source.google.proxy, **more}}


def test_one_spreadsheet_becomes_three_numbers(source: Sheets, folder: ProjectFolder) -> None:
    """Two tables and a cell come by one values:batchGet, and are measured exactly."""
    seen = folder.seen_at(**environ(source))
    expected = [Decimal("2549.75"), Decimal(1350), Decimal(3)]
    assert expected == [seen[name].value for name in ("arr", "now", "teams")]
    assert (1, 1) == (source.google.served["get"], source.google.served["batchGet"])


def test_a_reference_that_names_nothing_fails_its_dataset(source: Sheets, folder: ProjectFolder) -> None:
    """`spreadsheet: env:NAME` without NAME concerns the datasets that say so, and names the variable."""
    folder.sources["finance"]["datasets"]["teams"]["spreadsheet"] = "env:OTHER_SHEET"
    synced = folder.sync_at(**environ(source))
    assert {"finance.teams": "environment variable OTHER_SHEET is not set"} == {
        one.dataset: one.error.message for one in synced.extracted if one.error
    }


def test_what_a_reference_holds_must_fit(source: Sheets, folder: ProjectFolder) -> None:
    """A variable that holds no spreadsheet is told by the key's name, never by what it holds."""
    [first, *_] = folder.sync_at(**environ(source, FINANCE_SHEET="not a sheet!")).extracted[1:]
    assert "what the dataset refers to is not valid at spreadsheet" == first.error.message


def test_the_spreadsheet_id_is_kept_nowhere(source: Sheets, folder: ProjectFolder) -> None:
    """Neither ledger nor lake holds the id, which may be all that it takes to read the spreadsheet."""
    folder.sync_at(**environ(source))
    state = [path.read_bytes() for path in (source.folder / ".okr").rglob("*") if path.is_file()]
    assert [] == [True for held in state if ID.encode() in held]


def test_the_doctor_examines_every_dataset(source: Sheets, folder: ProjectFolder) -> None:
    """`okr doctor` signs in, compares clocks, and reads a row of each dataset, still in one call."""
    folder.write()
    found = dict(examine(folder.workspace(**environ(source))))["finance"]
    assert [("sign-in", True), ("clock", True)] == [(check.subject, check.passed) for check in found[:2]]
    assert {True} == {check.passed for check in found}
    assert 1 == source.google.served["batchGet"]
