"""The connector for files: finds them, reads them one after the other, says what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from connectors.contract import Check, Extract, ExtractRequest, Table
from connectors.errors import ConnectorError, SetupError
from connectors.files.options import FilesConnection, FilesDataset, Format, format_of, is_known
from connectors.files.source_file import SourceFile, find, opened
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
        self._root = base / connection.root

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
        if not self._root.is_dir():
            raise SetupError("the root is no folder", mend="mend `root` at the connection")
        found = sorted(path for path in self._root.rglob("*") if path.is_file() and self._is_offered(path))
        return [table for path in found[:MAX_DISCOVERED] for table in self._tables(path)]

    def close(self) -> None:
        """Hold nothing open between reads."""

    def _batches(self, request: ExtractRequest, rows: TypedRows, seen: _Seen) -> Generator[pa.RecordBatch]:
        options = cast("FilesDataset", request.options)
        for path in find(self._root, options.path):
            name = path.relative_to(self._root).as_posix()
            read: Callable[..., Generator[pa.RecordBatch]] = _module(
                format_of(name, declared=options.format)
            ).read
            with opened(path, root=self._root) as file:
                yield from read(file, request, rows)
            seen.add(file)

    def _is_offered(self, path: Path) -> bool:
        hidden = any(part.startswith(".") for part in path.relative_to(self._root).parts)
        return is_known(path.name) and not hidden and path.resolve().is_relative_to(self._root.resolve())

    def _tables(self, path: Path) -> list[Table]:
        try:
            with opened(path, root=self._root) as file:
                tables: list[Table] = _module(format_of(path.name)).tables(file)
        except ConnectorError:
            return []
        return tables


def _module(form: Format) -> Any:
    return import_module(_MODULES[form])


def _origin(pattern: str, identities: list[str]) -> str:
    if len(identities) == 1:
        return identities[0]
    whole = hashlib.sha256("\n".join(identities).encode()).hexdigest()
    return f"{pattern}, {len(identities)} files sha256:{whole}"
