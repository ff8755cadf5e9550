"""Files that lie elsewhere: in a bucket by fsspec, or behind a web address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_http import FakeServer, Reply, Request, cut, status
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import _registry

from connectors.contract import ExtractRequest, Receipt
from connectors.errors import ConnectorError, Incomplete, SetupError, SourceEmpty
from connectors.files.options import FilesDataset
from connectors.registry import connect

DEALS = b"id,amount\na,1.50\nb,2\n"
COLUMNS = {"id": "string", "amount": "decimal(9,2)"}
TOKEN = "Bearer export-token-7f3a"


def receipt(base: Path, connection: dict[str, object], path: str = "deals.csv", **more: Any) -> Receipt:
    connector = connect("files", connection, base=base)
    request = ExtractRequest(
        dataset="crm.deals", columns=COLUMNS, options=FilesDataset(path=path), key=("id",), **more
    )
    extract = connector.extract(request)
    for _ in extract:
        pass
    connector.close()
    return extract.receipt()


@pytest.fixture
def here(tmp_path: Path) -> Receipt:
    """The receipt of the same file on this machine."""
    (tmp_path / "deals.csv").write_bytes(DEALS)
    return receipt(tmp_path, {"root": "."})


@pytest.fixture
def bucket(tmp_path: Path) -> str:
    """A root that fsspec reaches, with a file in it."""
    (tmp_path / "bucket/2026").mkdir(parents=True)
    (tmp_path / "bucket/deals.csv").write_bytes(DEALS)
    return (tmp_path / "bucket").as_uri()


def test_a_bucket_gives_what_a_folder_gives(tmp_path: Path, here: Receipt, bucket: str) -> None:
    """Rows, content hash and the file's identity are the same wherever it lies."""
    there = receipt(tmp_path, {"root": bucket})
    assert (here.content_hash, here.origin) == (there.content_hash, there.origin)


def test_a_pattern_reads_a_bucket_in_order(tmp_path: Path, bucket: str) -> None:
    """Several files are read in order of name, each identified by its content."""
    (tmp_path / "bucket/2026/deals.csv").write_bytes(b"id,amount\nc,3\n")
    found = receipt(tmp_path, {"root": bucket}, "**/*.csv")
    assert (3, ["2026/deals.csv", "deals.csv"]) == (found.rows, [id.split()[0] for id in found.request_ids])


def test_parquet_in_a_bucket_is_read(tmp_path: Path, bucket: str) -> None:
    """A reader that jumps about in its file works on what was fetched."""
    pq.write_table(pa.table({"id": ["a"], "amount": ["1.5"]}), tmp_path / "bucket/deals.parquet")
    assert 1 == receipt(tmp_path, {"root": bucket}, "deals.parquet").rows


REFUSED: dict[str, tuple[dict[str, object], str, type[ConnectorError], str]] = {
    "missing file": ({}, "nothing.csv", SetupError, "no file is at nothing.csv"),
    "pattern without a match": ({}, "*.parquet", SetupError, "no file is at"),
    "leaving the root": ({}, "../other/deals.csv", SetupError, "leaves the root"),
    "another address": ({}, "s3://other/deals.csv", SetupError, "absolute"),
    "no such package": ({"root": "s3://acme/exports"}, "deals.csv", SetupError, "pip install s3fs"),
    "web address without a name": (
        {"root": "https://files.example"},
        "*.csv",
        SetupError,
        "cannot be listed",
    ),
    "options of another root": (
        {"root": "https://files.example", "storage": {"key": "x"}},
        "deals.csv",
        SetupError,
        "headers",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused(tmp_path: Path, bucket: str, case: str) -> None:
    """What is wrong is told with what to do, a missing package by its name."""
    connection, path, kind, told = REFUSED[case]
    with pytest.raises(kind, match=told.replace("*", r"\*")):
        receipt(tmp_path, {"root": bucket, **connection}, path)


@pytest.mark.fault(12, on="files")
def test_an_empty_file_in_a_bucket_is_refused(tmp_path: Path, bucket: str) -> None:
    """A file without a byte is no data set without rows."""
    (tmp_path / "bucket/deals.csv").write_bytes(b"")
    with pytest.raises(SourceEmpty):
        receipt(tmp_path, {"root": bucket})


def test_no_link_leaves_a_root_on_this_machine(tmp_path: Path, bucket: str) -> None:
    """file:// follows a link no farther than a folder does, by name, by pattern and in discovery."""
    (tmp_path / "outside.csv").write_bytes(DEALS)
    (tmp_path / "bucket/link.csv").symlink_to(tmp_path / "outside.csv")
    (tmp_path / "bucket/here.csv").symlink_to(tmp_path / "bucket/deals.csv")
    for path in ("link.csv", "*.csv"):
        with pytest.raises(SetupError, match="leaves the root"):
            receipt(tmp_path, {"root": bucket}, path)
    assert 4 == receipt(tmp_path, {"root": bucket}, "[dh]*.csv").rows
    found = connect("files", {"root": bucket}, base=tmp_path).discover()
    assert ["deals.csv", "here.csv"] == [table.name for table in found]


class Remembering(LocalFileSystem):  # type: ignore[misc]
    """A file system that keeps what it has listed, as FTP's and Azure's do, and whose files change."""

    def __init__(self, **storage: Any) -> None:
        super().__init__(**storage)
        self._kept: dict[str, Any] = {}

    def info(self, path: str, **more: Any) -> Any:
        if path not in self._kept:
            self._kept[path] = super().info(path, **more)
        return self._kept[path]

    def invalidate_cache(self, path: str | None = None) -> None:
        self._kept.clear()

    def open(self, path: str, *how: Any, **more: Any) -> Any:
        os.utime(path, (1, 1))
        return super().open(path, *how, **more)


def test_a_file_that_changes_is_refused_whatever_is_remembered(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a file system has listed before does not hide that a file changed while it was fetched."""
    monkeypatch.setitem(_registry, "file", Remembering)
    with pytest.raises(Incomplete, match="changed while it was read"):
        receipt(tmp_path, {"root": bucket})


@pytest.fixture
def server() -> Iterator[FakeServer]:
    def answer(request: Request) -> Reply | None:
        if request.headers.get("Authorization") != TOKEN:
            return Reply(status=403)
        files = {"/exports/deals.csv": DEALS, "/exports/M%C3%A4rz%202026.csv": DEALS}
        return Reply(body=files[request.path], headers={"Content-Type": "text/csv"})

    with FakeServer(answer) as found:
        yield found


def web(server: FakeServer, token: str = TOKEN) -> dict[str, object]:
    return {
        "root": f"{server.url}/exports",
        "storage": {"headers": {"Authorization": token}},
        "allow_addresses": ["127.0.0.1"],
    }


def test_a_web_address_gives_what_a_folder_gives(tmp_path: Path, here: Receipt, server: FakeServer) -> None:
    """A file behind a web address is the same file."""
    there = receipt(tmp_path, web(server))
    assert (here.content_hash, here.origin) == (there.content_hash, there.origin)


@pytest.mark.fault(10, 15, on="files")
def test_a_cut_body_is_fetched_again(tmp_path: Path, here: Receipt, server: FakeServer) -> None:
    """Neither an error nor a cut body changes what is read."""
    server.inject(status(503), at=1)
    server.inject(cut(0.5), at=2)
    assert here.content_hash == receipt(tmp_path, web(server)).content_hash


def test_names_are_written_as_addresses(tmp_path: Path, server: FakeServer) -> None:
    """Blanks and letters beyond ASCII in a name reach the server as they must."""
    assert 2 == receipt(tmp_path, web(server), "März 2026.csv").rows


@pytest.mark.fault(50, on="files")
def test_a_refused_credential_is_not_told(tmp_path: Path, server: FakeServer) -> None:
    """A wrong header is a wrong setup; what was sent is in no message."""
    with pytest.raises(SetupError) as caught:
        receipt(tmp_path, web(server, "Bearer wrong-token-11"))
    assert "wrong-token-11" not in str(caught.value)


def test_a_private_address_must_be_allowed(tmp_path: Path, server: FakeServer) -> None:
    """A web address inside the own network is refused unless it is named."""
    with pytest.raises(SetupError, match="allow_addresses"):
        receipt(tmp_path, {**web(server), "allow_addresses": []})


def test_a_file_behind_a_web_address_is_described_by_its_name(tmp_path: Path, server: FakeServer) -> None:
    """Nothing can be listed there, but a file that is named shows its columns and the types to declare."""
    found = connect("files", web(server), base=tmp_path).describe("deals.csv")
    assert {"id": "string", "amount": "decimal(18,2)"} == found.declared
    with pytest.raises(SetupError, match="status 403"):
        connect("files", web(server, "wrong"), base=tmp_path).describe("deals.csv")
