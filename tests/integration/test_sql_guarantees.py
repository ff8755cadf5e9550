"""What a database as a source promises, on each that is read for real: rows 46 to 51 of the faults."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy
from doc_pages import ROOT
from project_builder import ProjectFolder, reach

from connectors.contract import Extract, ExtractRequest
from connectors.errors import ConnectorError, SetupError
from connectors.registry import connect, model_of
from connectors.sql.faults import Reading
from connectors.sql.session import engine_for, parsed, session

CANARY = "hunter2-Canary"


@dataclass(frozen=True)
class Database:
    """One of the databases: how it is read and filled, and how it is kept busy for half a minute."""

    name: str
    url: str
    base: Path
    write_url: str
    busy: str

    def execute(self, *statements: str) -> None:
        """Run *statements* as somebody else."""
        engine = sqlalchemy.create_engine(self.write_url, poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def extract(self, columns: dict[str, str], *, timeout: str = "60s", **changes: Any) -> Extract:
        """Return a read of `table` or `query`."""
        options = {name: changes.pop(name) for name in ("query", "table") if name in changes}
        made = model_of("sql")[1].model_validate(options)
        request = ExtractRequest(dataset="d", columns=columns, options=made, **changes)
        return connect("sql", {"url": self.url, "timeout": timeout}, base=self.base).extract(request)

    def rows(self, columns: dict[str, str], **changes: Any) -> list[dict[str, Any]]:
        """Return what a read gives."""
        return [row for batch in self.extract(columns, **changes) for row in batch.to_pylist()]


FOREVER = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS x FROM n"


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("arrow", marks=pytest.mark.postgres),
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mysql),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Each database in turn, empty; PostgreSQL by both of its ways."""
    if request.param == "sqlite":
        sqlalchemy.create_engine(path := f"sqlite:///{tmp_path}/x.db").connect().close()
        return Database("sqlite", "sqlite:///x.db", tmp_path, path, FOREVER)
    if request.param == "mysql":
        url = request.getfixturevalue("mysql_url")
        return Database("mysql", url, tmp_path, url, "SELECT sleep(30) AS x")
    url = request.getfixturevalue("postgres_url")
    by_rows = url.replace("postgresql://", "postgresql+psycopg://")
    read = url if request.param == "arrow" else by_rows
    return Database(request.param, read, tmp_path, by_rows, "SELECT 1 AS x FROM pg_sleep(30)")


WRITES = [
    "INSERT INTO t VALUES (2)",
    "UPDATE t SET id = 2",
    "DELETE FROM t",
    "DROP TABLE t",
    "CREATE TABLE u (id integer)",
    "WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone",
    "SELECT id INTO u FROM t",
    "SELECT id FROM t FOR UPDATE",
    "SELECT 1 AS id; DELETE FROM t",
    "TRUNCATE TABLE t",
    "COPY t TO '/tmp/okr'",
    "SET TRANSACTION READ WRITE",
    "COMMIT",
]


@pytest.mark.parametrize("query", WRITES)
@pytest.mark.fault(48, on="sql")
def test_row_48_the_parser_refuses_a_write(query: str) -> None:
    """What is not exactly one SELECT is refused before anything is connected to, whatever the database."""
    with pytest.raises(ValueError, match="expected exactly one SELECT"):
        model_of("sql")[1].model_validate({"query": query})


@pytest.mark.parametrize("write", WRITES[:5])
@pytest.mark.fault(48, on="sql")
def test_row_48_the_session_refuses_a_write(database: Database, write: str) -> None:
    """The same write, sent past the parser on the session that reads, is refused by the database itself."""
    database.execute("CREATE TABLE t (id integer)", "INSERT INTO t VALUES (1)")
    reading = Reading(60)
    engine = engine_for(parsed(database.url), base=database.base, reading=reading)
    with (
        pytest.raises(sqlalchemy.exc.DBAPIError, match=r"(?i)read.?only"),
        session(engine, reading) as connection,
    ):
        connection.exec_driver_sql(write)
    assert [{"id": 1}] == database.rows({"id": "integer"}, table="t")


PAST_THE_SESSION = {
    "postgres": [
        "pg_terminate_backend((SELECT min(pid) FROM pg_stat_activity WHERE application_name = 'victim'))",
        "pg_reload_conf()",
        "pg_switch_wal()",
        "pg_stat_reset()",
        "pg_create_restore_point('okr')",
        "pg_logical_emit_message(false, 'okr', 'kept')",
        "pg_try_advisory_lock(1)",
        "set_config('statement_timeout', '0', false)",
        "pg_read_file('PG_VERSION')",
        "ts_rewrite('a', 'SELECT ''a''::tsquery, (pg_stat_reset()::text || ''b'')::tsquery')",
        'U&"pg\\005freload_conf"()',
    ],
    "mysql": ["get_lock('okr', 0)", "load_file('/etc/passwd')"],
}


@pytest.mark.parametrize(
    "database",
    [pytest.param(name, marks=getattr(pytest.mark, name)) for name in PAST_THE_SESSION],
    indirect=True,
)
@pytest.mark.fault(48, on="sql")
def test_row_48_what_the_session_lets_through_the_parser_refuses(database: Database) -> None:
    """Calls in a SELECT that run in a read-only transaction, and whose effect no rollback undoes."""
    victim = sqlalchemy.create_engine(database.write_url).connect()
    if database.name == "postgres":
        victim.exec_driver_sql("SET application_name = 'victim'")
    engine = engine_for(parsed(database.url), base=database.base, reading=Reading(60))
    for call in PAST_THE_SESSION[database.name]:
        with session(engine, Reading(60)) as connection:
            assert connection.exec_driver_sql(f"SELECT {call}").scalar() is not None, call
        with pytest.raises(ValueError, match="does more than read"):
            model_of("sql")[1].model_validate({"query": f"SELECT {call} AS x"})
    if database.name == "postgres":
        with pytest.raises(sqlalchemy.exc.OperationalError, match="terminat"):
            victim.exec_driver_sql("SELECT 1")
    victim.invalidate()


@pytest.mark.fault(47, on="sql")
def test_row_47_a_statement_is_stopped_at_its_limit_once(database: Database) -> None:
    """The error tells what it took and what it may take, and the statement is not tried again."""
    started = time.monotonic()
    stopped = r"stopped after \d+\.\d s, its limit is 1 s; narrow the query"
    with pytest.raises(SetupError, match=stopped) as told:
        database.rows({"x": "integer"}, query=database.busy, timeout="1s")
    whole_s = time.monotonic() - started
    # Told as one try, and hardly anything went before or after it: a second one would double it.
    assert whole_s < 2 * float(str(told.value).partition("stopped after ")[2].partition(" s")[0]) + 1


@pytest.mark.fault(21, on="sql")
def test_one_read_sees_one_state(database: Database) -> None:
    """What is committed between two batches of a read is in neither of them, and in the next read."""
    digits = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10))
    tens = ", ".join(f"({digits}) AS d{place}" for place in range(5))
    number = " + ".join(f"d{place}.n * {10**place}" for place in range(5))
    if database.name == "sqlite":
        database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE t (id integer, s varchar(200))")
    database.execute(f"INSERT INTO t SELECT {number}, '{'x' * 200}' FROM {tens} WHERE d4.n < 8")
    batches = iter(database.extract({"id": "integer", "s": "string"}, table="t", key=("id",)))
    first = next(batches)
    database.execute("UPDATE t SET s = 'later'", "INSERT INTO t VALUES (80000, 'later')")
    rest = [text for batch in batches for text in batch.column("s").to_pylist()]
    assert (80_000, {"x" * 200}) == (first.num_rows + len(rest), set(rest))
    assert 80_001 == len(database.rows({"id": "integer"}, table="t"))


CURSORS = {
    "n": ("bigint", "integer", "7"),
    "price": ("decimal(20,6)", "decimal(20,6)", "7.000001"),
    "day": ("date", "date", "2026-01-08"),
    "local_at": ("timestamp", "timestamp", "2026-01-07T23:00:00.000001Z"),
    "at": ("timestamptz", "timestamp", "2026-01-08T00:00:00Z"),
}


@pytest.mark.postgres
@pytest.mark.parametrize("cursor", CURSORS)
def test_windows_are_alike_by_both_ways(postgres_url: str, cursor: str, tmp_path: Path) -> None:
    """Arrow transport, where bounds stand in the statement, gives the rows of bound parameters to the bit."""
    listed = ", ".join(f"{name} {kind}" for name, (kind, _, _) in CURSORS.items())
    by_rows = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    ways = [Database("", url, tmp_path, by_rows, "") for url in (postgres_url, by_rows)]
    ways[0].execute(
        f"CREATE TABLE t ({listed})",
        "INSERT INTO t SELECT n, n + 0.000001, date '2026-01-01' + n, "
        "timestamp '2026-01-01' + n * interval '1 day', "
        "timestamptz '2026-01-01 00:00Z' + n * interval '1 day' FROM generate_series(-20, 20) AS n",
    )
    columns = {name: kind for name, (_, kind, _) in CURSORS.items()}
    bound = CURSORS[cursor][2]
    inside = f"SELECT * FROM t WHERE {cursor} >= :since AND {cursor} < :until AND '::x :since' <> ''"
    hashes: list[set[str]] = []
    for source in ({"table": "t"}, {"query": inside}):
        for window in ({}, {"since": bound}, {"until": bound}, {"since": bound, "until": bound}):
            reads = [
                way.extract(columns, key=("n",), cursor=cursor, zone="Europe/Berlin", **source, **window)
                for way in ways
            ]
            counted = [sum(batch.num_rows for batch in read) for read in reads]
            hashes.append({read.receipt().content_hash for read in reads})
            assert ["adbc-driver-postgresql" in read.receipt().libraries for read in reads] == [True, False]
            assert counted[0] == counted[1]
    assert [1] * 8 == list(map(len, hashes))


@pytest.mark.postgres
@pytest.mark.fault(49, on="sql")
def test_row_49_what_no_decimal_holds_is_refused(postgres_url: str, tmp_path: Path) -> None:
    """NaN, infinities and more decimals than declared are bad values by place; the rest is exact."""
    database = Database("", postgres_url, tmp_path, postgres_url, "")
    for value in ("'NaN'::numeric", "'Infinity'::numeric", "1.005::numeric", "'-Infinity'::float8"):
        with pytest.raises(ConnectorError, match="row 1 by n, column x") as caught:
            database.rows(
                {"n": "integer", "x": "decimal(9,2)"}, query=f"SELECT 1 AS n, {value} AS x", key=("n",)
            )
        assert "1.005" not in str(caught.value)
    found = database.rows({"x": "decimal(38,9)"}, query="SELECT 12345678901234567890.123456789::numeric AS x")
    assert [{"x": Decimal("12345678901234567890.123456789")}] == found


@pytest.mark.fault(50, on="sql")
def test_row_50_a_password_shows_nowhere(database: Database) -> None:
    """In no error of any kind, no receipt, no check: neither as it is, nor encoded."""
    if database.name == "sqlite":
        pytest.skip("SQLite has no password")
    user = "postgres:" if database.name != "mysql" else "root"
    secret = Database(
        database.name,
        database.url.replace(f"{user}@", f"{user.rstrip(':')}:{CANARY}@", 1),
        database.base,
        database.write_url,
        database.busy,
    )
    told: list[object] = []
    failing: list[Callable[[], object]] = [
        lambda: secret.rows({"x": "integer"}, table="nowhere"),
        lambda: secret.rows({"x": "integer"}, query="SELECT y AS x"),
        lambda: secret.rows({"x": "integer"}, query="SELECT 1 AS x FROM"),
        lambda: secret.rows({"x": "integer"}, query=database.busy, timeout="1s"),
        lambda: secret.rows({"x": "integer"}, query="SELECT 1.5 AS x"),
        lambda: connect("sql", {"url": f"nodialect://u:{CANARY}@h/x"}, base=Path()).discover(),
        lambda: connect("sql", {"url": secret.url, "timeout": CANARY}, base=Path()),
    ]
    for fails in failing:
        try:
            fails()
        except ConnectorError as error:
            told += [repr(error), str(error), *traceback.format_exception(error)]
    connector = connect("sql", {"url": secret.url}, base=Path())
    told += [connector, connector.check(()), model_of("sql")[0].model_validate({"url": secret.url})]
    shown = "".join(map(str, told))
    forms = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode().rstrip("="))
    assert len(told) > 20
    assert [] == [form for form in forms if form in shown]


@pytest.mark.postgres
@pytest.mark.fault(51, on="sql")
def test_row_51_a_killed_sync_is_done_over(postgres_url: str, tmp_path: Path) -> None:
    """A sync that is killed while it reads leaves nothing half; done over, it gives one snapshot."""
    project = ProjectFolder(tmp_path)
    query = "SELECT n AS id, 1 AS amount, pg_sleep(0.001) AS x FROM generate_series(1, 1500) AS n"
    project.sources["crm"] = {
        "connector": "sql",
        "connection": {"url": "env:DB"},
        "datasets": {
            "deals": {"query": query, "columns": {"id": "integer", "amount": "integer"}, "key": ["id"]}
        },
    }
    project.metrics = {"crm": {"n": {"dataset": "crm.deals", "value": "sum(amount)"}}}
    project.key_results = {"n": reach("crm.n")}
    project.write()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DB": postgres_url}
    code = "from okr_pipeline.cli import main; main(prog_name='okr')"
    words = [sys.executable, "-c", code, "-C", str(tmp_path), "sync", "--as-of", "2026-08-10"]
    killed = subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    engine = sqlalchemy.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    reading = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(0.001)%%' "
        "AND state = 'active' AND pid <> pg_backend_pid()"
    )
    with engine.connect() as connection:
        until = time.monotonic() + 60
        while not connection.exec_driver_sql(reading).scalar() and time.monotonic() < until:
            time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    assert -signal.SIGKILL == killed.wait(30)
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    assert (1, 1) == (len(project.entries("receipt")), len(project.entries("snapshot")))
    assert [] == list((tmp_path / ".okr/lake").rglob("*.tmp"))
    last = max(project.history().items(), key=lambda item: item[0][1])[1]
    assert 1500 == int(last["value"])
