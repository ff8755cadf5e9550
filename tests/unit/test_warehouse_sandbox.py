"""Whole queries in their own process: exact answers, no way out, and an end to every one of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from okr_pipeline.expression import check_query
from okr_pipeline.model.calendar import AllTime, Span
from okr_pipeline.model.metric import Dataset, Query
from okr_pipeline.model.observation import State
from okr_pipeline.warehouse import landing
from okr_pipeline.warehouse.database import Database, Settings
from okr_pipeline.warehouse.question import NEVER_READ, NO_ROWS, Answer, Ask
from okr_pipeline.warehouse.sandbox import Sandbox, answer_query

DEALS = Dataset(
    id="crm.deals", source="crm", columns={"amount": "decimal(18,2)", "on": "date", "name": "string"}
)
CUT = datetime(2026, 8, 10, 10, tzinfo=UTC)
SPAN = Span(datetime(2026, 7, 31, 22, tzinfo=UTC), CUT, None, CUT.date())


@pytest.fixture(scope="module", name="warehouse")
def _warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sandbox") / "w.duckdb"
    with Database(path, settings=Settings()) as db:
        landing.prepare(db, [DEALS])
        rows = "SELECT i, DATE '2026-08-01' + i::INTEGER, 'n' || i, 1, NULL FROM range(1, 11) t(i)"
        db.run(f"INSERT INTO {landing.table_of(DEALS.id)} {rows}")
    return path


@pytest.fixture(scope="module", name="box")
def _box(warehouse: Path) -> Iterator[Sandbox]:
    with Sandbox(warehouse, settings=Settings(zone="Europe/Berlin"), deadline_s=3, memory="300MB") as box:
        yield box


def asked(box: Sandbox, sql: str) -> Answer:
    ask = Ask("crm.m", None, CUT, loads=(("crm.deals", 1),), span=SPAN)
    return answer_query(box, ask, Query(sql=sql, datasets=("crm.deals",), window=AllTime()))


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT sum(amount) FROM crm.deals", "55"),
        ("SELECT sum(amount) / 7 FROM crm.deals", "7.857142857"),
        ("SELECT avg(amount) FROM crm.deals", "5.5"),
        ("SELECT quantile_cont(amount, 0.95) FROM crm.deals", "9.55"),
        ("SELECT count(*) FROM crm.deals d WHERE d.on < :as_of", "9"),
        ('SELECT count(*) FROM crm.deals WHERE "on" >= :window_start AND "on" < :window_end', "9"),
        ("WITH big AS (SELECT * FROM crm.deals WHERE amount > 5) SELECT count(*) FROM big", "5"),
        ("SELECT max(n) FROM (SELECT count(*) AS n FROM crm.deals GROUP BY amount % 2)", "5"),
        ("SELECT amount FROM crm.deals ORDER BY amount DESC LIMIT 1", "10"),
    ],
)
def test_one_number(box: Sandbox, sql: str, value: str) -> None:
    """One SELECT that gives one number is answered exactly, at the cut."""
    assert asked(box, sql) == Answer(Decimal(value).quantize(Decimal("0.000000001")))


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT amount FROM crm.deals", "more than one row"),
        ("SELECT min(amount), max(amount) FROM crm.deals", "gives 2 columns"),
        ("SELECT * FROM crm.deals", "gives 3 columns"),
        ("SELECT sqrt(4) FROM crm.deals LIMIT 1", "gives a DOUBLE"),
        ("SELECT max(name) FROM crm.deals", "gives a VARCHAR"),
        ("SELECT sum(amount / (amount - 5)) FROM crm.deals", "divides by zero"),
    ],
)
def test_other_shapes_are_invalid(box: Sandbox, sql: str, reason: str) -> None:
    """The reason names the shape; no value of the data is in it."""
    found = asked(box, sql)
    assert (found.value, found.state, reason in str(found.reason)) == (None, State.INVALID, True)


@pytest.mark.parametrize(
    "sql",
    ["SELECT amount FROM crm.deals WHERE amount > 99", "SELECT sum(amount) FROM crm.deals WHERE amount > 99"],
)
def test_no_row_and_null_are_no_data(box: Sandbox, sql: str) -> None:
    """Neither is 0."""
    assert asked(box, sql) == NO_ROWS


def test_a_dataset_that_was_never_landed(box: Sandbox) -> None:
    """Nothing is asked of the child then."""
    of = Query(sql="SELECT count(*) FROM crm.deals", datasets=("crm.deals",), window=AllTime())
    assert answer_query(box, Ask("crm.m", None, CUT, span=SPAN), of) == NEVER_READ


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM crm.deals, query('SELECT * FROM read_text(''/etc/passwd'')')",
        "SELECT length(content) FROM crm.deals, read_text('/etc/passwd')",
        "SELECT count(*) FROM crm.deals, '/etc/passwd'",
        "SELECT count(*) FROM crm.deals, 'http://127.0.0.1:9/x.csv'",
        "SELECT count(*) FROM crm.deals, read_csv('https://127.0.0.1:9/x.csv')",
        "SELECT count(*) FROM crm.deals, duckdb_secrets()",
        'WITH "/etc/passwd" AS (SELECT 1 FROM crm.deals) SELECT count(*) FROM "/etc/hosts"',
    ],
)
def test_no_way_out(box: Sandbox, sql: str) -> None:
    """Files and addresses are refused before anything runs; run all the same, they give no number."""
    assert check_query(sql)[1] != []
    assert asked(box, sql).value is None


def test_a_name_that_looks_like_a_file_is_only_a_name(box: Sandbox) -> None:
    """A common table expression may be called what it likes: no file is read, nothing is attached."""
    name = "\"ATTACH '/etc/passwd'\""
    sql = f"WITH {name} AS (SELECT amount FROM crm.deals) SELECT sum(amount) FROM {name}"
    assert asked(box, sql).value == 55


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT length(repeat('x', 3000000000)) + count(*) FROM crm.deals",
        "SELECT len(list(repeat(name, 300000000) || a)) FROM crm.deals, (SELECT unnest([1, 2]) AS a) b",
    ],
)
def test_a_memory_hog_ends_alone(box: Sandbox, sql: str) -> None:
    """It gets no number, and the next query is answered."""
    assert asked(box, sql).state is State.ERROR
    assert asked(box, "SELECT count(*) FROM crm.deals").value == 10


def test_an_endless_query_is_killed_at_its_deadline(warehouse: Path) -> None:
    """Its process is gone, the reason says why, and the next query gets a new one."""
    endless = (
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t, crm.deals"
    )
    with Sandbox(warehouse, settings=Settings(), deadline_s=2) as box:
        assert asked(box, "SELECT count(*) FROM crm.deals").value == 10
        child = box._child
        found = asked(box, endless)
        after = asked(box, "SELECT count(*) FROM crm.deals").value
    assert (found.state, found.reason, after) == (State.ERROR, "the query took longer than 2 s", 10)
    assert child is not None
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_a_killed_child_is_replaced(warehouse: Path) -> None:
    """What kills it, be it the kernel short of memory, costs one query."""
    with Sandbox(warehouse, settings=Settings(), deadline_s=20) as box:
        assert asked(box, "SELECT count(*) FROM crm.deals").value == 10
        assert box._child is not None
        box._child.kill()
        box._child.wait()
        found = asked(box, "SELECT count(*) FROM crm.deals")
        assert (found.state, asked(box, "SELECT count(*) FROM crm.deals").value) == (State.ERROR, 10)


def test_a_late_answer_is_nobody_elses(warehouse: Path) -> None:
    """What the child prints besides its answers, and answers to other questions, are not taken for one."""
    slow = "SELECT sum(length(repeat(name, 60000000))) + 0 * count(*) FROM crm.deals"
    with Sandbox(warehouse, settings=Settings(), deadline_s=20) as box:
        answers = [asked(box, sql).value for sql in (slow, "SELECT count(*) FROM crm.deals")]
    assert answers == [1260000000, 10]


def test_a_failing_query_leaks_nothing(box: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither its reason nor standard error holds a value of the data or a path."""
    found = asked(box, "SELECT sum(CAST(name AS INTEGER)) FROM crm.deals")
    assert "n1" not in str(found.reason)
    assert capfd.readouterr().err == ""


def test_the_warehouse_cannot_be_written(box: Sandbox, warehouse: Path) -> None:
    """The child has it open read-only."""
    before = warehouse.read_bytes()
    box.ask({"sql": 'DROP TABLE landing."crm.deals"', "loads": {}, "times": {}})
    assert warehouse.read_bytes() == before


def test_the_zone_is_the_projects(box: Sandbox) -> None:
    """A local day of an instant is the day in the project's zone."""
    sql = "SELECT day(:as_of) * 100 + hour(:as_of) FROM crm.deals LIMIT 1"
    assert asked(box, sql).value == 1012
