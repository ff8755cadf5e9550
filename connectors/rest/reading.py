"""All pages of one dataset: each looked at before it is believed, their end proved where it can be."""

from __future__ import annotations

from array import array
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.errors import Incomplete, SetupError
from connectors.rest import path
from connectors.rest.call import Call, first
from connectors.rest.columns import Columns, Places
from connectors.rest.pager import Pager
from connectors.rest.path import ABSENT, Steps
from connectors.transport import retry_after
from connectors.typed import TypedRows

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from connectors.contract import ExtractRequest
    from connectors.rest.options import RestDataset
    from connectors.rest.page import Page
    from connectors.rest.source import Source

GATHERED = 4_096
"""Rows of pages that become one batch."""
HELD_BYTES = 16 << 20
"""As long as no more than this is read, nothing is given out: it can be read again if its end is in doubt."""


class Doubt(Exception):
    """What came cannot be all, or holds something twice. *reason* says why, without any value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Pass:
    """
    One go through all pages. *marks* and *keys* are hashes of rows: of key and cursor, and of the key.
    *started_at* is the source's clock at the first page; *end_is_told* as `Pager.tells_end` has it.
    """

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


class Reading:
    """Reads one request; `passed` knows what the last go through found."""

    def __init__(
        self,
        request: ExtractRequest,
        options: RestDataset,
        source: Source,
        *,
        warnings: list[str] | None = None,
    ) -> None:
        self._request = request
        self._options = options
        self._source = source
        self.warnings = [] if warnings is None else warnings
        self.passed = self._new_pass()
        self._pager = Pager(options=options)
        self._first = self._pager.start(first(request, options, base_url=source.base_url))
        self._marks = _marks(request, options)

    def batches(self, *, hold: bool) -> Generator[pa.RecordBatch]:
        """
        Yield all rows. What is in doubt is read once more if none of it was given out yet; without
        *hold* each page is given out at once.

        Raises:
            Incomplete: If rows are missing or doubled, still or too late to read again.
        """
        for again in (False, True):
            given_out = not hold
            held: list[pa.RecordBatch] = []
            try:
                for batch in self._batches(gather=GATHERED if hold else 1):
                    held.append(batch)
                    given_out = given_out or sum(part.nbytes for part in held) > HELD_BYTES
                    if given_out:
                        yield from held
                        held.clear()
            except Doubt as doubt:
                if given_out or again:
                    raise self._incomplete(doubt) from None
                self.warnings.append(f"read twice: {doubt.reason}")
                self.passed = self._new_pass()
                continue
            yield from held
            return

    def _new_pass(self) -> _Pass:
        columns = Columns(self._request, self._options)
        return _Pass(columns, TypedRows(self._request, formats=columns.strptime_formats()))

    def _batches(self, *, gather: int) -> Generator[pa.RecordBatch]:
        now = self.passed
        gathered: list[Any] = []
        places = Places()
        for page in self._pages(now):
            gathered += page.rows
            places.add(page)
            if len(gathered) >= gather:
                columns = now.columns.picked(gathered)
                if gather == 1:
                    now.columns.check(where=self._options.path)
                yield now.rows.batch(columns, places)
                gathered, places = [], Places()
        if gathered:
            yield now.rows.batch(now.columns.picked(gathered), places)
        now.columns.check(where=self._options.path)
        self._prove(now)

    def _pages(self, now: _Pass) -> Generator[Page]:
        call: Call | None = self._first
        previous: Page | None = None
        while call is not None:
            if call.identity() in now.calls:
                raise Doubt(f"page {now.pages + 1} is one that was read before")
            now.calls.add(call.identity())
            page, call = self._looked_at(call, previous, now)
            self._note_total(page, now)
            now.started_at = now.started_at or retry_after.instant(page.answer.headers.get("Date"))
            now.end_is_told = call is None and (self._pager.tells_end(page) or self._found_end(page))
            now.pages += 1
            now.read += len(page.rows)
            now.marks.extend(map(hash, page.marks))
            if now.total is not None:
                now.keys.extend(hash(mark[: len(self._request.key)]) for mark in page.marks)
            previous = page
            yield page

    def _looked_at(self, call: Call, previous: Page | None, now: _Pass) -> tuple[Page, Call | None]:
        """Return the page of *call* and the call after it; one that looks wrong is asked for once more."""
        for again in (False, True):
            page = self._source.page(call, self._options, number=now.pages + 1, before=now.read)
            page.marks = self._marks_of(page.rows)
            follows = self._pager.next(call, page, read=now.read + len(page.rows))
            doubled = previous is not None and _repeats(page, previous)
            short = self._falls_short(page, follows, now)
            if not doubled and not short:
                break
            if doubled and again:
                raise Doubt(f"page {page.number} holds rows of page {page.number - 1}")
            now.shorts_are_usual = again
        self._note_short(page, now)
        return page, follows

    def _falls_short(self, page: Page, follows: Call | None, now: _Pass) -> bool:
        """
        Return whether *page* has fewer rows than the declared total leaves for it.

        One that is as short when it comes again shows that the source makes its pages so.
        """
        if page.total is None or (follows is not None and now.shorts_are_usual):
            return False
        left = page.total - now.read
        size = self._options.page_size
        most = left if follows is None or size is None else min(size.rows, left)
        return len(page.rows) < most and (follows is None or size is not None)

    def _note_total(self, page: Page, now: _Pass) -> None:
        """
        Note the total that *page* tells; an ignored one leaves that of those before.

        Rows taken away behind the reader move others past it, and the total falls with what came. One
        that grows is no harm as long as a key tells the rows apart.
        """
        if page.total is None:
            return
        if now.total is not None and (
            page.total < now.total or (page.total > now.total and not self._request.key)
        ):
            raise Doubt(f"the total went from {now.total} to {page.total} between pages")
        now.total = page.total

    def _note_short(self, page: Page, now: _Pass) -> None:
        """Note a page below its size; rows behind one were skipped where pages are counted."""
        size = self._options.page_size
        if size is None or self._pager.proves_end or not page.rows:
            return
        if now.short is not None:
            raise Doubt(
                f"page {now.short} has fewer rows than page_size although others follow; "
                "the source may allow no pages as large as that"
            )
        if len(page.rows) < size.rows:
            now.short = page.number

    def _prove(self, now: _Pass) -> None:
        doubled = _doubled(now.marks)
        if doubled:
            raise Doubt(f"{doubled} rows came twice by key {', '.join(self._request.key)}")
        if now.total is None:
            return
        # A row that came in two versions is one: beside it, another may never have come.
        versions = _doubled(now.keys)
        if now.read - versions != now.total:
            different = " different" if versions else ""
            raise Doubt(f"{now.read - versions}{different} rows came, {now.total} were declared")

    def _found_end(self, page: Page) -> bool:
        """
        Return whether *page*, which has no link or cursor where one is declared, is all there is.

        A full one is asked for again with a row less: then a next page must be named.
        """
        size = self._options.page_size
        if not page.rows or not self._pager.proves_end or page.total is not None:
            return False
        if size is not None and len(page.rows) == size.rows > 1:
            smaller = self._pager.start(self._first.with_value(size, size.rows - 1))
            found = self._source.page(smaller, self._options, number=1, before=0)
            if self._pager.next(smaller, found, read=len(found.rows)) is not None:
                return True
            if len(found.rows) == size.rows - 1:
                raise SetupError(
                    f"{page.answer.named()}: a full page, and nothing where `pages` looks for the next one",
                    mend="look at a whole answer, and mend `pages`",
                )
        self.warnings.append(
            "one page came, and nothing where `pages` looks for the next one; "
            "a `page_size` that it does not fill, or `complete`, would prove that it is all"
        )
        return False

    def _marks_of(self, rows: Sequence[Any]) -> list[tuple[Any, ...]]:
        """
        Return what tells rows apart: the key, and the cursor, since a row may change meanwhile.

        Rows that lack a part of it are left out: that is for the check of the columns to tell.
        """
        if not self._marks:
            return []
        found = (tuple(path.find(row, steps) for steps in self._marks) for row in rows)
        return [tuple(map(_hashable, mark)) for mark in found if not any(part is ABSENT for part in mark)]

    def complete(self) -> str:
        """Return `yes` if the declared total or the last page proves that all is here, else `unprovable`."""
        return "yes" if self.passed.total is not None or self.passed.end_is_told else "unprovable"

    def _incomplete(self, doubt: Doubt) -> Incomplete:
        return Incomplete(
            f"{self._options.path}: {doubt.reason}",
            mend="read again; if it stays, mend `pages`, `key` or `complete`, or order the rows in `params`",
        )


def _repeats(page: Page, previous: Page) -> bool:
    """Return whether *page* holds rows of the one before it."""
    if page.marks:
        return not set(page.marks).isdisjoint(previous.marks)
    return bool(page.rows) and page.rows == previous.rows


def _marks(request: ExtractRequest, options: RestDataset) -> tuple[Steps, ...]:
    if not request.key:
        return ()
    names = dict.fromkeys([*request.key, *([request.cursor] if request.cursor else [])])
    return tuple(path.parse(options.fields.get(name, name)) for name in names)


def _hashable(value: Any) -> Any:
    # Python gives -1 and -2 one hash.
    is_negative = isinstance(value, (int, Decimal)) and value < 0
    return repr(value) if is_negative or isinstance(value, (list, dict)) else value


def _doubled(hashes: array[int]) -> int:
    """Return how many of *hashes* are there already; they take 8 bytes a row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.Array.from_buffers(pa.int64(), len(hashes), [None, pa.py_buffer(hashes)])
    ordered = found.take(pc.array_sort_indices(found))
    return int(pc.sum(pc.equal(ordered[1:], ordered[:-1])).as_py() or 0)
