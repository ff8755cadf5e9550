"""From one page to the call for the next, for each way that APIs have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests

from connectors.errors import Incomplete, SetupError
from connectors.rest import path
from connectors.rest.page_options import (
    HeaderCursor,
    HeaderLink,
    JsonCursor,
    JsonLink,
    LastId,
    Offset,
    PageNumber,
    Single,
)
from connectors.rest.path import ABSENT

if TYPE_CHECKING:
    from connectors.rest.call import Call
    from connectors.rest.options import RestDataset
    from connectors.rest.page import Page


@dataclass(slots=True, kw_only=True)
class Pager:
    """
    Knows the way that *options* declare.

    `proves_end` says whether the source itself tells that a page is the last one, so that its end is
    no guess: a link or cursor that is not there, or a flag. Everything else ends with a page that
    has no rows, or with as many rows as the source declared.
    """

    options: RestDataset

    @property
    def proves_end(self) -> bool:
        way = self.options.pages
        return isinstance(way, (HeaderLink, JsonLink, HeaderCursor, JsonCursor)) or bool(
            getattr(way, "more", None)
        )

    def start(self, call: Call) -> Call:
        """Return the first call, with the first page named where the way needs that."""
        way = self.options.pages
        if isinstance(way, PageNumber):
            return call.with_value(way, way.first)
        return call.with_value(way, 0) if isinstance(way, Offset) else call

    def next(self, call: Call, page: Page, *, read: int) -> Call | None:
        """
        Return the call after *page*, None if it was the last. *read* counts the rows up to its end.

        Raises:
            Incomplete: If the page says that there are more, and cannot be followed.
            SetupError: If something else is where the way to the next page should be told.
        """
        way = self.options.pages
        if page.is_ignored:
            if page.number > 1 and self.proves_end:
                raise _stuck(page, "is ignored by `responses` although the one before leads to it")
            return None
        if isinstance(way, Single):
            self._check_single(page)
            return None
        if isinstance(way, (HeaderLink, JsonLink)):
            return _linked(call, page, _link(way, page))
        if way.more is not None:
            if not _says_more(page, way.more):
                return None
            if not page.rows and isinstance(way, (Offset, PageNumber, LastId)):
                raise _stuck(page, "says that there are more, without a row")
        elif isinstance(way, (Offset, PageNumber, LastId)) and (
            not page.rows or (page.total is not None and read >= page.total)
        ):
            return None
        value = self._token(way, page)
        if value is None and way.more is not None:
            raise _stuck(page, "says that there are more, not where")
        return None if value is None else call.with_value(way, value)

    def tells_end(self, page: Page) -> bool:
        """
        Return whether *page*, the last one, is so by more than silence.

        A link or cursor that no page ever had may be one that is called otherwise.
        """
        way, size = self.options.pages, self.options.page_size
        if page.is_ignored or page.is_bare or not self.proves_end:
            return False
        if page.number > 1 or getattr(way, "more", None) or len(page.rows) < (size.rows if size else 1):
            return True
        if isinstance(way, (JsonLink, JsonCursor)):
            return path.find(page.answer.value, path.parse(way.path)) is not ABSENT
        return (way.header if isinstance(way, HeaderCursor) else "Link") in page.answer.headers

    def _check_single(self, page: Page) -> None:
        """Refuse an answer that links to another where nobody said that the first is enough."""
        if "pages" not in self.options.model_fields_set and _linked_by_header(page, "next"):
            raise SetupError(
                f"{page.answer.named()}: the answer links to a next page, and `pages` is not declared",
                mend="write `pages: {by: header_link}`, or `pages: {by: single}` if the first is enough",
            )

    def _token(self, way: HeaderCursor | JsonCursor | Offset | PageNumber | LastId, page: Page) -> Any:
        if isinstance(way, HeaderCursor):
            return page.answer.headers.get(way.header) or None
        if isinstance(way, JsonCursor):
            return _scalar(_told(page, way.path))
        if isinstance(way, PageNumber):
            return way.first + page.number
        if isinstance(way, Offset):
            return page.before + len(page.rows)
        ids = [_scalar(path.find(row, path.parse(way.path))) for row in page.rows]
        last = ids[-1]
        if last is None:
            raise Incomplete(
                f"{page.answer.named()}: the last row has nothing at {way.path} to go on from",
                mend="mend `pages`: path is where the id lies in a row",
            )
        if len(set(ids)) < len(ids):
            raise SetupError(
                f"{page.answer.named()}: rows of page {page.number} share what is at {way.path}",
                mend="mend `pages`: behind a value that rows share, those on the next page would be lost",
            )
        return last


def _link(way: HeaderLink | JsonLink, page: Page) -> str | None:
    if isinstance(way, JsonLink):
        found = _told(page, way.path)
        if found is not None and not isinstance(found, str):
            raise _no_way_on(page, way.path)
        return found
    return _linked_by_header(page, way.rel)


def _linked_by_header(page: Page, rel: str) -> str | None:
    """Return the address of the link *rel*; names and values of such links have no case (RFC 8288)."""
    for link in requests.utils.parse_header_links(page.answer.headers.get("Link", "")):
        rels = next((value for name, value in link.items() if name.lower() == "rel"), "")
        if rel.lower() in rels.lower().split():
            return link["url"]
    return None


def _told(page: Page, place: str) -> Any:
    """Return the link or cursor at *place*, None if it says that there is none."""
    found = path.find(page.answer.value, path.parse(place))
    if found is ABSENT or found is None or found is False or found == "":
        return None
    if found is True or isinstance(found, (list, dict)):
        raise _no_way_on(page, place)
    return found


def _says_more(page: Page, place: str) -> bool:
    """Return the flag at *place*; pages behind the first, and those without rows, may leave it out."""
    found = path.find(page.answer.value, path.parse(place))
    if isinstance(found, bool):
        return found
    if found is None or (found is ABSENT and (page.number > 1 or not page.rows)):
        return False
    raise _no_way_on(page, place)


def _linked(call: Call, page: Page, link: str | None) -> Call | None:
    """Return *call* at the *link* of *page*; its own parameters are part of the link already."""
    try:
        return None if link is None else replace(call, url=urljoin(call.url, link), params={})
    except ValueError:
        raise _stuck(page, "links to an address that is not valid") from None


def _scalar(value: Any) -> str | int | None:
    if value is ABSENT or value is None or value == "" or isinstance(value, (list, dict, bool)):
        return None
    return value if isinstance(value, int) else str(value)


def _stuck(page: Page, how: str) -> Incomplete:
    return Incomplete(
        f"{page.answer.named()}: page {page.number} {how}",
        mend="read again; if it stays, mend `pages` or `responses`",
    )


def _no_way_on(page: Page, place: str) -> SetupError:
    return SetupError(
        f"{page.answer.named()}: what is at {place} does not lead to a next page, nor say that there is none",
        mend="mend `pages`: `path` leads to a text or a number, `more` to true or false",
    )
