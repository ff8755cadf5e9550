"""What one go through all pages has found so far, and what is wrong with it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.errors import Incomplete
from connectors.rest.columns import Columns
from connectors.rest.marks import doubled_in
from connectors.rest.page import ASK_FOR_FEWER
from connectors.typed import TypedRows

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.contract import ExtractRequest
    from connectors.rest.options import RestDataset
    from connectors.rest.page import Page

THOUSAND = 1_000
"""Where sources stop counting or giving is a multiple of this."""


class Doubt(Exception):
    """What came cannot be all, or holds something twice. *reason* says why, without any value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Pass:
    """
    One go through all pages. *marks* and *keys* are hashes of rows: of key and cursor, and of the key;
    *calls* and *contents* those of calls and of pages without marks. *started_at* is the source's clock
    at the first page; *end_is_told* as `Pager.tells_end` has it.
    """

    request: ExtractRequest
    options: RestDataset
    columns: Columns
    rows: TypedRows
    read: int = 0
    pages: int = 0
    total: int | None = None
    short: int | None = None
    shorts_are_usual: bool = False
    started_at: datetime | None = None
    end_is_told: bool = False
    marks: array[int] = field(default_factory=lambda: array("q"))
    keys: array[int] = field(default_factory=lambda: array("q"))
    calls: set[int] = field(default_factory=set)
    contents: set[int] = field(default_factory=set)

    def note_call(self, identity: int) -> None:
        """Note that a page is asked for; Incomplete if it is one more than there may be."""
        if identity in self.calls:
            raise Doubt(f"page {self.pages + 1} is one that was read before")
        self.calls.add(identity)
        limit = self.options.page_limit
        if self.pages == limit:
            raise Incomplete(
                f"{self.options.path}: page {limit} leads to another, and `page_limit` is {limit}",
                mend="look whether its pages ever end; if so, ask for larger ones, or raise `page_limit`",
            )

    def note(self, page: Page) -> None:
        """Note what *page* holds and tells; Incomplete if the source may have cut it off."""
        self._note_total(page)
        self.pages += 1
        self.read += len(page.rows)
        self._check_cap()
        self.marks.extend(map(hash, page.marks))
        if self.total is not None:
            self.keys.extend(hash(mark[: len(self.request.key)]) for mark in page.marks)
        self._note_content(page)
        self.columns.renaming.note(page.rows)

    def note_short(self, page: Page) -> None:
        """Note a page below its size; rows behind one were skipped where pages are counted."""
        size = self.options.page_size
        if size is None or not page.rows:
            return
        if self.short is not None:
            raise Doubt(
                f"page {self.short} has fewer rows than page_size although others follow; "
                "the source may allow no pages as large as that"
            )
        if len(page.rows) < size.rows:
            self.short = page.number

    def prove(self) -> list[str]:
        """Return what is odd about the whole; Doubt if it is not whole, SchemaChanged if a column is not."""
        self.columns.check(where=self.options.path)
        self.columns.renaming.check(where=self.options.path)
        doubled = doubled_in(self.marks)
        if doubled:
            raise Doubt(f"{doubled} rows came twice by key {', '.join(self.request.key)}")
        # A row that came in two versions is one: beside it, another may never have come.
        versions = 0 if self.total is None else doubled_in(self.keys)
        if self.total is not None and self.read - versions != self.total:
            different = " different" if versions else ""
            raise Doubt(f"{self.read - versions}{different} rows came, {self.total} were declared")
        told = f"{self.read} rows came: if the source stops there, say so by `below` at `complete`"
        return [*self.columns.renaming.warnings(), *([told] if self._may_be_cut_off() else [])]

    def complete(self) -> str:
        """Return `yes` if the declared total or the last page proves that all is here, else `unprovable`."""
        is_told = self.total is not None or self.end_is_told
        return "yes" if is_told and not self._may_be_cut_off() else "unprovable"

    def _note_total(self, page: Page) -> None:
        """
        Note the total that *page* tells; an ignored one leaves that of those before.

        Rows taken away behind the reader move others past it, and the total falls with what came. One
        that grows is no harm as long as a key tells the rows apart.
        """
        if page.total is None:
            return
        if self.total is not None and (
            page.total < self.total or (page.total > self.total and not self.request.key)
        ):
            raise Doubt(f"the total went from {self.total} to {page.total} between pages")
        self.total = page.total

    def _check_cap(self) -> None:
        """Refuse as many rows, told or read, as the source never goes beyond."""
        most = self.options.complete.below if self.options.complete else None
        if most is not None and max(self.read, self.total or 0) >= most:
            raise Incomplete(
                f"{self.options.path}: there are {most} rows (`below`) or more, and some may never come",
                mend=ASK_FOR_FEWER,
            )

    def _note_content(self, page: Page) -> None:
        """Note what *page* holds where no key tells its rows apart; one that came before comes again."""
        if page.marks or not page.rows:
            return
        content = hash(repr(page.rows))
        if content in self.contents:
            raise Doubt(f"page {page.number} holds the rows of one before it")
        self.contents.add(content)

    def _may_be_cut_off(self) -> bool:
        """Return whether the rows are whole thousands, and nobody said where the source stops."""
        is_told = self.options.complete is not None and self.options.complete.below is not None
        return not is_told and self.read > 0 and self.read % THOUSAND == 0
