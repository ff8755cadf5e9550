"""The snapshot in a Google spreadsheet: once, whole, over nothing of others, and never an older one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from connector_faults import numbered
from doc_pages import ROOT
from fake_google import FakeGoogle, quota, reset, slow
from fake_sheet import Book, Tab
from project_builder import ProjectFolder, day, keep, reach

from okr_pipeline.audit.doctor import examine
from okr_pipeline.publish.outbox import Published
from okr_pipeline.publish.stamp import Stamp

ID = "1board-spreadsheet-id-never-told"
FIRST = 4
"""The row, from 0, of the first key result."""


class Board:
    """A project that publishes to the tab `OKRs` of a spreadsheet behind the fake, and what the tab shows."""

    def __init__(self, root: Path, google: FakeGoogle) -> None:
        self.google = google
        self.folder = ProjectFolder(root)
        (root / "google.json").write_text(google.service_account(), encoding="utf-8")
        connection = {"service_account": "file:google.json", "proxy": "env:HTTPS_PROXY", "ca": str(google.ca)}
        sheet = {"to": "env:BOARD_SHEET_ID", "tab": "OKRs", "connection": connection}
        self.folder.okr["publish"] = {"page": {"to": "public/"}, "sheet": sheet}
        self.book = Book(ID, "Board", [Tab("Notes", 0), Tab("OKRs", 7)])
        self.book.readers = self.book.writers = {google.email}
        google.add(self.book)
        self.environ = {"BOARD_SHEET_ID": ID, "HTTPS_PROXY": google.proxy}

    @property
    def tab(self) -> Tab:
        """The tab as it is now."""
        return next(tab for tab in self.book.tabs if tab.gid == 7)

    @property
    def stamp(self) -> Stamp | None:
        """What the tab says of itself."""
        return Stamp.of(self.tab.rows[2][0])

    @property
    def writes(self) -> int:
        """How often the tab was written."""
        return self.google.served["batchUpdate"]

    def rows(self, *names: str) -> list[tuple[Any, ...]]:
        """Return the columns *names* of every key result."""
        at = [self.tab.rows[3].index(name) for name in names]
        return [tuple(row[x] for x in at) for row in self.tab.rows[FIRST:] if any(row)]

    def change(self, row: int, column: int, value: object) -> None:
        """Change a cell by hand."""
        rows = [[*line] for line in self.tab.rows]
        rows += [[] for _ in range(row + 1 - len(rows))]
        rows[row] += [None] * (column + 1 - len(rows[row]))
        rows[row][column] = value
        self.tab.rows = rows

    def insert(self, *, row: int | None = None, column: int | None = None) -> None:
        """Insert an empty row, an empty column, or both."""
        rows = [[*line] for line in self.tab.rows]
        if row is not None:
            rows.insert(row, [])
        if column is not None:
            rows = [[*line[:column], None, *line[column:]] for line in rows]
        self.tab.rows = rows

    def sync(self, number: int = 10) -> Published:
        """Sync on day *number*, and return what became of the sheet."""
        published = self.folder.sync_at(day(number), environ=self.environ).published
        return next(one for one in published if one.publisher in ("sheet", "nothing"))

    def forget(self) -> None:
        """Lose what this machine knows of earlier publications, as another machine does."""
        for file in (".okr/latest.json", "public/index.html"):
            (self.folder.root / file).unlink()

    def started(self, *words: str) -> subprocess.Popen[bytes]:
        """Start the command line in a process of its own."""
        self.folder.write()
        env = {**os.environ, **self.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", "from okr_pipeline.cli import main; main()", *words]
        return subprocess.Popen(command, cwd=self.folder.root, env=env, stdout=-1, stderr=subprocess.STDOUT)

    def wait_for(self, number: int, counted: Callable[[], int]) -> None:
        """Wait until *counted* gives *number*."""
        give_up_at = time.monotonic() + 60
        while counted() < number and time.monotonic() < give_up_at:
            time.sleep(0.02)
        assert number == counted()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    with FakeGoogle(tmp_path) as google:
        yield Board(tmp_path, google)


def test_the_tab_shows_every_key_result(board: Board) -> None:
    """A headline, when it was, a stamp, then a row a key result: numbers as numbers, in their format."""
    board.folder.key_results = {
        "won": reach("crm.won", to="1000", owner="a.okafor@fernhill.example"),
        "open": keep("crm.open", "<= 500"),
    }
    assert Published(publisher="sheet", where="tab OKRs", notes=[]) == board.sync()
    expected = [
        ("crm.won", Decimal("450.4"), Decimal(1000), Decimal("0.4504"), "grow.won"),
        ("crm.open", Decimal("200.2"), "keep <= 500", "inside", "grow.open"),
    ]
    assert expected == board.rows("Key result", "Now", "Target", "Way", "Id")
    assert ("#,##0.0", "0.0%") == (board.tab.patterns[FIRST, 5], board.tab.patterns[FIRST, 7])
    assert "The one to talk about" not in board.tab.rows[0][0]
    assert (4, (0, 4, 0, 15)) == (board.tab.frozen, board.tab.bold)


def test_done_again_nothing_is_written(board: Board) -> None:
    """The same snapshot is published once: the second time the tab is read and left."""
    board.sync()
    before = board.tab.rows
    assert Published(publisher="sheet", where="tab OKRs", notes=[]) == board.sync()
    assert (1, before) == (board.writes, board.tab.rows)
    assert 1 == len([e for e in board.folder.entries("publication") if e.subject == "sheet"])


@pytest.mark.parametrize("case", numbered(["41 done", "41 not done"], on="sheet"))
def test_a_lost_answer_is_looked_for_in_the_tab(board: Board, case: str) -> None:
    """When no answer to a write comes, the tab says whether it was done: it is there once, either way."""
    before = board.book.tabs

    def undone(api: Any, _: object) -> None:
        board.book.tabs = before
        api.hang_up()

    board.google.fail("batchUpdate", reset() if case == "41 done" else undone)
    assert "tab OKRs" == board.sync().where
    assert {"41 done": 1, "41 not done": 2}[case] == board.writes
    assert [("grow.won",)] == board.rows("Id")


@pytest.mark.fault(42, on="sheet")
def test_a_crash_between_publication_and_commit_gives_one_version(board: Board) -> None:
    """Killed after Google did it and before the ledger knew: the next run finds it done, and records it."""
    board.google.fail("batchUpdate", slow(30))
    process = board.started("sync", "--as-of", "2026-08-10T12:00")
    board.wait_for(1, lambda: board.writes)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [] == [e for e in board.folder.entries("publication") if e.subject == "sheet"]
    again = board.started("page")
    again.communicate()
    assert (0, 1) == (again.returncode, board.writes)
    assert 1 == len([e for e in board.folder.entries("publication") if e.subject == "sheet"])


@pytest.mark.fault(43, on="sheet")
def test_of_two_runs_at_once_the_later_as_of_wins(board: Board) -> None:
    """While one run publishes, the other waits its turn; then the later as-of stands, whoever was first."""
    released = threading.Event()
    board.google.fail("batchUpdate", lambda api, answer: (released.wait(60), api.send(answer)))
    runs = []
    for number, as_of in enumerate(("2026-08-10T12:00", "2026-08-12T12:00", "2026-08-11T12:00"), start=1):
        runs.append(board.started("sync", "--as-of", as_of))
        board.wait_for(number, lambda: len(board.folder.entries("snapshot")))
    board.wait_for(1, lambda: board.writes)
    released.set()
    said = [process.communicate()[0].decode() for process in runs]
    assert [0, 0, 0] == [process.returncode for process in runs], said
    assert board.stamp is not None
    assert day(12) == board.stamp.as_of


@pytest.mark.fault(43, on="sheet")
def test_an_earlier_as_of_is_never_written_over_a_later_one(board: Board) -> None:
    """A run that knows of no publication reads the tab first, and leaves a later snapshot there."""
    board.sync(10)
    board.forget()
    assert Published(publisher="sheet", where=None) == board.sync(9)
    assert board.stamp is not None
    assert (day(10), 1) == (board.stamp.as_of, board.writes)


@pytest.mark.parametrize(
    "case", numbered(["44 protected", "44 read-only", "44 full", "44 no tab"], on="sheet")
)
def test_a_tab_that_cannot_be_written_fails_alone(board: Board, case: str) -> None:
    """The snapshot and the page stand; the sheet's failure says what to do, and writes nothing."""
    mends = {
        "44 protected": "the tab is protected; let {email} edit the protected range",
        "44 read-only": "may not be written: it is not shared; share it with {email}, as an editor",
        "44 full": "the spreadsheet is full; delete empty rows and columns of its tabs, or name another",
        "44 no tab": "the spreadsheet has no tab OKRs; mend `tab`; there is Notes",
    }
    board.tab.protected = case == "44 protected"
    board.tab.grid = (3, 3)
    if case == "44 read-only":
        board.book.writers = set()
    if case == "44 full":
        board.book.most_cells = 26_009
    if case == "44 no tab":
        board.book.tabs = board.book.tabs[:1]
    process = board.started("sync", "--as-of", "2026-08-10T12:00")
    said = process.communicate()[0].decode()
    assert "publish   sheet: FAILED: " in said
    assert mends[case].format(email=board.google.email) in said
    assert (3, 1) == (process.returncode, len(board.folder.entries("snapshot")))
    assert (board.folder.root / "public/index.html").exists()
    assert [] == [row for tab in board.book.tabs for row in tab.rows]


@pytest.mark.parametrize("text", numbered([f"45 {sign}1+1" for sign in "=+-@＝"], on="sheet"))
def test_a_text_like_a_formula_stays_text(board: Board, text: str) -> None:
    """Titles and owners are sent as texts: the fake knows no formula, and refuses whatever could make one."""
    board.folder.key_results["won"] |= {"title": text[3:], "owner": text[3:]}
    board.sync()
    assert [(text[3:], text[3:], Decimal("450.4"))] == board.rows("Key result", "Owner", "Now")


def test_what_was_changed_by_hand_is_overwritten_and_told(board: Board) -> None:
    """Somebody's edit is noticed by the seal: the same snapshot is written again, and it is said."""
    board.sync()
    board.change(FIRST, 5, Decimal(900))
    assert ["cells that were changed by hand are overwritten"] == list(board.sync().notes)
    assert [(Decimal("450.4"),)] == board.rows("Now")


@pytest.mark.parametrize(
    ("inserted", "told"),
    [
        ({"row": 5}, "tab OKRs holds something of its own in A7, where key results would go"),
        ({"column": 2}, "tab OKRs holds something of its own in P4, where key results would go"),
        ({"column": 0}, "tab OKRs was changed by hand: its stamp is in B3, no longer in A3; move it back"),
        ({"row": 0}, "tab OKRs was changed by hand: its stamp is in A4, no longer in A3; move it back"),
    ],
)
def test_what_an_insertion_pushed_out_is_not_left_beside_new_numbers(
    board: Board, inserted: dict[str, int], told: str
) -> None:
    """A row or column of the last snapshot that is pushed out of the table would stay there: it is told."""
    board.folder.key_results["open"] = keep("crm.open", "<= 500")
    board.sync(10)
    board.insert(**inserted)
    assert told in str(board.sync(11).failure)


def test_a_stamp_that_was_edited_is_not_believed(board: Board) -> None:
    """A date that no snapshot has would keep every later one out of the tab: it is refused."""
    board.sync(10)
    board.change(2, 0, str(board.stamp).replace("2026-08-10", "2029-08-10"))
    assert "which is not in this ledger" in str(board.sync(11).failure)


def test_merged_cells_hide_no_key_result(board: Board) -> None:
    """Where merged cells would hide something they are taken apart; a wide headline stays."""
    board.folder.key_results["open"] = keep("crm.open", "<= 500")
    headline, objectives = (0, 1, 0, 15), (4, 6, 0, 1)
    board.tab.merges = [headline, objectives]
    assert [] == list(board.sync(10).notes)
    assert [("Grow",), ("Grow",)] == board.rows("Objective")
    assert ([headline], []) == (board.tab.merges, list(board.sync(10).notes))


def test_a_tab_that_changes_meanwhile_is_read_again(board: Board) -> None:
    """Rows that somebody deletes between our read and our write are added again."""
    board.tab.grid = (5, 15)

    def shrunk(api: Any, answer: Any) -> None:
        board.tab.grid = (4, 15)
        api.send(answer)

    board.google.fail("batchGet", shrunk)
    assert Published(publisher="sheet", where="tab OKRs", notes=[]) == board.sync()
    assert (2, (5, 15)) == (board.writes, board.tab.grid)


def test_a_tab_that_is_deleted_meanwhile_is_missed(board: Board) -> None:
    """The second look says that there is no such tab."""

    def deleted(api: Any, answer: Any) -> None:
        board.book.tabs = board.book.tabs[:1]
        api.send(answer)

    board.google.fail("batchGet", deleted)
    assert "the spreadsheet has no tab OKRs" in str(board.sync().failure)


def test_a_project_without_key_results_is_published(board: Board) -> None:
    """Google freezes no tab whole: there is a row below the frozen ones."""
    board.folder.key_results = {}
    board.tab.grid = (3, 3)
    assert "tab OKRs" == board.sync().where
    assert ((5, 15), 4) == (board.tab.grid, board.tab.frozen)


def test_whatever_was_declared_fits_into_its_cell(board: Board) -> None:
    """A cell takes 50,000 signs, a number a double, and a unit no quotation mark that ends it early."""
    board.folder.key_results["won"] |= {"title": "long " * 12_000, "to": "12345678901234567890.123456789"}
    board.folder.metrics["crm"]["won"]["unit"] = 'a"b\\'
    assert [] == list(board.sync().notes)
    assert [(Decimal("12345678901234600000"),)] == board.rows("Target")
    assert '#,##0.0" a\'b/"' == board.tab.patterns[FIRST, 5]
    assert [] == list(board.sync().notes)


def test_too_many_requests_are_no_reason_to_send_more(board: Board) -> None:
    """A write that Google refuses for its quota is left to the next run."""
    board.google.fail("batchUpdate", quota())
    assert "too many requests; it is tried again next run" in str(board.sync().failure)
    assert 1 == board.writes


def test_a_spreadsheet_that_is_not_there_names_the_option(board: Board) -> None:
    """The publisher's option is `to`; a dataset's is `spreadsheet`."""
    board.google.books.clear()
    assert "there is no such spreadsheet; mend `to`" in str(board.sync().failure)


def test_what_stands_beside_the_table_stays(board: Board) -> None:
    """Notes to the right are nobody's business; they outlive a new snapshot, and are no edit."""
    board.sync(10)
    board.change(FIRST, 20, "ask Ada")
    assert [] == list(board.sync(11).notes)
    assert (2, "ask Ada") == (board.writes, board.tab.rows[FIRST][20])


def test_what_is_not_ours_is_not_overwritten(board: Board) -> None:
    """A tab that holds something is refused by address, and so is what lies where new rows would go."""
    board.change(1, 1, "budget")
    assert "tab OKRs holds something of its own in B2" in str(board.sync().failure)
    board.tab.rows = ()
    board.sync()
    board.change(FIRST + 1, 0, "total")
    board.folder.key_results["open"] = keep("crm.open", "<= 500")
    assert "tab OKRs holds something of its own in A6" in str(board.sync(11).failure)


def test_a_key_result_that_is_gone_leaves_no_row(board: Board) -> None:
    """The last extent is emptied where the new one does not reach; a small grid grows, once."""
    board.tab.grid = (5, 5)
    board.folder.key_results["open"] = keep("crm.open", "<= 500")
    board.sync(10)
    assert (6, 15) == board.tab.grid
    del board.folder.key_results["open"]
    board.sync(11)
    assert ([("grow.won",)], (6, 15)) == (board.rows("Id"), board.tab.grid)


def test_another_ledger_or_project_is_refused(board: Board) -> None:
    """The stamp names ledger and project: a copy with a ledger of its own cannot write over the tab."""
    board.sync(10)
    board.forget()
    board.folder.okr["store"] = {"ledger": "sqlite:///.okr/other.db", "warehouse": ".okr/other.duckdb"}
    assert "which is not in this ledger" in str(board.sync(11).failure)
    board.forget()
    board.folder.okr |= {"project": "another", "store": {"ledger": "sqlite:///.okr/a.db", "lake": ".okr/a"}}
    assert "shows project tiny; give each project a tab of its own" in str(board.sync(12).failure)


def test_a_renamed_tab_is_followed_by_its_gid(board: Board) -> None:
    """With `gid` the title is only a word: the tab is found, and its new name told."""
    board.folder.okr["publish"]["sheet"]["gid"] = 7
    board.tab.title = "Board view"
    assert ["tab OKRs (gid 7) is called Board view now"] == list(board.sync().notes)


def test_the_doctor_looks_at_the_tab(board: Board) -> None:
    """`okr doctor` signs in and reads the tab; it says what would be refused, and writes nothing."""
    board.folder.write()
    seen = dict(examine(board.folder.workspace(environ=board.environ)))["publish.sheet"]
    assert [("sheet", True)] == [(check.subject, check.passed) for check in seen]
    board.change(0, 0, "budget")
    [check] = dict(examine(board.folder.workspace(environ=board.environ)))["publish.sheet"]
    assert (False, "delete it there, or name an empty tab") == (check.passed, check.mend)
    assert 0 == board.writes


def test_neither_ledger_nor_page_holds_the_spreadsheet_id(board: Board) -> None:
    """The id can be all it takes to read the board: it stays where the reference leads."""
    board.sync()
    files = [path.read_bytes() for path in board.folder.root.rglob("*") if path.is_file()]
    assert [] == [True for held in files if ID.encode() in held]


def test_the_documented_sheet_is_accepted(board: Board) -> None:
    """What docs/publishing.md shows passes `okr check`."""
    page = (ROOT / "docs/publishing.md").read_text(encoding="utf-8")
    [shown] = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "sheet:" in block]
    board.folder.okr |= yaml.safe_load(shown)
    assert ["sheet"] == [*board.folder.write().workspace().project.publishers]


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"connection": {"api_key": "env:KEY"}}, "an API key can only read"),
        ({"to": "the board"}, "expected a spreadsheet's id, or its URL"),
        ({"tabs": "OKRs"}, "did you mean `tab`?"),
    ],
)
def test_a_wrong_option_is_refused_by_check(board: Board, option: dict[str, Any], told: str) -> None:
    """`okr check` knows what the connector takes, without any secret or network."""
    board.folder.okr["publish"]["sheet"] |= option
    process = board.started("check")
    said = process.communicate()[0].decode()
    assert 1 == process.returncode
    assert told in said
    assert json.dumps(ID) not in said
