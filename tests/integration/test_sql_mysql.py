"""MariaDB as a source, by MySQL's protocol: exact, read only, in UTC, every failure told apart."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from doc_pages import ROOT, blocks

from connectors.contract import Extract, ExtractRequest
from connectors.errors import BadValue, ConnectorError, Interrupted, SchemaChanged, SetupError, Transient
from connectors.registry import connect, model_of
from connectors.sql.faults import Reading
from connectors.sql.session import engine_for, parsed, session
from connectors.window import canonical_text

pytestmark = pytest.mark.mysql

TYPES = {
    "id": ("int PRIMARY KEY", "integer"),
    "plain": ("decimal(30,9)", "decimal(30,9)"),
    "money": ("decimal(18,2)", "decimal(18,2)"),
    "single": ("float", "decimal(20,4)"),
    "double_": ("double", "decimal(38,9)"),
    "big": ("bigint", "integer"),
    "huge": ("bigint unsigned", "decimal(20,0)"),
    "small": ("smallint unsigned", "integer"),
    "flag": ("tinyint(1)", "boolean"),
    "bits": ("bit(1)", "boolean"),
    "words": ("varchar(40) CHARACTER SET utf8mb4", "string"),
    "old": ("varchar(40) CHARACTER SET latin1", "string"),
    "long_": ("longtext", "string"),
    "kind": ("enum('new','won')", "string"),
    "day": ("date", "date"),
    "clock": ("time", "string"),
    "year_": ("year", "integer"),
    "local_": ("datetime(6)", "timestamp"),
    "at": ("timestamp(6) NULL", "timestamp"),
    "doc": ("json", "json"),
}
COLUMNS = {name: declared for name, (_, declared) in TYPES.items()}
ROWS = [
    "1, -123456789012345678901.123456789, 1.50, 9.8, 0.1, -9223372036854775808, 18446744073709551615, 65535, "
    "true, b'1', 'üñí ☃ 😀', 'é', 'a\\nb', 'won', '2026-01-05', '10:11:12', 2026, "
    "'2026-10-25 02:30:00.123456', '2026-01-05 08:11:12.000001', '{\"a\": 1.50}'",
    "2" + ", NULL" * (len(TYPES) - 1),
    "3, 0.000000001, 0, 1234567.9, 1e-9, 9223372036854775807, 0, 0, false, b'0', '', '', '', 'new', "
    "'1000-01-01', '00:00:00', 1970, '9999-12-31 10:00:00', '1970-01-02 00:00:00', 'null'",
]


def execute(url: str, *statements: str) -> None:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET time_zone = '+00:00'")
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))


def extract(url: str, columns: dict[str, str], *, timeout: str = "60s", **changes: Any) -> Extract:
    options = {name: changes.pop(name) for name in ("query", "table") if name in changes}
    made = model_of("sql")[1].model_validate(options)
    request = ExtractRequest(dataset="d", columns=columns, options=made, **changes)
    return connect("sql", {"url": url, "timeout": timeout}, base=Path()).extract(request)


def rows(url: str, columns: dict[str, str], **changes: Any) -> list[dict[str, Any]]:
    return [row for batch in extract(url, columns, **changes) for row in batch.to_pylist()]


@pytest.fixture
def typed(mysql_url: str) -> str:
    """A database with one table of every type, nulls and extremes in it."""
    listed = ", ".join(f"{name} {kind}" for name, (kind, _) in TYPES.items())
    execute(
        mysql_url, f"CREATE TABLE typed ({listed})", *(f"INSERT INTO typed VALUES ({row})" for row in ROWS)
    )
    return mysql_url


def test_values_are_exact(typed: str) -> None:
    """Numbers keep every digit, 32-bit floats their shortest, instants every microsecond."""
    first, empty, last = rows(typed, COLUMNS, table="typed", key=("id",), zone="Europe/Berlin")
    assert {**first, "doc": None} == {
        "id": 1,
        "plain": Decimal("-123456789012345678901.123456789"),
        "money": Decimal("1.50"),
        "single": Decimal("9.8000"),
        "double_": Decimal("0.100000000"),
        "big": -(2**63),
        "huge": Decimal(2**64 - 1),
        "small": 65535,
        "flag": True,
        "bits": True,
        "words": "üñí ☃ 😀",
        "old": "é",
        "long_": "a\nb",
        "kind": "won",
        "day": date(2026, 1, 5),
        "clock": "10:11:12",
        "year_": 2026,
        "local_": datetime(2026, 10, 25, 0, 30, 0, 123456, tzinfo=UTC),
        "at": datetime(2026, 1, 5, 8, 11, 12, 1, tzinfo=UTC),
        "doc": None,
    }
    assert {None} == set(empty.values()) - {2}
    assert Decimal("1234567.9000") == last["single"]


def test_what_each_column_is_there_is_in_the_receipt(typed: str) -> None:
    """The receipt names the types that the server tells, and says that nothing is unlimited."""
    read = extract(typed, COLUMNS, table="typed", key=("id",), zone="UTC")
    assert 3 == sum(batch.num_rows for batch in read)
    receipt = read.receipt()
    kinds = [receipt.source_schema[name] for name in ("plain", "single", "huge", "bits", "local_", "at")]
    assert ["decimal", "float", "bigint", "bit", "datetime", "timestamp"] == kinds
    assert () == receipt.warnings
    assert abs(receipt.server_time_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_zone_places_datetimes_and_leaves_timestamps(typed: str) -> None:
    """DATETIME is local time of the declared zone, TIMESTAMP an instant whatever is declared."""
    columns = {"local_": "timestamp", "at": "timestamp"}
    at = {
        row["at"] for zone in ("UTC", "Asia/Tokyo") for row in rows(typed, columns, table="typed", zone=zone)
    }
    assert {None, datetime(2026, 1, 5, 8, 11, 12, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC)} == at
    with pytest.raises(SetupError, match="zone: Europe/Berlin"):
        rows(typed, {"local_": "timestamp"}, table="typed")
    assert 3 == len(rows(typed, {"at": "timestamp"}, table="typed"))


def test_zero_dates_are_refused(mysql_url: str) -> None:
    """Days and instants of zeros, which MySQL keeps and no calendar has, are rejects of their rows."""
    execute(
        mysql_url,
        "SET sql_mode = ''",
        "CREATE TABLE t (id int, day date, local_ datetime, at timestamp(3) NULL)",
        "INSERT INTO t VALUES (1, '0000-00-00', NULL, NULL), (2, NULL, 0, NULL), (3, NULL, NULL, 0), "
        "(4, '2026-00-00', NULL, NULL), (5, '2026-01-01', '2026-01-01', '2026-01-01')",
    )
    columns = {"id": "integer", "day": "date", "local_": "timestamp", "at": "timestamp"}
    read = extract(mysql_url, columns, table="t", key=("id",), zone="UTC", reject_limit=4)
    assert [5] == [row["id"] for batch in read for row in batch.to_pylist()]
    assert ["day", "local_", "at", "day"] == [reject.column for reject in read.receipt().rejects]


def test_numbers_beyond_64_bits_are_refused(mysql_url: str) -> None:
    """An unsigned number that no 64-bit integer holds is a bad value, not another number."""
    with pytest.raises(BadValue, match="beyond 64 bits"):
        rows(mysql_url, {"n": "integer"}, query="SELECT CAST(18446744073709551615 AS unsigned) AS n")


@pytest.mark.parametrize("kind", ["datetime(6)", "timestamp(6)"])
def test_windows_lose_nothing_and_keep_ties(mysql_url: str, kind: str) -> None:
    """Reads cut at every instant that a row has, and between, give every row once."""
    execute(
        mysql_url,
        f"CREATE TABLE t (id int, at {kind} NOT NULL)",
        "INSERT INTO t SELECT seq, '2026-10-24 22:00:00' + INTERVAL seq DIV 2 * 30 MINUTE FROM seq_1_to_12",
    )
    for step in range(-1, 9):
        cut = canonical_text(datetime(2026, 10, 24, 20, 0, 0, 1, tzinfo=UTC) + step * timedelta(minutes=30))
        ids = []
        for window in ({"until": cut}, {"since": cut}):
            columns = {"id": "integer", "at": "timestamp"}
            found = rows(
                mysql_url, columns, table="t", cursor="at", key=("id",), zone="Europe/Berlin", **window
            )
            ids += [row["id"] for row in found]
        assert list(range(1, 13)) == ids


def test_a_text_is_no_cursor_of_instants(mysql_url: str) -> None:
    """MySQL held texts to the mark letter by letter: a later instant of another offset was never read."""
    execute(
        mysql_url,
        "CREATE TABLE t (id int, at varchar(40))",
        "INSERT INTO t VALUES (1, '2026-01-01 08:00:00+00:00'), (2, '2026-01-01 07:00:00-05:00')",
    )
    columns = {"id": "integer", "at": "timestamp"}
    with pytest.raises(SetupError, match="cursor at is char"):
        rows(mysql_url, columns, table="t", cursor="at", key=("id",), since="2026-01-01T08:00:00Z")


def test_bounds_inside_the_query(mysql_url: str) -> None:
    """:since and :until mean the cursor's bounds for every type of cursor, open ends included."""
    execute(mysql_url, "CREATE TABLE t (id bigint, n decimal(9,2), d date)")
    execute(mysql_url, "INSERT INTO t VALUES (1, 1.5, '2026-01-01'), (2, 2.5, '2026-01-02')")
    bounds = {"id": "2", "n": "2.5", "d": "2026-01-02"}
    columns = {"id": "integer", "n": "decimal(9,2)", "d": "date"}
    for cursor, bound in bounds.items():
        query = f"SELECT * FROM t WHERE {cursor} >= :since AND {cursor} < :until"
        found = [
            [row["id"] for row in rows(mysql_url, columns, query=query, cursor=cursor, key=("id",), **window)]
            for window in ({}, {"since": bound}, {"until": bound})
        ]
        assert [[1, 2], [2], [1]] == found


@pytest.mark.parametrize(
    "sql", ["DELETE FROM t", "INSERT INTO t VALUES (2)", "CREATE TABLE u (id int)", "DROP TABLE t"]
)
@pytest.mark.fault(48, on="sql")
def test_writes_are_refused_by_the_session(mysql_url: str, sql: str) -> None:
    """Row 48: what the session is sent past the parser, it refuses itself."""
    execute(mysql_url, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
    reading = Reading(60)
    engine = engine_for(parsed(mysql_url), base=Path(), reading=reading)
    with (
        pytest.raises(sqlalchemy.exc.OperationalError, match="READ ONLY"),
        session(engine, reading) as connection,
    ):
        connection.exec_driver_sql(sql)
    assert [{"id": 1}] == rows(mysql_url, {"id": "integer"}, table="t")


@pytest.mark.fault(48, on="sql")
def test_a_function_that_writes_is_refused(mysql_url: str) -> None:
    """A function that writes passes the parser, for it is a SELECT, and fails in the transaction."""
    execute(
        mysql_url,
        "CREATE TABLE t (id int)",
        "INSERT INTO t VALUES (1)",
        "CREATE FUNCTION wipe() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM t; RETURN 1; END",
    )
    with pytest.raises(SetupError, match="25006"):
        rows(mysql_url, {"x": "integer"}, query="SELECT wipe() AS x")
    assert [{"id": 1}] == rows(mysql_url, {"id": "integer"}, table="t")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS x INTO OUTFILE '/tmp/okr'",
        "SELECT 1 AS x /*!50000 INTO OUTFILE '/tmp/okr' */",
        "SELECT 1 AS x /*M! INTO @a */",
        "SELECT 1 AS x INTO @a",
        "SELECT id AS x FROM t FOR UPDATE",
        "CALL wipe()",
        "DELETE FROM t",
    ],
)
@pytest.mark.fault(48, on="sql")
def test_writes_are_refused_by_the_parser(mysql_url: str, query: str) -> None:
    """What is more than a SELECT, hidden in a comment that only MySQL reads or not, is not sent."""
    with pytest.raises((SetupError, ValueError), match="the query"):
        rows(mysql_url, {"x": "integer"}, query=query)


@pytest.mark.fault(47, on="sql")
def test_slow_statement_is_stopped(mysql_url: str) -> None:
    """Row 47: a statement over its limit says how long it ran and what the limit is."""
    with pytest.raises(SetupError, match=r"stopped after 1\.\d s, its limit is 1 s"):
        rows(mysql_url, {"x": "string"}, query="SELECT sleep(30) AS x", timeout="1s")


MANY = "CREATE TABLE t AS SELECT seq AS n, repeat('x', 500) AS s FROM seq_1_to_100000"


@pytest.mark.fault(46, on="sql")
def test_connection_lost_while_streaming(mysql_url: str) -> None:
    """Row 46: a connection killed between two batches leaves no receipt, and the next read is whole."""
    execute(mysql_url, MANY)
    read = extract(mysql_url, {"n": "integer", "s": "string"}, table="t", key=("n",))
    batches = iter(read)
    next(batches)
    mine = "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
    engine = sqlalchemy.create_engine(mysql_url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        for (id,) in connection.exec_driver_sql(mine).all():
            connection.exec_driver_sql(f"KILL {id}")
    with pytest.raises(Interrupted):
        list(batches)
    with pytest.raises(RuntimeError):
        read.receipt()
    assert 100_000 == len(rows(mysql_url, {"n": "integer"}, table="t", key=("n",)))


def test_an_abandoned_read_does_not_fetch_the_rest(mysql_url: str) -> None:
    """Leaving after the first batch, as `okr doctor` does, does not wait for all the others."""
    columns = {"n": "integer"}
    query = "SELECT seq AS n, sleep(0.001) AS s FROM seq_1_to_1000000"
    request = {"query": "SELECT n FROM (" + query.replace("sleep(0.001)", "repeat('x', 2000)") + ") AS q"}
    batches = iter(extract(mysql_url, columns, **request))
    assert next(batches).num_rows
    started = time.monotonic()
    batches.close()
    assert time.monotonic() - started < 1


@pytest.mark.fault(25, on="sql")
def test_names_that_are_gone(mysql_url: str) -> None:
    """A missing table, a missing column of a query: each names what and the nearest."""
    execute(mysql_url, "CREATE TABLE invoices (id int, total int)")
    with pytest.raises(SchemaChanged) as table:
        rows(mysql_url, {"id": "integer"}, table="invoice")
    with pytest.raises(SchemaChanged) as column:
        rows(mysql_url, {"id": "integer"}, query="SELECT id, totl FROM invoices")
    assert ("invoices", "total") == (table.value.nearest, column.value.nearest)


def test_any_name_is_an_identifier(mysql_url: str) -> None:
    """Colons, percent signs and quotes in names reach the database as they are."""
    execute(mysql_url, 'CREATE TABLE `Wei:rd %t` (`a:b%c` int, `q"x` int, `b``k` int)')
    execute(mysql_url, "INSERT INTO `Wei:rd %t` VALUES (1, 2, 3)")
    columns = {"a:b%c": "integer", 'q"x': "integer", "b`k": "integer"}
    found = rows(mysql_url, columns, table="Wei:rd %t", key=("a:b%c",), cursor="b`k", since="1")
    assert [{"a:b%c": 1, 'q"x': 2, "b`k": 3}] == found


def reader(url: str, *statements: str) -> str:
    """Give the URL of the role that *statements* make."""
    execute(url, "DROP USER IF EXISTS okr_reader", *statements)
    return url.replace("root@", "okr_reader:choose-one@")


def test_the_documented_role_reads_and_cannot_write(mysql_url: str) -> None:
    """The grants that docs/sources/sql.md shows are enough to read, and doctor says that they are no more."""
    name = sqlalchemy.make_url(mysql_url).database
    execute(mysql_url, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
    shown = [block.text for block in blocks(ROOT / "docs/sources/sql.md") if block.language == "sql"][1]
    url = reader(mysql_url, *shown.replace("shop.", f"`{name}`.").rstrip(";\n").split(";\n"))
    assert [{"id": 1}] == rows(url, {"id": "integer"}, table="t")
    said = [
        (check.passed, check.advice)
        for of in (mysql_url, url)
        for check in connect("sql", {"url": of}, base=Path()).check(())
        if check.subject == "role"
    ]
    assert [(False, True), (True, False)] == said


def test_a_role_without_rights(mysql_url: str) -> None:
    """A table that the role may not read is a setup error that asks for the grant."""
    name = sqlalchemy.make_url(mysql_url).database
    execute(mysql_url, "CREATE TABLE t (id int)", "CREATE TABLE u (id int)")
    made = ("CREATE USER okr_reader IDENTIFIED BY 'choose-one'", f"GRANT SELECT ON `{name}`.u TO okr_reader")
    url = reader(mysql_url, *made)
    with pytest.raises(SetupError, match="grant the role SELECT"):
        rows(url, {"id": "integer"}, table="t")


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ("root@", "okr_nobody:hunter2@", SetupError, "refuses the login"),
        ("/okr_", "/none_", SetupError, "no such database"),
        ("root@/", "root:hunter2@127.0.0.1:1/", Transient, "does not answer"),
        ("root@/", "root:hunter2@nosuchhost.invalid/", SetupError, "host is unknown"),
    ],
)
def test_unreachable_servers_are_told_apart(
    mysql_url: str, old: str, new: str, kind: type[ConnectorError], said: str
) -> None:
    """Login, database, port and host have errors of their own; no part of the url is in them."""
    url = mysql_url.replace(old, new)
    url = url.partition("?")[0] if "hunter2@n" in new or "127" in new else url
    with pytest.raises(kind, match=said) as caught:
        rows(url, {"x": "integer"}, query="SELECT 1 AS x")
    assert not any(word in str(caught.value) for word in ("hunter2", "okr_nobody", "invalid"))


def test_a_plain_url_means_the_driver_of_the_extra(mysql_url: str) -> None:
    """`mysql://` and `mariadb://` are read by PyMySQL."""
    found: Sequence[Any] = [
        rows(mysql_url.replace("mysql+pymysql", scheme), {"x": "integer"}, query="SELECT 1 AS x")
        for scheme in ("mysql", "mariadb", "mariadb+pymysql")
    ]
    assert [[{"x": 1}]] * 3 == found


def test_sums_that_overflow_are_bad_values(mysql_url: str) -> None:
    """A number that the server cannot compute is a bad value without the row."""
    with pytest.raises(BadValue, match="22003"):
        rows(mysql_url, {"x": "integer"}, query="SELECT 9223372036854775807 + 1 AS x")
