"""
Salesforce as far as the product meets it: sign-in, queries, Bulk 2.0 jobs, describe and limits.

It answers behind `fake_http.FakeServer`, as a proxy for the hosts that simple-salesforce knows by heart, or
at its own address (`instance_url`). What it does not know it answers with 501. What goes wrong on the wire is
injected there; what goes wrong in the organisation is set on `Org`.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fake_http import FakeServer, Reply, Request, reply_json, reply_text
from fake_salesforce_sign_in import KEY, SECRET, soap_login, token
from fake_soql import NUMBERS, Field, Selected, SoqlError, Tables

HOST = "acme.my.salesforce.com"
SANDBOX = "acme--uat.sandbox.my.salesforce.com"
HOSTS = ("login.salesforce.com", "test.salesforce.com", HOST, SANDBOX)
PRODUCTION_ID, SANDBOX_ID = "00D5g000008AbCdEAE", "00D9x000001ZzZzEAK"
BASE = re.compile(r"/services/data/v\d\d\.0(/.*)")


def id18(prefix: str, number: int) -> str:
    """Return a record id: 15 signs that sort by *number*, and three that check their case."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 62)
        digits = alphabet[digit] + digits
    id15 = prefix + digits.rjust(12, "0")
    checks = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    upper = [
        sum(1 << i for i, sign in enumerate(id15[start : start + 5]) if sign.isupper())
        for start in (0, 5, 10)
    ]
    return id15 + "".join(checks[bits] for bits in upper)


def java_double(value: float) -> str:
    """Return a double as Salesforce writes it: 1.441209288E7 from ten million up."""
    if value == 0 or 0.001 <= abs(value) < 10**7:
        return repr(float(value))
    number = Decimal(repr(float(value)))
    sign, digits, exponent = number.normalize().as_tuple()
    shown = "".join(map(str, digits))
    power = int(exponent) + len(digits) - 1
    return f"{'-' * sign}{shown[0]}.{shown[1:] or '0'}E{power}"


@dataclass
class Job:
    id: str
    soql: str
    polls: int
    selected: Selected
    state: str = "UploadComplete"
    message: str | None = None


@dataclass
class Org:
    """
    One organisation, its data, and what ails it.

    *page_rows* is how many records a page holds; *polls* how often a job says that it is not ready;
    *slow_over* is the most rows that a query may match before it takes too long (None: any); *stuck*
    jobs never end. *calls* counts answers by what was asked.
    """

    tables: Tables = field(default_factory=Tables)
    sandbox: bool = False
    id: str = PRODUCTION_ID
    page_rows: int = 2000
    polls: int = 1
    slow_over: int | None = None
    stuck: bool = False
    allowance: tuple[int, int] = (100, 100_000)
    audience: str | None = None
    refused: str | None = None
    jobs: dict[str, Job] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)
    locators: dict[str, tuple[str, Selected]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    soql: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        self.calls[what] = self.calls.get(what, 0) + 1

    def expire(self) -> None:
        """End every session."""
        self.sessions.clear()

    def lose_locators(self) -> None:
        self.locators.clear()

    def sign_in(self) -> str:
        token = f"{self.id[:15]}!AQ{len(self.calls)}.{time.monotonic_ns()}"
        self.sessions.add(token)
        return token


def answer(org: Org, request: Request, *, address: str) -> Reply | None:
    """Return what *org* answers; None where it does not know the request."""
    if request.path == "/services/oauth2/token" and request.method == "POST":
        return token(org, request.form(), host=request.host, address=address)
    if re.fullmatch(r"/services/Soap/u/\d\d\.0", request.path) and request.method == "POST":
        return soap_login(org, request.body.decode(), address=address)
    found = BASE.fullmatch(request.path)
    if found is None:
        return None
    session = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if session not in org.sessions:
        return _error("INVALID_SESSION_ID", "Session expired or invalid", 401)
    used, most = org.allowance
    if used >= most:
        return _error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
    org.allowance = used + 1, most
    try:
        reply = _data(org, request, found[1], session)
    except SoqlError as problem:
        reply = _error(problem.code, problem.message, 400)
    if reply is None:
        return None
    headers = {**reply.headers, "Sforce-Limit-Info": f"api-usage={used + 1}/{most}"}
    return Reply(status=reply.status, body=reply.body, headers=headers)


def _data(org: Org, request: Request, path: str, token: str) -> Reply | None:
    path = path.rstrip("/")
    if request.method == "GET" and path in ("/query", "/queryAll"):
        return _query(org, request.query["q"], token, deleted=path == "/queryAll")
    if request.method == "GET" and (found := re.fullmatch(r"/query(?:All)?/(01g\w+)-(\d+)", path)):
        org.count("more")
        owner, selected = org.locators.get(found[1], ("", None))
        if selected is None or owner != token:
            return _error("INVALID_QUERY_LOCATOR", "invalid query locator", 400)
        return _page(org, found[1], selected, int(found[2]), path.split("/")[1])
    if request.method == "GET" and path == "/sobjects":
        org.count("objects")
        return reply_json({"sobjects": [_object(name) for name in org.tables.objects]})
    if request.method == "GET" and (found := re.fullmatch(r"/sobjects/(\w+)/describe", path)):
        org.count("describe")
        return _describe(org, found[1])
    if request.method == "GET" and path == "/limits":
        used, most = org.allowance
        return reply_json({"DailyApiRequests": {"Max": most, "Remaining": most - used}})
    if path.startswith("/jobs/query"):
        return _job(org, request, path.removeprefix("/jobs/query"))
    return None


def _object(name: str) -> dict[str, Any]:
    plain = {"queryable": True, "createable": True, "layoutable": True, "deprecatedAndHidden": False}
    return {"name": name, "custom": name.endswith("__c"), **plain}


def _describe(org: Org, name: str) -> Reply:
    if name not in org.tables.objects:
        return _error("NOT_FOUND", "The requested resource does not exist", 404)
    shown = [one.described() for one in org.tables.objects[name].values() if not one.hidden]
    return reply_json({**_object(name), "fields": shown})


def _query(org: Org, soql: str, token: str, *, deleted: bool) -> Reply:
    org.count("query")
    org.soql.append(soql)
    if re.search(r"FROM Organization\b", soql):
        record = {"attributes": {"type": "Organization"}, "Id": org.id, "IsSandbox": org.sandbox}
        return reply_json({"totalSize": 1, "done": True, "records": [record]})
    selected = org.tables.select(soql, deleted=deleted)
    if selected.size is not None:
        _refuse_slow(org, selected.size)
        return reply_json({"totalSize": selected.size, "done": True, "records": []})
    if selected.aggregate and len(selected.rows) > 2000:
        raise SoqlError("EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT ...")
    if not selected.aggregate:
        _refuse_slow(org, len(selected.rows))
    locator = f"01g{len(org.locators):012d}AAA"
    org.locators[locator] = token, selected
    return _page(org, locator, selected, 0, "queryAll" if deleted else "query")


def _refuse_slow(org: Org, rows: int) -> None:
    if org.slow_over is not None and rows > org.slow_over:
        raise SoqlError("QUERY_TIMEOUT", "Your query request was running for too long.")


def _page(org: Org, locator: str, selected: Selected, start: int, resource: str) -> Reply:
    end = start + (2000 if selected.aggregate else org.page_rows)
    rows = selected.rows[start:end]
    value: dict[str, Any] = {"totalSize": len(selected.rows), "done": end >= len(selected.rows)}
    if not value["done"]:
        value["nextRecordsUrl"] = f"/services/data/v62.0/{resource}/{locator}-{end}"
    value["records"] = [_record(selected, row) for row in rows]
    # Doubles are written as Java does, which json.dumps cannot.
    text = re.sub(r'"\\u0000([^"]*)"', r"\1", json.dumps(value))
    return Reply(body=text.encode(), headers={"Content-Type": "application/json;charset=UTF-8"})


def _record(selected: Selected, row: tuple[Any, ...]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "attributes": {"type": "AggregateResult" if selected.aggregate else selected.object}
    }
    for path, one, value in zip(selected.paths, selected.fields, row, strict=True):
        shown = _in_json(one, value)
        *parents, last = path.split(".")
        if parents and not selected.aggregate:
            # A parent that is missing is null as a whole.
            inner = record.get(parents[0]) or (
                {"attributes": {"type": parents[0]}} if value is not None else None
            )
            record[parents[0]] = inner
            if inner is not None:
                inner[last] = shown
        else:
            record[path] = shown
    return record


def _in_json(one: Field | None, value: Any) -> Any:
    if value is None or one is None:
        return value
    if one.type == "boolean":
        return bool(value)
    if one.type == "datetime":
        return value.replace("Z", "+0000")
    if one.type in NUMBERS and one.type != "int":
        return "\0" + java_double(value)
    return int(value) if one.type == "int" else value


def _job(org: Org, request: Request, path: str) -> Reply | None:
    if request.method == "POST" and not path:
        org.count("job")
        asked = request.json()
        selected = org.tables.select(asked["query"], deleted=asked["operation"] == "queryAll")
        if selected.aggregate:
            return _error("INVALIDJOB", "Aggregate queries are not supported", 400)
        job = Job(id18("750", len(org.jobs) + 1), asked["query"], org.polls, selected)
        if org.slow_over is not None and len(selected.rows) > org.slow_over:
            job.state, job.message = "Failed", "Unable to retrieve results: Retried more than fifteen times"
        org.jobs[job.id] = job
        org.soql.append(job.soql)
        return reply_json(_job_info(job))
    found = re.fullmatch(r"/(750\w+)(/results)?", path)
    job_found = org.jobs.get(found[1]) if found else None
    if found is None or job_found is None:
        return _error("NOT_FOUND", "The requested resource does not exist", 404)
    if request.method == "PATCH":
        org.count("abort")
        job_found.state = str(request.json()["state"])
        return reply_json(_job_info(job_found))
    if found[2]:
        return _results(org, job_found, request.query)
    org.count("poll")
    if job_found.state in ("UploadComplete", "InProgress") and not org.stuck:
        job_found.state = "InProgress" if job_found.polls > 0 else "JobComplete"
        job_found.polls -= 1
    return reply_json(_job_info(job_found))


def _job_info(job: Job) -> dict[str, Any]:
    info: dict[str, Any] = {"id": job.id, "operation": "query", "state": job.state, "apiVersion": 62.0}
    if job.state == "JobComplete":
        info["numberRecordsProcessed"] = len(job.selected.rows)
    return {**info, "errorMessage": job.message} if job.message else info


def _results(org: Org, job: Job, query: Mapping[str, str]) -> Reply:
    org.count("results")
    start = int(base64.b64decode(query["locator"])) if "locator" in query else 0
    end = start + int(query.get("maxRecords", 50_000))
    rows = job.selected.rows[start:end]
    more = end < len(job.selected.rows)
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(job.selected.paths)
    kinds = [(one.type if one else "string") for one in job.selected.fields]
    writer.writerows(map(_in_csv, kinds, row) for row in rows)
    return reply_text(
        text.getvalue(),
        "text/csv; charset=UTF-8",
        Sforce_Locator=base64.b64encode(str(end).encode()).decode() if more else "null",
        Sforce_NumberOfRecords=str(len(rows)),
    )


def _in_csv(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind in ("double", "currency", "percent"):
        return java_double(value)
    if kind == "boolean":
        return "true" if value else "false"
    return str(int(value)) if kind == "int" else str(value)


def _error(code: str, message: str, status: int) -> Reply:
    return reply_json([{"message": message, "errorCode": code}], status=status)


@contextmanager
def running(folder: Path, org: Org) -> Iterator[FakeServer]:
    """Lend a server of *org*: a proxy for its hosts, with its certificate authority in *folder*."""
    host = SANDBOX if org.sandbox else HOST

    def reply(request: Request) -> Reply | None:
        own = server.url if request.host == "127.0.0.1" else f"https://{host}"
        return answer(org, request, address=own)

    server = FakeServer(reply, folder=folder, hosts=HOSTS)
    with server:
        yield server


def connection(server: FakeServer, org: Org, **changes: Any) -> dict[str, Any]:
    """
    Return what a user writes to reach *org*, by client credentials; *changes* of None leave a key out.

    Of the ways to sign in it is the one that costs no CPU: a key to sign with takes 0.1 s to load.
    """
    host = SANDBOX if org.sandbox else HOST
    written = {
        "auth": "client_credentials",
        "domain": urlsplit(f"https://{host}").netloc.removesuffix(".salesforce.com"),
        "consumer_key": KEY,
        "consumer_secret": SECRET,
        "proxy": server.proxy_url,
        "ca": "ca.pem",
        **changes,
    }
    return {key: value for key, value in written.items() if value is not None}
