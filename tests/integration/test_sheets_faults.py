"""
The google_sheets connector, disturbed on the way: the same content hash, or refused with the reason.

Numbers in brackets are those of the list of what connectors meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from connector_faults import numbered
from fake_google import (
    Fault,
    cut,
    drip,
    empty,
    fewer_ranges,
    html,
    malformed,
    quota,
    refused,
    reset,
    signing_key,
    slow,
    status,
)
from sheet_reader import Sheets, request, sheets

from connectors.errors import ConnectorError, Incomplete, QuotaExhausted, SetupError, Transient
from connectors.google_sheets.api import POLICY

IMPATIENT = replace(POLICY, read_s=0.25, deadline_s=0.5)

OUTLIVED: dict[str, tuple[Fault, int]] = {
    "5 token endpoint fails": (status(503), 2),
    "10 a page for people with status 503": (html(503), 2),
    "11 a page for people with status 200": (html(), 2),
    "12 an empty body": (empty(), 2),
    "13 a slow first byte": (slow(0.4), 1),
    "13 a dripping body": (drip(0.7), 1),
    "14 the connection is reset": (reset(), 2),
    "15 the body is cut, its length known": (cut(chunked=False), 2),
    "16 the body is cut, its length unknown": (cut(chunked=True), 2),
    "17 malformed JSON": (malformed(), 2),
}


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Sheets]:
    with sheets(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The content hash that every outlived fault must leave as it is."""
    with sheets(tmp_path_factory.mktemp("undisturbed")) as found:
        return found.receipt().content_hash


@pytest.mark.parametrize("endpoint", ["token", "get", "batchGet"])
@pytest.mark.parametrize("fault", numbered(OUTLIVED, on="google_sheets"))
def test_a_passing_fault_is_outlived(source: Sheets, undisturbed: str, fault: str, endpoint: str) -> None:
    """[5, 10-17] Whatever call it strikes, the read is tried again and its content hash is the same."""
    strike, times = OUTLIVED[fault]
    source.google.fail(endpoint, *[strike] * times)
    receipt = source.receipt(policy=IMPATIENT)
    assert (undisturbed, times) == (receipt.content_hash, receipt.retries)


@pytest.mark.parametrize(
    "fault", numbered([name for name, (_, times) in OUTLIVED.items() if times > 1], on="google_sheets")
)
def test_a_lasting_fault_is_told(source: Sheets, fault: str) -> None:
    """[5, 10-17] A fault that stays ends in Transient that holds nothing of the answer."""
    source.google.fail("batchGet", *[OUTLIVED[fault][0]] * 6)
    problem = source.refusal(policy=IMPATIENT)
    assert isinstance(problem, Transient)
    assert not {"<html", "Sorry", "1200"} & set(str(problem).split())
    assert 6 >= source.google.served["batchGet"] >= 3


@pytest.mark.parametrize(
    ("why", "hint"),
    [
        ("Invalid JWT Signature.", "make a new key"),
        ("Token has been expired or revoked.", "agree again"),
        ("Invalid JWT: ... in a reasonable timeframe. Check your iat", "clock"),
        ("Something that nobody has seen before", "make a new key"),
    ],
)
@pytest.mark.fault(4, on="google_sheets")
def test_invalid_grant_is_not_tried_again(source: Sheets, why: str, hint: str) -> None:
    """[4] A refused sign-in is a wrong setup: asked once, with what to do, without the server's words."""
    source.google.fail("token", refused(why))
    problem = source.refusal()
    assert isinstance(problem, SetupError)
    assert hint in problem.mend
    assert (1, False) == (source.google.served["token"], why in str(problem))


@pytest.mark.fault(4, on="google_sheets")
def test_a_key_of_another_account_is_refused(source: Sheets) -> None:
    """[4] The token endpoint checks the signature for real: a wrong key is told as one."""
    source.google.keys[source.google.email] = signing_key(1).public_key()
    assert "make a new key" in source.refusal().mend


@pytest.mark.parametrize(("ahead_s", "hint"), [(7200, "clock"), (-7200, "clock")])
@pytest.mark.fault(34, on="google_sheets")
def test_a_clock_hours_off_is_told_as_one(source: Sheets, ahead_s: float, hint: str) -> None:
    """[34] Google refuses an assertion from another hour, and the error says to look at the clock."""
    source.google.ahead_s = ahead_s
    assert hint in source.refusal().mend


@pytest.mark.fault(34, on="google_sheets")
def test_a_clock_minutes_off_is_advice(source: Sheets, undisturbed: str) -> None:
    """[34] Two minutes off change no number; `check` says so."""
    source.google.ahead_s = 120
    found = {check.subject: check for check in source.connector().check((request(),))}
    assert (False, True, "set the clock") == (
        found["clock"].passed,
        found["clock"].advice,
        found["clock"].mend,
    )
    assert undisturbed == source.receipt().content_hash


@pytest.mark.fault(1, 2, on="google_sheets")
def test_an_ended_session_is_renewed_once(source: Sheets, undisturbed: str) -> None:
    """[1, 2] A token that ends between two calls is renewed, and nothing is lost."""
    source.google.fail(
        "batchGet", lambda api, answer: (source.google.expire_tokens(), status(401)(api, answer))
    )
    assert undisturbed == source.receipt().content_hash
    assert (2, 2) == (source.google.served["token"], source.google.served["batchGet"])


@pytest.mark.fault(1, on="google_sheets")
def test_sessions_that_end_at_once_are_no_loop(source: Sheets) -> None:
    """[1] A token that is refused as soon as it is given is a wrong setup after the second."""
    source.google.fail("get", *[status(401)] * 9)
    assert isinstance(source.refusal(), SetupError)
    assert (2, 2) == (source.google.served["token"], source.google.served["get"])


@pytest.mark.fault(7, on="google_sheets")
def test_retry_after_is_waited_for(source: Sheets, undisturbed: str) -> None:
    """[7] 429 with Retry-After waits as told and goes on."""
    source.google.fail("batchGet", quota(Retry_After="1"))
    receipt = source.receipt()
    assert (undisturbed, 1) == (receipt.content_hash, receipt.retries)
    assert receipt.waited_s >= 1


@pytest.mark.fault(7, on="google_sheets")
def test_retry_after_beyond_the_budget_is_put_off(source: Sheets) -> None:
    """[7] A wait longer than the budget is not waited: the source says until when, and is not asked again."""
    source.google.fail("get", quota(Retry_After="86400"))
    before = datetime.now(UTC)
    problem = source.refusal()
    assert isinstance(problem, QuotaExhausted)
    assert problem.until is not None
    assert (86400, 1) == (round((problem.until - before).total_seconds(), -1), source.google.served["get"])


@pytest.mark.fault(8, on="google_sheets")
def test_the_next_minute_is_waited_for(tmp_path: Path) -> None:
    """[8] One read too many in a minute waits for the server's next one, for all reads of the credential."""
    with sheets(tmp_path, per_minute=3) as source:
        receipts = [source.receipt()]
        source.google.ahead_s = 178 - datetime.now(UTC).timestamp() % 60
        receipts += [source.receipt(), source.receipt()]
    assert 1 == len({receipt.content_hash for receipt in receipts})
    assert [0, 0, 1] == [receipt.retries for receipt in receipts]


@pytest.mark.fault(16, 19, on="google_sheets")
def test_fewer_ranges_than_asked_are_refused(source: Sheets) -> None:
    """[16, 19] An answer without one of the ranges is incomplete, whatever is left."""
    source.google.fail("batchGet", fewer_ranges())
    assert isinstance(source.refusal(), Incomplete)


def test_one_spreadsheet_is_read_once(source: Sheets) -> None:
    """Datasets that were announced share one look and one values:batchGet."""
    source.book.named["cac"] = (187, (1, 2, 1, 2))
    asked = (
        request("finance.plan"),
        request("finance.teams", columns={"Team": "string"}, key=()),
        request("finance.cac", tab=None, cell="cac", columns={"value": "decimal(18,2)"}, key=()),
    )
    connector = source.connector()
    connector.announce(asked)
    extracts = [connector.extract(one) for one in asked]
    assert [3, 3, 1] == [sum(batch.num_rows for batch in extract) for extract in extracts]
    assert (1, 1) == (source.google.served["get"], source.google.served["batchGet"])
    assert [3, 0, 0] == [extract.receipt().requests for extract in extracts]


def test_a_failed_dataset_has_a_radius_of_one(source: Sheets, undisturbed: str) -> None:
    """A tab that is gone fails its own dataset; the others of the spreadsheet are read."""
    asked = (request("finance.gone", tab="Plann"), request("finance.plan"))
    connector = source.connector()
    connector.announce(asked)
    with pytest.raises(ConnectorError):
        list(connector.extract(asked[0]))
    extract = connector.extract(asked[1])
    list(extract)
    assert (undisturbed, 1) == (extract.receipt().content_hash, source.google.served["batchGet"])


def test_a_spreadsheet_that_fails_is_asked_once(source: Sheets) -> None:
    """The failure of a spreadsheet is that of each of its datasets, without asking again."""
    source.book.readers.clear()
    asked = (request("finance.a"), request("finance.b"))
    connector = source.connector()
    connector.announce(asked)
    for one in asked:
        with pytest.raises(SetupError, match=source.google.email):
            list(connector.extract(one))
    assert 1 == source.google.served["get"]
