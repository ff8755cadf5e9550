"""The snapshot in a Google spreadsheet: read what is there, write at most once, and see that it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from connectors.errors import ConnectorError, SetupError, Transient
from connectors.google_sheets.board import Board, Cell, Held
from connectors.google_sheets.book import letters
from connectors.google_sheets.options import SheetTarget
from connectors.google_sheets.refusal import RangeGoneError
from okr_pipeline.ledger.entry import Head
from okr_pipeline.model.report import Report
from okr_pipeline.publish.sheet_rows import COLUMNS, HEAD, STAMP_ROW, sheet_rows
from okr_pipeline.publish.stamp import Stamp, seal

TRIES = 3
"""Times that a snapshot is written before it is given up; each time what is there is read first."""

Holds = Callable[[Head, datetime], bool]
"""Whether our ledger has an entry, and that entry is of this instant."""

_STAMP_PLACE = f"A{STAMP_ROW + 1}"


def board_of(options: Mapping[str, object], *, base: Path) -> Board:
    """
    Return the tab that a publisher's *options* name, secrets resolved.

    Raises:
        SetupError: If they are not valid, or the client library is not installed.
    """
    try:
        return Board(SheetTarget.model_validate(options), base=base)
    except ValidationError as problem:
        where = ".".join(str(part) for part in problem.errors()[0]["loc"])
    raise SetupError(f"what the publisher refers to is not valid at {where}", mend="mend it in okr.yaml")


def publish_sheet(board: Board, report: Report, *, holds: Holds) -> list[str] | None:
    """
    Bring the tab to *report*; return what there is to say of it, None if it shows a later one and is left.

    The tab is read before every write: an answer that was lost is seen to have been done, and never
    is an older snapshot written over a later one. Done again, it changes nothing.

    Raises:
        ConnectorError: If it cannot be written, holds something else, or was written from another ledger.
    """
    rows = sheet_rows(report)
    ours = _stamp_of(report, rows)
    rows[STAMP_ROW][0] = Cell(str(ours))
    told: list[str] = []
    lost: ConnectorError = Transient("the tab never showed what was written", mend="see who else writes it")
    for written in range(TRIES + 1):
        held = board.read()
        there = _stamp(held)
        _refuse(held, there, ours, holds=holds)
        if there and (there.as_of, there.head.seq) > (ours.as_of, ours.head.seq):
            return None
        if there == ours and (written or is_whole(held, there)):
            return [*held.warnings, *told]
        if there and not written and not is_whole(held, there):
            told.append("cells that were changed by hand are overwritten")
        if written == TRIES:
            break
        try:
            board.write(rows, over=held, cleared=(there.rows, there.columns) if there else (0, 0), head=HEAD)
        except (Transient, RangeGoneError) as problem:
            lost = problem
    raise lost


def is_whole(held: Held, stamp: Stamp) -> bool:
    """Return whether the cells under *stamp* are those that were written."""
    return seal(held.rows, size=(stamp.rows, stamp.columns), without=STAMP_ROW) == stamp.seal


def refusal(held: Held, project: str) -> SetupError | None:
    """Return why *project* may not write to the tab as far as can be told before; None if it may."""
    there = _stamp(held)
    if there is None and (moved := next((c.place for c in _filled(held) if Stamp.of(c.value)), None)):
        return SetupError(
            f"tab {held.tab.title} was changed by hand: its stamp is in {moved}, no longer in {_STAMP_PLACE}",
            mend="move it back, or delete all that the tab holds",
        )
    if there is None and (cell := next(_filled(held), None)):
        return _occupied(held, cell.place)
    if there is not None and there.project != project:
        return SetupError(
            f"tab {held.tab.title} shows project {there.project}", mend="give each project a tab of its own"
        )
    return None


def _refuse(held: Held, there: Stamp | None, ours: Stamp, *, holds: Holds) -> None:
    if problem := refusal(held, ours.project):
        raise problem
    if there is None:
        return
    if not holds(there.head, there.as_of):
        raise SetupError(
            f"tab {held.tab.title} shows ledger entry {there.head.seq}, which is not in this ledger: it was "
            "rolled back, is another one, or the stamp was edited",
            mend="bring the ledger back; or, if this is meant, delete the tab's cells",
        )
    for cell in _filled(held):
        is_ours = cell.row < there.rows and cell.column < there.columns
        # What somebody inserted pushes our last row or column out, where it would stay.
        is_pushed_out = cell.row == HEAD - 1 and cell.value == COLUMNS[-1]
        if not is_ours and (cell.column < ours.columns or is_pushed_out):
            raise _occupied(held, cell.place)


def _stamp_of(report: Report, rows: Sequence[Sequence[Cell]]) -> Stamp:
    size = len(rows), len(rows[0])
    return Stamp(
        project=report.project,
        as_of=report.as_of,
        head=Head(report.seq, report.head),
        rows=size[0],
        columns=size[1],
        seal=seal([[cell.value for cell in row] for row in rows], size=size, without=STAMP_ROW),
    )


def _stamp(held: Held) -> Stamp | None:
    row: Sequence[Any] = held.rows[STAMP_ROW] if len(held.rows) > STAMP_ROW else ()
    return Stamp.of(row[0]) if row else None


class _Filled(NamedTuple):
    """A cell that holds something, by its row and column from 0."""

    row: int
    column: int
    value: Any

    @property
    def place(self) -> str:
        """Its address."""
        return f"{letters(self.column)}{self.row + 1}"


def _filled(held: Held) -> Iterator[_Filled]:
    """Yield the cells that hold something."""
    for y, row in enumerate(held.rows):
        for x, value in enumerate(row):
            if value not in (None, ""):
                yield _Filled(y, x, value)


def _occupied(held: Held, place: str) -> SetupError:
    return SetupError(
        f"tab {held.tab.title} holds something of its own in {place}, where key results would go",
        mend="delete it there, or name an empty tab",
    )
