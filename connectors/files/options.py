"""What a user writes about files."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.contract import ExtractRequest, Misfit
from connectors.errors import SetupError
from connectors.transport.network import Network

Format = Literal["csv", "parquet", "jsonl", "excel"]

_BY_EXTENSION: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
}


PACKAGES = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "sftp": "paramiko",
    "smb": "smbprotocol",
    "ftp": None,
    "webhdfs": None,
    "file": None,
}
"""What may be named before `://` (and http, https), and the package that each needs beside fsspec."""
MAGIC = frozenset("*?[")
"""What makes a path a pattern."""


class FilesConnection(Network):
    """Where the files lie."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    root: str = Field(
        ".",
        description="Folder that every path starts in and none may leave, from the project's; or an address "
        "such as s3://bucket/exports, gs://..., az://..., sftp://... or https://...",
    )
    storage: dict[str, Any] = Field(
        default_factory=dict,
        repr=False,
        description="What the file system of a root with an address takes, as fsspec documents it: keys, "
        "tokens, end points, each secret as env: or file:. For https: `headers`.",
    )

    @field_validator("root")
    @classmethod
    def _of_known_kind(cls, value: str) -> str:
        kind, is_address, _ = value.partition("://")
        if is_address and ("::" in value or kind not in (*PACKAGES, "http", "https")):
            known = ", ".join(sorted({*PACKAGES, "https"}))
            raise ValueError(f"expected a folder, or an address of {known}")
        return value


class FilesDataset(BaseModel):
    """Which files one dataset is, and how they are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="File below the root, or a pattern (`orders/*.csv`) read in order of name.")
    format: Format | None = Field(None, description="How the files are written; by extension when absent.")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="What parts CSV cells: a comma, or a tab in .tsv files."
    )
    quote: str = Field('"', min_length=1, max_length=1, description="What CSV cells are quoted with.")
    encoding: str = Field(
        "utf-8-sig", description="Encoding of CSV and JSON text; a leading mark is skipped."
    )
    sheet: str | None = Field(
        None, description="Excel tab by its exact name; may be left out if there is one."
    )
    header_row: int = Field(1, ge=1, le=1000, description="Row that names the columns, in CSV and Excel.")
    formats: dict[str, str] = Field(
        default_factory=dict,
        description="How dates and times are written where not as ISO 8601: column to strptime format.",
    )

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError("no such encoding: write for example utf-8, cp1252 or utf-16") from None
        return value

    @field_validator("delimiter", "quote")
    @classmethod
    def _one_byte(cls, value: str | None) -> str | None:
        if value is not None and (not value.isascii() or value in "\r\n"):
            raise ValueError("expected one ASCII character")
        return value

    def misfits(self, request: ExtractRequest) -> Iterator[Misfit]:
        """Yield a path that leaves the root, or a file of which nobody says how it is written."""
        try:
            refuse_leaving(self.path)
            if not MAGIC & set(PurePosixPath(self.path).name):
                format_of(self.path, declared=self.format)
        except SetupError as problem:
            yield Misfit(option=("path",), message=problem.message, mend=problem.mend)

    def delimiter_of(self, name: str) -> str:
        """Return what parts the cells of the CSV file *name*."""
        return self.delimiter or ("\t" if name.lower().endswith(".tsv") else ",")


def format_of(name: str, *, declared: Format | None = None) -> Format:
    """Return how the file *name* is written: as *declared*, else by its extension."""
    found = declared or _BY_EXTENSION.get(PurePosixPath(name).suffix.lower())
    if found is None:
        raise SetupError(
            f"{name}: its extension does not say how it is written", mend="write `format:` at the dataset"
        )
    return found


def refuse_leaving(path: str) -> None:
    """Raise SetupError if *path* does not start in the root, or goes up from there."""
    if "://" in path or path.startswith("/"):
        raise SetupError(f"path {path} is absolute", mend="write it from the connection's root")
    if normpath(path).split("/")[0] == "..":
        raise leaving(path)


def leaving(path: str) -> SetupError:
    """Return the error of a path that leads out of the root."""
    return SetupError(f"path {path} leaves the root", mend="move the file below the root, or widen `root`")


def is_known(name: str) -> bool:
    """Return whether the extension of *name* says how the file is written."""
    return PurePosixPath(name).suffix.lower() in _BY_EXTENSION
