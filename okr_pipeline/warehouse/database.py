"""One DuckDB connection with exact macros, a fixed time zone and no way out, and its errors as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import duckdb

from okr_pipeline.warehouse.errors import WarehouseBusy, WarehouseDamaged, WarehouseError, WarehouseFull

if TYPE_CHECKING:
    import pyarrow as pa

# A table that our own statements name is missing where another version wrote the file.
_OF_THE_FILE = re.compile(r"Corrupt database file|No space left|Table with name \S+ does not exist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a connection may use. *memory* as DuckDB writes it (`2GB`); None leaves DuckDB's own choice."""

    zone: str = "UTC"
    threads: int | None = None
    memory: str | None = None


class Database:
    """
    An open warehouse.

    Statements see files only below *readable*; everything else outside is out of reach, and the
    settings are locked.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        settings: Settings,
        readable: Sequence[Path] = (),
        read_only: bool = False,
    ) -> None:
        self._path = path
        with _our_errors(path):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = duckdb.connect(str(path or ":memory:"), read_only=read_only)
            self._configure(settings, readable)

    def _configure(self, settings: Settings, readable: Sequence[Path]) -> None:
        execute = self._connection.execute
        execute("SET TimeZone = " + literal(settings.zone))
        # It would write to standard output, whoever reads that.
        execute("SET enable_progress_bar = false")
        # Division by zero is an error wherever it happens; without this it would be infinity.
        execute("SET ieee_floating_point_ops = false")
        # Row order is nobody's promise here, and keeping it costs memory.
        execute("SET preserve_insertion_order = false")
        # A hash table beyond this is built in parts that fit the processor's caches; never an error.
        # Five million distinct keys: 0.5 s CPU and 145 MB, without it 0.8 s and 220 MB.
        execute("SET operator_memory_limit = '64MB'")
        if settings.threads is not None:
            execute(f"SET threads = {settings.threads:d}")
        if settings.memory is not None:
            execute("SET memory_limit = " + literal(settings.memory))
        execute(_macros())
        folders = ", ".join(literal(str(folder)) for folder in readable)
        execute(f"SET allowed_directories = [{folders}]")
        execute("SET enable_external_access = false")
        execute("SET lock_configuration = true")

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        self._connection.close()

    def run(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> None:
        """Execute *sql* for its effect."""
        with _our_errors(self._path):
            self._connection.execute(sql, parameters)

    def read(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> pa.Table:
        """Return the whole answer of *sql*: a second statement can never replace an open result."""
        with _our_errors(self._path):
            return self._connection.sql(sql, params=parameters).to_arrow_table()

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the answer of *sql* as a list of rows by column name."""
        rows: list[dict[str, Any]] = self.read(sql, parameters).to_pylist()
        return rows

    @contextmanager
    def offered(self, **tables: pa.Table) -> Iterator[None]:
        """Let statements read Arrow *tables* by their names while the block runs."""
        for name, table in tables.items():
            self._connection.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                self._connection.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block does, or nothing of it."""
        self.run("BEGIN")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK")
            raise
        self.run("COMMIT")


def literal(text: str) -> str:
    """Return *text* as a SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return *name* as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@cache
def _macros() -> str:
    return resources.files(__package__).joinpath("macros.sql").read_text(encoding="utf-8")


@contextmanager
def _our_errors(path: Path | None) -> Iterator[None]:
    """Turn what DuckDB says of the file into what the user can do; statement errors pass through."""
    try:
        yield
    except (duckdb.IOException, duckdb.ConnectionException) as error:
        raise _file_error(str(error), path) from error
    except (duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException) as error:
        raise _file_error(str(error), path) from error
    except duckdb.Error as error:
        # Of the file as well, under the name of the statement that met it: a read, a commit.
        if not _OF_THE_FILE.search(str(error)):
            raise
        raise _file_error(str(error), path) from error
    except OSError as error:
        what = f"the folder of warehouse {path} cannot be made ({error.strerror or type(error).__name__})"
        raise WarehouseError(what, mend="give this user a folder to write in") from error


def _file_error(words: str, path: Path | None) -> WarehouseError:
    place = f"warehouse {path}"
    if "different configuration" in words:
        return WarehouseBusy(f"{place} is open in this process already", mend="wait until that is done")
    if "Conflicting lock" in words or "Could not set lock" in words:
        holder = re.search(r"PID (\d+)", words)
        who = f"process {holder.group(1)}" if holder else "another process"
        return WarehouseBusy(f"{place} is held by {who}", mend="wait until it is done, or end that process")
    if "No space left" in words or "not enough space" in words.lower():
        return WarehouseFull(
            f"{place}: no space left on the disk", mend="free some space and run again; nothing was committed"
        )
    if "Permission denied" in words or "Read-only file system" in words:
        return WarehouseError(
            f"{place} may not be written", mend="give this user the right to write the file and its folder"
        )
    return WarehouseDamaged(
        f"{place} cannot be read", mend="run `okr rebuild`: it makes the file again from lake and ledger"
    )
