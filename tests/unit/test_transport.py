"""Retry, waits, budget, deadlines and limits of the transport, over real sockets."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import fake_http
import pytest
from fake_http import FakeServer, Reply, Request, cut, drip, drip_head, edited, html, reply_json, status

from connectors.errors import ConnectorError, QuotaExhausted, SetupError, Transient
from connectors.transport.bucket import Rate, TokenBucket
from connectors.transport.client import Transport
from connectors.transport.network import Network
from connectors.transport.policy import Policy, Timing

NOW = datetime(2026, 10, 5, 7, tzinfo=UTC)


class Clock:
    """Time that passes by sleeping alone; chance always takes the largest wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def timing(self) -> Timing:
        return Timing(
            monotonic=lambda: sum(self.slept),
            sleep=self.slept.append,
            now=lambda: NOW + timedelta(seconds=sum(self.slept)),
            uniform=lambda low, high: high,
        )


def answer(asked: Request) -> Reply | None:
    """A list of deals under /deals, a form under /token."""
    if asked.path == "/deals":
        return reply_json({"deals": [{"id": 1, "pad": "x" * 30_000}]}, X_Request_Id=f"r{asked.number}")
    return reply_json({"access_token": "t"}) if asked.path == "/token" else None


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """The two paths on loopback."""
    with FakeServer(answer) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


def http_date(at: datetime) -> str:
    """Return *at* as a header has it."""
    return format_datetime(at, usegmt=True)


def transport(clock: Clock, policy: Policy | None = None, **changes: Any) -> Transport:
    """Return a transport that may ask loopback."""
    network = Network(allow_addresses=("127.0.0.1",))
    return Transport(
        **{
            "network": network,
            "base": Path(),
            "hosts": ["127.0.0.1"],
            "policy": policy,
            "timing": clock.timing(),
            **changes,
        }
    )


def packed(reply: Reply, *, cut: int = 0, flip: int | None = None) -> Reply:
    """Return *reply* in gzip: whole, without its last *cut* bytes, or with one byte changed."""
    body = bytearray(gzip.compress(reply.body))
    if flip is not None:
        body[flip] ^= 255
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, body=bytes(body[: len(body) - cut]), headers=headers)


PASSING: dict[str, Callable[[], fake_http.Fault]] = {
    "status 500": lambda: status(500),
    "status 503, a page": lambda: html(503),
    "status 429": lambda: status(429),
    "status 408": lambda: status(408),
    "a page with 200": html,
    "nothing with 200": fake_http.empty,
    "reset": fake_http.reset,
    "cut": lambda: cut(0.9),
    "cut within chunks": lambda: cut(0.9, chunked=True),
    "malformed": fake_http.malformed,
    "packed, and cut": lambda: edited(lambda reply: packed(reply, cut=12)),
    "packed, and damaged": lambda: edited(lambda reply: packed(reply, flip=40)),
    "packed otherwise": lambda: edited(lambda reply: replace(reply, headers={"Content-Encoding": "br"})),
    "not UTF-8": lambda: edited(lambda reply: Reply(body=b'{"a": "\xff"}')),
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again(server: FakeServer, clock: Clock, fault: str) -> None:
    """One failure of any passing kind costs one more request, and is counted."""
    server.inject(PASSING[fault]())
    made = transport(clock)
    found = made.request("GET", f"{server.url}/deals")
    tally = made.tally()
    assert (found.value["deals"][0]["id"], tally.requests, tally.retries) == (1, 2, 1)


def test_packed_bodies_are_unpacked(server: FakeServer, clock: Clock) -> None:
    """A body in gzip arrives as what it holds."""
    server.inject(edited(packed))
    found = transport(clock).request("GET", f"{server.url}/deals")
    assert (found.value["deals"][0]["id"], len(found.body) > 30_000) == (1, True)


def test_waits_grow_and_end(server: FakeServer, clock: Clock) -> None:
    """Six tries, waits of at most 1, 2, 4, 8 and 16 seconds, then the request id and what to do."""
    server.inject(status(503, headers={"X-Request-Id": "abc"}), times=6)
    with pytest.raises(Transient) as caught:
        transport(clock).request("GET", f"{server.url}/deals?token=hush")
    assert clock.slept == [1, 2, 4, 8, 16]
    place = f"GET 127.0.0.1:{server.port}/deals"
    assert caught.value.message == f"{place} (request abc): status 503, after 6 tries"


def test_retry_after_goes_first(server: FakeServer, clock: Clock) -> None:
    """A wait that the server names, in seconds or as a date by its own clock, is what is waited."""
    there = NOW + timedelta(days=1)
    date = {"Retry-After": http_date(there + timedelta(seconds=60)), "Date": http_date(there)}
    server.inject(fake_http.retry_after("7"))
    server.inject(status(503, headers=date), at=2)
    transport(clock).request("GET", f"{server.url}/deals")
    assert clock.slept == [7, 60]


def test_rate_limit_reset_is_a_wait(server: FakeServer, clock: Clock) -> None:
    """A used-up allowance that names the instant it is free again is waited for until then."""
    at = str(int(NOW.timestamp()) + 20)
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": at, "Date": http_date(NOW)}
    server.inject(status(429, headers=reset))
    transport(clock).request("GET", f"{server.url}/deals")
    assert clock.slept == [20]


def test_too_long_a_wait_is_a_quota(server: FakeServer, clock: Clock) -> None:
    """A wait beyond the budget is not waited: the error names the instant."""
    server.inject(fake_http.retry_after("3600"))
    with pytest.raises(QuotaExhausted) as caught:
        transport(clock).request("GET", f"{server.url}/deals")
    assert (caught.value.until, clock.slept) == (NOW + timedelta(hours=1), [])


def test_budget_is_of_a_read(server: FakeServer, clock: Clock) -> None:
    """Waits of all calls of a read share one budget; the next read has a whole one."""
    made = transport(clock, Policy(budget_s=15))
    server.inject(fake_http.retry_after("10"), times=2, path="/deals")
    with pytest.raises(QuotaExhausted):
        made.request("GET", f"{server.url}/deals")
    made.begin()
    made.request("GET", f"{server.url}/deals")
    assert clock.slept == [10]


def test_malformed_json_is_tried_three_times(server: FakeServer, clock: Clock) -> None:
    """JSON that stays malformed is asked for twice more, then refused with the request id."""
    server.inject(fake_http.malformed(), times=9)
    with pytest.raises(Transient) as caught:
        transport(clock).request("GET", f"{server.url}/deals")
    assert len(server.requests) == 3
    assert "(request r3): the answer cannot be used: not JSON" in caught.value.message


@pytest.mark.parametrize(
    "body", [b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 100 + b"]" * 100, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_json_is_strict(server: FakeServer, clock: Clock, body: bytes) -> None:
    """NaN, doubled keys, deep nesting and huge numbers are refused."""
    server.inject(fake_http.instead(Reply(body=body)), times=3)
    with pytest.raises(Transient):
        transport(clock).request("GET", f"{server.url}/deals")


def test_a_post_is_sent_once(server: FakeServer, clock: Clock) -> None:
    """A call that may have done something is not sent again, whatever became of it."""
    server.inject(fake_http.reset(), times=2)
    made = transport(clock)
    with pytest.raises(Transient, match="whether it was done is not known"):
        made.request("POST", f"{server.url}/token")
    with pytest.raises(Transient):
        made.session.post(f"{server.url}/token")
    assert len(server.requests) == 2


def test_a_repeatable_post_is_sent_again(server: FakeServer, clock: Clock) -> None:
    """A post marked repeatable, by its call, its path or an idempotency key, is tried like a get."""
    made = transport(clock, repeatable_paths=["*/token"])
    for send in (
        lambda: made.session.post(f"{server.url}/token"),
        lambda: made.request("POST", f"{server.url}/deals", repeatable=True),
        lambda: made.session.post(f"{server.url}/deals", headers={"Idempotency-Key": "k"}),
    ):
        server.heal()
        server.inject(status(503))
        send()
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "fault", [drip(0.02), drip_head(0.02), fake_http.slow(3)], ids=["body", "head", "none"]
)
def test_deadline_cuts_what_drips(server: FakeServer, clock: Clock, fault: fake_http.Fault) -> None:
    """Bytes that keep coming too slowly are cut at the deadline, and the next try succeeds."""
    server.inject(fault)
    started = time.monotonic()
    made = transport(clock, Policy(deadline_s=0.3))
    made.request("GET", f"{server.url}/deals")
    assert made.tally().retries == 1
    assert time.monotonic() - started < 1.5


def test_silence_is_cut_before_the_deadline(server: FakeServer, clock: Clock) -> None:
    """No byte at all for the read time-out ends a try although the deadline is far."""
    server.inject(fake_http.slow(3))
    started = time.monotonic()
    transport(clock, Policy(read_s=0.2)).request("GET", f"{server.url}/deals")
    assert time.monotonic() - started < 1.5


def test_a_body_of_endless_members(server: FakeServer, clock: Clock) -> None:
    """Gzip of very many empty members costs no hours of unpacking."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    server.inject(fake_http.instead(Reply(body=gzip.compress(b"") * 100_000, headers=headers)), times=6)
    started = time.monotonic()
    with pytest.raises(Transient, match="DecodeError"):
        transport(clock).request("GET", f"{server.url}/deals")
    assert time.monotonic() - started < 10


def test_body_limits(server: FakeServer, clock: Clock) -> None:
    """A body that is too large, or unpacks too far, is refused before it is all in memory."""
    server.inject(fake_http.gzip_bomb(200))
    with pytest.raises(SetupError, match="unpacks to more than 100 times"):
        transport(clock).request("GET", f"{server.url}/deals")
    with pytest.raises(SetupError, match="more than 0 MiB"):
        transport(clock, Policy(body_bytes=20_000)).request("GET", f"{server.url}/deals")
    assert clock.slept == []


@pytest.mark.parametrize(
    ("code", "mend"),
    [(400, "not valid"), (401, "expired"), (403, "right"), (404, "path"), (501, "not valid")],
)
def test_lasting_refusals_are_told_once(server: FakeServer, clock: Clock, code: int, mend: str) -> None:
    """A status that another try would meet again is an error at once; what the body says is not told."""
    server.inject(status(code, body=b'{"message": "Acme Ltd owes 12"}'))
    with pytest.raises(SetupError, match=mend) as caught:
        transport(clock).request("GET", f"{server.url}/deals")
    assert (len(server.requests), "Acme" in str(caught.value)) == (1, False)


def test_accepted_statuses_are_answers(server: FakeServer, clock: Clock) -> None:
    """A status that the caller accepts comes back with its parsed body."""
    server.inject(status(400, body=b'{"error": "invalid_grant"}'))
    found = transport(clock).request("GET", f"{server.url}/deals", accept=(400,))
    assert (found.status, found.value) == (400, {"error": "invalid_grant"})


def test_client_libraries_get_the_same(server: FakeServer, clock: Clock) -> None:
    """Calls through the session are retried and counted too, and failures are our errors."""
    made = transport(clock)
    server.inject(html(), times=2)
    assert made.session.get(f"{server.url}/deals", verify=False, timeout=None).json()["deals"][0]["id"] == 1
    server.inject(status(503), times=6)
    with pytest.raises(ConnectorError):
        made.session.get(f"{server.url}/deals")


def test_connections_are_kept(server: FakeServer, clock: Clock) -> None:
    """Calls one after the other share a connection."""
    made = transport(clock)
    for _ in range(5):
        made.request("GET", f"{server.url}/deals")
    assert (server.connections, made.tally().requests) == (1, 5)


def test_difference_of_tallies_is_one_read(server: FakeServer, clock: Clock) -> None:
    """Two tallies subtracted tell of the calls between them alone."""
    made = transport(clock)
    made.request("GET", f"{server.url}/deals")
    before = made.begin()
    server.inject(fake_http.retry_after("2"))
    made.request("GET", f"{server.url}/deals")
    facts = (made.tally() - before).facts()
    assert (facts["requests"], facts["retries"], facts["waited_s"], facts["request_ids"]) == (
        2,
        1,
        2,
        ("r3",),
    )


def test_a_wrong_clock_is_a_warning(server: FakeServer, clock: Clock) -> None:
    """More than a minute between our clock and the server's is told, whichever is wrong."""
    made = transport(clock)
    there = http_date(NOW - timedelta(minutes=10))
    server.inject(edited(lambda reply: replace(reply, headers={"Date": there})))
    made.request("GET", f"{server.url}/deals")
    assert made.tally().warnings() == ("this machine's clock is 600 s ahead of the source's",)


def test_bucket_paces_every_call(server: FakeServer, clock: Clock) -> None:
    """Calls wait for their turn, and what they waited is counted."""
    made = transport(clock, bucket=TokenBucket(Rate(2, 60), timing=clock.timing()))
    for _ in range(3):
        made.request("GET", f"{server.url}/deals")
    assert (clock.slept, made.tally().waited_s) == ([60], 60)


@pytest.mark.fault(8, on="rest")
def test_a_refused_call_pauses_the_bucket(server: FakeServer, clock: Clock) -> None:
    """What the server asks one caller to wait, all callers of the credential wait."""
    bucket = TokenBucket(Rate(100, 60), timing=clock.timing())
    server.inject(fake_http.retry_after("30"))
    transport(clock, bucket=bucket).request("GET", f"{server.url}/deals")
    bucket.pause(30)
    assert bucket.take() == 30
