"""A Salesforce that says what is not so: money of parents, rows without a field, answers of no shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_http import Exchange, Reply
from fake_salesforce import id18
from fake_soql import Field
from salesforce_deals import ACCOUNT, DEAL, deal
from salesforce_world import QUERY, World, world

from connectors.errors import ConnectorError, Incomplete, SetupError

ISO = Field(name="CurrencyIsoCode", type="picklist")
REVENUE = Field(name="Revenue__c", type="currency", scale=2)
PARENTS = {"columns": {"Id": "string", "revenue": "decimal(18,3)"}, "fields": {"revenue": "Account.Revenue__c"}}
RULE = {"convert_to": "EUR", "rates": {"EUR": "1", "USD": "0.5"}}
GROUPS = "SELECT StageName stage, COUNT(Id) n FROM Opportunity GROUP BY StageName"


@pytest.fixture(name="it")
def _it(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, deals=12) as made:
        yield made


def parents_in_dollars(it: World, *, deals_have_codes: bool) -> None:
    """Put two deals in EUR, the second of an account in USD."""
    it.org.tables.create("Account", [*ACCOUNT, REVENUE, ISO])
    it.org.tables.insert(
        "Account",
        ({"Id": id18("001", n), "Name": "", "Revenue__c": 100.0, "CurrencyIsoCode": c} for n, c in CODES),
    )
    it.org.tables.create("Opportunity", [*DEAL, *([ISO] if deals_have_codes else [])])
    code = {"CurrencyIsoCode": "EUR"} if deals_have_codes else {}
    it.org.tables.insert("Opportunity", [deal(n, AccountId=id18("001", n), **code) for n, _ in CODES])


CODES = ((1, "EUR"), (2, "USD"))


@pytest.mark.parametrize("lane", ["rest", "bulk"])
@pytest.mark.parametrize("deals_have_codes", [True, False])
def test_33_money_of_a_parent_is_of_the_parents_currency(it: World, lane: str, deals_have_codes: bool) -> None:
    """33: an account's dollars were converted at the rate of the deal's euros: the sum was silently wrong."""
    it.read = lane
    parents_in_dollars(it, deals_have_codes=deals_have_codes)
    found = it.rows(currency=RULE, cursor=None, **PARENTS)
    assert [Decimal("100.000"), Decimal("50.000")] == [row["revenue"] for row in found]


def test_33_money_of_parents_needs_a_rule(it: World) -> None:
    """33: amounts of accounts in several currencies were added up where the deals themselves have none."""
    parents_in_dollars(it, deals_have_codes=False)
    with pytest.raises(SetupError, match="revenue may hold several currencies"):
        it.rows(cursor=None, **PARENTS)


def changed(reply: Reply, change: Callable[[Any], object]) -> Reply:
    """Return *reply* with its JSON after *change*, which may give another value in its place."""
    value = json.loads(reply.body)
    other = change(value)
    return replace(reply, body=json.dumps(value if other is None else other).encode())


def inject(it: World, change: Callable[[Any], object], *, path: str = QUERY, times: int = 99) -> None:
    """Let *change* befall every answer to *path* that holds the rows of deals."""

    def send(exchange: Exchange) -> None:
        exchange.send(changed(exchange.reply(), change))

    it.server.inject(send, times=times, path=path)


def without_one_amount(value: Any) -> None:
    if len(value["records"]) > 1:
        value["records"][1].pop("Amount", None)


def test_25_a_record_without_a_field_is_not_null(it: World) -> None:
    """25: a record that lacks a field was read as an empty one: its amount was silently left out."""
    inject(it, without_one_amount)
    with pytest.raises(Incomplete, match="Amount"):
        it.rows()


@pytest.mark.parametrize("lack", ["group", "field"])
def test_19_an_aggregate_that_lacks_something_is_refused(it: World, lack: str) -> None:
    """19: groups that Salesforce counts and does not give were gone; a group without its number was null."""

    def change(value: Any) -> None:
        if "n" in value["records"][0]:
            value["records"].pop() if lack == "group" else value["records"][1].pop("n")

    inject(it, change)
    with pytest.raises(Incomplete):
        it.rows(
            object=None, mode="aggregate", query=GROUPS, read="auto", cursor=None,
            columns={"stage": "string", "n": "integer"},
        )


SHAPES: dict[str, object] = {
    "a list": [1],
    "a text": "no",
    "a number": 7,
    "nothing": {},
    "no object in records": {"totalSize": 1, "done": True, "records": [7]},
    "a record without a field": {"totalSize": 1, "done": True, "records": [{}]},
    "words for numbers": {"totalSize": "x", "done": True, "records": [{"n": "x", "s0": "x", "Id": 7}]},
    "fields that are none": {"fields": [7], "sobjects": [7]},
    "fields without a name": {"fields": [{}], "sobjects": [{}]},
    "fields in words": {"fields": "x", "sobjects": "x"},
}


@pytest.mark.parametrize("path", [QUERY, "*/describe", "*/sobjects", "*/jobs/query*"])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_of_another_shape_concerns_its_dataset_alone(it: World, path: str, shape: str) -> None:
    """JSON that no Salesforce gives, as a proxy might, was a traceback that ended the whole run."""
    it.read = "bulk" if "jobs" in path else "rest"
    # The first query asks who answers; what it gets is tried as well.
    for first in range(4):
        it.server.heal()
        inject_after(it, SHAPES[shape], path=path, first=first)
        with suppress_connector_errors():
            it.rows(cross_check=("Amount",))
        with suppress_connector_errors():
            it.connector().discover()
        with suppress_connector_errors():
            it.connector().describe("Opportunity")


def inject_after(it: World, value: object, *, path: str, first: int) -> None:
    seen = [0]

    def change(_: Any) -> object:
        seen[0] += 1
        return value if seen[0] > first else None

    inject(it, change, path=path)


def suppress_connector_errors() -> Any:
    from contextlib import suppress

    return suppress(ConnectorError)
