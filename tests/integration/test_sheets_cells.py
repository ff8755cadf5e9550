"""
What stands in a spreadsheet, and what the google_sheets connector makes of it: the value, or a refusal.

Numbers in brackets are those of the list of what connectors meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_sheet import Tab
from sheet_reader import PLAN, Sheets, plan, sheets

from connectors.errors import BadValue, ConnectorError, SchemaChanged, SetupError, SourceEmpty

HEADER, AUGUST, SEPTEMBER, OCTOBER = PLAN
NINE = datetime(2026, 8, 1, 9, tzinfo=UTC)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Sheets]:
    with sheets(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def orderly(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The content hash of the plan as it should stand."""
    with sheets(tmp_path_factory.mktemp("orderly")) as found:
        return found.receipt().content_hash


UNTIDY: dict[str, tuple[Tab, dict[str, Any]]] = {
    "ragged rows, blank rows, a blank column": (
        plan(
            [
                ("Month", "", "ARR", "Team"),
                *[(m, None, a, t) for m, a, t in PLAN[1:3]],
                (),
                ("", ""),
                (OCTOBER[0], "", OCTOBER[1], OCTOBER[2], "a note"),
            ]
        ),
        {},
    ),
    "reordered columns": (plan([(t, m, "x", a) for m, a, t in PLAN]), {}),
    "blanks and breaks in headers": (plan([(" Month ", "ARR\n", "Team"), *PLAN[1:]]), {}),
    "a title above the header": (plan([("Plan 2026",), (), *PLAN], merges=[(0, 1, 0, 3)]), {"header_row": 3}),
    "a header merged over two columns": (
        plan([("Month", "ARR", "Team", ""), *PLAN[1:]], merges=[(0, 1, 2, 4)]),
        {},
    ),
    "headers merged with the row above": (
        plan([("Month", "Plan"), ("", "ARR", "Team"), *PLAN[1:]], merges=[(0, 2, 0, 1), (0, 1, 1, 3)]),
        {"header_row": 2},
    ),
    "merged cells in a column that is not declared": (
        plan([("Month", "ARR", "Team", "Half"), *[(*row, "H2") for row in PLAN[1:]]], merges=[(1, 4, 3, 4)]),
        {},
    ),
    "check boxes down an undeclared column": (
        plan(
            [
                ("Month", "ARR", "Team", "Done"),
                *[(*row, True) for row in PLAN[1:]],
                *[("", "", "", False)] * 40,
            ]
        ),
        {},
    ),
}


@pytest.mark.parametrize("case", UNTIDY)
@pytest.mark.fault(37, on="google_sheets")
def test_untidy_is_read_as_orderly(source: Sheets, orderly: str, case: str) -> None:
    """[37] By header and padded: however the columns and rows stand, the content hash is the same."""
    source.book.tabs[1], options = UNTIDY[case]
    assert orderly == source.receipt(**options).content_hash


BROKEN: dict[str, tuple[Tab, type[ConnectorError], str]] = {
    "missing header": (plan([("Month", "AAR", "Team"), *PLAN[1:]]), SchemaChanged, "did you mean AAR?"),
    "doubled header": (plan([("Month", "ARR", "Team", "ARR"), *PLAN[1:]]), SchemaChanged, "2 times"),
    "no header": (plan([(), *PLAN[1:]]), SourceEmpty, "names no column in row 1"),
    "empty tab": (plan([]), SourceEmpty, "names no column in row 1"),
    "merged data": (
        plan([*PLAN[:2], (SEPTEMBER[0], "", "South"), OCTOBER], merges=[(1, 3, 1, 2)]),
        BadValue,
        "Plan!B2",
    ),
    "header merged into data": (plan(merges=[(0, 2, 2, 3)]), BadValue, "Plan!C2"),
    "a date of another country": (plan([*PLAN[:2], ("01.09.2026", 5, "South")]), BadValue, "Plan!A3"),
    "a time where a day is due": (
        plan([HEADER, (datetime(2026, 8, 1, 9, tzinfo=UTC), 5, "N")]),
        BadValue,
        "Plan!A2",
    ),
    "too many decimals": (plan([HEADER, (AUGUST[0], Decimal("0.305"), "N")]), BadValue, "Plan!B2"),
    "a check box where a number is due": (plan([HEADER, (AUGUST[0], True, "N")]), BadValue, "Plan!B2"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.fault(36, 37, on="google_sheets")
def test_broken_is_refused_with_its_place(source: Sheets, case: str) -> None:
    """[36, 37] What cannot be read for certain is refused, and the error says where to look."""
    source.book.tabs[1], kind, told = BROKEN[case]
    problem = source.refusal()
    assert isinstance(problem, kind)
    assert told in str(problem)


@pytest.mark.parametrize(
    "shown",
    ["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#ERROR!", "Loading..."],
)
@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.fault(35, on="google_sheets")
def test_an_error_cell_is_named(source: Sheets, shown: str, column: int) -> None:
    """[35] An error in a declared column of any type is BadValue with tab and address, never 0 or null."""
    row = list(SEPTEMBER)
    row[column] = shown
    source.book.tabs[1] = plan([HEADER, AUGUST, row, OCTOBER])
    problem = source.refusal()
    assert isinstance(problem, BadValue)
    assert f"Plan!{'ABC'[column]}3" == problem.place


@pytest.mark.fault(35, on="google_sheets")
def test_an_error_elsewhere_is_no_matter(source: Sheets, orderly: str) -> None:
    """[35] An error in a column that is not declared changes nothing."""
    source.book.tabs[1] = plan([(*HEADER, "Ratio"), *[(*row, "#DIV/0!") for row in PLAN[1:]]])
    assert orderly == source.receipt().content_hash


@pytest.mark.parametrize("text", ["1.234,50", "1,234.50", "1.234", "1350", "EUR 5", "5 %"])
@pytest.mark.fault(36, on="google_sheets")
def test_a_text_is_no_number(source: Sheets, text: str) -> None:
    """[36] Digits in a text may mean a thousand times more elsewhere: refused, and not repeated."""
    source.book.tabs[1] = plan([HEADER, (AUGUST[0], text, "North")])
    problem = source.refusal()
    assert isinstance(problem, BadValue)
    assert ("Plan!B2", False) == (problem.place, text in str(problem))


@pytest.mark.fault(35, on="google_sheets")
def test_rejects_within_the_limit_are_counted(source: Sheets) -> None:
    """[35] With a reject_limit the bad row is left out and stands in the receipt with its address."""
    source.book.tabs[1] = plan([HEADER, AUGUST, (SEPTEMBER[0], "#REF!", "South"), OCTOBER])
    receipt = source.receipt(reject_limit=1)
    assert (2, ["Plan!B3"]) == (receipt.rows, [reject.place for reject in receipt.rejects])


NUMBERS = {
    "1200.5": Decimal("1200.50"),
    "1E+7": Decimal("10000000.00"),
    "1.441209288E7": Decimal("14412092.88"),
    "-0.01": Decimal("-0.01"),
    "99999999999999.99": Decimal("99999999999999.99"),
    "0": Decimal("0.00"),
}


@pytest.mark.parametrize("written", NUMBERS)
@pytest.mark.fault(32, on="google_sheets")
def test_numbers_are_as_they_are_written(source: Sheets, written: str) -> None:
    """Numbers go from the text of the answer into decimals; no float is between them."""
    source.book.tabs[1] = plan([HEADER, (AUGUST[0], Wire(written), "North")])
    assert [NUMBERS[written]] == [row["ARR"] for row in source.rows()]


class Wire(Decimal):
    """A number that goes over the wire exactly as it is written."""

    def __new__(cls, text: str) -> Wire:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __format__(self, _: str) -> str:
        return self.text


SERIALS = {
    "46235": datetime(2026, 8, 1, tzinfo=UTC),
    "46235.375": datetime(2026, 8, 1, 9, tzinfo=UTC),
    "46235.00001157407": datetime(2026, 8, 1, 0, 0, 1, tzinfo=UTC),
    "46235.354340277778": datetime(2026, 8, 1, 8, 30, 15, tzinfo=UTC),
    "46234.99999999999": datetime(2026, 8, 1, tzinfo=UTC),
    "46235.000000001": datetime(2026, 8, 1, 0, 0, 0, 86, tzinfo=UTC),
    "0.5": datetime(1899, 12, 30, 12, tzinfo=UTC),
    "-1": datetime(1899, 12, 29, tzinfo=UTC),
}


@pytest.mark.parametrize("serial", SERIALS)
def test_day_numbers_are_instants(source: Sheets, serial: str) -> None:
    """A day number counts from 1899-12-30; what a double loses of a millisecond is given back."""
    source.book.tabs[1] = plan([("At",), (Wire(serial),)])
    assert [SERIALS[serial]] == [row["At"] for row in source.rows(columns={"At": "timestamp"}, key=())]


@pytest.mark.parametrize(
    ("declared", "of_sheet", "expected"),
    [(None, "Europe/Berlin", 6), (None, "America/New_York", 12), ("Asia/Tokyo", "Europe/Berlin", 23)],
)
def test_clock_times_are_of_the_spreadsheet(
    source: Sheets, declared: str | None, of_sheet: str, expected: int
) -> None:
    """A time belongs to the spreadsheet's zone unless the dataset declares another."""
    source.book.zone = of_sheet
    source.book.tabs[1] = plan([("At",), (datetime(2026, 8, 2, 8, tzinfo=UTC),)])
    [row] = source.rows(columns={"At": "timestamp"}, key=(), zone=declared)
    assert expected == row["At"].hour


def test_an_unknown_zone_is_asked_for(source: Sheets, orderly: str) -> None:
    """A zone that only the spreadsheet knows matters to times alone, and is asked for there."""
    source.book.zone = "GMT+03:00 custom"
    assert orderly == source.receipt().content_hash
    source.book.tabs[1] = plan([("At",), (datetime(2026, 8, 2, 8, tzinfo=UTC),)])
    assert "zone:" in source.refusal(columns={"At": "timestamp"}, key=()).mend


@pytest.mark.fault(38, on="google_sheets")
def test_a_renamed_tab_is_followed_by_its_gid(source: Sheets, orderly: str) -> None:
    """[38] With a gid the tab is found whatever it is called and wherever it stands, and that is told."""
    source.book.tabs[1].title = "Plan (old)"
    source.book.tabs.reverse()
    receipt = source.receipt(gid=187)
    assert orderly == receipt.content_hash
    assert ("tab Plan (gid 187) is called Plan (old) now",) == receipt.warnings


@pytest.mark.fault(38, on="google_sheets")
def test_a_renamed_tab_is_no_other_tab(source: Sheets) -> None:
    """[38] Without a gid a renamed tab is refused with the nearest; no other tab is read in its place."""
    source.book.tabs[1].title = "Plan 26"
    problem = source.refusal()
    assert isinstance(problem, SchemaChanged)
    assert "Plan 26" == problem.nearest


def test_the_url_names_the_tab(source: Sheets, orderly: str) -> None:
    """A URL from the browser is enough: its gid is the tab."""
    url = f"https://docs.google.com/spreadsheets/d/{source.book.id}/edit?gid=187#gid=187"
    assert orderly == source.receipt(spreadsheet=url, tab=None).content_hash


@pytest.mark.fault(38, on="google_sheets")
def test_a_tab_renamed_between_look_and_read_is_looked_up_again(source: Sheets, orderly: str) -> None:
    """[38] A tab that gets another name just after our look is found on the second."""
    tab = source.book.tabs[1]

    def rename(api: Any, answer: Any) -> None:
        tab.title = "Renamed"
        api.send(answer)

    source.google.fail("get", rename)
    assert orderly == source.receipt(gid=187, tab=None).content_hash
    assert (2, 2) == (source.google.served["get"], source.google.served["batchGet"])


@pytest.mark.fault(39, on="google_sheets")
def test_not_shared_names_whom_to_share_with(source: Sheets) -> None:
    """[39] A 403 is told with the address that the spreadsheet must be shared with."""
    source.book.readers.clear()
    problem = source.refusal()
    assert isinstance(problem, SetupError)
    assert f"share it with {source.google.email}" in problem.mend


@pytest.mark.fault(39, on="google_sheets")
def test_a_spreadsheet_that_is_not_there(source: Sheets) -> None:
    """[39] A 404 is told as one, without the id, which may be all that it takes to read it."""
    source.google.books.clear()
    problem = source.refusal()
    assert isinstance(problem, SetupError)
    assert ("there is no such spreadsheet" in str(problem), False) == (True, source.book.id in str(problem))


@pytest.mark.fault(40, on="google_sheets")
def test_recalculated_cells_are_read(source: Sheets, orderly: str) -> None:
    """[40] Nothing is kept between runs and no time of change is trusted: the content hash decides."""
    modified = source.book.modified
    source.book.tabs[1] = plan([HEADER, (AUGUST[0], Decimal("1200.51"), "North"), SEPTEMBER, OCTOBER])
    changed = source.receipt().content_hash
    source.book.tabs[1] = plan()
    assert (modified, True) == (source.book.modified, changed != orderly)
    assert orderly == source.receipt().content_hash


CELL = {"tab": None, "columns": {"value": "decimal(18,2)"}, "key": ()}


@pytest.mark.parametrize("cell", ["arr_september", "Plan!B3", "'Plan'!$B$3"])
def test_a_cell_is_one_row_of_one_column(source: Sheets, cell: str) -> None:
    """A named range or an address gives one row."""
    source.book.named["arr_september"] = (187, (2, 3, 1, 2))
    assert [{"value": Decimal("1350.00")}] == source.rows(cell=cell, **CELL)


def test_an_empty_cell_is_no_data(source: Sheets) -> None:
    """An empty cell is null: no data, and not 0."""
    assert [{"value": None}] == source.rows(cell="Plan!B9", **CELL)


@pytest.mark.parametrize(
    ("name", "box", "told"),
    [("arr", None, "did you mean arr_now?"), ("wide", (1, 3, 1, 2), "not one cell")],
)
def test_a_named_range_must_be_one_cell(source: Sheets, name: str, box: Any, told: str) -> None:
    """A named range that is gone, or is more than a cell, is a changed schema."""
    source.book.named["arr_now"] = (187, (1, 2, 1, 2))
    if box:
        source.book.named[name] = (187, box)
    problem = source.refusal(cell=name, **CELL)
    assert isinstance(problem, SchemaChanged)
    assert told in str(problem)


@pytest.mark.fault(35, on="google_sheets")
def test_an_error_in_a_cell_is_named(source: Sheets) -> None:
    """[35] A single cell's error has its address too."""
    source.book.tabs[1] = plan([HEADER, (AUGUST[0], "#REF!", "North")])
    problem = source.refusal(cell="Plan!B2", **CELL)
    assert isinstance(problem, BadValue)
    assert "Plan!B2" == problem.place


def test_a_person_reads_what_they_agreed_to(source: Sheets, orderly: str) -> None:
    """OAuth: the refresh token of a person who may see the spreadsheet is enough."""
    secrets = {"refresh_token": "1//refresh", "client_id": "app", "client_secret": "GOCSPX-app"}
    source.google.user("jo@fernhill.example", **secrets)
    source.book.readers.add("jo@fernhill.example")
    source.connection = {**source.google.network, "oauth": secrets}
    assert orderly == source.receipt().content_hash
    source.google.users.clear()
    source.google.expire_tokens()
    assert "agree again" in source.refusal().mend


def test_an_api_key_reads_what_anyone_may_see(source: Sheets, orderly: str) -> None:
    """API key: a public spreadsheet is read; one that is not is refused, and so is a wrong key."""
    source.google.api_keys.add("AIza-key")
    source.connection = {**source.google.network, "api_key": "AIza-key"}
    assert "anyone may see" in source.refusal().mend
    source.book.readers.add("anyone")
    assert orderly == source.receipt().content_hash
    source.connection = {**source.google.network, "api_key": "AIza-other"}
    assert "the API key is not valid" in str(source.refusal())


def test_discovery_shows_tabs_and_types(source: Sheets) -> None:
    """`discover` lists every tab with its header and the types that its first rows show."""
    [_, found] = source.connector().discover()
    assert ("Finance 2026!Plan", {"Month": "date", "ARR": "decimal", "Team": "string"}, ("Month",)) == (
        found.name,
        found.columns,
        found.cursors,
    )


def test_reading_asks_for_reading_alone(source: Sheets) -> None:
    """The token of a read may read spreadsheets and nothing else."""
    source.receipt()
    [(_, scopes)] = source.google.tokens.values()
    assert {"https://www.googleapis.com/auth/spreadsheets.readonly"} == scopes


def test_days_outside_the_calendar(source: Sheets) -> None:
    """A day number that no calendar has is refused with its place."""
    source.book.tabs[1] = plan([HEADER, (Decimal("99999999"), 5, "North")])
    problem = source.refusal()
    assert isinstance(problem, BadValue)
    assert "Plan!A2" == problem.place


def test_dates_of_the_calendar(source: Sheets) -> None:
    """Dates go both ways from 1899-12-30, leap days included."""
    days = [date(1, 1, 1), date(1899, 12, 31), date(1900, 2, 28), date(2024, 2, 29), date(9999, 12, 31)]
    source.book.tabs[1] = plan([("Day",), *[(day,) for day in days]])
    assert days == [row["Day"] for row in source.rows(columns={"Day": "date"}, key=())]
