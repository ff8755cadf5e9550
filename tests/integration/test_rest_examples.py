"""The examples of docs/sources/rest.md: right as they stand, and read from what answers as documented."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doc_pages import ROOT, Block, blocks
from fake_http import FakeServer, Reply, Request, reply_json

from connectors.contract import Extract, ExtractRequest
from connectors.registry import connect
from okr_pipeline import config
from okr_pipeline.config import secrets

PAGE = ROOT / "docs/sources/rest.md"
EXAMPLES = [block for block in blocks(PAGE) if block.language == "yaml"]
SETTINGS = """\
project: fernhill
timezone: Europe/Berlin
cycles:
  fy26: {start: 2026-02-01, end: 2027-01-31}
"""


def project(block: Block, folder: Path) -> config.Checked:
    """Check a project with the example as its only source."""
    (folder / "okr_config/sources").mkdir(parents=True)
    (folder / "okr_config/okr.yaml").write_text(SETTINGS)
    (folder / "okr_config/sources/example.yaml").write_text(block.text)
    return config.check(folder / "okr_config")


def example(name: str) -> Block:
    """Return the example below the heading *name*."""
    return next(block for block in EXAMPLES if block.heading == name)


def read(name: str, answer: Callable[[Request], Reply | None], folder: Path, **changes: Any) -> Extract:
    """Read the example's dataset from a server that answers with *answer*; only its address is changed."""
    with FakeServer(lambda asked: token(asked) or answer(asked)) as server:
        text = example(name).text
        for address in set(re.findall(r"https://[\w.]+", text)):
            text = text.replace(address, server.url)
        found = project(example(name)._replace(text=text), folder).project
        assert found is not None
        [source], [dataset] = found.sources.values(), found.datasets.values()
        environ = {variable: f"secret-of-{variable}" for variable in re.findall(r"env:(\w+)", text)}
        written = {**source.connection, "allow_addresses": ["127.0.0.1"]}
        connector = connect("rest", secrets.resolve(written, environ=environ, base=folder), base=folder)
        request = ExtractRequest(
            dataset=dataset.id,
            columns=dataset.columns,
            options=type(connector).Dataset.model_validate(dict(dataset.options)),
            key=dataset.key,
            cursor=dataset.cursor,
            zone=dataset.zone,
        )
        extract = connector.extract(replace(request, **changes))
        rows = [row for batch in extract for row in batch.to_pylist()]
        connector.close()
        extract.rows = rows  # type: ignore[attr-defined]
        return extract


def token(asked: Request) -> Reply | None:
    """Give a token to whoever asks as Google has it."""
    if asked.path != "/token":
        return None
    right = (
        asked.form()["grant_type"] == "refresh_token"
        and asked.form()["client_id"] == "secret-of-GA_CLIENT_ID"
    )
    return reply_json({"access_token": "ya29", "expires_in": 3599}, status=200 if right else 400)


def google(asked: Request) -> Reply:
    """`runReport`: proto3 JSON, all values as text, int64 as text or number."""
    body = asked.json()
    assert (asked.path, body["limit"]) == ("/v1beta/properties/123456789:runReport", 10_000)
    days = [
        day for day in ("20261003", "20261004") if day >= body["dateRanges"][0]["startDate"].replace("-", "")
    ]
    rows = [
        {
            "dimensionValues": [{"value": day}, {"value": "Direct"}],
            "metricValues": [{"value": "5"}, {"value": "7"}],
        }
        for day in days
    ]
    return reply_json(
        {"rows": rows, "rowCount": len(rows), "kind": "analyticsData#runReport"} if rows else {}
    )


def hubspot(asked: Request) -> Reply:
    """`/crm/v3/objects/deals`: values of properties as text."""
    assert asked.query["properties"].startswith("dealname,")
    assert asked.query["archived"] == "false"
    number = int(asked.query.get("after", "1"))
    deal = {
        "id": str(number),
        "properties": {
            "amount": "1500.50", "closedate": "2026-10-30T03:30:17.883Z", "dealname": "Acme",
            "dealstage": "contractsent", "hs_is_closed_won": "false",
        },
        "createdAt": "2026-10-01T03:30:17.883Z",
        "updatedAt": "2026-10-02T16:50:06.678Z",
        "archived": False,
    }  # fmt: skip
    paging = {"paging": {"next": {"after": "2", "link": "?after=2"}}} if number == 1 else {}
    return reply_json({"results": [deal], **paging})


def stripe(asked: Request) -> Reply:
    """`/v1/invoices`: newest first, times since 1970."""
    assert asked.headers["Stripe-Version"] == "2025-09-30.clover"
    names = ["in_3", "in_2", "in_1"]
    start = names.index(asked.query["starting_after"]) + 1 if "starting_after" in asked.query else 0
    invoices = [
        {
            "id": name, "object": "invoice", "customer": "cus_1", "status": "paid", "currency": "usd",
            "amount_paid": 5000, "created": 1790000000, "status_transitions": {"paid_at": 1790000600},
        }
        for name in names[start : start + 2]
    ]  # fmt: skip
    return reply_json({"object": "list", "url": "/v1/invoices", "has_more": start == 0, "data": invoices})


def posthog(asked: Request) -> Reply:
    """The query endpoint: lists in the order of the query's columns."""
    assert asked.json()["query"]["kind"] == "HogQLQuery"
    return reply_json({"results": [["2026-09-28", 41], ["2026-10-05", 44]], "columns": ["week", "teams"]})


def mixpanel(asked: Request) -> Reply:
    """`segmentation`: one object of days for each event."""
    assert asked.headers["Authorization"].startswith("Basic ")
    days = {"2026-10-03": 12, "2026-10-04": 9}
    return reply_json(
        {"data": {"series": list(days), "values": {asked.query["event"]: days}}, "legend_size": 1}
    )


def jira(asked: Request) -> Reply:
    """`search/jql`: a token for the next page, no key for it on the last."""
    body = asked.json()
    assert body["jql"].startswith("project = CORE")
    last = body.get("nextPageToken") == "CAEaAggB"
    issue = {
        "id": "10002",
        "key": "CORE-2" if last else "CORE-1",
        "fields": {
            "issuetype": {"name": "Bug"}, "status": {"name": "Done"}, "resolutiondate": None,
            "created": "2026-10-01T09:12:33.120+0200", "updated": "2026-10-02T09:12:33.120+0200",
        },
    }  # fmt: skip
    return reply_json({"issues": [issue], "isLast": last, **({} if last else {"nextPageToken": "CAEaAggB"})})


def github(asked: Request) -> Reply:
    """Issues of a repository: a bare list, the next page in the Link header."""
    assert asked.headers["Accept"] == "application/vnd.github+json"
    page = int(asked.query.get("page", "1"))
    issue = {
        "number": page, "state": "open", "user": {"login": "octocat"}, "created_at": "2026-10-01T07:00:00Z",
        "closed_at": None, "updated_at": f"2026-10-0{page}T08:00:00Z",
        **({"pull_request": {"url": "https://api.github.com/pulls/2"}} if page == 2 else {}),
    }  # fmt: skip
    link = f'<http://{asked.headers["Host"]}/repositories/1/issues?page=2>; rel="next"' if page == 1 else ""
    return reply_json([issue], **({"Link": link} if link else {}))


VENDORS: Mapping[str, tuple[Callable[[Request], Reply], int, str]] = {
    "Google Analytics 4": (google, 2, "yes"),
    "HubSpot deals": (hubspot, 2, "yes"),
    "Stripe invoices": (stripe, 3, "yes"),
    "PostHog": (posthog, 2, "unprovable"),
    "Mixpanel": (mixpanel, 2, "unprovable"),
    "Jira": (jira, 2, "yes"),
    "GitHub": (github, 2, "yes"),
}


def test_every_example_is_tried() -> None:
    """The page has the seven examples and no other."""
    assert list(VENDORS) == [block.heading for block in EXAMPLES]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.heading)
def test_example_is_right(block: Block, tmp_path: Path) -> None:
    """`okr check` finds nothing at all in it."""
    found = project(block, tmp_path)
    assert [f"{problem.code} {problem.message}" for problem in found.diagnostics] == []


@pytest.mark.parametrize("name", VENDORS)
def test_example_reads(name: str, tmp_path: Path) -> None:
    """All rows come, each column has a value somewhere, and the receipt says what it can prove."""
    answer, count, complete = VENDORS[name]
    found = read(name, answer, tmp_path)
    rows: list[dict[str, object]] = found.rows  # type: ignore[attr-defined]
    empty = [name for name in rows[0] if all(row[name] is None for row in rows)]
    assert (count, complete) == (len(rows), found.receipt().complete)
    assert set(empty) <= {"closed_at", "resolved_at"}


def test_google_analytics_reads_on(tmp_path: Path) -> None:
    """The start of the window is sent as a date, and a report without rows has none."""
    found = read("Google Analytics 4", google, tmp_path, mode="incremental", since="2026-10-05")
    assert (found.receipt().rows, found.receipt().declared_total) == (0, 0)


def test_jira_reads_on(tmp_path: Path) -> None:
    """The start of the window is written into the query, to the minute and in UTC."""
    asked: list[str] = []

    def noted(request: Request) -> Reply:
        asked.append(request.json()["jql"])
        return jira(request)

    read("Jira", noted, tmp_path, mode="incremental", since="2026-10-02T06:30:59Z")
    assert set(asked) == {'project = CORE AND updated >= "2026-10-02 06:30" ORDER BY updated, key'}


MISTAKES = [
    ("type: bearer, token:", "type: bearer, tokn:", "OKR101", "did you mean `token`?"),
    ("type: bearer", "type: baerer", "OKR103", "did you mean `bearer`?"),
    ("by: header_link", "by: header_lnk", "OKR103", "did you mean `header_link`?"),
    ("{by: header_link}", "{}", "OKR102", "write `by:` here"),
    ("by: header_link", "by: json_link, path: a..b", "OKR115", "mend the option"),
    ("param: per_page", "parm: per_page", "OKR101", "did you mean `param`?"),
    ("rate: 5000/h", "rate: 5000/day", "OKR115", "rate: "),
    ("path: repos", "path: https://repos", "OKR115", "path: "),
    ("token: env:GITHUB_TOKEN", "token: abc", "OKR501", "write env:NAME"),
]


@pytest.mark.parametrize(
    ("right", "wrong", "code", "mend"), MISTAKES, ids=[wrong for _, wrong, _, _ in MISTAKES]
)
def test_mistakes_are_placed(right: str, wrong: str, code: str, mend: str, tmp_path: Path) -> None:
    """A mistake in the example is one diagnostic, on its line, with what to write instead."""
    text = example("GitHub").text.replace(right, wrong)
    [problem] = project(example("GitHub")._replace(text=text), tmp_path).diagnostics
    line = next(number for number, line in enumerate(text.splitlines(), 1) if wrong in line)
    assert (problem.code, problem.line) == (code, line)
    assert mend in problem.mend
