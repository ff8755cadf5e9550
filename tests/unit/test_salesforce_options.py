"""What may be written about Salesforce, and the SOQL that is made of it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.salesforce import soql
from connectors.salesforce.options import SalesforceConnection, SalesforceDataset
from connectors.salesforce.reach import _digits, _number

JWT = {"auth": "jwt", "domain": "acme.my", "username": "u", "consumer_key": "k", "private_key": "p"}

REFUSED_CONDITIONS = {
    "CloseDate = TODAY": "TODAY is another day",
    "CloseDate >= LAST_N_DAYS:30": "LAST_N_DAYS is another day",
    "CloseDate < this_fiscal_quarter": "THIS_FISCAL_QUARTER is another day",
    "IsWon = true) OR (IsWon = false": "closes that was never opened",
    "(IsWon = true": "stays open",
    "Name = 'it": "a quote stays open",
    "Name = 'a'; DELETE": "no such sign",
    "CALENDAR_YEAR(convertTimezone(CreatedDate)) = 2026": "CONVERTTIMEZONE is something else for every user",
    "toLabel(StageName) = 'Won'": "TOLABEL is something else for every user",
    "Name != '' ORDER BY Name": "ORDER has no place",
    "Name != '' LIMIT 1": "LIMIT has no place",
    "Name != '' FOR UPDATE": "FOR has no place",
    "IsWon = true GROUP BY Name": "GROUP has no place",
    "Id = '1' ALL ROWS": "ROWS has no place",
    "": "found nothing",
    "(" * 300 + ")" * 300: "too deep",
}


@pytest.mark.parametrize("text", REFUSED_CONDITIONS)
def test_a_condition_that_reaches_out_of_its_brackets_is_refused(text: str) -> None:
    """What would add a clause, end our brackets, or mean another day elsewhere is refused, saying why."""
    assert REFUSED_CONDITIONS[text] in str(soql.refused_condition(text))


@pytest.mark.parametrize(
    "text",
    [
        "RecordType.DeveloperName = 'New_Business'",
        "Name = 'TODAY ORDER BY (' AND Amount > 1.5",
        "Name = 'it\\'s'",
        "AccountId IN (SELECT Id FROM Account WHERE Segment__c = 'SMB')",
        "CloseDate >= 2026-02-01 AND CreatedDate < 2026-02-01T00:00:00Z",
        "(NOT Name LIKE 'a%') OR StageName INCLUDES ('x;y')",
        "Amount > -5 AND Amount = null",
    ],
)
def test_ordinary_conditions_are_let_through(text: str) -> None:
    """Quotes, parents, semi-joins and written dates are SOQL like any other."""
    assert soql.refused_condition(text) is None


@given(st.text(max_size=40))
def test_a_quoted_text_is_one_literal(text: str) -> None:
    """Whatever a text holds, quoted it is one literal: it cannot end early."""
    tokens = soql._tokens(f"Name = {soql.quoted(text)}")
    assert [("word", 0), ("sign", 0), ("text", 0)] == [(token.kind, token.depth) for token in tokens]


@given(st.text(alphabet="()'\\ aA=1,OR", max_size=30))
def test_no_condition_leaves_its_brackets(text: str) -> None:
    """A condition that is let through has balanced brackets, whatever stands in its quotes."""
    if soql.refused_condition(text) is None:
        wrapped = soql._tokens(f"({text}) AND (X = 1)")
        assert wrapped[-1].depth == 0
        assert all(token.depth > 0 for token in wrapped[1:-7])


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT StageName s, SUM(Amount) a FROM Opportunity GROUP BY StageName", None),
        ("SELECT COUNT(Id) n FROM Opportunity WHERE CloseDate = LAST_MONTH", "another day"),
        ("SELECT Id, convertCurrency(Amount) a FROM Opportunity", "something else for every user"),
        ("DELETE FROM Opportunity", "expected one SELECT"),
        ("SELECT Id FROM A; SELECT Id FROM B", "no such sign"),
        ("SELECT Id FROM A FOR UPDATE", "FOR has no place"),
        ("SELECT Id FROM A UPDATE TRACKING", "has no place"),
        ("SELECT COUNT() FROM Opportunity", "COUNT(Id)"),
        ("SELECT StageName FROM Opportunity GROUP BY StageName", None),
        ("SELECT count ( ) FROM Opportunity", "COUNT(Id)"),
        ("SELECT COUNT(Id) n FROM Opportunity WHERE Name = 'COUNT()'", None),
        ("SELECT Id, Amount FROM Opportunity", "expected an aggregate"),
    ],
)
def test_an_aggregate_query_is_one_select(query: str, told: str | None) -> None:
    """A query that is more than one SELECT, or leaves a mark in the organisation, is refused."""
    found = soql.refused_query(query)
    assert found is None if told is None else told in str(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": None},
        {"instance_url": "https://acme.example"},
        {"private_key": None},
        {"domain": "acme.my.salesforce.com"},
        {"domain": "evil.example/x"},
        {"domain": None, "instance_url": "http://acme.example"},
        {"share": "120%"},
        {"organization": "005"},
        {"api_version": "v62"},
        {"auth": "password", "password": "p", "api_version": "65.0"},
        {"auth": "client_credentials", "consumer_secret": "s", "domain": "login"},
    ],
)
def test_a_connection_that_cannot_work_is_refused(changes: dict[str, object]) -> None:
    """A connection without an address, a credential or with two of them is refused when it is read."""
    SalesforceConnection.model_validate(JWT)
    with pytest.raises(ValidationError):
        SalesforceConnection.model_validate({**JWT, **changes})


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("acme.my", False),
        ("login", False),
        ("test", True),
        ("acme--uat.sandbox.my", True),
        ("acme--uat.my", True),
    ],
)
def test_a_sandbox_is_known_by_its_address(domain: str, expected: bool) -> None:
    """The name of the host says whether it is a sandbox's."""
    assert expected is SalesforceConnection.model_validate({**JWT, "domain": domain}).is_sandbox


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"object": "Opportunity; DROP"},
        {"object": "Opportunity", "query": "SELECT COUNT(Id) n FROM A"},
        {"mode": "aggregate"},
        {"mode": "aggregate", "object": "A", "query": "SELECT COUNT(Id) n FROM A"},
        {"mode": "aggregate", "fields": {"n": "Id"}, "query": "SELECT COUNT(Id) n FROM A"},
        {"mode": "aggregate", "read": "bulk", "query": "SELECT COUNT(Id) n FROM A"},
        {"object": "A", "fields": {"x": "Amount FROM B"}},
        {"object": "A", "where": "CloseDate = TODAY"},
        {"object": "A", "currency": {"convert_to": "EUR", "rates": {"USD": "1"}}},
        {"object": "A", "currency": {"convert_to": "EUR", "rates": {"EUR": "1", "USD": "-1"}}},
    ],
)
def test_a_dataset_that_cannot_be_read_is_refused(written: dict[str, object]) -> None:
    """Rows need an object, an aggregate its query; names are names, and rates are above 0."""
    with pytest.raises(ValidationError):
        SalesforceDataset.model_validate(written)


@given(st.integers(0, 62**12 - 1))
def test_ids_count_in_base_62(number: int) -> None:
    """An id's digits are its place in the order of ids."""
    assert number == _number(f"006{_digits(number)}")


def test_secrets_do_not_show() -> None:
    """Neither the settings nor a refusal of them shows a secret."""
    shown = repr(SalesforceConnection.model_validate({**JWT, "private_key": "canary-key"}))
    with pytest.raises(ValidationError) as caught:
        SalesforceConnection.model_validate({**JWT, "password": "canary-key", "share": "x"})
    assert "canary" not in shown + str(caught.value)


def test_the_extra_is_named_where_the_library_is_missing() -> None:
    """Without simple-salesforce a read says what to install."""
    code = (
        "import sys; sys.modules['simple_salesforce'] = None\n"
        "from pathlib import Path; from connectors.registry import connect\n"
        "made = connect('salesforce', {'auth': 'client_credentials', 'domain': 'acme.my', "
        "'consumer_key': 'k', 'consumer_secret': 's'}, base=Path())\n"
        "print(made.check(())[0].mend)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "okr-pipeline[salesforce]"' == run.stdout.strip()


def test_settings_load_no_client_library() -> None:
    """Reading a configuration imports neither the client library nor Arrow."""
    code = (
        "import sys; from connectors.registry import model_of; model_of('salesforce'); "
        "print([m for m in ('simple_salesforce', 'requests', 'pyarrow', 'jwt') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == run.stdout.strip()
