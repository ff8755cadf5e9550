"""
What Salesforce and the way to it do to callers, by their numbers in the list of faults: done to real
connections, and either the content hash of an undisturbed read comes of it, or a refusal that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from connector_faults import numbered
from fake_http import (
    cut,
    drip,
    edited,
    edited_json,
    empty,
    html,
    malformed,
    reset,
    retry_after,
    slow,
    status,
)
from fake_salesforce import id18
from fake_soql import Field
from salesforce_deals import deal
from salesforce_world import (
    COLUMNS,
    DEALS,
    JOB,
    MORE,
    QUERY,
    QUICK,
    RESULTS,
    SINCE,
    TOKEN,
    World,
    without_a_row,
    world,
)

from connectors.errors import ConnectorError, Incomplete, QuotaExhausted, SchemaChanged, SetupError, Transient
from connectors.salesforce.sign_in import SKEW_S
from connectors.transport.policy import Timing


@pytest.fixture(name="rest")
def _rest(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture(name="bulk")
def _bulk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("connectors.salesforce.bulk_lane.PAGE_ROWS", 60)
    with world(tmp_path, read="bulk") as made:
        yield made


@pytest.fixture(scope="module", name="undisturbed")
def _undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, str]:
    """The content hashes of a whole read and of a window that nothing disturbs."""
    with world(tmp_path_factory.mktemp("calm")) as calm:
        return {since: calm.receipt(since=since).content_hash for since in (None, SINCE)}


def repeat_a_page(it: World) -> None:
    """Let the third page be the second again, under its own locator."""
    pages: list[bytes] = []
    it.server.inject(edited(lambda reply: pages.append(reply.body) or reply), at=1, path=MORE)
    it.server.inject(edited_json(lambda page: page), at=2, path=MORE)
    it.server._injected[-1].fault = lambda x: x.send(replace(x.reply(), body=pages[0]))


def without_a_record(page: dict[str, Any]) -> dict[str, Any]:
    """Return a page of deals without its first one; other answers as they are."""
    is_deals = page["records"] and "Name" in page["records"][0]
    return {**page, "records": page["records"][1:]} if is_deals else page


def abort_jobs(it: World) -> None:
    for job in it.org.jobs.values():
        job.state = "Aborted"


REST: dict[str, Callable[[World], object]] = {
    "2 session ends between pages": lambda it: it.server.inject(it.then(it.org.expire), at=2, path=MORE),
    "5 token endpoint is down": lambda it: it.server.inject(status(503), times=2, path=TOKEN),
    "5 token endpoint hangs": lambda it: it.server.inject(slow(0.7), path=TOKEN),
    "7 too many requests": lambda it: it.server.inject(retry_after("0"), at=2, path=MORE),
    "10 unavailable, in HTML": lambda it: it.server.inject(html(503), times=2, path=MORE),
    "11 a web page with status 200": lambda it: it.server.inject(html(), at=2, path=MORE),
    "12 an empty answer": lambda it: it.server.inject(empty(), at=2, path=MORE),
    "13 a slow first byte": lambda it: it.server.inject(slow(0.7), at=2, path=MORE),
    "13 a body that drips": lambda it: it.server.inject(drip(0.05), at=2, path=MORE),
    "14 a reset": lambda it: it.server.inject(reset(), at=2, path=MORE),
    "15 a body cut short of its length": lambda it: it.server.inject(cut(), at=2, path=MORE),
    "16 a chunked body cut": lambda it: it.server.inject(cut(chunked=True), at=2, path=MORE),
    "17 malformed JSON once": lambda it: it.server.inject(malformed(), at=2, path=MORE),
    "18 a page twice": repeat_a_page,
    "19 a row is missing from a page": lambda it: it.server.inject(
        edited_json(lambda page: {**page, "records": page["records"][1:]}), at=2, path=MORE
    ),
    "20 the locator is gone": lambda it: it.server.inject(it.then(it.org.lose_locators), at=2, path=MORE),
    "27 a new field, a new stage": lambda it: (
        it.org.tables.change("Account", Field(name="Name", type="string")),
        it.org.tables.update("Opportunity", id18("006", 3), StageName="Quite new"),
    ),
    "28 the query takes too long": lambda it: setattr(it.org, "slow_over", 70),
}
BULK: dict[str, Callable[[World], object]] = {
    "3 session ends while the job runs": lambda it: it.server.inject(it.then(it.org.expire), path=JOB),
    "3 session ends between results": lambda it: it.server.inject(it.then(it.org.expire), at=2, path=RESULTS),
    "7 too many requests": lambda it: it.server.inject(retry_after("0"), at=2, path=RESULTS),
    "10 unavailable, in HTML": lambda it: it.server.inject(html(503), times=2, path=RESULTS),
    "11 a web page with status 200": lambda it: it.server.inject(html(), at=2, path=RESULTS),
    "12 an empty answer": lambda it: it.server.inject(empty("text/csv"), at=2, path=RESULTS),
    "13 a slow first byte": lambda it: it.server.inject(slow(0.7), at=2, path=RESULTS),
    "14 a reset": lambda it: it.server.inject(reset(), at=2, path=RESULTS),
    "14 a reset as the job is made": lambda it: it.server.inject(reset(), path="*/jobs/query"),
    "15 a body cut short of its length": lambda it: it.server.inject(cut(), at=2, path=RESULTS),
    "16 CSV cut at the end of a line": lambda it: it.server.inject(edited(without_a_row), at=2, path=RESULTS),
    "16 CSV cut, no length": lambda it: it.server.inject(cut(without_length=True), at=2, path=RESULTS),
    "28 the job takes too long": lambda it: setattr(it.org, "slow_over", 70),
    "30 the job is aborted": lambda it: it.server.inject(it.then(lambda: abort_jobs(it)), path=JOB),
    "30 the job is stuck": lambda it: setattr(it.org, "stuck", True),
    "31 the results are gone": lambda it: it.server.inject(it.then(it.org.jobs.clear), at=2, path=RESULTS),
}


@pytest.mark.parametrize("since", [None, SINCE], ids=["whole", "window"])
@pytest.mark.parametrize("fault", numbered(REST, on="salesforce"))
def test_pages_survive(
    rest: World, undisturbed: dict[str | None, str], fault: str, since: str | None
) -> None:
    """Query pages give the same rows to the bit, whatever befalls them once."""
    REST[fault](rest)
    assert undisturbed[since] == rest.receipt(since=since).content_hash


@pytest.mark.parametrize("since", [None, SINCE], ids=["whole", "window"])
@pytest.mark.parametrize("fault", numbered(BULK, on="salesforce"))
def test_jobs_survive(bulk: World, undisturbed: dict[str | None, str], fault: str, since: str | None) -> None:
    """Bulk jobs give the same rows to the bit as query pages do, whatever befalls them once."""
    BULK[fault](bulk)
    assert undisturbed[since] == bulk.receipt(since=since).content_hash


@pytest.mark.fault(1, on="salesforce")
def test_1_a_session_that_ended_is_renewed_once(rest: World, undisturbed: dict[str | None, str]) -> None:
    """1: a session that ended before the read costs one sign-in."""
    connector = rest.connector()
    rest.receipt(connector=connector)
    rest.org.expire()
    assert undisturbed[None] == rest.receipt(connector=connector).content_hash
    assert 2 == rest.org.calls["sign in"]


@pytest.mark.fault(1, on="salesforce")
def test_1_sessions_that_end_at_once_are_no_loop(rest: World) -> None:
    """1: an organisation that ends every session is given up, not signed in to for ever."""
    rest.server.inject(rest.then(rest.org.expire), times=99, path="*/services/data/*")
    with pytest.raises(SetupError, match="end as soon as they begin"):
        rest.receipt()
    assert rest.org.calls["sign in"] <= 3


@pytest.mark.fault(2, 20, on="salesforce")
def test_2_no_locator_is_used_twice(rest: World) -> None:
    """2: after a session ended, the query begins behind the last whole page; its old locator rests."""
    rest.server.inject(rest.then(rest.org.expire), at=2, path=MORE)
    rest.receipt()
    asked = [request.path for request in rest.server.requests if "/query/01g" in request.path]
    assert len(asked) == len(set(asked))
    assert "Id > '006" in rest.org.soql[-1]


@pytest.mark.fault(3, on="salesforce")
def test_3_the_same_job_goes_on(bulk: World) -> None:
    """3: a session that ends while a job runs does not make a second job."""
    bulk.server.inject(bulk.then(bulk.org.expire), path=JOB)
    bulk.receipt()
    assert (1, 2) == (bulk.org.calls["job"], bulk.org.calls["sign in"])


@pytest.mark.fault(7, on="salesforce")
def test_7_a_long_wait_is_told(rest: World) -> None:
    """7: a source that wants an hour of peace gets it, and the instant is told."""
    rest.server.inject(retry_after("3600"), at=1, times=9, path=MORE)
    with pytest.raises(QuotaExhausted) as caught:
        rest.receipt()
    assert caught.value.until is not None
    assert 1 == sum("/query/01g" in request.path for request in rest.server.requests)


@pytest.mark.parametrize("lane", ["rest", "bulk"])
@pytest.mark.fault(9, on="salesforce")
def test_9_an_empty_allowance_is_not_knocked_at(rest: World, lane: str) -> None:
    """9: when the day's requests are used up, the read stops at the first refusal."""
    rest.read = lane
    connector = rest.connector()
    connector.check(())
    rest.server.requests.clear()
    rest.org.allowance = (100, 100)
    for _ in ("deals", "another dataset of the source"):
        with pytest.raises(QuotaExhausted, match="REQUEST_LIMIT_EXCEEDED"):
            rest.receipt(connector=connector)
    assert 1 == len(rest.server.requests)


@pytest.mark.fault(9, on="salesforce")
def test_9_a_read_leaves_enough_for_others(rest: World) -> None:
    """9: a read that would eat more than its share of what is left is not begun."""
    rest.org.allowance = (99_990, 100_000)
    with pytest.raises(QuotaExhausted, match="one read may take 10 %"):
        rest.receipt(connector=rest.connector(share="10%"))
    assert "describe" in rest.org.calls
    assert "more" not in rest.org.calls


NEVER_DATA = {"10": html(503), "11": html(), "12": empty()}


@pytest.mark.parametrize("fault", numbered(NEVER_DATA, on="salesforce"))
def test_10_to_12_what_stays_wrong_is_transient(rest: World, fault: str) -> None:
    """10 to 12: a page that is never data is no rows, but a failure in passing."""
    rest.server.inject(NEVER_DATA[fault], times=99, path=MORE)
    with pytest.raises(Transient):
        rest.receipt()


@pytest.mark.fault(13, on="salesforce")
def test_13_a_dripping_body_ends(rest: World) -> None:
    """13: a server that sends a byte now and then is given up when the deadline passes, each time."""
    rest.server.inject(drip(0.05), times=99, path=MORE)
    with pytest.raises(Transient, match=r"more than|no whole answer"):
        rest.receipt(connector=rest.connector(policy=replace(QUICK, tries=2, deadline_s=0.3)))


@pytest.mark.parametrize("lane", ["rest", "bulk"])
@pytest.mark.fault(16, 19, on="salesforce")
def test_16_to_19_what_stays_short_is_refused(rest: World, lane: str) -> None:
    """16, 19: pages that lack a row again and again are no shorter dataset."""
    rest.read = lane
    rest.server.inject(edited_json(without_a_record), times=99, path="*/query*")
    rest.server.inject(edited(without_a_row), times=99, path=RESULTS)
    with pytest.raises((Incomplete, Transient)):
        rest.receipt()


@pytest.mark.fault(17, on="salesforce")
def test_17_json_that_stays_broken_names_where(rest: World) -> None:
    """17: malformed JSON is asked for again twice, then refused by its place."""
    rest.server.inject(malformed(), times=99, path=MORE)
    with pytest.raises(Transient, match="/query/01g"):
        rest.receipt()


@pytest.mark.fault(19, on="salesforce")
def test_19_rows_that_a_whole_query_lacks_are_missed(rest: World) -> None:
    """19: a query that gives fewer rows than are counted before and after it is refused."""
    drop = edited_json(
        lambda page: (
            {**page, "totalSize": page["totalSize"] - 1, "records": page["records"][:-1]}
            if page["done"] and page["records"] and "Name" in page["records"][0]
            else page
        )
    )
    rest.org.page_rows = 2000
    rest.server.inject(drop, times=99, path=QUERY)
    with pytest.raises(Incomplete, match="229 rows came, the source counts 230"):
        rest.receipt()


@pytest.mark.parametrize("lane", ["rest", "bulk"])
@pytest.mark.parametrize("since", [None, SINCE], ids=["whole", "window"])
@pytest.mark.fault(21, on="salesforce")
def test_21_rows_that_change_while_read_come_once(rest: World, lane: str, since: str | None) -> None:
    """21: a row that changes between pages comes once or, in a window, with the next read; none is lost."""
    rest.read = lane
    changed = id18("006", 200)
    now = datetime.now(UTC) + timedelta(minutes=1)
    change = rest.then(lambda: rest.org.tables.update("Opportunity", changed, SystemModstamp=now))
    rest.server.inject(change, at=2, path=MORE)
    rest.server.inject(rest.then(rest.org.lose_locators), at=3, path=MORE)
    rest.server.inject(change, at=1, path=RESULTS)
    ids = [row["Id"] for row in rest.rows(since=since)]
    assert len(ids) == len(set(ids))
    expected = DEALS if since is None else DEALS - 71
    assert len(ids) in (expected, expected - (since is not None))


FIELDS: dict[str, tuple[Callable[[World], None], str, str | None]] = {
    "25 renamed": (
        lambda it: it.org.tables.change(
            "Opportunity", Field(name="Amounts", type="currency", scale=2), renamed_from="Amount"
        ),
        "there is no field Amount",
        "Amounts",
    ),
    "25 hidden from the user": (
        lambda it: it.org.tables.change("Opportunity", Field(name="Amount", type="currency", hidden=True)),
        "field-level security",
        None,
    ),
    "25 parent's field hidden": (
        lambda it: it.org.tables.change("Account", Field(name="Segment__c", type="picklist", hidden=True)),
        "Account: there is no field Segment__c",
        None,
    ),
    "26 retyped": (
        lambda it: it.org.tables.change("Opportunity", Field(name="Amount", type="string")),
        "field Amount is string, declared as decimal",
        None,
    ),
}


@pytest.mark.parametrize("fault", numbered(FIELDS, on="salesforce"))
def test_25_and_26_changed_fields_are_refused_before_reading(rest: World, fault: str) -> None:
    """25, 26: a field that is gone, hidden or of another type is named, with the likeliest new name."""
    change, told, nearest = FIELDS[fault]
    change(rest)
    with pytest.raises(SchemaChanged, match=told) as caught:
        rest.receipt()
    if nearest:
        assert nearest == caught.value.nearest
    assert 1 == rest.org.calls["query"]


@pytest.mark.fault(25, on="salesforce")
def test_25_a_field_that_goes_after_the_look_is_refused(rest: World) -> None:
    """25: a field that is dropped between the describe and the query is a changed schema, too."""
    drop = rest.then(lambda: FIELDS["25 renamed"][0](rest))
    rest.server.inject(drop, at=3, path=QUERY)
    with pytest.raises(SchemaChanged) as caught:
        rest.receipt()
    assert "Amount" == caught.value.column


@pytest.mark.fault(28, on="salesforce")
def test_28_what_cannot_be_cut_small_enough_is_refused(rest: World) -> None:
    """28: a query that takes too long however short it is, is refused with what to do."""
    rest.org.slow_over = 0
    with pytest.raises(SetupError, match=r"QUERY_TIMEOUT.*narrow `where`"):
        rest.receipt()


@pytest.mark.fault(29, on="salesforce")
def test_29_more_groups_than_one_answer_holds_are_refused(rest: World) -> None:
    """29: an aggregate of more than 2,000 groups is refused; its first 2,000 are not the answer."""
    rest.org.tables.insert("Opportunity", map(deal, range(DEALS, 2100)))
    with pytest.raises(SetupError, match="more than 2,000 groups"):
        groups(rest, "SELECT Name name, COUNT(Id) n FROM Opportunity GROUP BY Name")


def groups(it: World, query: str) -> list[dict[str, Any]]:
    columns = {"name": "string", "n": "integer"}
    return it.rows(mode="aggregate", columns=columns, cursor=None, key=(), object=None, query=query)


@pytest.mark.fault(30, on="salesforce")
def test_30_a_stuck_job_is_aborted(bulk: World) -> None:
    """30: a job without progress is aborted, and query pages read in its place."""
    bulk.org.stuck = True
    assert DEALS == bulk.receipt().rows
    assert (1, 1) == (bulk.org.calls["job"], bulk.org.calls["abort"])


@pytest.mark.fault(31, on="salesforce")
def test_31_results_that_are_gone_make_one_new_job(bulk: World) -> None:
    """31: results that are gone are made again for what is left."""
    bulk.server.inject(bulk.then(bulk.org.jobs.clear), at=2, path=RESULTS)
    bulk.receipt()
    assert 2 == bulk.org.calls["job"]
    assert "Id > '006" in bulk.org.soql[-1]


@pytest.mark.parametrize("lane", ["rest", "bulk"])
@pytest.mark.fault(32, on="salesforce")
def test_32_numbers_ids_and_texts_are_exact(rest: World, lane: str) -> None:
    """32: 1.441209288E7 is 14412092.88 by both ways; ids keep their case; texts keep their lines."""
    rest.read = lane
    text = 'Ünï ☃ "quoted", \nsecond line\r\nthird,'
    odd = deal(
        9001, Amount=Decimal("14412092.88"), Name=text, Seats__c=12_345_678.0, Id=id18("006", 62**5 - 1)
    )
    rest.org.tables.insert("Opportunity", [odd])
    found = rest.rows()[-1]
    shown = {name: found[name] for name in ("Amount", "Name", "Seats__c", "Id")}
    assert shown == {"Amount": Decimal("14412092.88"), "Name": text, "Seats__c": 12_345_678, "Id": odd["Id"]}
    assert 18 == len(odd["Id"])


def currencies(it: World) -> None:
    it.org.tables.create("Opportunity", [*it.org.tables.objects["Opportunity"].values(), ISO])
    rows = [deal(1, CurrencyIsoCode="EUR"), deal(2, CurrencyIsoCode="USD"), deal(3, CurrencyIsoCode="USD")]
    it.org.tables.insert("Opportunity", rows)


ISO = Field(name="CurrencyIsoCode", type="picklist")


@pytest.mark.fault(33, on="salesforce")
def test_33_mixed_currencies_need_a_rule(rest: World) -> None:
    """33: amounts of several currencies are not read as if they were of one."""
    currencies(rest)
    with pytest.raises(SetupError, match="Amount may hold several currencies"):
        rest.receipt()


@pytest.mark.parametrize("lane", ["rest", "bulk"])
@pytest.mark.fault(33, on="salesforce")
def test_33_a_rule_converts_exactly_and_is_told(rest: World, lane: str) -> None:
    """33: with rates, each amount is multiplied exactly, and the receipt says by what."""
    rest.read = lane
    currencies(rest)
    rule = {"convert_to": "EUR", "rates": {"EUR": "1", "USD": "0.5"}}
    columns = {**COLUMNS, "Amount": "decimal(18,3)"}
    amounts = [row["Amount"] for row in rest.rows(columns=columns, currency=rule)]
    assert amounts == [Decimal("14412.160"), Decimal("14412.125"), Decimal("21618.170")]
    assert ("Amount in EUR at 1 USD = 0.5 EUR",) == rest.receipt(columns=columns, currency=rule).warnings


@pytest.mark.fault(33, on="salesforce")
def test_33_a_currency_without_a_rate_is_a_reject(rest: World) -> None:
    """33: an amount of a currency that the rule does not name is no number."""
    currencies(rest)
    rule = {"convert_to": "EUR", "rates": {"EUR": "1"}}
    with pytest.raises(ConnectorError, match="`rates` does not name"):
        rest.receipt(currency=rule)


@pytest.mark.fault(33, on="salesforce")
def test_33_decimals_that_a_rate_adds_are_told_as_such(rest: World) -> None:
    """33: an amount that is finer after the conversion is refused, and it is said that it was converted."""
    currencies(rest)
    rule = {"convert_to": "EUR", "rates": {"EUR": "1", "USD": "0.125"}}
    with pytest.raises(ConnectorError, match="more than 2 decimals once converted"):
        rest.receipt(currency=rule)


@pytest.mark.fault(34, on="salesforce")
def test_34_windows_go_by_the_server_clock(rest: World, undisturbed: dict[str | None, str]) -> None:
    """34: a clock here that is a day wrong moves no window; doctor says that it is wrong."""
    wrong = Timing(now=lambda: datetime.now(UTC) - timedelta(seconds=SKEW_S + 40))
    connector = rest.connector(timing=wrong)
    receipt = rest.receipt(connector=connector, since=SINCE)
    told = {check.subject: check for check in connector.check(())}
    assert undisturbed[SINCE] == receipt.content_hash
    assert abs(receipt.server_time_at - datetime.now(UTC)) < timedelta(seconds=20)
    assert not told["clock"].passed
    assert "behind Salesforce's" in told["clock"].seen


def test_50_requests_are_as_few_as_pages(rest: World) -> None:
    """Reading costs a request a page, and four: sign in, who answers, describe, count."""
    columns = {name: kind for name, kind in COLUMNS.items() if "." not in name}
    assert -(-DEALS // 50) + 4 == rest.receipt(columns=columns).requests


@pytest.mark.fault(50, on="salesforce")
def test_instead_of_an_answer_an_unknown_code_is_told_by_code_alone(rest: World) -> None:
    """A refusal that nobody foresaw shows its code and place, never the server's message."""
    body = b'[{"errorCode": "SOMETHING_NEW", "message": "canary 4711"}]'
    rest.server.inject(status(400, body=body), path="*/describe")
    with pytest.raises(SetupError, match="SOMETHING_NEW") as caught:
        rest.receipt()
    assert "canary" not in str(caught.value)


def test_deleted_rows_are_read_where_they_are_declared(rest: World) -> None:
    """Rows of the recycle bin that nothing takes out are told."""
    columns = {**COLUMNS, "IsDeleted": "boolean"}
    told = rest.receipt(columns=columns, include_deleted=True).warnings
    assert 1 == len([warning for warning in told if "recycle bin count" in warning])


def test_an_object_that_is_not_there_is_named(rest: World) -> None:
    """A slip in the object's name is told by the name, not by an address."""
    with pytest.raises(SetupError, match="there is no object Oportunity, or this user may not see it"):
        rest.receipt(object="Oportunity")
