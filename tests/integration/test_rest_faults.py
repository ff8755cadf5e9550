"""
Each fault that a JSON API may meet, by its number in the catalogue of connector faults.

A disturbed read has the content hash of an undisturbed one, or is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake_http
import pytest
from connector_faults import fault_of, numbered
from fake_http import FakeServer, Reply, Request, edited, edited_json, reply_json

from connectors.contract import ExtractRequest, Receipt
from connectors.errors import (
    BadValue,
    ConnectorError,
    Incomplete,
    QuotaExhausted,
    SchemaChanged,
    SetupError,
    Transient,
)
from connectors.rest.connector import RestConnector
from connectors.rest.options import RestConnection, RestDataset
from connectors.transport.policy import Policy, Timing

ROWS = 10
PER_PAGE = 3
SECRET = "canary-client-secret"
COLUMNS = {"id": "integer", "amount": "decimal(18,2)", "changed_at": "timestamp", "stage": "string"}


class Deals:
    """Ten deals in pages of three behind an OAuth token; *expired* tokens are refused."""

    def __init__(self) -> None:
        self.server = FakeServer(self.answer)
        self.tokens = 0
        self.rows = [
            {"id": n, "amount": f"{n}.50", "changed_at": f"2026-10-{n:02}T08:00:00Z", "stage": "won"}
            for n in range(1, ROWS + 1)
        ]

    def answer(self, asked: Request) -> Reply | None:
        if asked.path == "/token":
            self.tokens += 1
            right = asked.form() == {
                "grant_type": "client_credentials",
                "client_id": "okr",
                "client_secret": SECRET,
            }
            return reply_json(
                {"access_token": f"token-{self.tokens}"} if right else {}, status=200 if right else 401
            )
        if asked.path != "/deals":
            return None
        if asked.headers.get("Authorization") != f"Bearer token-{self.tokens}":
            return reply_json({"error": "expired"}, status=401)
        start = int(asked.query.get("after", 0))
        after = start + PER_PAGE if start + PER_PAGE < len(self.rows) else None
        total = len({row["id"] for row in self.rows})
        page = {"deals": self.rows[start : start + PER_PAGE], "total": total, "next": after}
        return reply_json(page, X_Request_Id=f"r{asked.number}")

    def expire(self, exchange: fake_http.Exchange) -> None:
        """Let the token that is in use end before this request is answered."""
        self.tokens += 1
        exchange.send(reply_json({"error": "expired"}, status=401))


@pytest.fixture
def deals() -> Iterator[Deals]:
    """The API, undisturbed."""
    made = Deals()
    with made.server:
        yield made


def read(deals: Deals, **changes: Any) -> Receipt:
    """Read all deals as one dataset and return the receipt."""
    slept: list[float] = []
    connection = {
        "base_url": deals.server.url,
        "allow_addresses": ["127.0.0.1"],
        "auth": {
            "type": "oauth2_client_credentials",
            "token_url": f"{deals.server.url}/token",
            "client_id": "okr",
            "client_secret": SECRET,
        },
    }
    options = {
        "path": "deals",
        "rows": "deals",
        "pages": {"by": "json_cursor", "path": "next", "param": "after"},
        "page_size": {"param": "limit", "rows": PER_PAGE},
        "complete": {"total": "total"},
        **changes.pop("options", {}),
    }
    connector = RestConnector(
        RestConnection.model_validate(connection),
        base=Path(),
        policy=Policy(read_s=0.3, deadline_s=0.5, budget_s=60),
        timing=Timing(sleep=slept.append),
    )
    wanted = ExtractRequest(
        dataset="crm.deals", columns=COLUMNS, options=RestDataset.model_validate(options), key=("id",),
        cursor="changed_at",
    )  # fmt: skip
    extract = connector.extract(replace(wanted, **changes))
    try:
        for _ in extract:
            pass
    finally:
        connector.close()
    return extract.receipt()


def skewed(exchange: fake_http.Exchange) -> None:
    """Answer with a Date of long ago."""
    reply = exchange.reply()
    exchange.send(replace(reply, headers={**reply.headers, "Date": "Mon, 05 Oct 2020 07:00:00 GMT"}))


def without_last(page: Any) -> Any:
    """Return the page with its last row missing."""
    return {**page, "deals": page["deals"][:-1]}


def renamed(page: Any, name: str = "amount") -> Any:
    """Return the page with *name* called by its plural."""
    return {
        **page,
        "deals": [{(f"{k}s" if k == name else k): v for k, v in r.items()} for r in page["deals"]],
    }


def with_amount(amount: object) -> fake_http.Fault:
    """Let every amount of the page be *amount*."""
    return edited_json(lambda page: {**page, "deals": [{**row, "amount": amount} for row in page["deals"]]})


HEALED: dict[str, Callable[[], fake_http.Fault]] = {
    "7": lambda: fake_http.retry_after("5"),
    "10": lambda: fake_http.html(503),
    "11": fake_http.html,
    "12": fake_http.empty,
    "13-silent": lambda: fake_http.slow(2),
    "13-dripping": lambda: fake_http.drip(0.02),
    "13-dripping-head": lambda: fake_http.drip_head(0.02),
    "14": fake_http.reset,
    "15": lambda: fake_http.cut(0.9),
    "15-one-byte": lambda: fake_http.cut(0.99),
    "16-in-chunks": lambda: fake_http.cut(0.9, chunked=True),
    "16-unnoticed-end": lambda: fake_http.cut(0.9, without_length=True),
    "17": fake_http.malformed,
    "18": fake_http.duplicate,
    "19": lambda: edited_json(without_last),
    "19-empty-page": lambda: edited_json(lambda page: {**page, "deals": []}),
    "34": lambda: skewed,
}


@pytest.mark.parametrize(
    ("fault", "page"),
    [
        pytest.param(fault, page, marks=fault_of(fault, on="rest"))
        for fault in HEALED
        for page in (1, 2, 4)
        if (fault, page) != ("18", 1)
    ],
)
def test_fault_is_healed(deals: Deals, fault: str, page: int) -> None:
    """One fault on the first, a middle or the last page changes nothing of what is read."""
    undisturbed = read(deals)
    deals.server.heal()
    deals.server.inject(HEALED[fault](), at=page, path="/deals")
    found = read(deals)
    assert (undisturbed.content_hash, ROWS, "yes") == (found.content_hash, found.rows, found.complete)


@pytest.mark.parametrize("page", [1, 2, 4])
@pytest.mark.fault(1, 2, on="rest")
def test_fault_2_token_expires_between_pages(deals: Deals, page: int) -> None:
    """A token that ends during the read is renewed once, and the same page is asked for again."""
    undisturbed = read(deals)
    deals.server.inject(deals.expire, at=page, path="/deals")
    assert undisturbed.content_hash == read(deals).content_hash


@pytest.mark.fault(5, on="rest")
def test_fault_5_token_endpoint_fails_in_passing(deals: Deals) -> None:
    """Trouble at the token endpoint is tried again, not taken for a wrong credential."""
    deals.server.inject(fake_http.status(503), times=2, path="/token")
    assert read(deals).rows == ROWS


LASTING: dict[str, tuple[Callable[[], fake_http.Fault], type[ConnectorError], str]] = {
    "4": (lambda: fake_http.status(400, body=b'{"error": "invalid_grant"}'), SetupError, "invalid_grant"),
    "7": (lambda: fake_http.retry_after("86400"), QuotaExhausted, "status 429"),
    "10": (lambda: fake_http.html(503), Transient, "status 503, after 6 tries"),
    "11": (fake_http.html, Transient, "a web page came instead of data, after 6 tries"),
    "12": (fake_http.empty, Transient, "an empty answer came, after 6 tries"),
    "14": (fake_http.reset, Transient, "reset, after 6 tries"),
    "15": (lambda: fake_http.cut(0.9), Transient, "after 6 tries"),
    "17": (fake_http.malformed, Transient, "cannot be used: not JSON"),
    "19": (lambda: edited_json(without_last), Incomplete, "rows came, 10 were declared"),
    "25": (lambda: edited_json(renamed), SchemaChanged, "no row has the column amount; did you mean amounts"),
    "25-key": (
        lambda: edited_json(lambda page: renamed(page, "id")), SchemaChanged, "no row has the column id;"
    ),
    "26": (lambda: with_amount("n/a"), BadValue, "column amount"),
    "36": (lambda: with_amount("1.234,50"), BadValue, "column amount"),
    "49": (lambda: edited(lambda r: replace(r, body=r.body.replace(b'"1.50"', b"NaN"))), Transient, "NaN"),
}  # fmt: skip


@pytest.mark.parametrize("fault", numbered(LASTING, on="rest"))
def test_lasting_fault_is_refused(deals: Deals, fault: str) -> None:
    """A fault that stays is refused with its reason; there is no other number, and no value is told."""
    made, error, reason = LASTING[fault]
    deals.server.inject(made(), times=999, path="/token" if fault == "4" else "/deals")
    with pytest.raises(error) as caught:
        read(deals)
    assert reason in str(caught.value)
    assert [told for told in ("1.234,50", "n/a", SECRET, "token-1") if told in str(caught.value)] == []


@pytest.mark.fault(18, on="rest")
def test_fault_18_rows_that_come_twice(deals: Deals) -> None:
    """A row on two pages that are not neighbours is noticed too, and lasting doubles are refused."""
    deals.rows[9] = {**deals.rows[0]}
    with pytest.raises(Incomplete, match="1 rows came twice by key id"):
        read(deals, options={"complete": None})


@pytest.mark.fault(18, on="rest")
def test_fault_18_without_a_key(deals: Deals) -> None:
    """A page that repeats the one before is noticed although nothing tells its rows apart."""
    deals.server.inject(fake_http.duplicate(), at=2, path="/deals")
    found = read(deals, key=(), options={"complete": None})
    assert (found.rows, found.requests) == (ROWS, 6)


@pytest.mark.fault(19, on="rest")
def test_fault_19_is_unprovable_without_a_total(deals: Deals) -> None:
    """Without total, link or flag the receipt says that nobody can tell whether all is there."""
    options = {"pages": {"by": "last_id", "param": "after", "path": "id"}, "complete": None}
    assert read(deals, options=options).complete == "unprovable"


@pytest.mark.fault(21, on="rest")
def test_fault_21_rows_change_between_pages(deals: Deals) -> None:
    """A row that moves behind the others while pages are read comes in both versions, the later last."""

    def moved(exchange: fake_http.Exchange) -> None:
        deals.rows.append({**deals.rows[0], "changed_at": "2026-10-20T08:00:00Z", "amount": "99.00"})
        exchange.send(exchange.reply())

    deals.server.inject(moved, at=2, path="/deals")
    assert read(deals).rows == ROWS + 1


@pytest.mark.fault(27, on="rest")
def test_fault_27_a_new_field_changes_nothing(deals: Deals) -> None:
    """A field that nobody declared is not read."""
    undisturbed = read(deals)
    deals.rows = [{**row, "new": n} for n, row in enumerate(deals.rows)]
    assert undisturbed.content_hash == read(deals).content_hash


@pytest.mark.fault(32, on="rest")
def test_fault_32_numbers_are_exact(deals: Deals) -> None:
    """Numbers arrive with every digit, as JSON numbers of any notation too."""
    undisturbed = read(deals)
    deals.server.inject(edited(lambda r: replace(r, body=_numbers(r.body))), times=99, path="/deals")
    assert undisturbed.content_hash == read(deals).content_hash


def _numbers(body: bytes) -> bytes:
    for n in range(1, ROWS + 1):
        body = body.replace(f'"{n}.50"'.encode(), f"{n * 10 + 5}E-1".encode())
    return body


@pytest.mark.fault(34, on="rest")
def test_fault_34_skew_is_told(deals: Deals) -> None:
    """A server whose clock is another than ours is named in the receipt."""
    deals.server.inject(skewed, times=99, path="/deals")
    assert "s ahead of the source's" in read(deals).warnings[0]


@pytest.mark.fault(50, on="rest")
def test_fault_50_no_secret_in_the_receipt(deals: Deals) -> None:
    """Neither secret nor token is in what the receipt tells, also of a disturbed read."""
    deals.server.inject(fake_http.status(503, headers={"X-Request-Id": SECRET}), times=2)
    told = repr(read(deals))
    assert [secret for secret in (SECRET, "token-1") if secret in told] == []


def test_waits_and_retries_are_in_the_receipt(deals: Deals) -> None:
    """What the source cost is written down: requests, retries and request ids."""
    deals.server.inject(fake_http.retry_after("5"), at=2, path="/deals")
    found = read(deals)
    assert (found.requests, found.retries, found.waited_s) == (6, 1, 5)
    assert found.request_ids == ("r2", "r4", "r5", "r6")
