"""
A project whose every secret is a canary, behind servers that fail in every way and repeat what they get.

Each dataset is one connector on one failure path; sign-ins take turns. `planted` maps what a canary
stands for to its text.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import fake_salesforce
from cryptography.hazmat.primitives import serialization
from fake_google import signing_key
from fake_http import Exchange, FakeServer, Reply, Request, cut, reply_json
from project_builder import ProjectFolder, reach
from salesforce_deals import organisation

PATHS = (
    "credential",
    "denied",
    "forbidden",
    "quota",
    "broken",
    "webpage",
    "cutoff",
    "malformed",
    "misfit",
    "renamed",
)
"""A wrong credential, 401, 403, 429, 500, HTML, a cut body, malformed JSON, a bad value, a changed schema."""
NAMES = (
    "sheets key id", "sheets refresh token", "sheets client secret", "sheets api key",
    "google access token", "spreadsheet id", "salesforce consumer key", "salesforce consumer secret",
    "salesforce password", "salesforce security token", "salesforce session", "salesforce access token",
    "rest bearer", "rest header key", "rest query key", "rest basic password",
    "rest client secret", "rest second client secret",
    "rest refresh token", "rest access token", "rest session header", "proxy password", "files header",
    "bucket secret", "postgres password", "mysql password", "a cell of data", "a cookie",
    "board id", "board refresh token", "board client secret", "board proxy password",
)  # fmt: skip
"""With two private keys that makes thirty-four."""
GOOGLE = ("oauth2.googleapis.com", "sheets.googleapis.com")


def _text(number: int) -> str:
    return f"canary{number:02}/+{number * 7919:06}=Zq{number}&x"


def _pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


planted = {name: _text(number) for number, name in enumerate(NAMES)}
planted["spreadsheet id"] = "canarySpreadsheetId0123456789"
planted["board id"] = "canaryBoardId0123456789"
AT_WRITE = "atwrite"
"""In the id of a spreadsheet: it can be read, and only writing to it fails."""
BOARDS = tuple(f"{planted['board id']}{when}{path}" for when in ("", AT_WRITE) for path in PATHS[:8])
"""The spreadsheets that are published to, each on a failure path of its own; no values are read there."""
KEYS = {"sheets private key": _pem(signing_key(7)), "salesforce private key": _pem(signing_key(8))}
planted |= {name: pem.splitlines()[4] for name, pem in KEYS.items()}


ENOUGH = 16
"""A canary is found if so many of its first characters are."""


def forms(canary: str) -> Iterator[bytes]:
    """Yield what a canary may look like: plain, in an address, in JSON, and in base64 wherever it begins."""
    canary = canary[:ENOUGH]
    for text in {canary, quote(canary), quote(canary, safe=""), quote_plus(canary), json.dumps(canary)[1:-1]}:
        yield text.encode()
    for lead in range(3):
        inner = b64encode(b"\0" * lead + canary.encode())[4 if lead else 0 : -4]
        yield from (inner, inner.replace(b"+", b"-").replace(b"/", b"_"))


def found_in(held: bytes) -> set[str]:
    """Return which canaries *held* holds, in whatever form."""
    return {name for name, canary in planted.items() if any(form in held for form in forms(canary))}


def answer(request: Request) -> Reply | None:
    """Sign in whoever asks, then do what the failure path in the address says."""
    path = path_of(request)
    if request.path.endswith("/token"):
        return _token(request, path)
    if "/Soap/" in request.path:
        return _soap(request, path)
    if AT_WRITE in request.path and not request.path.endswith(":batchUpdate"):
        return _sheet(request, AT_WRITE)
    codes = {"credential": 401, "denied": 401, "forbidden": 403, "quota": 429, "broken": 500}
    if path in codes:
        return _told(request, codes[path])
    if path == "webpage":
        return _told(request, 200, b"<!DOCTYPE html><html>%s</html>", kind="text/html")
    if path == "malformed":
        return _told(request, 200, b'{"rows": [{"id": "%s')
    if request.host == "sheets.googleapis.com":
        return _sheet(request, path)
    if request.host.endswith(".salesforce.com"):
        token = planted["salesforce access token"]
        ORG.sessions |= {token, escape(token), planted["salesforce session"]}
        return fake_salesforce.answer(ORG, request, address=f"https://{request.host}")
    if request.host.startswith("files"):
        return Reply(body=f'id,amount,note\na,"{CELL if path == "misfit" else 1}",{CELL}\n'.encode())
    amount = CELL if path == "misfit" else "1"
    return reply_json({"rows": [{"id": "a", "amount": amount, "note": CELL}]}, Set_Cookie=COOKIE)


def path_of(request: Request) -> str:
    """Return the failure path that the address of *request* names; empty if it names none."""
    where = f"{request.host}{request.path}".lower()
    return next((path for path in PATHS if path in where), "")


ORG = organisation(deals=3)
CELL = planted["a cell of data"]
COOKIE = f"session={quote(planted['a cookie'])}; Path=/"


DULL = ("host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length")


def _token(request: Request, path: str) -> Reply:
    form = request.form()
    if path == "credential" or form.get("client_id", "").endswith("credential"):
        told = {"error": "invalid_grant", "error_description": f"{form} {dict(request.headers)}"}
        return reply_json(told, status=400, Set_Cookie=COOKIE)
    names = {"oauth2.googleapis.com": "google access token"}
    kind = "salesforce" if request.host.endswith(".salesforce.com") else "rest"
    token = planted[names.get(request.host, f"{kind} access token")]
    address = {"instance_url": f"https://{request.host}"} if kind == "salesforce" else {}
    return reply_json({"access_token": token, "expires_in": 3599, "token_type": "Bearer", **address})


def _soap(request: Request, path: str) -> Reply:
    """Answer the login call for passwords."""
    if path == "credential":
        code = b"<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
        told = b"<sf:exceptionMessage>%s</sf:exceptionMessage>"
        return _told(request, 500, b"<e xmlns:sf='urn:fault'>" + code + told + b"</e>", kind="text/xml")
    session = f"<sessionId>{escape(planted['salesforce access token'])}</sessionId>"
    address = f"<serverUrl>https://{request.host}/services/Soap/u/62.0/x</serverUrl>"
    body = f"<e><result>{session}{address}</result></e>".encode()
    return Reply(body=body, headers={"Content-Type": "text/xml"})


def _told(
    request: Request, status: int, body: bytes = b'{"error": "%s"}', *, kind: str = "application/json"
) -> Reply:
    """Return an answer that repeats all that was sent, with a cell of data and a cookie."""
    secret = [text for name, text in request.headers.items() if name.lower() not in DULL]
    sent = f"{' '.join(secret)} {request.query} {request.body.decode(errors='replace')} {CELL}"
    flat = re.sub(r"[\r\n\"<]", " ", sent)
    flat = escape(flat) if kind == "text/xml" else flat
    headers = {"Content-Type": kind, "Set-Cookie": COOKIE, "X-Request-Id": flat[:200], "X-Told": flat[:900]}
    if status == 429:
        headers["Retry-After"] = "90000"
    return Reply(status=status, body=body.replace(b"%s", flat.encode()), headers=headers)


def _sheet(request: Request, path: str) -> Reply:
    if request.path.endswith("values:batchGet"):
        if path == AT_WRITE:
            return reply_json({"valueRanges": [{"range": "Plan!A1:C9"}]})
        amount = "sum" if path == "renamed" else "amount"
        rows = [["id", amount, "note"], ["a", CELL, CELL]]
        return reply_json({"valueRanges": [{"range": "Plan!A1:C9", "values": rows}]})
    grid = {"rowCount": 9, "columnCount": 3}
    sheet = {"properties": {"sheetId": 1, "title": "Plan", "gridProperties": grid}}
    return reply_json({"properties": {"title": "Finance", "timeZone": "UTC"}, "sheets": [sheet]})


def _sheets(path: str, turn: int) -> tuple[dict[str, Any], dict[str, Any]]:
    person = {
        "refresh_token": _env("sheets refresh token"),
        "client_id": path,
        "client_secret": _env("sheets client secret"),
    }
    ways = ({"oauth": person}, {"service_account": "file:google.json"}, {"api_key": _env("sheets api key")})
    return ways[turn % 3], {"spreadsheet": f"env:SHEET_{path.upper()}", "tab": "Plan"}


def _board() -> dict[str, Any]:
    person = {
        "refresh_token": _env("board refresh token"),
        "client_id": "env:BOARD",
        "client_secret": _env("board client secret"),
    }
    return {"oauth": person, "proxy": "env:BOARD_PROXY", "ca": "ca.pem"}


def _salesforce(path: str, turn: int) -> tuple[dict[str, Any], dict[str, Any]]:
    key = _env("salesforce consumer key")
    ways: tuple[dict[str, Any], ...] = (
        {
            "auth": "password",
            "username": "jo@acme.example",
            "password": _env("salesforce password"),
            "security_token": _env("salesforce security token"),
        },
        {"auth": "session", "access_token": _env("salesforce session")},
        {
            "auth": "jwt",
            "username": "jo@acme.example",
            "consumer_key": key,
            "private_key": "file:salesforce.pem",
        },
        {
            "auth": "client_credentials",
            "consumer_key": key,
            "consumer_secret": _env("salesforce consumer secret"),
        },
    )
    return {**ways[turn % 4], "domain": f"acme-{path}.my"}, {"object": "Opportunity"}


def _rest(path: str, turn: int) -> tuple[dict[str, Any], dict[str, Any]]:
    host = f"https://api-{path}.acme.example"
    token = {"token_url": f"{host}/token", "client_id": "app"}
    ways: tuple[dict[str, Any], ...] = (
        {
            "type": "oauth2_refresh_token",
            **token,
            "client_secret": _env("rest client secret"),
            "refresh_token": _env("rest refresh token"),
        },
        {"type": "bearer", "token": _env("rest bearer")},
        {"type": "header", "name": "X-Api-Key", "key": _env("rest header key")},
        {"type": "query", "name": "api_key", "key": _env("rest query key")},
        {"type": "basic", "user": "jo", "password": _env("rest basic password")},
        {"type": "oauth2_client_credentials", **token, "client_secret": _env("rest second client secret")},
    )
    headers = {"X-Session": _env("rest session header")}
    return {"base_url": host, "auth": ways[turn % 6], "headers": headers}, {
        "path": f"{path}/deals",
        "rows": "rows",
    }


def _files(path: str, turn: int) -> tuple[dict[str, Any], dict[str, Any]]:
    root = f"https://files-{path}.acme.example/out"
    return {"root": root, "storage": {"headers": {"X-Key": _env("files header")}}}, {"path": f"{path}.csv"}


MAKERS = {"google_sheets": _sheets, "salesforce": _salesforce, "rest": _rest, "files": _files}


def _env(name: str) -> str:
    return "env:" + name.upper().replace(" ", "_")


def write(folder: ProjectFolder) -> ProjectFolder:
    """Write the project beside what its secrets refer to; nothing of it can be read but the deals of crm."""
    folder.okr["publish"] = {
        "page": {"to": "public/"},
        "tables": {"to": "public/", "formats": ["csv", "parquet"]},
        "sheet": {"to": "env:BOARD", "tab": "Plan", "connection": _board()},
    }
    for kind, made in MAKERS.items():
        for turn, path in enumerate(PATHS):
            connection, options = made(path, turn)
            connection |= {"proxy": "env:PROXY", "ca": "ca.pem"}
            add(folder, f"{kind}_{path}", kind, connection, options)
    add(folder, "lost_postgres", "sql", {"url": "env:POSTGRES_URL"}, {"table": "deals"})
    add(folder, "lost_mysql", "sql", {"url": "env:MYSQL_URL"}, {"table": "deals"})
    bucket = {"root": "s3://acme/exports", "storage": {"key": "app", "secret": _env("bucket secret")}}
    add(folder, "lost_bucket", "files", bucket, {"path": "deals.csv"})
    add(folder, "cells", "files", {"root": "data"}, {"path": "cells.csv"})
    folder.csv("cells", ["id,amount,note", f'a,"{CELL}","{CELL}"'])
    account = {"client_email": "reader@acme.example", "private_key": KEYS["sheets private key"]}
    account |= {"type": "service_account", "private_key_id": planted["sheets key id"]}
    (folder.root / "google.json").write_text(json.dumps(account), encoding="utf-8")
    (folder.root / "salesforce.pem").write_text(KEYS["salesforce private key"], encoding="utf-8")
    return folder.write()


def add(
    folder: ProjectFolder, id: str, kind: str, connection: dict[str, Any], options: dict[str, Any]
) -> None:
    """Add a source with the dataset `deals`, and a key result on it."""
    amount = "decimal(3,2)" if id.endswith("misfit") else "decimal(9,2)"
    columns = {"Id": "string", "Amount": amount} if kind == "salesforce" else None
    dataset = {**options, "columns": columns or {"id": "string", "amount": "decimal(9,2)"}}
    if id.endswith("renamed"):
        dataset["columns"] = {**dataset["columns"], "amuont": "decimal(9,2)"}
    folder.sources[id] = {"connector": kind, "connection": connection, "datasets": {"deals": dataset}}
    folder.metrics[id] = {"deals": {"dataset": f"{id}.deals", "value": "count(*)"}}
    folder.key_results[id] = reach(f"{id}.deals")


def environ(server: FakeServer) -> dict[str, str]:
    """Return the environment that holds the secrets."""
    address = server.proxy_url.removeprefix("http://")
    sheet = planted["spreadsheet id"]
    passwords = {name: quote(planted[f"{name} password"], safe="") for name in ("proxy", "board proxy")}
    return {
        **{_env(name).removeprefix("env:"): canary for name, canary in planted.items()},
        **{f"SHEET_{path.upper()}": sheet + path for path in PATHS},
        "BOARD": BOARDS[0],
        "PROXY": f"http://jo:{passwords['proxy']}@{address}",
        "BOARD_PROXY": f"http://jo:{passwords['board proxy']}@{address}",
        "POSTGRES_URL": f"postgresql://jo:{quote(planted['postgres password'], safe='')}@127.0.0.1:1/acme",
        "MYSQL_URL": f"mysql+pymysql://jo:{quote(planted['mysql password'], safe='')}@127.0.0.1:1/acme",
    }


def server(folder: Path) -> FakeServer:
    """Return the servers of everybody, behind one proxy."""
    hosts = [f"{kind}-{path}.acme.example" for kind in ("api", "files") for path in PATHS]
    hosts += [f"acme-{path}.my.salesforce.com" for path in PATHS]
    made = FakeServer(answer, folder=folder, hosts=[*GOOGLE, *hosts])
    made.inject(_cut_where_named, path="*", times=100_000)
    return made


def _cut_where_named(exchange: Exchange) -> None:
    request = exchange.request
    is_named = path_of(request) == "cutoff" and "token" not in request.path and "Soap" not in request.path
    cut(0.6)(exchange) if is_named else exchange.send(exchange.reply())
