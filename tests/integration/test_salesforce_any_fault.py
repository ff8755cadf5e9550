"""Any single fault at any request of a read: the same rows to the bit, or a refusal; never another number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fake_http import Exchange, Fault, cut, empty, html, malformed, redirect, reset, status
from hypothesis import example, given, settings
from hypothesis import strategies as st
from salesforce_world import SINCE, World, without_a_row, world

from connectors.errors import ConnectorError

Edit = Callable[[dict[str, Any]], dict[str, Any]]


def in_json(name: str, edit: Edit) -> Callable[[World], Fault]:
    """Return what changes the answers that have the member *name*."""

    def send(exchange: Exchange) -> None:
        reply = exchange.reply()
        value = json.loads(reply.body) if reply.body.startswith(b"{") else {}
        if value.get(name):
            reply = replace(reply, body=json.dumps({**value, **edit(value)}).encode())
        exchange.send(reply)

    return lambda _: send


def in_csv(edit: Callable[[Exchange], None]) -> Callable[[World], Fault]:
    """Return what changes the results of a job and nothing else."""
    return lambda _: (
        lambda exchange: (
            edit(exchange) if exchange.request.path.endswith("/results") else exchange.send(exchange.reply())
        )
    )


def repeat_the_answer_before(exchange: Exchange) -> None:
    earlier = exchange.server.requests[max(exchange.request.number - 2, 0)]
    exchange.send(exchange.server.answered(earlier))


FAULTS: dict[str, Callable[[World], Fault]] = {
    "reset": lambda _: reset(),
    "cut short of its length": lambda _: cut(),
    "cut in its chunks": lambda _: cut(chunked=True),
    "cut, no length": lambda _: cut(0.5, without_length=True),
    "malformed": lambda _: malformed(),
    "a web page": lambda _: html(),
    "empty": lambda _: empty(),
    "no content": lambda _: status(204, body=b""),
    "an empty object": lambda _: status(200),
    "an empty list": lambda _: status(200, body=b"[]"),
    "unavailable": lambda _: html(503),
    "not found": lambda _: status(404, body=b'[{"errorCode": "NOT_FOUND"}]'),
    "redirected": lambda _: redirect("https://acme.my.salesforce.com/elsewhere"),
    "the session ends": lambda it: it.then(it.org.expire),
    "locators are lost": lambda it: it.then(it.org.lose_locators),
    "jobs are lost": lambda it: it.then(it.org.jobs.clear),
    "the answer before, again": lambda _: repeat_the_answer_before,
    "a record less": in_json("records", lambda page: {"records": page["records"][1:]}),
    "a record twice": in_json("records", lambda page: {"records": page["records"][:1] + page["records"]}),
    "records turned round": in_json("records", lambda page: {"records": page["records"][::-1]}),
    "a total too low": in_json("totalSize", lambda page: {"totalSize": page["totalSize"] - 1}),
    "done too early": in_json("records", lambda _: {"done": True}),
    "fewer rows processed": in_json("numberRecordsProcessed", lambda job: {"numberRecordsProcessed": 100}),
    "a field less": in_json("fields", lambda described: {"fields": described["fields"][:-1]}),
    "a row less": in_csv(lambda exchange: exchange.send(without_a_row(exchange.reply()))),
}


@pytest.fixture(scope="module", name="it")
def _it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, world(tmp_path_factory.mktemp("any")) as made:
        patch.setattr("connectors.salesforce.bulk_lane.PAGE_ROWS", 60)
        yield made


@pytest.fixture(scope="module", name="calm")
def _calm(it: World) -> dict[str | None, str]:
    return {since: it.receipt(since=since).content_hash for since in (None, SINCE)}


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(FAULTS)),
    st.integers(1, 11),
    st.sampled_from(["rest", "bulk"]),
    st.sampled_from([None, SINCE]),
)
@example("no content", 10, "bulk", None)
@example("the session ends", 2, "rest", None)
def test_one_fault_makes_no_other_number(
    it: World, calm: dict[str | None, str], fault: str, at: int, lane: str, since: str | None
) -> None:
    """Whatever befalls one request, the content hash is that of an undisturbed read, or there is none."""
    it.server.heal()
    it.org.expire()
    it.org.jobs.clear()
    it.read = lane
    it.server.inject(FAULTS[fault](it), at=at)
    try:
        found = it.receipt(since=since).content_hash
    except ConnectorError:
        return
    assert calm[since] == found
