"""A project that lives on PostgreSQL: its source there, and its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from project_builder import ProjectFolder, day

from okr_pipeline.audit.verify import verify
from okr_pipeline.model.observation import Observation, State, Status
from okr_pipeline.run import Run
from okr_pipeline.sync import sync
from okr_pipeline.workspace import Workspace

TABLE = """CREATE TABLE deals (
    id bigint PRIMARY KEY, amount numeric, won boolean, closed_on date, changed_at timestamptz)"""
ROWS = """INSERT INTO deals VALUES
    (1, 100.10, true, '2026-08-01', '2026-08-01 08:00Z'),
    (2, 200.20, false, '2026-08-02', '2026-08-02 08:00Z'),
    (3, 300.30, true, '2026-08-05', '2026-08-05 08:00Z')"""


@pytest.fixture(name="execute")
def _execute(postgres_url: str) -> Iterator[sqlalchemy.Connection]:
    engine = sqlalchemy.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(TABLE)
        connection.exec_driver_sql(ROWS)
        yield connection
    engine.dispose()


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path, postgres_url: str, execute: sqlalchemy.Connection) -> Workspace:
    folder = ProjectFolder(tmp_path)
    columns = {"id": "integer", "amount": "decimal(18,2)", "won": "boolean"}
    columns |= {"closed_on": "date", "changed_at": "timestamp"}
    deals = {"table": "deals", "columns": columns, "key": ["id"], "cursor": "changed_at", "overlap": "10m"}
    folder.sources = {
        "crm": {"connector": "sql", "connection": {"url": "env:CRM_URL"}, "datasets": {"deals": deals}}
    }
    folder.okr["store"] = {"ledger": "env:LEDGER_URL"}
    folder.write()
    return Workspace.load(tmp_path, environ={"CRM_URL": postgres_url, "LEDGER_URL": postgres_url})


def won_at(workspace: Workspace, number: int) -> Observation:
    with workspace.ledger() as ledger:
        run = Run(ledger=ledger, as_of=day(number), recorded_at=day(number))
        synced = sync(workspace, run, publishing=False)
    return synced.snapshot.key_results[0]


def test_a_sync_reads_and_records_on_postgresql(workspace: Workspace) -> None:
    """Source and ledger on one PostgreSQL give the exact sum, and nothing is left to mend."""
    seen = won_at(workspace, 6)
    assert (State.OK, "400.400000000") == (seen.state, str(seen.value))
    with workspace.ledger() as ledger:
        assert () == verify(workspace, ledger).faults


def test_the_second_read_is_incremental(workspace: Workspace, execute: sqlalchemy.Connection) -> None:
    """Only rows beyond the watermark are read again; an amended one replaces what was landed."""
    won_at(workspace, 6)
    execute.exec_driver_sql("UPDATE deals SET amount = 300.31, changed_at = '2026-08-07 08:00Z' WHERE id = 3")
    with workspace.ledger() as ledger:
        run = Run(ledger=ledger, as_of=day(8), recorded_at=day(8))
        synced = sync(workspace, run, publishing=False)
        modes = [entry.body["mode"] for entry in ledger.entries("receipt")]
    assert (["full", "incremental"], 1) == (modes, synced.extracted[0].rows)
    assert "400.410000000" == str(synced.snapshot.key_results[0].value)


def test_a_source_that_vanishes_leaves_the_last_good_value(
    workspace: Workspace, execute: sqlalchemy.Connection
) -> None:
    """A dropped table makes the key result stale, with its last good value and the reason."""
    won_at(workspace, 6)
    execute.exec_driver_sql("DROP TABLE deals")
    seen = won_at(workspace, 8)
    assert (Status.STALE, "400.400000000", day(6)) == (seen.status, str(seen.value), seen.carried_from)
    assert "deals" in str(seen.reason)
