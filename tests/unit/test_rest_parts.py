"""The parts of the REST connector: paths, bounds of the window, sign-ins, answers and the pages' bounds."""

from __future__ import annotations

import base64
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_http import FakeServer, Reply, Request, duplicate, reply_json, retry_after, status
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.contract import Extract, ExtractRequest
from connectors.errors import ConnectorError, Incomplete, QuotaExhausted, SchemaChanged, SetupError
from connectors.rest import openapi, path, reading
from connectors.rest.call import first
from connectors.rest.connector import RestConnector
from connectors.rest.options import RestConnection, RestDataset
from connectors.rest.path import ABSENT
from connectors.rest.renaming import Renaming
from connectors.transport.policy import Timing

DOCUMENT = {"a": {"b.c": [{"v": 1}, None]}, "n": None, "list": [[5]]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", DOCUMENT), ('a["b.c"][0].v', 1), ("a['b.c'][1].v", None), ("n.deep.down", None), ("list[0][0]", 5),
     ("list[7]", ABSENT), ("a.x", ABSENT), ("list.a", ABSENT), ("a[0]", ABSENT)],
)  # fmt: skip
def test_path_finds(text: str, expected: object) -> None:
    """A path finds a value, null below a null parent, or that nothing is there."""
    assert expected == path.find(DOCUMENT, path.parse(text))


@pytest.mark.parametrize("text", [".a", "a.", "a..b", "a[", "a[x]", "a[-1]", "[0]a", 'a["b]', "a.[0]"])
def test_paths_that_are_none(text: str) -> None:
    """What is no path is refused when it is written, not when it is read."""
    with pytest.raises(ValueError, match="expected a path"):
        path.parse(text)


STEPS = st.lists(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=5), min_size=1
)


@given(STEPS, st.integers())
def test_what_is_put_is_found(names: list[str], value: int) -> None:
    """A value put at a path is found there, and nothing that was given is changed."""
    given_document: dict[str, Any] = {"other": 1}
    made = path.replaced(given_document, tuple(names), value)
    assert value == path.find(made, path.parse(".".join(names)))
    assert given_document == {"other": 1}


def request(options: Mapping[str, object] | None = None, **changes: Any) -> ExtractRequest:
    """Return a request for `items`, of one column and a cursor."""
    written = {"path": "items", **(options or {})}
    sane: dict[str, Any] = {
        "dataset": "api.items",
        "columns": {"id": "integer", "at": "timestamp"},
        "options": RestDataset.model_validate(written),
        "cursor": "at",
    }
    return ExtractRequest(**{**sane, **changes})


BOUNDS = [
    ({"param": "from"}, "2026-10-05T07:00:00.5Z", "2026-10-05T07:00:00.500000Z"),
    ({"param": "from", "format": "epoch_s"}, "2026-10-05T07:00:00.5Z", 1791183600),
    ({"param": "from", "format": "epoch_ms"}, "2026-10-05T07:00:00.5Z", 1791183600500),
    ({"param": "from", "format": "date"}, "2026-10-05T07:00:00Z", "2026-10-05"),
    ({"param": "from", "format": "%d/%m/%Y %H:%M"}, "2026-10-05T07:00:59Z", "05/10/2026 07:00"),
    ({"param": "from", "text": "at>={}"}, "2026-10-05T07:00:00Z", "at>=2026-10-05T07:00:00Z"),
    ({"param": "from", "exclusive": True}, "2026-10-05T07:00:00Z", "2026-10-05T06:59:59Z"),
    ({"param": "from", "exclusive": True, "format": "date"}, "2026-10-05T07:00:00Z", "2026-10-04"),
    ({"param": "from", "exclusive": True, "format": "%Y-%m"}, "2026-10-05T07:00:00Z", "2026-09"),
    ({"param": "from", "exclusive": True, "format": "%H:%M %d.%m."}, "2026-10-05T07:00:30Z", "07:00 04.10."),
    ({"param": "from", "exclusive": True, "format": "epoch_s"}, "2026-10-05T07:00:00Z", 1791183599),
]


@pytest.mark.parametrize(("since", "value", "sent"), BOUNDS)
def test_start_of_the_window_is_sent(since: Mapping[str, object], value: str, sent: object) -> None:
    """The start goes out in the declared format, never later than it is."""
    wanted = request({"since": since}, since=value)
    call = first(wanted, wanted.options, base_url="https://x.example/")  # type: ignore[arg-type]
    assert (call.url, call.params["from"]) == ("https://x.example/items", sent)


@pytest.mark.parametrize(
    ("form", "sent"),
    [("epoch_s", 1791183601), ("epoch_ms", 1791183600500), ("date", "2026-10-06"), ("%Y%m%d", "20261006"),
     ("%Y-%m", "2026-11")],
)  # fmt: skip
def test_end_of_the_window_is_never_early(form: str, sent: object) -> None:
    """The end goes out rounded up, so that no row before it is missed."""
    wanted = request({"until": {"param": "to", "format": form}}, until="2026-10-05T07:00:00.5Z")
    call = first(wanted, wanted.options, base_url="https://x.example")  # type: ignore[arg-type]
    assert call.params["to"] == sent


@pytest.mark.parametrize(
    ("zone", "sent"),
    [("America/New_York", ("2026-10-04", "2026-10-06")), ("Asia/Tokyo", ("2026-10-05", "2026-10-07"))],
)
def test_a_day_is_sent_for_either_clock(zone: str, sent: tuple[str, str]) -> None:
    """Whether the source counts days in UTC or in the dataset's zone, no day of the window is missed."""
    options = {name: {"param": name, "format": "date"} for name in ("since", "until")}
    wanted = request(options, since="2026-10-05T02:00:00Z", until="2026-10-05T20:00:00Z", zone=zone)
    params = first(wanted, wanted.options, base_url="x").params  # type: ignore[arg-type]
    assert sent == (params["since"], params["until"])


def test_a_counted_cursor_is_sent_as_a_number() -> None:
    """A cursor that counts goes out as digits."""
    changes: dict[str, Any] = {"columns": {"id": "integer"}, "cursor": "id", "since": "41"}
    wanted = request({"since": {"param": "after"}}, **changes)
    assert first(wanted, wanted.options, base_url="x").params == {"after": "41"}  # type: ignore[arg-type]


def test_a_place_in_the_body() -> None:
    """The window goes to its place in the body, through the lists that were written there."""
    spot = {"method": "post", "since": {"body": "filters[0].value"}}
    wanted = request({**spot, "body": {"filters": [{"op": "GTE"}]}}, since="2026-10-05T07:00:00Z")
    call = first(wanted, wanted.options, base_url="x")  # type: ignore[arg-type]
    assert call.body == {"filters": [{"op": "GTE", "value": "2026-10-05T07:00:00Z"}]}


@pytest.mark.parametrize(
    "options",
    [{"path": "https://other.example/"}, {"path": "a?b=1"}, {"body": {"a": 1}}, {"rows": "a..b"},
     {"page_size": {"rows": 10}}, {"page_size": {"body": "limit", "rows": 10}}, {"pages": {"by": "magic"}},
     {"pages": {"by": "offset"}}, {"since": {"param": "a", "text": "no hole"}}, {"complete": {}},
     {"responses": [{"do": "retry"}]}],
    ids=str,
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(options: Mapping[str, object]) -> None:
    """What contradicts itself is refused by `okr check`, offline."""
    with pytest.raises(ValidationError):
        RestDataset.model_validate({"path": "items", **options})


@pytest.mark.parametrize(
    "url", ["api.example.com", "ftp://x/", "https://u:p@x/", "https://x/?key=1", "https://"]
)
def test_addresses_that_cannot_work_are_refused(url: str) -> None:
    """A base address is http or https, without credential and query."""
    with pytest.raises(ValidationError):
        RestConnection.model_validate({"base_url": url})


class Api:
    """A server whose items are what *answer* gives."""

    def __init__(self, answer: Callable[[Request], Reply | None]) -> None:
        self.server = FakeServer(answer)

    def read(self, request: ExtractRequest, **connection: object) -> Extract:
        made = RestConnector(
            RestConnection.model_validate(
                {"base_url": self.server.url, "allow_addresses": ["127.0.0.1"], **connection}
            ),
            base=Path(),
            timing=Timing(sleep=lambda seconds: None),
        )
        extract = made.extract(request)
        try:
            self.rows = [row for batch in extract for row in batch.to_pylist()]
        finally:
            made.close()
        return extract


ONE = {"id": 1, "at": "2026-10-05T07:00:00Z"}


@pytest.fixture
def seen() -> list[Request]:
    """The requests of one test."""
    return []


@pytest.fixture
def api(seen: list[Request]) -> Iterator[Api]:
    """One item, whoever asks."""

    def answer(asked: Request) -> Reply:
        seen.append(asked)
        return reply_json([ONE])

    made = Api(answer)
    with made.server:
        yield made


SIGN_INS: dict[str, tuple[Mapping[str, str], str, str]] = {
    "bearer": ({"type": "bearer", "token": "t0ken"}, "Authorization", "Bearer t0ken"),
    "header": ({"type": "header", "name": "X-Api-Key", "key": "k3y"}, "X-Api-Key", "k3y"),
    "basic": (
        {"type": "basic", "user": "u", "password": "p:w"},
        "Authorization",
        f"Basic {base64.b64encode(b'u:p:w').decode()}",
    ),
}


@pytest.mark.parametrize("way", SIGN_INS)
def test_credential_in_a_header(api: Api, seen: list[Request], way: str) -> None:
    """Each way to sign in sends what it says."""
    auth, header, value = SIGN_INS[way]
    api.read(request(), auth=auth)
    assert seen[0].headers[header] == value


def test_credential_in_the_query(api: Api, seen: list[Request]) -> None:
    """A key among the parameters is sent with them."""
    auth = {"type": "query", "name": "api_key", "key": "k3y"}
    api.read(request({"params": {"flag": True, "ids": ["1", "2"]}}), auth=auth)
    assert seen[0].query == {"flag": "true", "ids": "2", "api_key": "k3y"}


def test_refresh_token_with_the_client_in_the_header() -> None:
    """The refresh token goes into the form, client and secret into the header; the token is then sent."""

    def answer(asked: Request) -> Reply:
        if asked.path == "/token":
            assert asked.form() == {"grant_type": "refresh_token", "refresh_token": "r"}
            assert asked.headers["Authorization"] == f"Basic {base64.b64encode(b'c:s').decode()}"
            return reply_json({"access_token": "fresh"})
        return reply_json([ONE] if asked.headers["Authorization"] == "Bearer fresh" else {}, status=200)

    api = Api(answer)
    with api.server:
        auth = {"type": "oauth2_refresh_token", "token_url": f"{api.server.url}/token", "client_id": "c",
                "client_secret": "s", "refresh_token": "r", "client_in": "header"}  # fmt: skip
        api.read(request(), auth=auth)
    assert len(api.rows) == 1


def test_a_lasting_refusal_fetches_one_new_token(seen: list[Request]) -> None:
    """A source that refuses every token is told of after the second: there is no loop of sign-ins."""

    def answer(asked: Request) -> Reply:
        seen.append(asked)
        return reply_json({"access_token": "t"}) if asked.path == "/token" else reply_json({}, status=401)

    api = Api(answer)
    auth = {"type": "oauth2_client_credentials", "token_url": f"{api.server.url}/token", "client_id": "c",
            "client_secret": "s"}  # fmt: skip
    with api.server, pytest.raises(SetupError, match="status 401"):
        api.read(request(), auth=auth)
    assert [asked.path for asked in seen] == ["/token", "/items", "/token", "/items"]


def test_actions_on_answers(api: Api) -> None:
    """What `responses` says is done: tried again, taken as no rows, or given up."""
    limited = status(403, body=b'{"message": "API rate limit exceeded"}', headers={"Retry-After": "3"})
    retry = request({"responses": [{"status": 403, "text": "rate limit", "do": "retry"}]})
    api.server.inject(limited)
    assert api.read(retry).receipt().retries == 1
    api.server.inject(status(403, body=b"{}"))
    with pytest.raises(SetupError, match="status 403"):
        api.read(retry)
    api.server.heal()
    api.server.inject(status(404))
    assert api.read(request({"responses": [{"status": 404, "do": "ignore"}]})).receipt().rows == 0
    with pytest.raises(SetupError, match="a failure by `responses`"):
        api.read(request({"responses": [{"text": '"id": 1', "do": "fail"}]}))


def test_a_used_up_allowance_names_its_instant(api: Api) -> None:
    """A quota that is free only after the budget is an error that names when."""
    api.server.inject(retry_after("4000"))
    with pytest.raises(QuotaExhausted) as caught:
        api.read(request())
    assert caught.value.until is not None


def test_rate_holds_over_datasets(api: Api) -> None:
    """Two datasets of one credential share its rate: the third call waits for its turn."""
    auth = {"type": "bearer", "token": "shared-by-two"}
    for _ in range(2):
        api.read(request(), auth=auth, rate="2/h")
    api.server.inject(status(200, body=b"[]"))
    connection = {"base_url": api.server.url, "allow_addresses": ["127.0.0.1"], "auth": auth, "rate": "2/h"}
    made = RestConnector(RestConnection.model_validate(connection), base=Path())
    bucket = made._source.transport._adapter._settings.bucket
    assert bucket is not None
    assert bucket._slots.count(float("-inf")) == 0


SHAPES: dict[str, tuple[Mapping[str, object], object, int]] = {
    "one object is one row": ({"rows": "total"}, {"total": ONE}, 1),
    "null is no rows if allowed": ({"rows": "r", "rows_may_be_absent": True}, {"r": None}, 0),
    "numbers as text": ({}, [{**ONE, "id": "1"}], 1),
    "milliseconds": ({"formats": {"at": "epoch_ms"}}, [{"id": 1, "at": 1791183600500}], 1),
    "seconds with a fraction": ({"formats": {"at": "epoch_s"}}, [{"id": 1, "at": 1791183600.5}], 1),
    "seconds as text": ({"formats": {"at": "epoch_s"}}, [{"id": 1, "at": "1791183600"}], 1),
    "lists": ({"fields": {"id": "[0]", "at": "[1]"}}, [[1, "2026-10-05T07:00:00Z"]], 1),
    "entries": (
        {"rows": "d", "rows_are": "entries", "fields": {"id": "value", "at": "key"}},
        {"d": {"2026-10-05T07:00:00Z": 1}},
        1,
    ),
    "a field that some rows leave out": ({}, [{"at": ONE["at"]}, ONE], 2),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_answers(shape: str) -> None:
    """Rows are found in every shape that is declared."""
    options, body, count = SHAPES[shape]
    api = Api(lambda asked: reply_json(body))
    with api.server:
        api.read(request(options))
    assert count == len(api.rows)
    assert {row["id"] for row in api.rows} <= {1, None}


WRONG: dict[str, tuple[Mapping[str, object], object, type[ConnectorError], str]] = {
    "no rows there": ({"rows": "item"}, {"items": []}, SchemaChanged, "did you mean items"),
    "rows that are none": ({"rows": "items"}, {"items": "none"}, SchemaChanged, "no rows at items"),
    "rows of numbers": ({}, [1, 2], SchemaChanged, "page 1, row 1 is neither an object"),
    "a missing total": ({"rows": "r", "complete": {"total": "t"}}, {"r": [ONE]}, SetupError, "no total at t"),
    "a total that is none": (
        {"rows": "r", "complete": {"total": "t"}}, {"r": [ONE], "t": -1}, SetupError, "no total at t"
    ),
    "more, but nothing": (
        {"rows": "r", "pages": {"by": "page_number", "param": "p", "more": "m"}}, {"r": [], "m": True},
        Incomplete, "says that there are more"
    ),
    "circles": (
        {"rows": "r", "pages": {"by": "json_cursor", "param": "c", "path": "next"}},
        {"r": [ONE], "next": "x"}, Incomplete, "read again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_answers_that_are_refused(wrong: str) -> None:
    """What cannot be rows, a total or a next page is refused with the place."""
    options, body, error, reason = WRONG[wrong]
    api = Api(lambda asked: reply_json(body))
    with api.server, pytest.raises(error, match=reason):
        api.read(request(options))


def test_a_page_size_above_what_is_allowed_is_noticed() -> None:
    """A source that gives 2 of 5 rows asked for would be read with holes: it is refused."""

    def answer(asked: Request) -> Reply:
        start = int(asked.query["skip"])
        return reply_json([{**ONE, "id": n} for n in range(start, min(start + 2, 12))])

    options = {"pages": {"by": "offset", "param": "skip"}, "page_size": {"param": "limit", "rows": 5}}
    api = Api(answer)
    with api.server, pytest.raises(Incomplete, match="may allow no pages as large"):
        api.read(request(options))


def test_what_was_given_out_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once rows were handed on, a doubt at the end refuses them: nothing comes twice."""
    monkeypatch.setattr(reading, "HELD_BYTES", 0)
    api = Api(lambda asked: reply_json({"r": [ONE], "t": 2}))
    with api.server, pytest.raises(Incomplete, match="1 rows came, 2 were declared"):
        api.read(request({"rows": "r", "complete": {"total": "t"}}))
    assert len(api.server.requests) == 2


def test_a_short_read_is_read_once_more() -> None:
    """A total that is not reached costs one more read of everything, and the receipt says so."""
    bodies = [{"r": [ONE], "t": 2}] * 2 + [{"r": [ONE, {**ONE, "id": 2}], "t": 2}]
    api = Api(lambda asked: reply_json(bodies[min(asked.number - 1, 2)]))
    with api.server:
        receipt = api.read(request({"rows": "r", "complete": {"total": "t"}})).receipt()
    assert (receipt.rows, receipt.warnings) == (2, ("read twice: 1 rows came, 2 were declared",))


def test_links_to_undeclared_hosts_are_not_followed() -> None:
    """A next page at a host that the source does not declare is refused, at a declared one it is read."""

    def answer(asked: Request) -> Reply:
        port = asked.headers["Host"].partition(":")[2]
        link = f"http://localhost:{port}/items?page=2" if "page" not in asked.query else None
        return reply_json({"r": [{**ONE, "id": asked.number}], "next": link})

    options = {"rows": "r", "pages": {"by": "json_link", "path": "next"}}
    api = Api(answer)
    with api.server:
        with pytest.raises(SetupError, match="does not declare"):
            api.read(request(options))
        api.read(request(options), hosts=["localhost"], allow_addresses=["127.0.0.1", "localhost"])
    assert len(api.rows) == 2


def test_numbers_keep_every_digit() -> None:
    """A number of 30 digits arrives with all of them."""
    body = b'[{"id": 1, "at": "2026-10-05T07:00:00Z", "amount": 12345678901234567890123456.7891}]'
    api = Api(lambda asked: Reply(body=body))
    with api.server:
        api.read(request(columns={"id": "integer", "amount": "decimal(38,4)"}, cursor=None))
    assert api.rows[0]["amount"] == Decimal("12345678901234567890123456.7891")


def test_doctor_asks_for_one_page() -> None:
    """`check` reads the first page of many, and no more."""

    def answer(asked: Request) -> Reply:
        return reply_json({"r": [{**ONE, "id": asked.number}], "next": asked.number})

    api = Api(answer)
    with api.server:
        connection = {"base_url": api.server.url, "allow_addresses": ["127.0.0.1"]}
        made = RestConnector(RestConnection.model_validate(connection), base=Path())
        options = {"rows": "r", "pages": {"by": "json_cursor", "param": "c", "path": "next"}}
        [check] = made.check((request(options),))
        made.close()
    assert (check.passed, len(api.server.requests)) == (True, 1)


def test_discovery_needs_a_description(api: Api) -> None:
    """An API without OpenAPI description cannot be looked through, and says what to do."""
    made = RestConnector(RestConnection.model_validate({"base_url": api.server.url}), base=Path())
    with pytest.raises(SetupError, match="openapi"):
        made.discover()


def test_a_repeated_page_of_a_large_read_is_asked_for_again() -> None:
    """A page that repeats the one before is asked for once more although rows were handed on."""

    def answer(asked: Request) -> Reply:
        page = int(asked.query.get("c", 1))
        return reply_json({"r": [{**ONE, "id": page}], "next": page + 1 if page < 4 else None})

    api = Api(answer)
    with api.server:
        api.server.inject(duplicate(), at=3)
        options = {"rows": "r", "pages": {"by": "json_cursor", "param": "c", "path": "next"}}
        api.read(request(options, key=("id",)))
    assert [row["id"] for row in api.rows] == [1, 2, 3, 4]


def test_discovery_declares_what_a_description_tells() -> None:
    """A list in an OpenAPI description is offered with types, key, cursors and where its rows lie."""
    deal = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "amount": {"type": ["number", "null"]},
            "changed": {"type": "string", "format": "date-time"},
            "owner": {"$ref": "#/components/schemas/Owner"},
        },
    }
    page = {"type": "object", "properties": {"items": {"type": "array", "items": deal}}}
    answers = {"200": {"content": {"application/json": {"schema": page}}}}
    paths = {name: {"get": {"responses": answers}} for name in ("/deals", "/deals/{id}/parts")}
    found = openapi.tables({"paths": paths, "components": {"schemas": {"Owner": {"type": "object"}}}})
    assert [table.name for table in found] == ["/deals"]
    assert found[0].declared == {
        "id": "integer", "amount": "decimal(38,9)", "changed": "timestamp", "owner": "json"
    }  # fmt: skip
    assert (found[0].key, found[0].cursors) == (("id",), ("changed",))
    assert RestDataset.model_validate(found[0].options).rows == "items"


@pytest.mark.parametrize(
    "document", [None, [], {"paths": []}, {"paths": {"/a": None}}, {"paths": {"/a": {"get": 1}}}]
)
def test_descriptions_that_are_none_offer_nothing(document: object) -> None:
    """What is no OpenAPI description has no tables, and is no crash."""
    assert [] == openapi.tables(document)


def test_a_source_with_shorter_pages_is_asked_twice_once() -> None:
    """Pages below the size that was asked for are looked at again once, not each time."""

    def answer(asked: Request) -> Reply:
        start = int(asked.query.get("c", 0))
        rows = [{**ONE, "id": n} for n in range(start, min(start + 2, 9))]
        return reply_json({"r": rows, "t": 9, "next": start + 2 if start + 2 < 9 else None})

    options = {
        "rows": "r",
        "pages": {"by": "json_cursor", "param": "c", "path": "next"},
        "page_size": {"param": "limit", "rows": 5},
        "complete": {"total": "t"},
    }
    api = Api(answer)
    with api.server:
        receipt = api.read(request(options, key=("id",))).receipt()
    assert (receipt.rows, receipt.requests, receipt.complete) == (9, 6, "yes")


def test_doctor_tells_of_a_wrong_clock(api: Api) -> None:
    """A server whose clock is years from ours is advice, not a failure of the dataset."""
    api.server.inject(status(200, body=b"[]", headers={"Date": "Mon, 05 Oct 2020 07:00:00 GMT"}))
    connection = {"base_url": api.server.url, "allow_addresses": ["127.0.0.1"]}
    made = RestConnector(RestConnection.model_validate(connection), base=Path())
    found = {check.subject: (check.passed, check.advice) for check in made.check((request(),))}
    made.close()
    assert found == {"api.items": (True, False), "clock": (False, True)}


def test_names_that_are_data_take_no_memory() -> None:
    """Objects keyed by ids have a new name in every row: not all are kept until the end of a long read."""
    renaming = Renaming({f"c{n}": (f"c{n}",) for n in range(20)})
    every = dict.fromkeys((f"c{n}" for n in range(20)), 1)
    tracemalloc.start()
    try:
        for page in range(60):
            renaming.note([{**every, f"id-{page}-{row}": 1} for row in range(1_000)])
        assert tracemalloc.get_traced_memory()[0] < 10_000_000
    finally:
        tracemalloc.stop()
    assert renaming.warnings() == []
