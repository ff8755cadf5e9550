"""What a tab says of itself: which snapshot it shows, where that stands in which ledger, and its seal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from connectors import json_text
from okr_pipeline.ledger.entry import Head
from okr_pipeline.ledger.instant import instant_from, instant_text

_STAMP = re.compile(
    r"okr (?P<project>[a-z][a-z0-9_]*) as of (?P<as_of>[0-9T:.-]+Z), "
    r"ledger entry (?P<seq>[0-9]{1,18}) (?P<head>[0-9a-f]{64}), "
    r"(?P<rows>[0-9]{1,7}) x (?P<columns>[0-9]{1,5}) cells (?P<seal>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One snapshot in a tab. It covers its first *rows* and *columns*; *seal* is the hash of those cells."""

    project: str
    as_of: datetime
    head: Head
    rows: int
    columns: int
    seal: str

    @classmethod
    def of(cls, text: object) -> Stamp | None:
        """Return the stamp that *text* is; None if it is none."""
        found = _STAMP.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        try:
            as_of = instant_from(found["as_of"])
        except ValueError:
            return None
        return cls(
            project=found["project"],
            as_of=as_of,
            head=Head(int(found["seq"]), found["head"]),
            rows=int(found["rows"]),
            columns=int(found["columns"]),
            seal=found["seal"],
        )

    def __str__(self) -> str:
        return (
            f"okr {self.project} as of {instant_text(self.as_of)}, ledger entry {self.head.seq} "
            f"{self.head.hash}, {self.rows} x {self.columns} cells {self.seal}"
        )


def seal(rows: Sequence[Sequence[Any]], *, size: tuple[int, int], without: int) -> str:
    """
    Return the hash of the first *size* (rows, columns) of *rows*, row *without* left out.

    Empty cells and cells that are not there are the same, and so are numbers that are equal.
    """
    cells = [
        [_plain(cell) for cell in row[: size[1]]] if at != without else []
        for at, row in enumerate(rows[: size[0]])
    ]
    for row in cells:
        while row and row[-1] == "":
            row.pop()
    while cells and not cells[-1]:
        cells.pop()
    return sha256(json_text.canonical(cells).encode()).hexdigest()


def _plain(cell: Any) -> Any:
    """Return *cell* in the one form that equal cells share; a number is no text of the same digits."""
    if cell is None:
        return ""
    if isinstance(cell, bool | str):
        return cell
    return [format((Decimal(cell) + 0).normalize(), "f")]
