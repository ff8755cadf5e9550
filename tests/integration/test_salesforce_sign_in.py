"""Signing in to Salesforce: four ways, through the real client library and TLS, and what refuses them."""

from __future__ import annotations

import logging
import traceback
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from connector_faults import numbered
from fake_http import edited_json, redirect, reset, status
from fake_salesforce import SANDBOX_ID, FakeServer
from fake_salesforce_sign_in import KEY, PASSWORD, SECRET, TOKEN, USER, private_pem
from salesforce_world import DEALS, World, world
from salesforce_world import TOKEN as TOKEN_PATH

from connectors.contract import Check
from connectors.errors import ConnectorError, SetupError, Transient
from connectors.registry import connect
from connectors.transport.policy import Timing

JWT = {"auth": "jwt", "username": USER, "private_key": private_pem(), "consumer_secret": None}
SOAP = {
    "auth": "password",
    "username": USER,
    "password": PASSWORD,
    "security_token": TOKEN,
    "consumer_key": None,
    "consumer_secret": None,
}
SECRETS = (KEY, SECRET, PASSWORD, TOKEN, private_pem().splitlines()[1])


@pytest.fixture(name="it")
def _it(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def receive(it: World, **changes: Any) -> int:
    return it.receipt(connector=it.connector(**changes)).rows


def checked(it: World, **changes: Any) -> dict[str, Check]:
    return {check.subject: check for check in it.connector(**changes).check((it.request(),))}


@pytest.mark.parametrize("way", [{}, JWT, SOAP], ids=["client_credentials", "jwt", "password"])
def test_each_way_signs_in_once(it: World, way: dict[str, Any]) -> None:
    """Client credentials, a signed assertion and user name with password each give one session."""
    assert DEALS == receive(it, **way)
    assert 1 == it.org.calls["sign in"]


def test_a_session_made_elsewhere_is_used_and_not_renewed(it: World) -> None:
    """An access token is used as it is; when it ends, the read says so instead of signing in."""
    given = {
        "auth": "session",
        "access_token": it.org.sign_in(),
        "consumer_key": None,
        "consumer_secret": None,
    }
    assert DEALS == receive(it, **given)
    it.org.expire()
    with pytest.raises(SetupError, match="access token is no longer valid"):
        receive(it, **given)


def test_an_address_of_ones_own_is_used_for_everything(it: World) -> None:
    """With instance_url no host below salesforce.com is asked."""
    with FakeServer(it.server._answer, secure=True, folder=it.folder) as own:
        it.server = own
        there = {"domain": None, "instance_url": own.url, "proxy": None, "allow_addresses": ("127.0.0.1",)}
        own._server.fake._answer = _at(own, it)
        assert DEALS == it.receipt(connector=_direct(it, there)).rows


def _at(server: FakeServer, it: World) -> Any:
    from fake_salesforce import answer

    return lambda request: answer(it.org, request, address=server.url)


def _direct(it: World, there: dict[str, Any]) -> Any:
    written = {"auth": "client_credentials", "consumer_key": KEY, "consumer_secret": SECRET, "ca": "ca.pem"}
    kept = {key: value for key, value in there.items() if value is not None}
    return connect("salesforce", {**written, **kept}, base=it.folder)


REFUSED = {
    "4 wrong secret": ({"consumer_secret": "wrong-s3cret"}, "client_credentials.*invalid_client"),
    "4 wrong password": ({**SOAP, "password": "wrong-p4ss"}, "password.*INVALID_LOGIN"),
    "4 unknown user": ({**JWT, "username": "other@acme.example"}, "jwt.*invalid_grant.*pre-authorised"),
    "4 key of another": ({**JWT, "private_key": "no key at all"}, "no RSA key in PEM"),
}


@pytest.mark.parametrize("case", numbered(REFUSED, on="salesforce"))
def test_4_a_refusal_is_told_and_not_repeated(it: World, case: str) -> None:
    """4: refused credentials name the flow and the code, hold no secret, and are sent once."""
    changes, told = REFUSED[case]
    with pytest.raises(SetupError, match=told) as caught:
        receive(it, **changes)
    assert it.org.calls.get("sign in", 0) <= 1
    shown = f"{caught.value!r} {caught.value} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert [] == [secret for secret in (*SECRETS, "wrong-s3cret", "wrong-p4ss") if secret in shown]


@pytest.mark.fault(4, on="salesforce")
def test_4_an_inactive_user_is_known_by_the_code(it: World) -> None:
    """4: a code that says what is wrong leads to what to do, whatever the words beside it."""
    it.org.refused = "inactive_user"
    with pytest.raises(SetupError, match="inactive_user; the user is inactive: activate it"):
        receive(it)


@pytest.mark.fault(4, 34, on="salesforce")
def test_4_a_wrong_clock_is_named(it: World) -> None:
    """4: an assertion that is too old on arrival leads to the clock, with how far it is off."""
    slow = Timing(now=lambda: datetime.now(UTC) - timedelta(hours=2))
    with pytest.raises(SetupError, match=r"set the clock: it is 7[12]\d\d s behind"):
        receive(it, timing=slow, **JWT)


@pytest.mark.fault(4, 6, on="salesforce")
def test_4_the_other_kind_of_organisation_is_named(it: World) -> None:
    """4: an assertion made for production is refused by a sandbox, and the refusal says so."""
    it.org.audience = "https://test.salesforce.com"
    with pytest.raises(SetupError, match="a sandbox at acme--x"):
        receive(it, **JWT)


@pytest.mark.parametrize("way", [{}, JWT], ids=["client_credentials", "jwt"])
@pytest.mark.fault(5, on="salesforce")
def test_5_a_token_endpoint_that_stays_down_is_transient(it: World, way: dict[str, Any]) -> None:
    """5: a token endpoint that is down is no wrong credential."""
    it.server.inject(status(503), times=99, path=TOKEN_PATH)
    with pytest.raises(Transient):
        receive(it, **way)


@pytest.mark.parametrize("fault", [status(503, body=b"<html>down</html>"), reset()], ids=["503", "reset"])
@pytest.mark.fault(5, on="salesforce")
def test_5_a_soap_endpoint_that_is_down_is_transient(it: World, fault: Any) -> None:
    """5: the same of the password's endpoint, which is asked once: a guess too many locks a user out."""
    it.server.inject(fault, times=99, path="*/Soap/*")
    with pytest.raises(Transient):
        receive(it, **SOAP)


@pytest.mark.fault(5, on="salesforce")
def test_5_an_answer_without_a_token_is_transient(it: World) -> None:
    """5: an answer of the token endpoint that lacks the token signs nobody in."""
    it.server.inject(edited_json(lambda value: {"instance_url": value["instance_url"]}), path=TOKEN_PATH)
    with pytest.raises(Transient, match="no token"):
        receive(it)


@pytest.mark.fault(6, on="salesforce")
def test_6_a_sandbox_behind_a_production_address_is_found(it: World) -> None:
    """6: doctor holds what the organisation is against what its address says."""
    assert checked(it)["organisation"].passed
    it.org.sandbox = True
    it.org.audience = "https://login.salesforce.com"
    found = checked(it, domain="acme.my")["organisation"]
    assert (found.passed, "sandbox behind an address of production" in found.seen) == (False, True)


@pytest.mark.fault(6, on="salesforce")
def test_6_a_declared_organisation_is_insisted_on(it: World) -> None:
    """6: an organisation other than the declared one is not read."""
    with pytest.raises(SetupError, match=f"{it.org.id} answers, {SANDBOX_ID} is declared"):
        receive(it, organization=SANDBOX_ID)
    assert "describe" not in it.org.calls


@pytest.mark.fault(6, on="salesforce")
def test_6_an_organisation_that_changed_is_refused(it: World) -> None:
    """6: what was read from one organisation is not read on from another, unless that is declared."""
    before = it.receipt().origin
    it.org.id = SANDBOX_ID
    with pytest.raises(SetupError, match=f"{SANDBOX_ID} answers, 00D5g000008AbCdEAE was read before"):
        it.receipt(last_origin=before)
    meant = it.connector(organization=SANDBOX_ID)
    assert DEALS == it.receipt(connector=meant, last_origin=before).rows


def test_a_host_elsewhere_gets_no_session(it: World) -> None:
    """A token endpoint that sends us to a host beyond salesforce.com is not followed."""
    it.server.inject(
        edited_json(lambda value: {**value, "instance_url": "https://evil.example"}), path=TOKEN_PATH
    )
    with pytest.raises(SetupError, match="signs in to another host"):
        receive(it)


def test_doctor_tells_what_is_left_and_what_is_readable(it: World) -> None:
    """Doctor names the organisation, the allowance, the clock and, of a dataset, a row."""
    it.org.allowance = (99_500, 100_000)
    found = checked(it)
    assert {"organisation", "allowance", "clock", "crm.deals"} == found.keys()
    assert (False, True) == (found["allowance"].passed, found["allowance"].advice)
    assert "one row read, 8 columns fit" == found["crm.deals"].seen


def test_discovery_tells_what_is_calculated(it: World) -> None:
    """Discovery offers types to declare, cursors best first, and says which fields move without a stamp."""
    deals = next(table for table in it.connector().discover() if table.name == "Opportunity")
    assert ("SystemModstamp", "CreatedDate") == deals.cursors
    assert ("Expected__c",) == deals.calculated
    assert {"Amount": "decimal(18,2)", "IsWon": "boolean"}.items() <= deals.declared.items()


FAILURES = {
    "refused sign-in": (status(400, body=b'{"error": "invalid_grant"}'), TOKEN_PATH),
    "broken sign-in": (reset(), TOKEN_PATH),
    "broken query": (status(400, body=b'[{"errorCode": "MALFORMED_QUERY"}]'), "*/query"),
    "reset query": (reset(), "*/query"),
    "sent elsewhere": (redirect("https://evil.example/steal?token=1"), "*/describe"),
}


@pytest.mark.parametrize("way", [{}, JWT, SOAP], ids=["client_credentials", "jwt", "password"])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.fault(50, on="salesforce")
def test_50_no_secret_is_told(
    it: World, caplog: pytest.LogCaptureFixture, failure: str, way: dict[str, Any]
) -> None:
    """50: neither an error, down to its last cause, nor any log holds a secret or a token in any form."""
    caplog.set_level(logging.DEBUG)
    fault, path = FAILURES[failure]
    it.server.inject(fault, times=99, path=path.replace(TOKEN_PATH, "*/Soap/*") if way is SOAP else path)
    with pytest.raises(ConnectorError) as caught:
        receive(it, **way)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    told += "".join(f"{problem!r}{problem.__dict__}" for problem in behind(caught.value))
    secrets = (*SECRETS, *it.org.sessions)
    assert [] == [form for secret in secrets for form in forms(secret) if form in told]


def behind(problem: BaseException) -> Iterator[BaseException]:
    """Yield *problem* and all that it came of, shown or not."""
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__  # type: ignore[assignment]


def forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        b64encode(secret.encode()).decode().rstrip("="),
    }
