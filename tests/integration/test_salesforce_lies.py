"""A Salesforce that says what is not so: money of parents, rows without a field, answers of no shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import count
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
PARENTS = {
    "columns": {"Id": "string", "revenue": "decimal(18,3)"},
    "fields": {"revenue": "Account.Revenue__c"},
}
RULE = {"convert_to": "EUR", "rates": {"EUR": "1", "USD": "0.5"}}
GROUPS = "SELECT StageName stage, COUNT(Id) n FROM Opportunity GROUP BY StageName"


@pytest.fixture(name="it")
def _it(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, deals=12) as made:
        yield made


CODES = ((1, "EUR"), (2, "USD"))


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


@pytest.mark.parametrize("lane", ["rest", "bulk"])
@pytest.mark.parametrize("deals_have_codes", [True, False])
def test_33_money_of_a_parent_is_of_the_parents_currency(
    it: World, lane: str, deals_have_codes: bool
) -> None:
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
    """Let *change* befall the next answers to *path*."""

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
            object=None,
            mode="aggregate",
            query=GROUPS,
            read="auto",
            cursor=None,
            columns={"stage": "string", "n": "integer"},
        )


SHAPES: tuple[object, ...] = (
    [1],
    "no",
    {"totalSize": 1, "done": True, "records": [7], "fields": [7], "sobjects": [7]},
    {"totalSize": 1, "done": True, "records": [{}], "fields": [{}], "sobjects": [{}]},
    {
        "totalSize": "x",
        "done": True,
        "records": [{"n": "x", "s0": "x", "Id": 7}],
        "fields": "x",
        "sobjects": "x",
    },
)


@pytest.mark.parametrize("path", [QUERY, "*/describe", "*/sobjects", "*/jobs/query*"])
@pytest.mark.parametrize("first", [0, 1])
def test_an_answer_of_another_shape_concerns_its_dataset_alone(it: World, path: str, first: int) -> None:
    """JSON that no Salesforce gives, as a proxy might, is refused as ours, or the read is whole."""
    it.read = "bulk" if "jobs" in path else "rest"

    def read() -> object:
        return it.connector().discover() if path == "*/sobjects" else it.rows(cross_check=("Amount",))

    undisturbed = read()
    for shape in SHAPES:
        it.server.heal()
        inject(it, _after(first, shape), path=path)
        with suppress(ConnectorError):
            assert undisturbed == read()


def _after(first: int, value: object) -> Callable[[Any], object]:
    """Return a change to *value* of all answers but the *first* ones."""
    answers = count()
    return lambda _: value if next(answers) >= first else None
