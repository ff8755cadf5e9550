"""Published tables as one DuckDB file for analysts: a copy to read, unrelated to the warehouse itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa


def write_duckdb(tables: Mapping[str, pa.Table], path: Path) -> None:
    """
    Create the DuckDB file *path*, which must not exist, with each of *tables* under its name.

    Types carry over exactly; the `comment` in a field's metadata becomes the comment of its column.
    The file is whole, with nothing left in a write-ahead log, when this returns.
    """
    with duckdb.connect(str(path)) as connection:
        for name, table in tables.items():
            connection.register("incoming", table)
            connection.execute(f"CREATE TABLE {_quoted(name)} AS SELECT * FROM incoming")
            connection.unregister("incoming")
            for field in table.schema:
                comment = (field.metadata or {}).get(b"comment", b"").decode()
                where = f"{_quoted(name)}.{_quoted(field.name)}"
                connection.execute(f"COMMENT ON COLUMN {where} IS {_text(comment)}")
        connection.execute("CHECKPOINT")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
