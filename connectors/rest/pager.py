"""From one page to the call for the next, for each way that APIs have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests

from connectors.errors import Incomplete
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
        """Return the call after *page*, None if it was the last. *read* counts the rows up to its end."""
        way = self.options.pages
        if isinstance(way, Single):
            return None
        if isinstance(way, (HeaderLink, JsonLink)):
            return _linked(call, _link(way, page))
        if way.more is not None:
            if path.find(page.answer.value, path.parse(way.more)) is not True:
                return None
            if not page.rows:
                raise _empty_but_more(page)
        elif isinstance(way, (Offset, PageNumber, LastId)) and (
            not page.rows or (page.total is not None and read >= page.total)
        ):
            return None
        value = self._token(way, page)
        return None if value is None else call.with_value(way, value)

    def _token(self, way: HeaderCursor | JsonCursor | Offset | PageNumber | LastId, page: Page) -> Any:
        if isinstance(way, HeaderCursor):
            return page.answer.headers.get(way.header) or None
        if isinstance(way, JsonCursor):
            return _scalar(path.find(page.answer.value, path.parse(way.path)))
        if isinstance(way, PageNumber):
            return way.first + page.number
        if isinstance(way, Offset):
            size = self.options.page_size
            return page.number * size.rows if size else page.before + len(page.rows)
        last = _scalar(path.find(page.rows[-1], path.parse(way.path)))
        if last is None:
            raise Incomplete(
                f"{page.answer.named()}: the last row has nothing at {way.path} to go on from",
                mend="mend `pages`: path is where the id lies in a row",
            )
        return last


def _link(way: HeaderLink | JsonLink, page: Page) -> str | None:
    if isinstance(way, JsonLink):
        found = path.find(page.answer.value, path.parse(way.path))
        return found if isinstance(found, str) and found else None
    links = requests.utils.parse_header_links(page.answer.headers.get("Link", ""))
    return next((link["url"] for link in links if way.rel in link.get("rel", "").split()), None)


def _linked(call: Call, link: str | None) -> Call | None:
    """Return *call* at *link*; its own parameters are part of the link already."""
    return None if link is None else replace(call, url=urljoin(call.url, link), params={})


def _scalar(value: Any) -> str | int | None:
    if value is ABSENT or value is None or value == "" or isinstance(value, (list, dict, bool)):
        return None
    return value if isinstance(value, int) else str(value)


def _empty_but_more(page: Page) -> Incomplete:
    return Incomplete(
        f"{page.answer.named()}: a page without rows says that there are more",
        mend="read again; if it stays, mend `more` at `pages`",
    )
