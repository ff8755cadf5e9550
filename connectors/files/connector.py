"""The connector for files: finds them, reads them one after the other, says what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from connectors.contract import Check, Extract, ExtractRequest, Table
from connectors.errors import ConnectorError, SetupError
from connectors.files.options import FilesConnection, FilesDataset, Format, format_of, is_known
from connectors.files.source_file import FolderStore, SourceFile
from connectors.probe import one_row
from connectors.typed import TypedRows
from connectors.window import within

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

_MODULES: dict[Format, str] = {
    "csv": "connectors.files.delimited",
    "parquet": "connectors.files.parquet",
    "jsonl": "connectors.files.json_lines",
    "excel": "connectors.files.excel",
}
MAX_DISCOVERED = 1000


class Store(Protocol):
    """Where files lie: names are paths from its root."""

    def find(self, pattern: str) -> list[str]: ...

    def names(self) -> Iterator[str]: ...

    def opened(self, name: str) -> AbstractContextManager[SourceFile]: ...


@dataclass(slots=True)
class _Seen:
    """What one extract has found out about its files so far."""

    identities: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    declared_rows: int | None = None

    def add(self, file: SourceFile) -> None:
        self.identities.append(f"{file.name} sha256:{file.digest.hexdigest()}")
        self.columns = self.columns or file.columns
        if file.declared_rows is not None:
            self.declared_rows = (self.declared_rows or 0) + file.declared_rows


class FilesConnector:
    """CSV, Parquet, JSON lines and Excel below one root folder."""

    kind: ClassVar[str] = "files"
    Connection: ClassVar[type[BaseModel]] = FilesConnection
    Dataset: ClassVar[type[BaseModel]] = FilesDataset

    def __init__(self, connection: FilesConnection, *, base: Path) -> None:
        self._connection = connection
        self._base = base

    def extract(self, request: ExtractRequest) -> Extract:
        """Read the files of one dataset in order of name; a file is identified by its content hash."""
        options = cast("FilesDataset", request.options)
        rows = TypedRows(request, formats=options.formats)
        seen = _Seen()

        def facts() -> dict[str, Any]:
            return {
                "complete": "yes",
                "origin": _origin(options.path, seen.identities),
                "declared_total": seen.declared_rows,
                "source_schema": seen.columns,
                "requests": len(seen.identities),
                "request_ids": tuple(seen.identities),
                "libraries": {"pyarrow": version("pyarrow")},
                **rows.facts(),
            }

        return Extract(request, rows.schema, within(self._batches(request, rows, seen), request), facts)

    def check(self, requests: tuple[ExtractRequest, ...]) -> list[Check]:
        """Say of every dataset whether its files are there and give a row."""
        return [one_row(self.extract, request) for request in requests]

    def discover(self) -> list[Table]:
        """Return the readable files below the root, at most 1,000; hidden ones are skipped."""
        store = self._store()
        found = islice(filter(_is_offered, store.names()), MAX_DISCOVERED)
        return [table for name in found for table in _tables(store, name)]

    def describe(self, name: str) -> Table | None:
        """Return one file, or one sheet as `file!sheet`, with the types that its first rows fit."""
        path, _, sheet = name.partition("!")
        store = self._store()
        if not _is_offered(path) or not _is_there(store, path):
            return None
        with store.opened(path) as file:
            found = next((one for one in _module(format_of(path)).tables(file) if one.name == name), None)
        options = {"path": path, **({"sheet": sheet} if sheet else {})}
        return found and self._with_types(found, {**options, **found.options})

    def close(self) -> None:
        """Hold nothing open between reads."""

    def _batches(self, request: ExtractRequest, rows: TypedRows, seen: _Seen) -> Generator[pa.RecordBatch]:
        options = cast("FilesDataset", request.options)
        store = self._store()
        for name in store.find(options.path):
            read: Callable[..., Generator[pa.RecordBatch]] = _module(
                format_of(name, declared=options.format)
            ).read
            with store.opened(name) as file:
                yield from read(file, request, rows)
            seen.add(file)

    def _store(self) -> Store:
        if "://" not in self._connection.root:
            return FolderStore(self._base / self._connection.root)
        from connectors.files.remote import BucketStore, WebStore

        if self._connection.root.startswith(("https://", "http://")):
            return WebStore(self._connection, base=self._base)
        return BucketStore(self._connection)

    def _with_types(self, table: Table, options: dict[str, object]) -> Table:
        from connectors.suggest import cursors_of, declared_as, guessed_from, mark_of_deletion

        declared = {name: declared_as(kind) for name, kind in table.columns.items()}
        bare = [name for name, kind in table.columns.items() if kind in ("text", "cell", "str")]
        if bare:
            request = ExtractRequest(
                dataset=table.name, columns=dict.fromkeys(bare, "string"), options=FilesDataset(**options)
            )
            with closing(iter(self.extract(request))) as batches:
                for batch in islice(batches, 1):
                    declared |= {name: guessed_from(batch.column(name).to_pylist()) for name in bare}
        deleted = mark_of_deletion(declared)
        return replace(
            table, declared=declared, cursors=cursors_of(declared), deleted=deleted, options=options
        )


def _is_offered(name: str) -> bool:
    return is_known(name) and not any(part.startswith(".") for part in name.split("/"))


def _is_there(store: Store, name: str) -> bool:
    """Return whether *name* is a file of *store*; True where only fetching it can tell."""
    try:
        return store.find(name) == [name]
    except SetupError:
        return False


def _tables(store: Store, name: str) -> list[Table]:
    try:
        with store.opened(name) as file:
            tables: list[Table] = _module(format_of(name)).tables(file)
    except ConnectorError:
        return []
    return tables


def _module(form: Format) -> Any:
    return import_module(_MODULES[form])


def _origin(pattern: str, identities: list[str]) -> str:
    if len(identities) == 1:
        return identities[0]
    whole = hashlib.sha256("\n".join(identities).encode()).hexdigest()
    return f"{pattern}, {len(identities)} file{'s' * (len(identities) != 1)} sha256:{whole}"
