"""What no source could make good is refused offline; where a reference hid it, before the source is asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from connectors.errors import SetupError
from connectors.registry import connect
from okr_pipeline.config import load, secrets
from okr_pipeline.extract import request_for
from tests.builders.config_project import checked, only

OBJECT = "object: Opportunity, key: [Id], columns: {Id: string, Amount: 'decimal(18,2)', At: timestamp}"
GROUPS = "mode: aggregate, query: 'SELECT MAX(CreatedDate) at FROM Lead', columns: {at: timestamp}"
SHEET = "spreadsheet: env:PLAN_SHEET"
QUERY = "columns: {id: integer, at: timestamp}, key: [id]"
ITEMS = "path: items, columns: {id: integer, at: timestamp}, key: [id]"
IDS = f"{ITEMS}, cursor: id, since: {{param: after"
POST = f"{ITEMS}, method: post"
CSV = "columns: {id: string}"
CONNECTIONS = {
    "files": "{}",
    "google_sheets": "{api_key: env:GOOGLE_KEY}",
    "rest": "{base_url: https://api.example.com}",
    "salesforce": "{auth: session, domain: acme.my, access_token: env:SF_TOKEN}",
    "sql": "{url: env:WAREHOUSE_URL}",
}

# the kind and its dataset, what is underlined, what is wrong, what to write
REFUSED: dict[str, tuple[str, str, str, str, str]] = {
    "field of no column": ("salesforce", f"{OBJECT}, fields: {{Amont: X__c}}", "Amont", "no decl", "Amount?"),
    "sum of no column": (
        "salesforce", f"{OBJECT}, cross_check: [Amount, Sum__c]", "Sum__c", "no declared", "leave it out"),
    "column that is no field": (
        "salesforce", "object: A, columns: {A Name: string}", "A Name", "field name", "fields: {A Name: "),
    "marks nobody reads": (
        "salesforce", "object: Lead, columns: {gone: boolean}, fields: {gone: IsDeleted}, deleted: gone",
        "deleted", "recycle bin", "include_deleted: true"),
    "cursor that counts": (
        "salesforce", f"{OBJECT}, cursor: Amount", "cursor", "is a number", "SystemModstamp"),
    "cursor of groups": ("salesforce", f"{GROUPS}, cursor: at, key: [at]", "cursor", "no cursor", "`cursor`"),
    "cell of two columns": (
        "google_sheets", f"{SHEET}, cell: B7, columns: {{a: date, b: date}}", "cell", "2 are", "one column"),
    "window of no cursor": (
        "sql", f'query: "SELECT id, at FROM t WHERE at > :since", {QUERY}', "query", ":since", "`cursor:`"),
    "no SELECT": ("sql", f"query: DELETE FROM t, {QUERY}", "DELETE FROM t", "is no SELECT", "One SELECT"),
    "call that does more": (
        "sql", f"query: SELECT pg_switch_wal(), {QUERY}", "SELECT pg_switch_wal()", "more than read", "One"),
    "absolute path": ("files", f"path: /srv/a.csv, {CSV}", "path", "is absolute", "the connection's root"),
    "path out of the root": ("files", f"path: a/../../a.csv, {CSV}", "path", "leaves the", "widen `root`"),
    "unknown extension": ("files", f"path: deals.txt, {CSV}", "path", "extension", "`format:`"),
    "path of no column": ("rest", f"{ITEMS}, fields: {{iid: x}}", "iid", "no declared", "id?"),
    "formats of no column": ("rest", f"{ITEMS}, formats: {{att: date}}", "att", "no declared", "at?"),
    "optional that is no column": ("rest", f"{ITEMS}, optional: [iid]", "iid", "no declared", "id?"),
    "column that is no path": ("rest", "path: i, columns: {a..b: date}", "a..b", "no path", "fields: {a..b"),
    "bound of no cursor": ("rest", f"{ITEMS}, since: {{param: a}}", "since", "without a cursor", "`cursor:`"),
    "number sent as a time": ("rest", f"{IDS}, format: epoch_s}}", "format", "is a number", "leave out"),
    "no place in the body": (
        "rest", f"{POST}, page_size: {{rows: 9, body: 'q[0].n'}}", "body", "no place q[0].n", "the lists"),
}  # fmt: skip


def source(kind: str, dataset: str, *, connection: str | None = None) -> dict[str, str | bytes]:
    """Return a change that adds a source of *kind* with one dataset of the keys *dataset*."""
    head = f"connector: {kind}\nconnection: {connection or CONNECTIONS[kind]}\n"
    return {"sources/extra.yaml": f"{head}datasets:\n  d: {{{dataset}}}\n"}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_source_could_make_good_is_refused_offline(tmp_path: Path, case: str) -> None:
    """One diagnostic, at the option, with what to write."""
    kind, dataset, underlined, message, mend = REFUSED[case]
    found = only(tmp_path, source(kind, dataset))
    told = found.text[found.column - 1 : found.column - 1 + found.length]
    assert ("OKR115", underlined) == (found.code, told)
    assert (True, True) == (message in found.message, mend in found.mend), found


@pytest.mark.parametrize("root", ["gopher://acme", "simplecache::s3://acme", "memory://acme"])
def test_a_root_that_is_of_no_known_kind_is_refused_offline(tmp_path: Path, root: str) -> None:
    """By the same words as any other refused option of a connection."""
    found = only(tmp_path, source("files", f"path: a.csv, {CSV}", connection=f"{{root: '{root}'}}"))
    assert ("OKR115", True) == (found.code, "sftp" in found.message), found


@pytest.mark.parametrize(
    ("kind", "dataset"),
    [
        ("salesforce", f"{OBJECT}, fields: env:FIELDS, cursor: At"),
        ("salesforce", "object: A, columns: {IsDeleted: boolean}, deleted: IsDeleted, include_deleted: true"),
        ("google_sheets", f"{SHEET}, cell: env:CELL, columns: {{a: integer}}"),
        ("sql", f"query: env:QUERY, {QUERY}"),
        ("sql", f"query: \"SELECT id, ':since' AS at FROM t -- :until\", {QUERY}"),
        ("files", f"path: env:DEALS, {CSV}"),
        ("files", f"path: a/../deals.csv, {CSV}"),
        ("files", f"path: deals.*, {CSV}"),
        ("rest", f"{POST}, body: {{q: [{{}}]}}, page_size: {{rows: 9, body: 'q[0].top'}}"),
        ("rest", f"{IDS}}}"),
    ],
)  # fmt: skip
def test_what_may_fit_is_let_through(tmp_path: Path, kind: str, dataset: str) -> None:
    """What a reference will hold is not known here."""
    assert () == checked(tmp_path, source(kind, dataset)).diagnostics


def test_what_a_reference_hid_is_refused_before_the_source_is_asked(tmp_path: Path) -> None:
    """Doctor and sync ask by the same request, and so they say the same as a check would have."""
    checked(tmp_path, source("files", f"path: env:DEALS, {CSV}"))
    dataset = load(tmp_path).datasets["extra.d"]
    resolve = partial(secrets.resolve, environ={"DEALS": "/srv/deals.csv"}, base=tmp_path)
    with pytest.raises(SetupError, match=r"path /srv/deals.csv is absolute; write it from"):
        request_for(dataset, connect("files", {}, base=tmp_path), resolve=resolve)
