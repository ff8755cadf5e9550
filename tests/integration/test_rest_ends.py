"""Ends that are none: totals that are caps, pages without end, and a column that ends between two pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from fake_http import Reply, Request, reply_json
from rest_read import BY_OFFSET, ROWS, Answer, page, read

from connectors.errors import Incomplete, SchemaChanged, SetupError

BY_CURSOR: Mapping[str, object] = {
    "rows": "r", "pages": {"by": "json_cursor", "path": "next", "param": "page"}
}  # fmt: skip


def capped(asked: Request) -> Reply:
    """Tell of 6 rows as Elasticsearch does, where 10 are."""
    return page(ROWS[:6], asked, hits={"total": {"value": 6, "relation": "gte"}}, timed_out=False)


NO_TOTALS: dict[str, tuple[Mapping[str, object], str]] = {
    "as many as are ever told": ({"total": "hits.total.value", "below": 6}, "6 rows .*or more"),
    "as many as ever come": ({"below": 5}, "5 rows .*or more"),
    "at least": (
        {"total": "hits.total.value", "only_if": {"timed_out": False, "hits.total.relation": "eq"}},
        "hits.total.relation",
    ),
    "nothing said": ({"only_if": {"timed_out": False, "hits.total.exact": True}}, "hits.total.exact"),
    "a number is no flag": ({"only_if": {"timed_out": 0}}, "timed_out"),
}


@pytest.mark.parametrize("case", NO_TOTALS)
def test_a_total_that_is_a_cap(case: str) -> None:
    """What a source says of part of its rows is refused, with what to ask for instead."""
    complete, reason = NO_TOTALS[case]
    with pytest.raises(Incomplete, match=reason) as caught:
        read(capped, {**BY_OFFSET, "complete": complete})
    assert "ask for fewer rows" in caught.value.mend


def test_a_total_below_the_cap() -> None:
    """A total that is as it was declared to be proves the read."""
    complete = {"total": "hits.total.value", "below": 7, "only_if": {"timed_out": False}}
    receipt, ids = read(capped, {**BY_OFFSET, "complete": complete})
    assert (receipt.complete, receipt.warnings, len(ids)) == ("yes", (), 6)


@pytest.mark.parametrize(("below", "proved"), [(None, "unprovable"), (5_000, "yes")])
def test_whole_thousands_may_be_a_cap(below: int | None, proved: str) -> None:
    """Just a thousand rows may be a cap that nobody declared: only where one is declared are they all."""
    rows = [{**ROWS[0], "id": n} for n in range(1_000)]
    options = {**BY_OFFSET, "complete": {"total": "t", "below": below}}
    receipt, _ = read(lambda asked: page(rows, asked, size=1_000, t=1_000), options)
    assert (receipt.complete, len(receipt.warnings)) == (proved, int(below is None))


def test_pages_without_end() -> None:
    """Pages that always lead to another are refused at the limit, and are no rows until then."""
    requests: list[int] = []

    def endless(asked: Request) -> Reply:
        requests.append(asked.number)
        return reply_json({"r": [{**ROWS[0], "id": asked.number}], "next": asked.number})

    with pytest.raises(Incomplete, match="page 7 leads to another") as caught:
        read(endless, {**BY_CURSOR, "page_limit": 7})
    assert ("page_limit" in caught.value.mend, len(requests)) == (True, 7)


def test_as_many_pages_as_may_be() -> None:
    """The limit itself is no end: a read of just as many pages is whole."""
    assert read(in_pages([ROWS[:3], ROWS[3:5]]), {**BY_CURSOR, "page_limit": 2})[1] == [0, 1, 2, 3, 4]


def in_pages(pages: Sequence[Any]) -> Answer:
    """Return an API of these pages: lists of rows, or whole answers."""

    def answer(asked: Request) -> Reply:
        number = int(asked.query.get("page", 1))
        found = pages[number - 1]
        if isinstance(found, dict):
            return reply_json(found)
        return reply_json({"r": found, "next": number + 1 if number < len(pages) else None})

    return answer


def sold(*ids: int, beside: str = "country", **told: object) -> list[dict[str, object]]:
    """Return rows that have *told*, and some of them something *beside*."""
    return [{**ROWS[n], **told, **({beside: "DE"} if n % 2 else {})} for n in ids]


def inner(*ids: int, **told: object) -> list[dict[str, object]]:
    return [{**ROWS[n], "p": told} for n in ids]


RENAMED: dict[str, tuple[Sequence[Any], str | None]] = {
    "on the last page": ([sold(0, 1, amount=1), sold(2, 3, 4, amount=1), sold(5, amounts=1)], "amounts"),
    "to something else": ([sold(0, 1, 2, amount=1), sold(3, 4, 5, value=1)], None),
    "on the first page alone": ([sold(0, amount_eur=1), sold(1, 2, 3, amount=1)], "amount_eur"),
    "by every other server": (
        [sold(0, 1, amount=1), sold(2, 3, total_amount=1), sold(4, amount=None)], "total_amount"
    ),
}  # fmt: skip
COLUMNS = {"id": "integer", "at": "timestamp", "amount": "integer"}


@pytest.mark.parametrize("case", RENAMED)
def test_a_column_renamed_between_pages(case: str) -> None:
    """A column of every row of some pages and of none of others, which have a new name, was renamed."""
    pages, nearest = RENAMED[case]
    with pytest.raises(SchemaChanged, match="amount") as caught:
        read(in_pages(pages), BY_CURSOR, columns=COLUMNS)
    assert (caught.value.column, caught.value.nearest) == ("amount", nearest)
    assert "optional" in caught.value.mend


@pytest.mark.parametrize("later", [inner(3, 4, 5, amounts=1), [{**ROWS[n], "q": {}} for n in (3, 4, 5)]])
def test_a_column_inside_renamed_between_pages(later: Sequence[Any]) -> None:
    """A new name of what a column lies in, or lies under, is one of the column."""
    options = {**BY_CURSOR, "fields": {"amount": "p.amount"}}
    with pytest.raises(SchemaChanged, match="amount"):
        read(in_pages([inner(0, 1, 2, amount=1), later]), options, columns=COLUMNS)


SPARSE: dict[str, Sequence[Any]] = {
    "some rows of one page": [sold(0, 1, 2, amount=1), sold(3, 4, 5, amounts=1), sold(6, amount=1) + sold(7)],
    "ordered by it": [
        sold(0, 1, 2, amount=1),
        sold(3, amount=1) + sold(4, 5, reason=1),
        sold(6, 7, reason=1),
    ],
    "one row with more": [sold(0, 1, 2, amount=1), sold(3, 4, 5, amount=1), sold(6, reason=1)],
    "what some rows had before": [sold(0, 1, 2, amount=1, note=1), sold(3, 4, 5, note=1)],
    "null in their place": [sold(0, 1, 2, amount=1), sold(3, 4, 5, amount=None, value=1)],
    "an empty page": [sold(0, 1, 2, amount=1), [], sold(3, 4, 5, amount=1, value=2)],
}


@pytest.mark.parametrize("case", SPARSE)
def test_honest_rows_that_leave_a_column_out(case: str) -> None:
    """Rows that leave out what is null, in an order or without one, are read."""
    pages = SPARSE[case]
    _, ids = read(in_pages(pages), BY_CURSOR, columns=COLUMNS)
    assert [row["id"] for rows in pages for row in rows] == ids


def test_a_parent_that_is_null_tells_of_no_name() -> None:
    """Where the object that holds a column is null, the column is null, and not renamed."""
    pages = [inner(0, 1, 2, amount=1), [{**ROWS[n], "p": None, "q": 1} for n in (3, 4, 5)]]
    receipt, _ = read(in_pages(pages), {**BY_CURSOR, "fields": {"amount": "p.amount"}}, columns=COLUMNS)
    assert (receipt.rows, receipt.warnings) == (6, ())


def test_a_column_dropped_between_pages_is_told() -> None:
    """Without a new name nobody knows whether it was dropped or is null in the rest: that is a warning."""
    receipt, _ = read(in_pages([sold(0, 1, 2, amount=1), sold(3, 4, 5)]), BY_CURSOR, columns=COLUMNS)
    [warning] = receipt.warnings
    assert "amount" in warning
    optional = {**BY_CURSOR, "optional": ["amount"]}
    pages = [sold(0, 1, 2, amount=1), sold(3, 4, 5, amounts=1)]
    assert read(in_pages(pages), optional, columns=COLUMNS)[0].warnings == ()


ABSENT = {**BY_CURSOR, "rows_may_be_absent": True}


@pytest.mark.parametrize("told", [{"error": "rate limit"}, {"error": {"code": 5}}, {"errors": [{}]}], ids=str)
@pytest.mark.parametrize("pages", [[ROWS[:3]], []], ids=["later", "first"])
def test_an_error_in_place_of_rows(pages: list[Any], told: Mapping[str, object]) -> None:
    """An error that comes with status 200 is no page without rows, even where rows may be absent."""
    with pytest.raises(Incomplete, match="error"):
        read(in_pages([*pages, told]), ABSENT)


def test_errors_beside_rows() -> None:
    """What GraphQL leaves out because of errors is null in rows that look whole: they are refused."""
    told = {"r": ROWS[:3], "errors": [{"path": ["r", 1, "at"]}]}
    with pytest.raises(Incomplete, match="errors"):
        read(in_pages([told]), BY_CURSOR)
    assert read(in_pages([{**told, "errors": []}]), BY_CURSOR)[0].rows == 3


def test_an_end_without_rows_is_unprovable() -> None:
    """A later page with neither rows nor a next one may be the end, or an answer that is broken."""
    assert read(in_pages([ROWS[:3], {}]), ABSENT)[0].complete == "unprovable"


@pytest.mark.parametrize("by", ["at", "id"])
def test_an_id_that_rows_share(by: str) -> None:
    """Going on behind a value that two rows share loses one of them where a page ends: it is refused."""
    rows = [{"id": n, "at": f"2026-10-0{n // 4 + 1}T08:00:00Z"} for n in range(8)]

    def answer(asked: Request) -> Reply:
        return reply_json([row for row in rows if str(row[by]) > asked.query.get("after", "")][:3])

    options = {"pages": {"by": "last_id", "path": by, "param": "after"}}
    if by == "id":
        assert read(answer, options)[1] == list(range(8))
    else:
        with pytest.raises(SetupError, match="share"):
            read(answer, options)


def test_a_page_that_comes_again_later() -> None:
    """Without a key, a page that is one of those before it, neighbour or not, is in doubt."""
    with pytest.raises(Incomplete, match="page 3 holds the rows of one before it"):
        read(in_pages([ROWS[:3], ROWS[3:6], ROWS[:3]]), BY_CURSOR, key=(), cursor=None)


def test_a_cursor_leads_over_an_empty_page() -> None:
    """Sources that filter after they cut pages send empty ones in the middle, and say that there are more."""
    pages = [{"r": ROWS[:3], "next": 2, "more": True}, {"r": [], "next": 3, "more": True}]
    options = {**BY_CURSOR, "pages": {"by": "json_cursor", "path": "next", "param": "page", "more": "more"}}
    receipt, ids = read(in_pages([*pages, {"r": ROWS[3:5], "next": None, "more": False}]), options)
    assert (receipt.complete, ids) == ("yes", [0, 1, 2, 3, 4])
