"""SQLite as a source: never created, never written, exact although it types values as it likes."""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy

from connectors.contract import Extract, ExtractRequest
from connectors.errors import BadValue, SchemaChanged, SetupError
from connectors.registry import connect, model_of
from connectors.sql.faults import Reading
from connectors.sql.session import engine_for, parsed, session


def database(base: Path, *statements: str) -> None:
    with sqlite3.connect(base / "x.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def extract(
    base: Path, columns: dict[str, str], *, url: str = "sqlite:///x.db", timeout: str = "9s", **changes: Any
) -> Extract:
    options = {name: changes.pop(name) for name in ("query", "table") if name in changes}
    request = ExtractRequest(
        dataset="d",
        columns=columns,
        options=model_of("sql")[1].model_validate(options),
        **changes,
    )
    return connect("sql", {"url": url, "timeout": timeout}, base=base).extract(request)


def rows(base: Path, columns: dict[str, str], **changes: Any) -> list[dict[str, Any]]:
    return [row for batch in extract(base, columns, **changes) for row in batch.to_pylist()]


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    """A wrong path is a setup error and leaves no empty database behind."""
    for url in ("sqlite:///x.db", "sqlite://", "sqlite:///:memory:"):
        with pytest.raises(SetupError):
            rows(tmp_path, {"a": "integer"}, url=url, table="t")
    assert list(tmp_path.iterdir()) == []


def test_mixed_storage_is_exact(tmp_path: Path) -> None:
    """A column that holds integers, reals and texts is read as the decimals they show."""
    database(
        tmp_path, "CREATE TABLE t (id, n)", "INSERT INTO t VALUES (1, 3), (2, 1.98), (3, '0.10'), (4, NULL)"
    )
    found = rows(tmp_path, {"n": "decimal(9,2)"}, query="SELECT id, n FROM t ORDER BY id")
    assert [row["n"] for row in found] == [Decimal("3.00"), Decimal("1.98"), Decimal("0.10"), None]


@pytest.mark.fault(49, on="sql")
def test_infinities_and_words_are_rejects(tmp_path: Path) -> None:
    """What SQLite stores in a number column although it is none is counted and placed."""
    database(
        tmp_path, "CREATE TABLE t (id, n)", "INSERT INTO t VALUES (1, 9e999), (2, 'n/a'), (3, ''), (4, 1)"
    )
    read = extract(tmp_path, {"id": "integer", "n": "decimal(9,2)"}, table="t", key=("id",), reject_limit=3)
    assert [row["id"] for batch in read for row in batch.to_pylist()] == [4]
    assert [reject.place for reject in read.receipt().rejects] == [
        "row 1 by id",
        "row 2 by id",
        "row 3 by id",
    ]


def test_text_that_is_not_utf8_is_a_reject(tmp_path: Path) -> None:
    """Bytes that are no text refuse their row, and no message quotes them."""
    database(tmp_path, "CREATE TABLE t (s)", "INSERT INTO t VALUES (CAST(x'ff73656372657437' AS TEXT))")
    with pytest.raises(BadValue, match="not valid Unicode") as caught:
        rows(tmp_path, {"s": "string"}, table="t")
    assert "secret7" not in str(caught.value)


def test_windows_compare_instants_not_texts(tmp_path: Path) -> None:
    """Times written with a space, a T, an offset or none are compared as the instants they mean."""
    times = [
        "2026-01-05 23:30:00",
        "2026-01-06T00:30:00+01:00",
        "2026-01-06 00:00:00",
        "2026-01-06T01:00:00Z",
    ]
    values = ", ".join(f"({n}, '{text}')" for n, text in enumerate(times))
    database(tmp_path, "CREATE TABLE t (id, at)", f"INSERT INTO t VALUES {values}")
    window = {"since": "2026-01-05T23:30:00Z", "until": "2026-01-06T01:00:00Z", "zone": "UTC"}
    found = rows(
        tmp_path, {"id": "integer", "at": "timestamp"}, table="t", cursor="at", key=("id",), **window
    )
    assert sorted(row["id"] for row in found) == [0, 1, 2]


def test_unreadable_cursors_are_not_lost(tmp_path: Path) -> None:
    """A cursor that is no time passes the database's condition and becomes a reject."""
    database(tmp_path, "CREATE TABLE t (at)", "INSERT INTO t VALUES ('2026-01-06 00:00:00'), ('someday')")
    with pytest.raises(BadValue):
        rows(tmp_path, {"at": "timestamp"}, table="t", cursor="at", since="2026-01-01T00:00:00Z", zone="UTC")


def test_own_bounds_reach_the_query(tmp_path: Path) -> None:
    """:since in the query gets the bound, and the lowest time where the read has none."""
    database(
        tmp_path,
        "CREATE TABLE t (at)",
        "INSERT INTO t VALUES ('2026-01-05 00:00:00'), ('2026-01-06 00:00:00')",
    )
    query = "SELECT at FROM t WHERE at >= :since"
    columns = {"at": "timestamp"}
    whole = rows(tmp_path, columns, query=query, cursor="at", zone="UTC")
    later = rows(tmp_path, columns, query=query, cursor="at", zone="UTC", since="2026-01-06T00:00:00Z")
    assert (len(whole), len(later)) == (2, 1)


@pytest.mark.fault(47, on="sql")
def test_endless_statement_is_stopped(tmp_path: Path) -> None:
    """A query that does not end is cut at its limit; the error says how long it ran and may run."""
    database(tmp_path, "CREATE TABLE t (a)")
    query = "WITH RECURSIVE c(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM c) SELECT count(*) AS a FROM c"
    with pytest.raises(SetupError, match=r"stopped after 1\.\d s, its limit is 1 s"):
        rows(tmp_path, {"a": "integer"}, query=query, timeout="1s")


@pytest.mark.fault(25, on="sql")
def test_missing_names_have_a_nearest(tmp_path: Path) -> None:
    """A table or column that is gone names the likeliest one that is there."""
    database(tmp_path, "CREATE TABLE invoices (total, paid_on)")
    with pytest.raises(SchemaChanged) as table:
        rows(tmp_path, {"total": "integer"}, table="invoice")
    with pytest.raises(SchemaChanged) as column:
        rows(tmp_path, {"total": "integer"}, query="SELECT totl AS total FROM invoices")
    assert (table.value.nearest, column.value.nearest) == ("invoices", "total")


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    """A file that is no SQLite database is a matter of the url."""
    (tmp_path / "x.db").write_text("not a database, but long enough to look like one " * 20)
    with pytest.raises(SetupError, match="no SQLite database"):
        rows(tmp_path, {"a": "integer"}, table="t")


PACKAGES = {
    "snowflake": ("snowflake-sqlalchemy", "snowflake.sqlalchemy"),
    "bigquery": ("sqlalchemy-bigquery", "sqlalchemy_bigquery"),
    "redshift": ("sqlalchemy-redshift", "sqlalchemy_redshift.dialect"),
    "trino": ("trino", "trino.sqlalchemy.dialect"),
    "databricks": ("databricks-sqlalchemy", "databricks.sqlalchemy"),
    "duckdb": ("duckdb-engine", "duckdb_engine"),
}


@pytest.mark.parametrize("backend", PACKAGES)
def test_a_database_without_its_package_names_it(
    tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each documented database says what to install; a package is imported when it is read, not before."""
    (tmp_path / "x.db").touch()
    package, module = PACKAGES[backend]
    monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type] # not installed, if it is
    monkeypatch.setattr(sqlalchemy.dialects.registry, "impls", {})
    with pytest.raises(SetupError, match=f"install {package}"):
        rows(
            tmp_path,
            {"a": "integer"},
            url=f"{backend}://u:secret@h/x" if backend != "duckdb" else "duckdb:///x.db",
            table="t",
        )


def test_duckdb_is_read_and_never_written(tmp_path: Path) -> None:
    """Where duckdb-engine is installed, a DuckDB file is read exactly, and its session refuses a write."""
    pytest.importorskip("duckdb_engine", reason="duckdb-engine is not installed: DuckDB was NOT tried")
    with duckdb.connect(tmp_path / "x.duckdb") as connection:
        connection.execute("CREATE VIEW elsewhere AS SELECT * FROM read_text('x.duckdb')")
        connection.execute(
            "CREATE TABLE t AS SELECT 1 AS id, 1.50::decimal(9,2) AS n, "
            "timestamptz '2026-01-05 10:00+02' AS made"
        )
    url, columns = "duckdb:///x.duckdb", {"id": "integer", "n": "decimal(9,2)", "made": "timestamp"}
    read = extract(
        tmp_path, columns, url=url, table="t", key=("id",), cursor="made", since="2026-01-05T08:00:00Z"
    )
    [row] = [row for batch in read for row in batch.to_pylist()]
    assert (Decimal("1.50"), datetime(2026, 1, 5, 8, tzinfo=UTC)) == (row["n"], row["made"])
    assert ["elsewhere", "t"] == [
        table.name for table in connect("sql", {"url": url}, base=tmp_path).discover()
    ]
    for query in ("SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM elsewhere", "FROM glob('/*')"):
        with pytest.raises(SetupError, match="enable_external_access"):
            rows(tmp_path, {"id": "integer"}, url=url, query=query)
    reading = Reading(9)
    engine = engine_for(parsed(f"{url}?access_mode=READ_WRITE"), base=tmp_path, reading=reading)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"), session(engine, reading) as connected:
        connected.exec_driver_sql("DELETE FROM t")
