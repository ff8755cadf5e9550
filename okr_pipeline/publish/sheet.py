"""The snapshot in a Google spreadsheet: read what is there, write at most once, and see that it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors.errors import ConnectorError, SetupError, Transient
from connectors.google_sheets.board import Board, Cell, Held
from connectors.google_sheets.book import letters
from connectors.google_sheets.options import SheetTarget
from okr_pipeline.ledger.entry import Head
from okr_pipeline.model.report import Report
from okr_pipeline.publish.sheet_rows import HEAD, STAMP_ROW, sheet_rows
from okr_pipeline.publish.stamp import Stamp, seal

TRIES = 3
"""Times that a snapshot is written before it is given up; each time what is there is read first."""


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


def publish_sheet(board: Board, report: Report, *, holds: Callable[[Head], bool]) -> list[str] | None:
    """
    Bring the tab to *report*; return what there is to say of it, None if it shows a later one and is left.

    The tab is read before every write: an answer that was lost is seen to have been done, and never
    is an older snapshot written over a later one. Done again, it changes nothing. *holds* says whether our
    ledger has an entry.

    Raises:
        ConnectorError: If it cannot be written, holds something else, or was written from another ledger.
    """
    rows = sheet_rows(report)
    size = len(rows), len(rows[0])
    ours = Stamp(
        project=report.project,
        as_of=report.as_of,
        head=Head(report.seq, report.head),
        rows=size[0],
        columns=size[1],
        seal=seal([[cell.value for cell in row] for row in rows], size=size, without=STAMP_ROW),
    )
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
        except Transient as problem:
            lost = problem
    raise lost


def is_whole(held: Held, stamp: Stamp) -> bool:
    """Return whether the cells under *stamp* are those that were written."""
    return seal(held.rows, size=(stamp.rows, stamp.columns), without=STAMP_ROW) == stamp.seal


def refusal(held: Held, project: str) -> SetupError | None:
    """Return why *project* may not write to the tab as far as can be told before; None if it may."""
    there = _stamp(held)
    if there is None and (place := next(_filled(held.rows), None)):
        return _occupied(held, place)
    if there is not None and there.project != project:
        return SetupError(
            f"tab {held.tab.title} shows project {there.project}", mend="give each project a tab of its own"
        )
    return None


def _refuse(held: Held, there: Stamp | None, ours: Stamp, *, holds: Callable[[Head], bool]) -> None:
    if problem := refusal(held, ours.project):
        raise problem
    if there is not None and not holds(there.head):
        raise SetupError(
            f"tab {held.tab.title} shows ledger entry {there.head.seq}, which is not in this ledger: it was "
            "rolled back, or is another one",
            mend="bring the ledger back; or, if this is meant, delete the tab's cells",
        )
    beyond = _filled(held.rows[: ours.rows], columns=ours.columns, beyond=there)
    if there is not None and (place := next(beyond, None)):
        raise _occupied(held, place)


def _stamp(held: Held) -> Stamp | None:
    row: Sequence[Any] = held.rows[STAMP_ROW] if len(held.rows) > STAMP_ROW else ()
    return Stamp.of(row[0]) if row else None


def _filled(
    rows: Iterable[Sequence[Any]], *, columns: int | None = None, beyond: Stamp | None = None
) -> Iterator[str]:
    """Yield the addresses of cells in the first *columns* that hold something; not those *beyond* covers."""
    for y, row in enumerate(rows):
        for x, cell in enumerate(row[:columns]):
            is_ours = beyond is not None and y < beyond.rows and x < beyond.columns
            if cell not in (None, "") and not is_ours:
                yield f"{letters(x)}{y + 1}"


def _occupied(held: Held, place: str) -> SetupError:
    return SetupError(
        f"tab {held.tab.title} holds something of its own in {place}, where key results would go",
        mend="delete it there, or name an empty tab",
    )
