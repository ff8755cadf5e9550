"""Answers that look right and are not: each is asked for again, or refused, and never another number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_http import FakeServer, Reply, Request, reply_json
from rest_read import BY_LINK, BY_OFFSET, ROWS, Answer, page, read

from connectors.contract import ExtractRequest
from connectors.errors import ConnectorError, Incomplete, SchemaChanged, SetupError, Transient
from connectors.rest.connector import RestConnector
from connectors.rest.options import RestConnection, RestDataset


def test_a_row_taken_away_behind_the_reader() -> None:
    """A deletion moves later rows past the reader: the smaller total tells, and all is read again."""
    rows = list(ROWS)

    def answer(asked: Request) -> Reply:
        if asked.number == 2:
            del rows[0]
        return page(rows, asked, total=len(rows))

    _, ids = read(answer, {**BY_OFFSET, "complete": {"total": "total"}})
    assert [row["id"] for row in rows] == ids


def test_a_row_that_moves_while_rows_are_counted() -> None:
    """A row that comes in two versions makes up for one that never came: the total counts keys, not rows."""
    rows = list(ROWS)

    def answer(asked: Request) -> Reply:
        if asked.number == 2:
            rows.append({**rows.pop(0), "at": "2026-10-20T08:00:00Z"})
        return page(rows, asked, total=len(rows))

    _, ids = read(answer, {**BY_OFFSET, "complete": {"total": "total"}})
    assert [row["id"] for row in rows] == ids


def test_without_a_key_a_growing_total_is_in_doubt() -> None:
    """A row put before the others doubles one and hides itself; without a key only the total can tell."""
    rows = list(ROWS)

    def answer(asked: Request) -> Reply:
        if asked.number == 2:
            rows.insert(0, {"id": 99, "at": "2026-10-20T08:00:00Z"})
        return page(rows, asked, total=len(rows))

    _, ids = read(answer, {**BY_OFFSET, "complete": {"total": "total"}}, key=(), cursor=None)
    assert [row["id"] for row in rows] == ids


def test_an_offset_counts_the_rows_that_came() -> None:
    """A source that caps its pages below `page_size` is noticed however few rows it has."""

    def answer(asked: Request) -> Reply:
        return page(ROWS, asked)

    with pytest.raises(Incomplete, match="may allow no pages as large"):
        read(answer, {**BY_OFFSET, "page_size": {"param": "limit", "rows": 1000}})


def linked(body: Any) -> Answer:
    """Return an API of two linked pages whose second is *body*."""

    def answer(asked: Request) -> Reply:
        if "page" in asked.query:
            return body if isinstance(body, Reply) else reply_json(body)
        return reply_json(ROWS[:3], Link='</items?page=2>; rel="next"')

    return answer


@pytest.mark.parametrize("body", [{"error": "backend timeout"}, {}, [None], [7], ["timeout"]], ids=str)
def test_an_error_is_no_row(body: Any) -> None:
    """What is no row where a list of rows should be is refused, on later pages too: it is no empty row."""
    with pytest.raises(SchemaChanged, match=r"page 2|no rows at"):
        read(linked(body), BY_LINK)


def test_rows_that_are_null_are_no_rows() -> None:
    """Nulls in the list of rows are refused although every path leads through them."""
    options = {"fields": {"id": "a.id", "at": "a.at"}}
    with pytest.raises(SchemaChanged, match="page 1"):
        read(lambda asked: reply_json([None, None]), options)


def test_a_link_is_a_link_in_any_case() -> None:
    """`rel` and its value may be written in capitals."""

    def answer(asked: Request) -> Reply:
        again = "page" in asked.query
        return (
            reply_json(ROWS[3:5], X="") if again else reply_json(ROWS[:3], Link='</items?page=2>; REL="Next"')
        )

    assert read(answer, BY_LINK)[1] == [0, 1, 2, 3, 4]


def test_a_link_to_no_address_is_no_crash() -> None:
    """A next page at what is no address is told as such."""
    told = {"r": ROWS[:3], "next": "http://[::1"}
    with pytest.raises(Incomplete, match="not valid"):
        read(lambda asked: reply_json(told), {"rows": "r", "pages": {"by": "json_link", "path": "next"}})


NO_WAY_ON: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "cursor is an object": ({"by": "json_cursor", "path": "next", "param": "c"}, {"next": {"id": 3}}),
    "cursor is true": ({"by": "json_cursor", "path": "next", "param": "c"}, {"next": True}),
    "link is an object": ({"by": "json_link", "path": "next"}, {"next": {"href": "/items?page=2"}}),
    "flag is a text": ({"by": "offset", "param": "skip", "more": "more"}, {"more": "yes"}),
    "flag is not there": ({"by": "offset", "param": "skip", "more": "mor"}, {"more": True}),
    "flag without a cursor": (
        {"by": "json_cursor", "path": "next", "param": "c", "more": "more"}, {"more": True, "next": None}
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_WAY_ON)
def test_a_way_on_that_cannot_be_followed_is_no_end(case: str) -> None:
    """What is neither a next page nor the word that there is none is refused, not taken for the end."""
    pages, told = NO_WAY_ON[case]
    with pytest.raises((Incomplete, SetupError), match="pages"):
        read(lambda asked: reply_json({"r": ROWS[:3], **told}), {"rows": "r", "pages": pages})


def test_a_flag_may_be_written_in_any_way_that_says_no() -> None:
    """False, null and their absence with no rows end the read."""
    pages = {"by": "offset", "param": "skip", "more": "more"}
    for more in (False, None):
        receipt, ids = read(
            lambda asked, more=more: reply_json({"r": ROWS[:3], "more": more}), {"rows": "r", "pages": pages}
        )
        assert (3, len(ids)) == (receipt.rows, 3)


def in_pages(asked: Request) -> Reply:
    """Return the page of the first three rows that *asked* wants, and where the next one is."""
    start, size = int(asked.query.get("c", 0)), int(asked.query.get("limit", 3))
    paging = {"next": start + size} if start + size < 3 else {}
    return reply_json({"r": ROWS[start : min(start + size, 3)], "paging": paging})


@pytest.mark.parametrize("size", [None, {"param": "ignored", "rows": 3}, {"param": "limit", "rows": 1}])
def test_an_end_nobody_told_is_unprovable(size: Mapping[str, object] | None) -> None:
    """A page and nothing where the next should be named may be all, or a wrong path: that is told."""
    pages = {"by": "json_cursor", "path": "paging.nxt", "param": "c"}
    receipt, _ = read(in_pages, {"rows": "r", "pages": pages, "page_size": size})
    assert (receipt.complete, len(receipt.warnings)) == ("unprovable", 1)


def test_a_wrong_path_to_the_next_page() -> None:
    """A full page is asked for with a row less: a next page that is not named then is a wrong path."""
    pages = {"by": "json_cursor", "path": "paging.nxt", "param": "c"}
    with pytest.raises(SetupError, match="nothing where `pages` looks"):
        read(in_pages, {"rows": "r", "pages": pages, "page_size": {"param": "limit", "rows": 3}})


@pytest.mark.parametrize(("rows", "requests"), [(3, 2), (4, 1)])
def test_one_page_that_is_all(rows: int, requests: int) -> None:
    """A right path proves the end of a full page by one more call, and of one that is not full by none."""
    pages = {"by": "json_cursor", "path": "paging.next", "param": "c"}
    receipt, ids = read(
        in_pages, {"rows": "r", "pages": pages, "page_size": {"param": "limit", "rows": rows}}
    )
    assert (receipt.complete, receipt.requests, ids) == ("yes", requests, [0, 1, 2])


def test_secrets_of_a_dataset_are_hidden() -> None:
    """A key among a dataset's parameters or headers is as secret as one of the connection."""
    options = {"params": {"api_key": "canary-of-params"}, "headers": {"X-Token": "canary-of-headers"}}
    echo = "canary-of-params-canary-of-headers"
    receipt, _ = read(lambda asked: reply_json(ROWS, X_Request_Id=echo), options)
    assert receipt.request_ids == ("[hidden]-[hidden]",)


def test_doctor_tells_of_a_page_that_leads_nowhere() -> None:
    """`okr doctor` says that one page came and no next one was named, where a sync would read it alone."""
    pages = {"by": "json_cursor", "path": "paging.nxt", "param": "c"}
    options = RestDataset.model_validate({"path": "items", "rows": "r", "pages": pages})
    wanted = ExtractRequest(dataset="api.items", columns={"id": "integer"}, options=options)
    with FakeServer(in_pages) as server:
        connection = {"base_url": server.url, "allow_addresses": ["127.0.0.1"]}
        made = RestConnector(RestConnection.model_validate(connection), base=Path())
        found = [(check.passed, check.advice) for check in made.check((wanted,))]
        made.close()
    assert found == [(True, False), (False, True)]


def test_a_single_page_that_links_to_another() -> None:
    """An answer that was declared to hold everything, and links to a next page, does not hold everything."""
    with pytest.raises(SetupError, match="next page"):
        read(lambda asked: reply_json(ROWS[:3], Link='</items?page=2>; rel="next"'), {})


def test_an_ignored_page_is_not_the_end() -> None:
    """A page that links lead to and `responses` ignore is missing; the rows before it are not all."""
    actions = {"responses": [{"status": 404, "do": "ignore"}]}
    with pytest.raises(Incomplete, match="ignore"):
        read(linked(reply_json({}, status=404)), {**BY_LINK, **actions})


def test_an_ignored_page_leaves_the_total() -> None:
    """Rows that an ignored page does not give are missing from the total that earlier pages told."""

    def answer(asked: Request) -> Reply:
        return reply_json({}, status=404) if asked.query["skip"] == "6" else page(ROWS, asked, total=10)

    actions = {"responses": [{"status": 404, "do": "ignore"}], "complete": {"total": "total"}}
    with pytest.raises(Incomplete, match="6 rows came, 10 were declared"):
        read(answer, {**BY_OFFSET, **actions})


@pytest.mark.parametrize("status", [201, 202, 203, 206])
def test_other_successes_are_read_as_closely(status: int) -> None:
    """A broken answer with another status of success is broken, not an answer without rows."""
    options = {"rows": "r", "rows_may_be_absent": True}
    with pytest.raises(Transient):
        read(lambda asked: Reply(status=status, body=b'{"r": [{"id":'), options)


def test_a_post_is_not_turned_into_a_get() -> None:
    """A redirect that would drop the body, and with it what was asked for, is refused."""

    def answer(asked: Request) -> Reply:
        if asked.method == "POST":
            return Reply(status=301, body=b"", headers={"Location": "/elsewhere"})
        return reply_json(ROWS)

    with pytest.raises(SetupError, match="redirect"):
        read(answer, {"method": "post", "body": {"only": "won"}})


def test_keys_below_zero_are_different() -> None:
    """-1 and -2 are two keys, though Python hashes them alike."""
    rows = [{**ROWS[0], "id": n} for n in (-1, -2)]
    assert read(lambda asked: reply_json(rows), {})[1] == [-1, -2]


def test_rows_that_change_during_the_read_come_again() -> None:
    """The watermark stays before the read's start: a page that was read may have changed since."""

    def answer(asked: Request) -> Reply:
        told = f"Thu, 08 Oct 2026 0{asked.number}:00:00 GMT"
        again = "page" in asked.query
        link = {} if again else {"Link": '</items?page=2>; rel="next"'}
        return Reply(
            body=b'[{"id": 2, "at": "2026-10-08T01:30:00Z"}]'
            if again
            else b'[{"id": 1, "at": "2026-10-01T00:00Z"}]',
            headers={"Content-Type": "application/json", "Date": told, **link},
        )

    assert read(answer, BY_LINK)[0].cursor_to == "2026-10-08T01:00:00Z"


def test_a_renewed_answer_is_judged_anew() -> None:
    """What `responses` say holds for the answer after a new token as well."""
    with pytest.raises(ConnectorError):
        read(lambda asked: reply_json({}, status=401), {})
