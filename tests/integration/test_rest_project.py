"""A key result over a JSON API, from the call to the page; and thirty secrets that none of it may show."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import fake_http
import pytest
from fake_http import FakeServer, Reply, Request, reply_json
from project_builder import ProjectFolder, day, reach

DEALS = [
    {"id": f"d{n}", "amount": f"{n}.50", "won": n % 2 == 0, "closed_on": f"2026-08-0{n}"} for n in range(1, 8)
]


def answer(asked: Request) -> Reply | None:
    """Deals in pages of three, a token for whoever asks, and everything sent told back in a header."""
    if asked.path == "/token":
        return reply_json({"access_token": f"{CANARIES[29]}", "token_type": "bearer"})
    if asked.path != "/deals":
        return None
    start = int(asked.query.get("after", 0))
    after = start + 3 if start + 3 < len(DEALS) else None
    echo = (asked.headers.get("Authorization") or asked.query.get("api_key") or "")[:90]
    return reply_json({"deals": DEALS[start : start + 3], "next": after, "echo": echo}, X_Request_Id=echo)


CANARIES = [f"canary{n:02}/+ {n * 7919:05}=Zq{n}" for n in range(30)]


def auth(way: str, url: str) -> tuple[Mapping[str, object], dict[str, str]]:
    """Return a sign-in with canaries for secrets, and the environment that holds them."""
    names = {
        "bearer": {"token": 0},
        "header": {"key": 1},
        "query": {"key": 2},
        "basic": {"user": 3, "password": 4},
        "oauth2_client_credentials": {"client_id": 5, "client_secret": 6},
        "oauth2_refresh_token": {"client_id": 7, "client_secret": 8, "refresh_token": 9},
    }[way]
    more: dict[str, Mapping[str, object]] = {
        "header": {"name": "Authorization"},
        "query": {"name": "api_key"},
        "oauth2_client_credentials": {"token_url": f"{url}/token"},
        "oauth2_refresh_token": {"token_url": f"{url}/token", "client_in": "header"},
    }
    written = {key: f"env:SECRET_{number}" for key, number in names.items()}
    environ = {f"SECRET_{number}": CANARIES[number] for number in range(30)}
    return {"type": way, **written, **more.get(way, {})}, environ


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """The API."""
    with FakeServer(answer) as made:
        yield made


def project(root: Path, server: FakeServer, way: str = "bearer") -> tuple[ProjectFolder, dict[str, str]]:
    """Return a project whose deals come from *server*, and its environment."""
    signed, environ = auth(way, server.url)
    folder = ProjectFolder(root)
    folder.sources["crm"] = {
        "connector": "rest",
        "connection": {
            "base_url": server.url,
            "allow_addresses": ["127.0.0.1"],
            "auth": signed,
            "headers": {"X-Session-Key": "env:SECRET_10"},
        },
        "datasets": {
            "deals": {
                "path": "deals",
                "rows": "deals",
                "pages": {"by": "json_cursor", "path": "next", "param": "after"},
                "columns": {"id": "string", "amount": "decimal(18,2)", "won": "boolean", "closed_on": "date"},
                "key": ["id"],
            }
        },
    }
    folder.okr["publish"] = {"page": {"to": "public/"}}
    folder.key_results = {"won": reach("crm.won", to=100)}
    return folder, environ


def test_a_key_result_over_an_api(tmp_path: Path, server: FakeServer) -> None:
    """The sum over three pages is the number of the key result, and the receipt tells of the calls."""
    folder, environ = project(tmp_path, server)
    found = folder.seen_at(day(10), environ=environ)
    [receipt] = folder.entries("receipt")
    assert found["won"].value == Decimal("13.5")
    assert (receipt.body["rows"], receipt.body["requests"], receipt.body["complete"]) == (7, 3, "yes")


def test_a_failing_api_keeps_the_last_good_value(tmp_path: Path, server: FakeServer) -> None:
    """A source that fails later leaves the number as it was, marked stale with the reason."""
    folder, environ = project(tmp_path, server)
    folder.seen_at(day(10), environ=environ)
    server.inject(fake_http.status(401), times=9)
    found = folder.seen_at(day(11), environ=environ)
    assert (found["won"].value, found["won"].state) == (Decimal("13.5"), "stale")
    [failure] = folder.entries("failure")
    assert "status 401" in failure.body["message"]


def echoing(exchange: fake_http.Exchange) -> None:
    """Refuse, and tell back in body and headers everything that was sent."""
    sent = " ".join(f"{k}: {v}" for k, v in exchange.request.headers.items())
    told = f"{sent} {exchange.request.query} {exchange.request.body.decode()}"
    headers = {
        "X-Request-Id": told.replace("\n", " ")[:900],
        "WWW-Authenticate": told.replace("\n", " ")[:900],
    }
    exchange.send(Reply(status=403, body=told.encode(), headers=headers))


FAILURES: dict[str, Any] = {
    "refused, with an echo": echoing,
    "used up": fake_http.retry_after("86400"),
    "sent elsewhere": fake_http.redirect(
        f"http://10.1.2.3/{quote(CANARIES[0])}?token={quote_plus(CANARIES[2])}"
    ),
    "no JSON object": fake_http.instead(reply_json([1])),
}


def forms(secret: str) -> Iterator[bytes]:
    """Yield the ways in which a secret may be written."""
    yield secret.encode()
    yield quote(secret).encode()
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    for before in (b"", b"a", b"ab"):
        whole = base64.b64encode(before + secret.encode())
        yield whole[4:-4]
        yield whole[4:-4].replace(b"+", b"-").replace(b"/", b"_")


WAYS = ("bearer", "header", "query", "basic", "oauth2_client_credentials", "oauth2_refresh_token")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.fault(50, on="rest")
def test_no_secret_is_left_anywhere(
    tmp_path: Path,
    server: FakeServer,
    way: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ledger, lake, warehouse, page, logs, output and errors hold none of thirty secrets, in any form."""
    caplog.set_level(logging.DEBUG)
    folder, environ = project(tmp_path, server, way)
    told = [repr(folder.sync_at(day(10), environ=environ))]
    for number, fault in enumerate(FAILURES.values(), start=11):
        server.inject(fault, times=9, path="/deals")
        told.append(repr(folder.sync_at(day(number), environ=environ)))
        server.heal()
    printed = capsys.readouterr()
    told += [printed.out, printed.err, caplog.text, *(repr(record.__dict__) for record in caplog.records)]
    files = [path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert len(folder.entries("failure")) == len(FAILURES)
    everything = b"\n".join([*files, *(text.encode() for text in told)])
    assert [n for n, secret in enumerate(CANARIES) if any(form in everything for form in forms(secret))] == []
