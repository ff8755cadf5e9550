"""Where the transport goes and where it does not, and that no secret leaves it."""

from __future__ import annotations

import base64
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import fake_http
import pytest
from fake_http import FakeServer, Reply, Request, redirect, reply_json
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.errors import ConnectorError, SetupError, Transient
from connectors.transport.addresses import Addresses
from connectors.transport.bucket import Rate, TokenBucket, shared_bucket
from connectors.transport.client import Transport
from connectors.transport.network import Network
from connectors.transport.policy import Policy, Timing
from connectors.transport.redaction import Known, hide, remember

CANARY = "c4n4ry/Secret+Value=="


def answer(asked: Request) -> Reply | None:
    """Who was asked, and with which headers."""
    return reply_json({"host": asked.host, "headers": dict(asked.headers)})


def transport(folder: Path = Path(), *, network: Network | None = None, **changes: Any) -> Transport:
    """Return a transport to loopback that never waits."""
    defaults: dict[str, Any] = {
        "network": network or Network(allow_addresses=("127.0.0.0/8", "localhost")),
        "base": folder,
        "hosts": ["127.0.0.1", "localhost"],
        "timing": Timing(sleep=lambda seconds: None),
        "policy": Policy(connect_s=2),
        "secrets": [CANARY],
    }
    return Transport(**{**defaults, **changes})


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server on loopback."""
    with FakeServer(answer) as made:
        yield made


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0", "localhost", "169.254.169.254", "10.0.0.5", "[::1]",
     "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fd00:ec2::254]", "100.64.0.1", "224.0.0.1"],
)  # fmt: skip
def test_addresses_inside_are_refused(server: FakeServer, host: str) -> None:
    """However an inside address is written, it is not connected to unless it is allowed."""
    made = transport(network=Network(), hosts=[host.strip("[]")])
    with pytest.raises(SetupError, match="inside this network"):
        made.request("GET", f"https://{host}:{server.port}/")
    assert server.connections == 0


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "https://"])
def test_other_schemes_are_refused(url: str) -> None:
    """Only http and https are spoken."""
    with pytest.raises(SetupError):
        transport().request("GET", url)


def test_only_declared_hosts(server: FakeServer) -> None:
    """A host that nobody declared is not asked, also as a redirect."""
    with pytest.raises(SetupError, match="does not declare"):
        transport(hosts=["api.example.com"]).request("GET", f"{server.url}/")
    server.inject(redirect("http://169.254.169.254/latest/meta-data/"))
    with pytest.raises(SetupError, match="does not declare"):
        transport().request("GET", f"{server.url}/")


def test_hosts_below_a_domain() -> None:
    """A host with a dot in front stands for those below it, not for what merely ends like it."""
    made = transport(hosts=[".example.invalid"])
    with pytest.raises(ConnectorError) as caught:
        made.request("GET", "https://a.example.invalid/")
    assert "does not declare" not in str(caught.value)
    with pytest.raises(SetupError, match="does not declare"):
        made.request("GET", "https://badexample.invalid/")


def test_plain_http_needs_a_word(server: FakeServer) -> None:
    """Without encryption only hosts under allow_addresses are asked."""
    with pytest.raises(SetupError, match="plain http"):
        transport(network=Network(), hosts=["api.example.com"]).request("GET", "http://api.example.com/")


def test_the_checked_address_is_the_one_connected_to(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is resolved once: its second answer, which may be another, is never asked for."""
    asked: list[str] = []

    def resolver(host: str, port: int, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: (real if host[0].isdigit() else resolver)(host, *a, **k)
    )
    made = transport(network=Network(allow_addresses=("rebound.example",)), hosts=["rebound.example"])
    made.request("GET", f"http://rebound.example:{server.port}/")
    assert asked == ["rebound.example"]


def test_secrets_stay_behind_on_redirects(server: FakeServer) -> None:
    """A header that holds a secret does not follow a redirect to another host."""
    made = transport()
    server.inject(redirect(f"http://localhost:{server.port}/elsewhere"))
    found = made.request("GET", f"{server.url}/", headers={"X-Api-Key": CANARY, "X-Version": "3"}).value
    assert found["host"] == "localhost"
    assert (found["headers"].get("X-Api-Key"), found["headers"]["X-Version"]) == (None, "3")


@pytest.mark.parametrize("location", ["http://127.0.0.1:99999/", "http://[::1"])
def test_redirects_to_no_address(server: FakeServer, location: str) -> None:
    """A redirect to what is no address is a wrong setup, not a crash."""
    server.inject(redirect(location))
    with pytest.raises(SetupError, match="not valid"):
        transport().request("GET", f"{server.url}/")


@pytest.mark.parametrize("host", ["fec0::1", "64:ff9b:1::7f00:1", "::7f00:1", "5f00::1"])
def test_what_the_internet_does_not_route_is_inside(host: str) -> None:
    """Of IPv6, only addresses that are given out to the public are public."""
    with pytest.raises(SetupError, match="inside this network"):
        Addresses([host]).check_url(f"https://[{host}]/")


def test_circles_end(server: FakeServer) -> None:
    """Redirects without an end are a wrong setup."""
    server.inject(redirect("/again"), times=50)
    with pytest.raises(SetupError, match="again and again"):
        transport().request("GET", f"{server.url}/")


def test_certificates_are_checked(tmp_path: Path) -> None:
    """A declared authority is trusted, an unknown one is refused, and no library can turn that off."""
    trusting = Network(ca="ca.pem", allow_addresses=("127.0.0.1",))
    with FakeServer(answer, secure=True, folder=tmp_path) as good:
        assert transport(tmp_path, network=trusting).request("GET", good.url).status == 200
        with pytest.raises(SetupError, match="certificate"):
            transport(network=Network(allow_addresses=("127.0.0.1",))).session.get(good.url, verify=False)
    with FakeServer(answer, secure=True, folder=tmp_path, self_signed=True) as bad:
        made = transport(tmp_path, network=trusting)
        with pytest.raises(SetupError, match="certificate"):
            made.request("GET", bad.url)
        assert bad.requests == []


def test_the_declared_proxy_is_used(tmp_path: Path) -> None:
    """With a proxy, that is what is connected to; the host behind it must be declared all the same."""
    with FakeServer(answer, folder=tmp_path, hosts=["api.example.com"]) as server:
        network = Network(proxy=server.proxy_url, ca="ca.pem")
        made = transport(tmp_path, network=network, hosts=["api.example.com", "other.example.com"])
        assert made.request("GET", "https://api.example.com/").value["host"] == "api.example.com"
        with pytest.raises(Transient, match="proxy"):
            made.request("GET", "https://other.example.com/")
        with pytest.raises(SetupError, match="does not declare"):
            made.request("GET", "https://third.example.com/")


@pytest.mark.parametrize("fault", [fake_http.drip(0.02), fake_http.drip_head(0.02)], ids=["body", "head"])
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "through a proxy"])
def test_deadline_cuts_encrypted_drips(tmp_path: Path, fault: fake_http.Fault, proxied: bool) -> None:
    """Bytes that drip inside TLS are cut at the deadline as well, and are not taken for an answer."""
    with FakeServer(answer, secure=not proxied, folder=tmp_path, hosts=["api.example.com"]) as server:
        network = Network(
            proxy=server.proxy_url if proxied else None, ca="ca.pem", allow_addresses=("127.0.0.1",)
        )
        made = transport(
            tmp_path, network=network, hosts=["127.0.0.1", "api.example.com"], policy=Policy(deadline_s=0.3)
        )
        server.inject(fault)
        found = made.request("GET", "https://api.example.com/" if proxied else server.url)
        assert (found.value["headers"]["User-Agent"], made.tally().retries) == ("okr-pipeline", 1)


def test_the_environment_decides_nothing(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy, certificate and netrc variables are not looked at."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("NETRC", "/nowhere")
    assert transport().session.get(server.url).json()["host"] == "127.0.0.1"


def test_no_cookie_is_kept(server: FakeServer) -> None:
    """What one answer sets, the next call does not send: reads do not depend on earlier ones."""
    server.inject(fake_http.edited(lambda r: Reply(body=r.body, headers={"Set-Cookie": "session=1; Path=/"})))
    made = transport()
    made.request("GET", server.url)
    assert "Cookie" not in made.request("GET", server.url).value["headers"]


FORMS = {
    "plain": CANARY,
    "percent": quote(CANARY, safe=""),
    "percent, lower": quote(CANARY, safe="")
    .replace("%2F", "%2f")
    .replace("%3D", "%3d")
    .replace("%2B", "%2b"),
    "form": quote_plus(CANARY),
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "base64 of user and it": base64.b64encode(f"user:{CANARY}".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(f"ab{CANARY}".encode()).decode(),
    "hexadecimal": CANARY.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
def test_secrets_are_hidden_in_every_form(form: str) -> None:
    """A remembered secret is gone from a text whatever it was written as."""
    remember([CANARY])
    hidden = hide(f"failed for <{FORMS[form]}>")
    assert "[hidden]" in hidden
    assert FORMS[form][6:18] not in hidden


@pytest.mark.parametrize(
    "text",
    ["Bearer {}", "eyJhbGciOi.eyJ{}.x", "https://me:{}@host/", "/q?access_token={}&b=1", "?client_secret={}",
     "postgresql://u:{}@h/db", "-----BEGIN PRIVATE KEY-----\n{}"],
)  # fmt: skip
def test_the_shape_of_a_secret_is_enough(text: str) -> None:
    """What looks like a credential is hidden although nobody knew it."""
    assert "Zq81mNbV" not in hide(text.format("Zq81mNbV"))


@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=40), st.text(max_size=20))
def test_no_known_secret_survives(secret: str, around: str) -> None:
    """Whatever a secret is made of, the hidden text does not hold it."""
    stripped = secret.strip()
    if len(stripped) < 8 or stripped in "[hidden]" * 3:
        return
    known = Known()
    known.remember([secret])
    assert stripped not in known.hide(f"{around} {stripped} {quote(stripped)}")


def test_library_logs_hold_no_secret(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    """What urllib3 and others log about calls, at the most talkative level, has neither query nor secret."""
    caplog.set_level(logging.DEBUG)
    transport().request("GET", f"{server.url}/deals", params={"q": "Acme Ltd", "api_key": CANARY})
    logging.getLogger("urllib3.connectionpool").debug("sent %s to ?a=%s", CANARY, "Acme")
    logged = " ".join(record.getMessage() + str(record.args) for record in caplog.records)
    assert "/deals" in logged
    assert [word for word in (CANARY, quote(CANARY, safe=""), "Acme") if word in logged] == []


FAILURES = {
    "refused": (None, "http://127.0.0.1:1/{}"),
    "no address": (None, "http://localhost:{}/"),
    "reset": (fake_http.reset(), None),
    "page": (fake_http.html(), None),
    "status": (fake_http.status(401), None),
    "redirect": (redirect(f"http://10.0.0.1/{CANARY}"), None),
    "malformed": (fake_http.malformed(), None),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_failures_hold_no_secret(server: FakeServer, failure: str) -> None:
    """Neither the message of an error nor what it was raised from has the query, a header or a body."""
    fault, address = FAILURES[failure]
    if fault:
        server.inject(fault, times=6)
    url = (address or f"{server.url}/deals").format(CANARY)
    with pytest.raises(ConnectorError) as caught:
        transport().request("GET", url, params={"api_key": CANARY}, headers={"X-Key": CANARY})
    problem: BaseException | None = caught.value
    while problem is not None:
        assert CANARY not in f"{problem} {problem!r}"
        problem = problem.__cause__ or problem.__context__


def test_a_broken_header_is_not_quoted(server: FakeServer) -> None:
    """A secret that no header can carry is refused without being told."""
    for secret in (f"{CANARY}\nX: 1", f"{CANARY}☃"):
        with pytest.raises(SetupError) as caught:
            transport().request("GET", server.url, headers={"X-Key": secret})
        assert (CANARY in str(caught.value), caught.value.__context__) == (False, None)


@given(st.integers(1, 5), st.lists(st.floats(0, 30), min_size=1, max_size=30))
def test_no_window_holds_more_than_the_rate(calls: int, pauses: list[float]) -> None:
    """However calls come, any stretch of ten seconds lets at most the declared number start."""
    now, starts = [0.0], []
    timing = Timing(monotonic=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    bucket = TokenBucket(Rate(calls, 10), timing=timing)
    for pause in pauses:
        now[0] += pause
        bucket.take()
        starts.append(now[0])
    assert [b for a, b in zip(starts, starts[calls:], strict=False) if b - a < 10 - 1e-6] == []


def test_one_bucket_a_credential() -> None:
    """The same credential and rate share a bucket, another credential has its own."""
    one, same, other = (shared_bucket(name, Rate(5, 1)) for name in ("a", "a", "b"))
    assert (one is same, one is other) == (True, False)


def test_threads_wait_in_one_line() -> None:
    """Threads that share a bucket get its turns once each."""
    waits: list[float] = []
    bucket = TokenBucket(Rate(5, 1), timing=Timing(monotonic=lambda: 0.0, sleep=waits.append))
    threads = [threading.Thread(target=bucket.take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [1.0] * 5 + [2.0] * 5 + [3.0] * 5


@pytest.mark.parametrize("text", ["10", "0/s", "10/day", "1.5/s", "-1/s", "٣/s"])
def test_rates_that_are_none(text: str) -> None:
    """A rate is a whole number of calls a second, minute or hour."""
    with pytest.raises(ValueError, match="such as 10/s"):
        Rate.parse(text)


@pytest.mark.parametrize("entry", ["http://crm.internal", "crm.internal:8080", "10.0.0.0/33", "", "a b"])
def test_allowed_addresses_that_are_none(entry: str) -> None:
    """What is neither a host name nor a network is refused when it is written."""
    with pytest.raises(ValidationError):
        Network(allow_addresses=(entry,))


@pytest.mark.parametrize("proxy", ["proxy.example:3128", "socks5://p.example", "http://"])
def test_proxies_that_are_none(proxy: str) -> None:
    """A proxy is the address of one that speaks http or https."""
    with pytest.raises(ValidationError):
        Network(proxy=proxy)


def test_hosts_with_other_letters() -> None:
    """A host is the same however its letters are written."""
    made = Addresses(["Bücher.example."])
    made.check_url("https://xn--bcher-kva.example/")
    made.check_url("https://BÜCHER.example/")


def test_a_password_in_the_proxy_is_hidden(tmp_path: Path) -> None:
    """The password in the proxy's address is a secret, as it is written there and as it is meant."""
    transport(tmp_path, network=Network(proxy="http://me:pa%24%24w0rd9@proxy.example:3128"))
    assert ["[hidden]"] * 2 == [hide(text) for text in ("pa%24%24w0rd9", "pa$$w0rd9")]
