"""PostgreSQL as a source: exact by both ways, read only four times, every failure told apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from doc_pages import ROOT, blocks

from connectors.contract import Extract, ExtractRequest
from connectors.errors import BadValue, ConnectorError, SchemaChanged, SetupError, Transient
from connectors.registry import connect, model_of
from connectors.window import canonical_text

pytestmark = pytest.mark.postgres

TYPES = {
    "id": ("integer PRIMARY KEY", "integer"),
    "plain": ("numeric", "decimal(18,2)"),
    "wide": ("numeric(38,9)", "decimal(38,9)"),
    "whole": ("numeric", "integer"),
    "half": ("real", "decimal(20,4)"),
    "double": ("double precision", "decimal(38,9)"),
    "big": ("bigint", "integer"),
    "small": ("smallint", "decimal(9,2)"),
    "words": ("text", "string"),
    "short": ("varchar(9)", "string"),
    "padded": ("char(4)", "string"),
    "flag": ("boolean", "boolean"),
    "day": ("date", "date"),
    "local": ("timestamp", "timestamp"),
    "at": ("timestamptz", "timestamp"),
    "told": ("timestamptz", "string"),
    "doc": ("json", "json"),
    "docb": ("jsonb", "json"),
    "uid": ("uuid", "string"),
    "mail": ("inet", "string"),
    "list": ("integer[]", "string"),
}
COLUMNS = {name: declared for name, (_, declared) in TYPES.items()}
ROWS = [
    "1, 1.50, -12345678901234567890123456789.123456789, 14.000, 9.8, 0.1, -9223372036854775808, "
    "-32768, 'üñí ☃ 😀', 'abc', 'ab', true, '2026-01-05', '2026-10-25 02:30:00.123456', "
    "'2026-01-05 10:11:12.000001+02', '1999-12-31 23:59:59.999999+05:30', '{\"a\": 1.50}', "
    "'{\"b\":[1,2.0]}', '00000000-0000-0000-0000-000000000001', '10.0.0.1', '{1,2}'",
    "2" + ", NULL" * (len(TYPES) - 1),
    "3, 0, 0.000000001, 7, -1e10, 1e-9, 9223372036854775807, 0, '', '', '', false, '0001-01-01', "
    "'9999-12-31 10:00:00', '0001-01-01 00:00:00+00', '2026-06-01', 'null', '{}', "
    "'ffffffff-ffff-ffff-ffff-ffffffffffff', '::1', '{}'",
]


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def by_rows(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def extract(url: str, columns: dict[str, str], *, timeout: str = "60s", **changes: Any) -> Extract:
    options = {name: changes.pop(name) for name in ("query", "table") if name in changes}
    request = ExtractRequest(
        dataset="d",
        columns=columns,
        options=model_of("sql")[1].model_validate(options),
        **changes,
    )
    return connect("sql", {"url": url, "timeout": timeout}, base=Path()).extract(request)


def rows(url: str, columns: dict[str, str], **changes: Any) -> list[dict[str, Any]]:
    return [row for batch in extract(url, columns, **changes) for row in batch.to_pylist()]


@pytest.fixture
def typed(postgres_url: str) -> str:
    """A database with one table of every type, nulls and extremes in it."""
    listed = ", ".join(f"{name} {kind}" for name, (kind, _) in TYPES.items())
    execute(
        postgres_url, f"CREATE TABLE typed ({listed})", *(f"INSERT INTO typed VALUES ({row})" for row in ROWS)
    )
    return postgres_url


def test_both_ways_give_the_same_rows(typed: str) -> None:
    """Arrow transport and rows agree to the last bit over every type, nulls and extremes included."""
    for columns in (COLUMNS, dict.fromkeys(COLUMNS, "string")):
        receipts = []
        for url in (typed, by_rows(typed)):
            read = extract(url, columns, table="typed", key=("id",), zone="Europe/Berlin")
            assert sum(batch.num_rows for batch in read) == 3
            receipts.append(read.receipt())
        assert receipts[0].content_hash == receipts[1].content_hash
        assert [("adbc-driver-postgresql" in r.libraries) for r in receipts] == [True, False]


def test_values_are_exact(typed: str) -> None:
    """Numbers keep every digit, instants every microsecond, local times the first pass of a doubled hour."""
    first = rows(typed, COLUMNS, table="typed", key=("id",), zone="Europe/Berlin")[0]
    assert first["wide"] == Decimal("-12345678901234567890123456789.123456789")
    assert (first["half"], first["double"]) == (Decimal("9.8000"), Decimal("0.100000000"))
    assert first["at"] == datetime(2026, 1, 5, 8, 11, 12, 1, tzinfo=UTC)
    assert first["local"] == datetime(2026, 10, 25, 0, 30, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("as_rows", [False, True])
def test_lists_and_money_read_as_they_are_offered(postgres_url: str, as_rows: bool) -> None:
    """Arrays and `money`, declared as discovery says, were refused: their text is no JSON, no number."""
    execute(postgres_url, "CREATE TABLE t (n numeric[], paid money)")
    execute(postgres_url, "INSERT INTO t VALUES ('{1.50,NULL}', '-1,234.50')")
    url = by_rows(postgres_url) if as_rows else postgres_url
    found = connect("sql", {"url": url}, base=Path()).describe("t")
    assert {"n": "json", "paid": "decimal(38,9)"} == found.declared
    assert [{"n": "[1.50,null]", "paid": Decimal("-1234.5")}] == rows(url, found.declared, table="t")


@pytest.mark.fault(49, on="sql")
def test_what_no_decimal_or_date_holds_is_a_reject(postgres_url: str) -> None:
    """NaN, infinities, years beyond the calendar and too many decimals are rejects by both ways."""
    query = (
        "SELECT * FROM (VALUES (1, 'NaN'::numeric, now()), (2, 'Infinity', now()), (3, 1.005, now()), "
        "(4, 1, 'infinity'), (5, 1, '-infinity'), (6, 1, '10000-01-01 00:00+00'), (7, 1.00, now())) "
        "AS v(id, n, at)"
    )
    for url in (postgres_url, by_rows(postgres_url)):
        columns = {"id": "integer", "n": "decimal(9,2)", "at": "timestamp"}
        read = extract(url, columns, query=query, key=("id",), reject_limit=6)
        assert [row["id"] for batch in read for row in batch.to_pylist()] == [7]
        assert [reject.column for reject in read.receipt().rejects] == ["n", "n", "n", "at", "at", "at"]


def test_any_name_is_an_identifier(postgres_url: str) -> None:
    """Schemas, and colons, percent signs and quotes in names, reach the database as they are."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            b'CREATE SCHEMA app; CREATE TABLE app."Wei:rd %t" ("a:b%c" int, "q""x" int, "Up" int)'
        )
        connection.execute(b'INSERT INTO app."Wei:rd %t" VALUES (1, 2, 3)')
    columns = {"a:b%c": "integer", 'q"x': "integer", "Up": "integer"}
    for url in (postgres_url, by_rows(postgres_url)):
        found = rows(url, columns, table="app.Wei:rd %t", key=("a:b%c",), cursor="Up")
        assert found == [{"a:b%c": 1, 'q"x': 2, "Up": 3}]


def test_naive_times_need_a_zone(typed: str) -> None:
    """A timestamp without a zone is refused with the key to write."""
    for url in (typed, by_rows(typed)):
        with pytest.raises(SetupError, match="zone: Europe/Berlin"):
            rows(url, COLUMNS, table="typed")


def test_windows_over_local_times_lose_nothing(postgres_url: str) -> None:
    """Reads cut at every half hour around a clock change give every row once."""
    half_hour = timedelta(minutes=30)
    execute(
        postgres_url,
        "CREATE TABLE t (id serial, at timestamp)",
        "INSERT INTO t (at) SELECT '2026-10-25 00:00'::timestamp + n * interval '30 min' "
        "FROM generate_series(0, 9) AS n",
    )
    for step in range(16):
        cut = canonical_text(datetime(2026, 10, 24, 21, tzinfo=UTC) + step * half_hour)
        ids = []
        for window in ({"until": cut}, {"since": cut}):
            columns = {"id": "integer", "at": "timestamp"}
            read = extract(
                postgres_url, columns, table="t", cursor="at", key=("id",), zone="Europe/Berlin", **window
            )
            ids += [row["id"] for batch in read for row in batch.to_pylist()]
        assert ids == list(range(1, 11))


@pytest.mark.fault(48, on="sql")
def test_writes_are_refused_by_the_session(postgres_url: str) -> None:
    """A function that writes passes the parser and fails in the read-only transaction, by both ways."""
    execute(
        postgres_url,
        "CREATE TABLE t (id integer)",
        "INSERT INTO t VALUES (1)",
        "CREATE FUNCTION wipe() RETURNS integer LANGUAGE sql AS 'DELETE FROM t RETURNING 1'",
    )
    for url in (postgres_url, by_rows(postgres_url)):
        with pytest.raises(SetupError, match="25006"):
            rows(url, {"x": "integer"}, query="SELECT wipe() AS x")
    assert rows(postgres_url, {"id": "integer"}, table="t") == [{"id": 1}]


@pytest.mark.fault(47, on="sql")
def test_slow_statement_is_stopped(postgres_url: str) -> None:
    """A statement over its limit says how long it ran and what the limit is."""
    for url in (postgres_url, by_rows(postgres_url)):
        with pytest.raises(SetupError, match=r"stopped after 1\.\d s, its limit is 1 s"):
            rows(url, {"x": "string"}, query="SELECT pg_sleep(30)::text AS x", timeout="1s")


@pytest.mark.parametrize("as_rows", [False, True])
@pytest.mark.fault(46, on="sql")
def test_connection_lost_while_streaming(postgres_url: str, as_rows: bool) -> None:
    """A backend killed between two batches is Transient, leaves no receipt, and the next read is whole."""
    execute(
        postgres_url, "CREATE TABLE t AS SELECT n, repeat('x', 500) AS s FROM generate_series(1, 150000) AS n"
    )
    url = by_rows(postgres_url) if as_rows else postgres_url
    read = extract(url, {"n": "integer", "s": "string"}, table="t", key=("n",))
    batches = iter(read)
    next(batches)
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    execute(postgres_url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    with pytest.raises(Transient):
        list(batches)
    with pytest.raises(RuntimeError):
        read.receipt()
    assert len(rows(url, {"n": "integer"}, table="t", key=("n",))) == 150_000


@pytest.mark.fault(25, on="sql")
def test_names_that_are_gone(postgres_url: str) -> None:
    """A missing table, a missing column of a query, a doubled column: each names what and the nearest."""
    execute(postgres_url, "CREATE TABLE invoices (id integer, total numeric)")
    with pytest.raises(SchemaChanged) as table:
        rows(postgres_url, {"id": "integer"}, table="invoice")
    with pytest.raises(SchemaChanged) as column:
        rows(postgres_url, {"id": "integer"}, query="SELECT id, totl FROM invoices")
    assert (table.value.nearest, column.value.nearest) == ("invoices", "total")
    with pytest.raises(SchemaChanged, match="2 times"):
        rows(postgres_url, {"id": "integer"}, query="SELECT a.id, b.id FROM invoices a, invoices b")


def test_a_role_without_rights(postgres_url: str) -> None:
    """A table that the role may not read is a setup error that asks for the grant."""
    execute(
        postgres_url,
        "CREATE TABLE t (id integer)",
        "DROP ROLE IF EXISTS okr_reader",
        "CREATE ROLE okr_reader LOGIN",
    )
    with pytest.raises(SetupError, match="grant the role SELECT"):
        rows(postgres_url.replace("postgres:@", "okr_reader:@"), {"id": "integer"}, table="t")


def test_doctor_tells_whether_the_role_may_write(postgres_url: str) -> None:
    """A superuser is worth advice, a role with SELECT alone is not."""
    execute(
        postgres_url,
        "CREATE TABLE t (id integer)",
        "DROP ROLE IF EXISTS okr_reader",
        "CREATE ROLE okr_reader LOGIN",
        "GRANT SELECT ON t TO okr_reader",
    )
    found = []
    for url in (postgres_url, postgres_url.replace("postgres:@", "okr_reader:@")):
        checks = connect("sql", {"url": url}, base=Path()).check(())
        found.append({check.subject: (check.passed, check.advice) for check in checks})
    sound = {"connection": (True, False), "clock": (True, False)}
    assert found == [{**sound, "role": (False, True)}, {**sound, "role": (True, False)}]


def test_the_documented_role_reads_and_cannot_write(postgres_url: str) -> None:
    """The grants that docs/sources/sql.md shows are enough to read, and make a role that may only read."""
    name = postgres_url.rpartition("/okr_")[2].partition("?")[0]
    shown = next(block.text for block in blocks(ROOT / "docs/sources/sql.md") if block.language == "sql")
    execute(
        postgres_url,
        "CREATE SCHEMA app",
        "CREATE TABLE app.t AS SELECT 1 AS id",
        "DROP ROLE IF EXISTS okr_reader",
        *shown.replace("DATABASE warehouse", f"DATABASE okr_{name}").rstrip(";\n").split(";\n"),
        "CREATE TABLE app.later AS SELECT 2 AS id",
    )
    url = postgres_url.replace("postgres:@", "okr_reader:@")
    assert [1, 2] == [rows(url, {"id": "integer"}, table=f"app.{table}")[0]["id"] for table in ("t", "later")]
    found = {check.subject: check.passed for check in connect("sql", {"url": url}, base=Path()).check(())}
    assert found["role"]
    execute(postgres_url, "DROP OWNED BY okr_reader", "DROP ROLE okr_reader")


@contextmanager
def password_demanded(url: str, role: str) -> Iterator[None]:
    """Have the server ask *role* for its password, which it does of nobody else."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'right'")  # type: ignore[arg-type]
        shown = connection.execute("SHOW hba_file").fetchone()
        rules = Path(str(shown and shown[0]))
        before = rules.read_text()
        rules.write_text(f"local all {role} scram-sha-256\n{before}")
        connection.execute("SELECT pg_reload_conf(), pg_sleep(0.3)")
        try:
            yield
        finally:
            rules.write_text(before)
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]


def test_wrong_password_is_not_repeated(postgres_url: str) -> None:
    """A refused login is a setup error; neither the password nor the user's name is in it."""
    with password_demanded(postgres_url, "okr_locked"):
        with pytest.raises(SetupError, match="refuses the login") as caught:
            rows(
                postgres_url.replace("postgres:@", "okr_locked:hunter2@"),
                {"x": "integer"},
                query="SELECT 1 AS x",
            )
        assert "hunter2" not in str(caught.value)
        assert "okr_locked" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://bob:hunter2@nosuchhost.invalid/x", SetupError),
        ("postgresql://bob:hunter2@127.0.0.1:1/x", Transient),
        ("nodialect://bob:hunter2@h/x", SetupError),
        ("mysql://bob:hunter2@h/x", SetupError),
        ("bob:hunter2", SetupError),
    ],
)
@pytest.mark.fault(50, on="sql")
def test_unreachable_servers_are_told_apart(url: str, kind: type[ConnectorError]) -> None:
    """Host, port, dialect and driver have errors of their own, all of them without the url."""
    with pytest.raises(kind) as caught:
        rows(url, {"x": "integer"}, query="SELECT 1 AS x")
    assert "hunter2" not in str(caught.value)
    assert "bob" not in str(caught.value)


def test_a_text_that_is_no_number_is_no_division(postgres_url: str) -> None:
    """SQLSTATE 22P02 was once told with the mend of a division by zero."""
    query = "SELECT CAST(t AS integer) AS x FROM (VALUES ('1'), ('one')) AS v (t)"
    with pytest.raises(BadValue, match="a text that is none of the type it is cast to") as told:
        rows(postgres_url, {"x": "integer"}, query=query)
    assert "zero" not in told.value.mend


def test_values_that_the_database_refuses(postgres_url: str) -> None:
    """A division by zero in the query is a bad value with its SQLSTATE and without the row."""
    with pytest.raises(BadValue, match="22012"):
        rows(postgres_url, {"x": "integer"}, query="SELECT 1 / (n - 1) AS x FROM generate_series(1, 3) AS n")
