"""
Google as far as the product meets it: an HTTPS proxy on loopback behind which the token endpoint, the
Sheets API and the Drive listing answer over real TLS.

Client libraries reach it unmodified, by the ordinary settings `proxy` and `ca`. What it does not know it
answers with 501. Faults are queued by endpoint: `token`, `get`, `batchGet`, `batchUpdate`, `files`.
"""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
import time
from base64 import urlsafe_b64decode
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import trustme
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from fake_sheet import Book, Refusal, changed, grid_data, masked, value_range

HOSTS = ("oauth2.googleapis.com", "sheets.googleapis.com", "www.googleapis.com")
TOKEN_URI = "https://oauth2.googleapis.com/token"
READ = "https://www.googleapis.com/auth/spreadsheets.readonly"
WRITE = "https://www.googleapis.com/auth/spreadsheets"
LIST = "https://www.googleapis.com/auth/drive.metadata.readonly"

Fault = Callable[["_Api", "_Answer"], None]


@dataclass
class _Answer:
    status: int
    body: Iterable[bytes]
    type: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)


@cache
def signing_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Return a key, the same for the same *number*: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@cache
def _authority() -> tuple[trustme.CA, ssl.SSLContext]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    return authority, context


class FakeGoogle:
    """
    A running fake; close it, or use it as a context. *ahead_s* moves its clock against ours.

    *per_minute* reads a user may make in one of its minutes. *served* counts answers by endpoint,
    faults included; *log* holds each request's line.
    """

    def __init__(self, folder: Path, *, per_minute: int = 10_000) -> None:
        self.books: dict[str, Book] = {}
        self.tokens: dict[str, tuple[str, set[str]]] = {}
        self.keys: dict[str, rsa.RSAPublicKey] = {}
        self.users: dict[str, tuple[str, str, str, set[str]]] = {}
        self.api_keys: set[str] = set()
        # One of its own for each fake: calls of one account are paced in the whole process.
        self.email = f"reader-{token_hex(4)}@fernhill.iam.gserviceaccount.com"
        self.ahead_s = 0.0
        self.per_minute = per_minute
        self.served: Counter[str] = Counter()
        self.log: list[str] = []
        self.ca = folder / "google-ca.pem"
        authority, self.context = _authority()
        authority.cert_pem.write_to_path(self.ca)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._spent: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Proxy)
        self._server.google = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> FakeGoogle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def proxy(self) -> str:
        """The address to connect through."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def network(self) -> dict[str, object]:
        """The connection's settings that lead here."""
        return {"proxy": self.proxy, "ca": str(self.ca)}

    def now(self) -> datetime:
        """Return the time by the fake's clock."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def add(self, *books: Book) -> None:
        """Hold *books*, in place of those with the same ids."""
        self.books.update({book.id: book for book in books})

    def service_account(self, *, key: int = 0) -> str:
        """Register the fake's service account, *email*, and return its key file's text."""
        email = self.email
        private = signing_key(key)
        self.keys[email] = private.public_key()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "fernhill",
                "private_key_id": "3f0c",
                "private_key": pem.decode(),
                "client_email": email,
                "client_id": "100",
                "token_uri": TOKEN_URI,
            }
        )

    def user(self, email: str, *, refresh_token: str, client_id: str, client_secret: str) -> None:
        """Register a person who has agreed to reading."""
        self.users[refresh_token] = (email, client_id, client_secret, {READ, LIST})

    def fail(self, endpoint: str, *faults: Fault) -> None:
        """Spoil the next answers of *endpoint*, one a fault."""
        self._faults[endpoint].extend(faults)

    def expire_tokens(self) -> None:
        """Forget every access token."""
        self.tokens.clear()

    def fault_for(self, endpoint: str) -> Fault | None:
        """Return the next fault of *endpoint*, and take it off."""
        with self._lock:
            self.served[endpoint] += 1
            return self._faults[endpoint].popleft() if self._faults[endpoint] else None

    def over_quota(self, user: str) -> bool:
        """Count one read of *user*; whether it was one too many in this minute."""
        minute = int(self.now().timestamp() // 60)
        with self._lock:
            self._spent[user, minute] += 1
            return self._spent[user, minute] > self.per_minute


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    google: FakeGoogle

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Proxy(socketserver.StreamRequestHandler):
    """The CONNECT half: a tunnel that ends right here, in TLS for the host it was asked for."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        head = self.rfile.readline().decode("latin-1").split()
        while self.rfile.readline().strip():
            pass
        if len(head) != 3 or head[0] != "CONNECT" or head[1] not in {f"{host}:443" for host in HOSTS}:
            self.wfile.write(b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        google = self.server.google
        with suppress(OSError), google.context.wrap_socket(self.request, server_side=True) as tls:
            _Api(tls, self.client_address, self.server)


class _Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def google(self) -> FakeGoogle:
        return self.server.google

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Keep test output clean."""

    def _serve(self) -> None:
        self.sent_body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.parts = urlsplit(self.path)
        self.query = parse_qs(self.parts.query, keep_blank_values=True)
        self.google.log.append(f"{self.command} {self.headers['Host']}{self.path}")
        endpoint, answer = self._answered()
        fault = self.google.fault_for(endpoint)
        if fault is None:
            self.send(answer)
        else:
            fault(self, answer)

    def _answered(self) -> tuple[str, _Answer]:
        host, path = self.headers["Host"].removesuffix(":443"), self.parts.path
        if (host, self.command, path) == ("oauth2.googleapis.com", "POST", "/token"):
            return "token", _token(
                self.google, {k: v[0] for k, v in parse_qs(self.sent_body.decode()).items()}
            )
        if (host, self.command, path) == ("www.googleapis.com", "GET", "/drive/v3/files"):
            return "files", self._authorised({LIST}, self._files)
        if host == "sheets.googleapis.com" and path.startswith("/v4/spreadsheets/"):
            id, _, verb = unquote(path.removeprefix("/v4/spreadsheets/")).partition("/")
            id, _, whole = id.partition(":")
            if (self.command, verb, whole) == ("POST", "", "batchUpdate"):
                return "batchUpdate", self._authorised({WRITE}, lambda user: self._batch_update(id, user))
            if (self.command, verb) == ("GET", ""):
                return "get", self._authorised({READ, WRITE}, lambda user: self._get(id, user))
            if (self.command, verb) == ("GET", "values:batchGet"):
                return "batchGet", self._authorised({READ, WRITE}, lambda user: self._batch_get(id, user))
        return "unknown", _error(501, "UNIMPLEMENTED", f"this fake has no {self.command} {path}")

    def _authorised(self, scopes: set[str], serve: Callable[[str], _Answer]) -> _Answer:
        key = self.headers.get("x-goog-api-key")
        if key is not None:
            if key not in self.google.api_keys:
                return _error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
            user, granted = "anyone", {READ}
        else:
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            if kind != "Bearer" or token not in self.google.tokens:
                return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
            user, granted = self.google.tokens[token]
        if not granted & scopes:
            return _error(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
        if self.google.over_quota(user):
            return quota_error()
        return serve(user)

    def _book(self, id: str, user: str) -> Book | _Answer:
        book = self.google.books.get(id)
        if book is None:
            return _error(404, "NOT_FOUND", "Requested entity was not found.")
        if not book.readers & {user, "anyone"}:
            return _error(403, "PERMISSION_DENIED", "The caller does not have permission")
        return book

    def _get(self, id: str, user: str) -> _Answer:
        book = self._book(id, user)
        if isinstance(book, _Answer):
            return book
        if unknown := self.query.keys() - {"fields", "ranges", "includeGridData", "prettyPrint"}:
            return _error(501, "UNIMPLEMENTED", f"this fake has no parameters {unknown}")
        found = book.resource()
        if self.query.get("includeGridData") == ["true"]:
            asked = [book.located(text) for text in self.query.get("ranges", [])]
            if not asked or None in asked:
                return _unparsable(self.query.get("ranges", [""])[0])
            sheets = {tab.gid: sheet for tab, sheet in zip(book.tabs, found["sheets"], strict=True)}
            for tab, box in asked:
                sheets[tab.gid]["data"] = [{"rowData": grid_data(tab, box)}]
            found["sheets"] = [sheets[tab.gid] for tab, _ in asked]
        return _json(masked(found, self.query.get("fields", [""])[0]))

    def _batch_get(self, id: str, user: str) -> _Answer:
        book = self._book(id, user)
        if isinstance(book, _Answer):
            return book
        wanted = {
            "valueRenderOption": ["UNFORMATTED_VALUE"],
            "dateTimeRenderOption": ["SERIAL_NUMBER"],
            "majorDimension": ["ROWS"],
            "prettyPrint": ["false"],
        }
        ranges = self.query.pop("ranges", [])
        if self.query != wanted:
            return _error(501, "UNIMPLEMENTED", f"this fake has no values:batchGet with {self.query}")
        located = []
        for text in ranges:
            if (found := book.located(text)) is None:
                return _unparsable(text)
            located.append(found)
        return _Answer(200, _value_ranges(book, located))

    def _batch_update(self, id: str, user: str) -> _Answer:
        book = self._book(id, user)
        if isinstance(book, _Answer):
            return book
        if user not in book.writers:
            return _error(403, "PERMISSION_DENIED", "The caller does not have permission")
        sent = json.loads(self.sent_body, parse_float=Decimal)
        try:
            book.tabs = changed(book, sent.pop("requests"))
        except Refusal as problem:
            return _error(400, "INVALID_ARGUMENT", str(problem))
        except NotImplementedError as problem:
            return _error(501, "UNIMPLEMENTED", str(problem))
        return _json({"spreadsheetId": id, "replies": []})

    def _files(self, user: str) -> _Answer:
        if "spreadsheet" not in self.query.get("q", [""])[0]:
            return _error(501, "UNIMPLEMENTED", "this fake lists spreadsheets alone")
        seen = [book for book in self.google.books.values() if user in book.readers]
        return _json({"files": [{"id": b.id, "name": b.title, "modifiedTime": b.modified} for b in seen]})

    def send(self, answer: _Answer, *, cut_at: int | None = None) -> None:
        """Send *answer* in chunks; after *cut_at* bytes of body the connection ends without a word."""
        self._head(answer, {"Transfer-Encoding": "chunked"})
        sent = 0
        for piece in answer.body:
            part = piece if cut_at is None else piece[: cut_at - sent]
            if part:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            sent += len(part)
            if sent == cut_at:
                return self.hang_up()
        self.wfile.write(b"0\r\n\r\n")
        return None

    def send_whole(self, answer: _Answer, body: bytes, *, length: int | None = None) -> None:
        """Send *body* with a Content-Length, a wrong one if *length* says so."""
        self._head(answer, {"Content-Length": str(len(body) if length is None else length)})
        self.wfile.write(body)
        if length not in (None, len(body)):
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection."""
        self.wfile.flush()
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(2)

    def _head(self, answer: _Answer, framing: dict[str, str]) -> None:
        self.send_response_only(answer.status)
        self.send_header("Date", format_datetime(self.google.now(), usegmt=True))
        self.send_header("Content-Type", answer.type)
        for name, value in {**framing, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _token(google: FakeGoogle, form: dict[str, str]) -> _Answer:
    if form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
        found = _by_assertion(google, form["assertion"])
    elif form.get("grant_type") == "refresh_token":
        found = _by_refresh_token(google, form)
    else:
        return _json({"error": "unsupported_grant_type"}, status=400)
    if isinstance(found, _Answer):
        return found
    token = f"ya29.{len(google.log)}-{time.monotonic_ns():x}"
    google.tokens[token] = found
    return _json({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})


def _by_assertion(google: FakeGoogle, assertion: str) -> tuple[str, set[str]] | _Answer:
    head, claims, signature = assertion.split(".")
    told = json.loads(_bytes_of(claims))
    key = google.keys.get(told["iss"])
    if key is None:
        return _refused("Invalid grant: account not found")
    try:
        signed = f"{head}.{claims}".encode()
        key.verify(_bytes_of(signature), signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return _refused("Invalid JWT Signature.")
    now = google.now().timestamp()
    if told["aud"] != TOKEN_URI or not told["iat"] - 300 <= now <= told["exp"] + 300:
        return _refused(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim."
        )
    return told["iss"], set(told["scope"].split())


def _by_refresh_token(google: FakeGoogle, form: dict[str, str]) -> tuple[str, set[str]] | _Answer:
    user = google.users.get(form["refresh_token"])
    if user is None:
        return _refused("Token has been expired or revoked.")
    email, client_id, client_secret, agreed = user
    if (form["client_id"], form["client_secret"]) != (client_id, client_secret):
        told = {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        return _json(told, status=401)
    asked = set(form["scope"].split()) if "scope" in form else agreed
    if not asked <= agreed:
        return _json({"error": "invalid_scope", "error_description": "Some requested scopes"}, status=400)
    return email, asked


def _refused(why: str) -> _Answer:
    return _json({"error": "invalid_grant", "error_description": why}, status=400)


def _bytes_of(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _json(value: Any, *, status: int = 200) -> _Answer:
    return _Answer(status, [json.dumps(value, ensure_ascii=False).encode()])


def _error(status: int, name: str, message: str, **headers: str) -> _Answer:
    answer = _json({"error": {"code": status, "message": message, "status": name}}, status=status)
    answer.headers = {key.replace("_", "-"): value for key, value in headers.items()}
    return answer


def quota_error(**headers: str) -> _Answer:
    """Return the answer to one read too many."""
    told = (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of "
        "service 'sheets.googleapis.com' for consumer 'project_number:100'."
    )
    return _error(429, "RESOURCE_EXHAUSTED", told, **headers)


def _unparsable(text: str) -> _Answer:
    return _error(400, "INVALID_ARGUMENT", f"Unable to parse range: {text}")


def _value_ranges(book: Book, located: list[Any]) -> Iterator[bytes]:
    yield f'{{"spreadsheetId":{json.dumps(book.id)},"valueRanges":['.encode()
    for at, (tab, box) in enumerate(located):
        batch = ["," if at else ""]
        for text in value_range(tab, box):
            batch.append(text)
            if len(batch) == 2000:
                yield "".join(batch).encode()
                batch = []
        if batch:
            yield "".join(batch).encode()
    yield b"]}"


def status(code: int, name: str = "INTERNAL", message: str = "It failed.", **headers: str) -> Fault:
    """Answer with an error of Google's shape."""
    return lambda api, _: api.send(_error(code, name, message, **headers))


def quota(**headers: str) -> Fault:
    """Answer 429 as for one read too many."""
    return lambda api, _: api.send(quota_error(**headers))


def refused(why: str = "Invalid JWT Signature.") -> Fault:
    """Answer the token endpoint's 400 invalid_grant."""
    return lambda api, _: api.send(_refused(why))


def html(code: int = 200) -> Fault:
    """Answer with a page for people."""
    page = b"<!DOCTYPE html><html><body><h1>Sorry</h1><p>We are down.</p></body></html>"
    return lambda api, _: api.send_whole(_Answer(code, [], type="text/html; charset=UTF-8"), page)


def empty() -> Fault:
    """Answer 200 with no body."""
    return lambda api, answer: api.send_whole(answer, b"")


def malformed() -> Fault:
    """Answer with JSON that breaks off, in a whole body."""

    def spoil(api: _Api, answer: _Answer) -> None:
        body = b"".join(answer.body)
        api.send_whole(answer, body[: len(body) * 2 // 3])

    return spoil


def cut(*, chunked: bool) -> Fault:
    """End the connection at two thirds of the body."""

    def spoil(api: _Api, answer: _Answer) -> None:
        body = b"".join(answer.body)
        end = len(body) * 2 // 3
        if chunked:
            api.send(_Answer(answer.status, [body], answer.type), cut_at=end)
        else:
            api.send_whole(answer, body[:end], length=len(body))

    return spoil


def reset() -> Fault:
    """End the connection before any answer; what was asked is done."""
    return lambda api, _: api.hang_up()


def slow(seconds: float) -> Fault:
    """Answer late."""

    def spoil(api: _Api, answer: _Answer) -> None:
        time.sleep(seconds)
        api.send(answer)

    return spoil


def drip(seconds: float, *, pause: float = 0.05) -> Fault:
    """Send the head at once and then a byte now and then, for *seconds*."""

    def spoil(api: _Api, answer: _Answer) -> None:
        body = b"".join(answer.body)
        pieces = (bytes([byte]) for byte in body[: int(seconds / pause)])
        api.send(_Answer(200, (time.sleep(pause) or piece for piece in pieces)), cut_at=None)

    return spoil


def fewer_ranges() -> Fault:
    """Leave out the last range of a batch."""

    def spoil(api: _Api, answer: _Answer) -> None:
        told = json.loads(b"".join(answer.body))
        del told["valueRanges"][-1]
        api.send(_json(told))

    return spoil
