"""Rows by query pages: followed by locator, and begun again after the last whole page where that breaks."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from connectors.errors import Incomplete, Transient
from connectors.salesforce import soql
from connectors.salesforce.api import Api, objects
from connectors.salesforce.faults import LocatorGone, QueryTimedOut, SessionEnded, damaged
from connectors.salesforce.page import Page, last_key, page_of
from connectors.salesforce.plan import Plan
from connectors.salesforce.reach import Key, Reach, halves, statement
from connectors.transport.answer import Answer

PAGE_ROWS = 2_000
"""What Salesforce puts into one page."""
MOST_SETBACKS = 3
"""How often in a row a page may fail before the read is given up."""

_OFFSET = re.compile(r"-(\d{1,12})\Z")


def pages(api: Api, plan: Plan, reach: Reach) -> Generator[Page]:
    """
    Yield the rows of *reach* in order, whole pages only.

    A locator that is gone, a session that ended, or a page with other rows than announced begins a
    new query after the last whole page. A query that takes too long is cut in two.
    """
    todo, setbacks = [reach], 0
    while todo:
        reach = todo.pop()
        try:
            with closing(_stretch(api, plan, reach)) as stretch:
                for page, key in stretch:
                    yield page
                    reach, setbacks = reach.past(key), 0
        except QueryTimedOut as problem:
            todo += cut(api, plan, reach, problem)
        except (LocatorGone, SessionEnded, Incomplete) as problem:
            setbacks += 1
            if setbacks >= MOST_SETBACKS:
                raise
            if isinstance(problem, SessionEnded):
                api.renew()
            todo.append(reach)


def cut(api: Api, plan: Plan, reach: Reach, problem: Exception) -> Iterator[Reach]:
    """Return the halves of *reach*, the later one first; raise *problem* if it has none."""
    found = halves(plan, reach, ends=lambda: _ends(api, plan))
    if found is None:
        raise problem
    return reversed(found)


def _stretch(api: Api, plan: Plan, reach: Reach) -> Generator[tuple[Page, Key]]:
    """Yield the pages of one query, each with the key of its last row, and see that none lacks a row."""
    answer = api.query(statement(plan, reach), include_deleted=plan.include_deleted)
    key, taken = reach.after, 0
    total = int(_body(answer)["totalSize"])
    while True:
        body = _body(answer)
        records, following = body["records"], None if body["done"] else str(body.get("nextRecordsUrl"))
        offset = _OFFSET.search(following) if following else None
        expected = total - taken if following is None else int(offset[1]) - taken if offset else None
        if len(records) != (len(records) if expected is None else expected) or (following and not records):
            raise damaged(f"{answer.named()}: rows of a page", expected=expected, got=len(records))
        if records:
            page = page_of(plan, records)
            key = last_key(plan, page, after=key)
            yield page, key
        taken += len(records)
        if following is None:
            return
        answer = api.follow(following)


def _body(answer: Answer) -> dict[str, Any]:
    body = answer.value if isinstance(answer.value, dict) else {}
    objects(answer, "records")
    if not isinstance(body.get("totalSize"), int) or not isinstance(body.get("done"), bool):
        raise Transient(f"{answer.named()}: no page of records came", mend="it is read again next run")
    return body


def _ends(api: Api, plan: Plan) -> tuple[str, str] | None:
    """Return the first and last id of the object; None where it has no row."""
    found = []
    for order in ("Id", "Id DESC"):
        text = soql.select(["Id"], of=plan.object, conditions=[], order=[order], limit=1)
        answer = api.query(text, include_deleted=plan.include_deleted)
        found += [str(record["Id"]) for record in objects(answer, "records", each_with="Id")]
    return (found[0], found[1]) if len(found) == 2 else None
