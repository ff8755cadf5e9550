"""All pages of one dataset: each looked at before it is believed, their end proved where it can be."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from connectors.errors import Incomplete, SetupError
from connectors.rest.call import Call, first
from connectors.rest.columns import Columns, Places
from connectors.rest.marks import marks_of, repeats, steps_of
from connectors.rest.pager import Pager
from connectors.rest.passed import Doubt, Pass
from connectors.transport import retry_after
from connectors.typed import TypedRows

if TYPE_CHECKING:
    import pyarrow as pa

    from connectors.contract import ExtractRequest
    from connectors.rest.options import RestDataset
    from connectors.rest.page import Page
    from connectors.rest.source import Source

GATHERED = 4_096
"""Rows of pages that become one batch."""
HELD_BYTES = 16 << 20
"""As long as no more than this is read, nothing is given out: it can be read again if its end is in doubt."""


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
        self._marks = steps_of(request, options)

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

    def _new_pass(self) -> Pass:
        columns = Columns(self._request, self._options)
        rows = TypedRows(self._request, formats=columns.strptime_formats())
        return Pass(self._request, self._options, columns, rows)

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
        self.warnings += now.prove()

    def _pages(self, now: Pass) -> Generator[Page]:
        call: Call | None = self._first
        previous: Page | None = None
        while call is not None:
            now.note_call(call.identity())
            page, call = self._looked_at(call, previous, now)
            now.note(page)
            now.started_at = now.started_at or retry_after.instant(page.answer.headers.get("Date"))
            now.end_is_told = call is None and (self._pager.tells_end(page) or self._found_end(page))
            previous = page
            yield page

    def _looked_at(self, call: Call, previous: Page | None, now: Pass) -> tuple[Page, Call | None]:
        """Return the page of *call* and the call after it; one that looks wrong is asked for once more."""
        for again in (False, True):
            page = self._source.page(call, self._options, number=now.pages + 1, before=now.read)
            page.marks = marks_of(page.rows, self._marks)
            follows = self._pager.next(call, page, read=now.read + len(page.rows))
            doubled = previous is not None and repeats(page, previous)
            short = self._falls_short(page, follows, now)
            if not doubled and not short:
                break
            if doubled and again:
                raise Doubt(f"page {page.number} holds rows of page {page.number - 1}")
            now.shorts_are_usual = again
        if not self._pager.proves_end:
            now.note_short(page)
        return page, follows

    def _falls_short(self, page: Page, follows: Call | None, now: Pass) -> bool:
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

    def _incomplete(self, doubt: Doubt) -> Incomplete:
        return Incomplete(
            f"{self._options.path}: {doubt.reason}",
            mend="read again; if it stays, mend `pages`, `key` or `complete`, or order the rows in `params`",
        )
