"""Whole runs on Salesforce: increments, the recycle bin, rows that go without a trace, a process killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_http import Exchange, status
from fake_salesforce import connection, id18
from project_builder import ProjectFolder, day, reach, seen
from salesforce_deals import deal
from salesforce_world import World, world

ROOT = Path(__file__).parents[2]
COLUMNS = {
    "Id": "string",
    "Amount": "decimal(18,2)",
    "IsWon": "boolean",
    "IsDeleted": "boolean",
    "SystemModstamp": "timestamp",
}
CRASH = f"""
import sys; sys.path[:0] = {[str(ROOT), str(ROOT / "tests/builders")]!r}
from pathlib import Path
from project_builder import ProjectFolder, day
from okr_pipeline.run import Run
from okr_pipeline.sync import extract_all
from okr_pipeline.workspace import Workspace
import os
w = Workspace.load(Path(sys.argv[1]), environ=dict(os.environ))
with w.ledger() as ledger:
    extract_all(w, Run(ledger=ledger, as_of=day(10), recorded_at=day(10)))
"""


@pytest.fixture(name="it")
def _it(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, deals=40) as made:
        yield made


@pytest.fixture(name="project")
def _project(it: World, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """A project whose deals come from the world."""
    folder = ProjectFolder(it.folder)
    written = connection(it.server, it.org, consumer_key="env:SF_KEY", consumer_secret="env:SF_SECRET")
    real = connection(it.server, it.org)
    monkeypatch.setenv("SF_KEY", real["consumer_key"])
    monkeypatch.setenv("SF_SECRET", real["consumer_secret"])
    deals = {"object": "Opportunity", "columns": dict(COLUMNS), "key": ["Id"], "cursor": "SystemModstamp"}
    deals |= {"overlap": "10m", "include_deleted": True, "deleted": "IsDeleted", "read": "rest"}
    folder.sources = {"crm": {"connector": "salesforce", "connection": written, "datasets": {"deals": deals}}}
    folder.metrics = {"crm": {"total": {"dataset": "crm.deals", "value": "count(*)"}}}
    folder.key_results = {"total": reach("crm.total")}
    return folder


def total(project: ProjectFolder, number: int) -> Decimal | None:
    """Sync on day *number*, and return how many deals stand."""
    return seen(project.sync_at(day(number), environ=dict(os.environ)))["total"].value


def body(project: ProjectFolder, kind: str) -> Any:
    return project.entries(kind)[-1].body


@pytest.mark.fault(22, on="salesforce")
def test_22_a_late_commit_is_caught_by_the_overlap(it: World, project: ProjectFolder) -> None:
    """22: a row that appears after a read with a stamp from before it comes with the next one."""
    newest = deal(40)["SystemModstamp"]
    assert 40 == total(project, 9)
    it.org.tables.insert("Opportunity", [deal(41, SystemModstamp=newest - timedelta(minutes=5))])
    assert 41 == total(project, 10)
    assert ("incremental", 3) == (body(project, "receipt")["mode"], body(project, "receipt")["rows"])


@pytest.mark.fault(23, on="salesforce")
def test_23_soft_deletes_go_and_come_back(it: World, project: ProjectFolder) -> None:
    """23: a deal in the recycle bin is not counted; taken out of it, it is again."""
    assert 40 == total(project, 9)
    now = datetime(2026, 2, 1, tzinfo=UTC)
    it.org.tables.update("Opportunity", id18("006", 7), IsDeleted=True, SystemModstamp=now)
    assert 39 == total(project, 10)
    later = now + timedelta(hours=1)
    it.org.tables.update("Opportunity", id18("006", 7), IsDeleted=False, SystemModstamp=later)
    assert 40 == total(project, 11)


@pytest.mark.fault(24, on="salesforce")
def test_24_a_hard_delete_forces_a_full_read(it: World, project: ProjectFolder) -> None:
    """24: a row that goes without a trace shows in the source's own count, and is gone in the same run."""
    project.dataset["cross_check"] = ["Amount"]
    assert 40 == total(project, 9)
    it.org.tables.remove("Opportunity", id18("006", 7))
    assert 39 == total(project, 10)
    assert ["full", "incremental", "full"] == [entry.body["mode"] for entry in project.entries("receipt")]
    assert {"rows", "sum Amount"} == set(body(project, "receipt")["whole"])
    assert all(check["passed"] for check in body(project, "load")["checks"])


@pytest.mark.fault(24, on="salesforce")
def test_24_a_field_that_moves_without_a_stamp_forces_a_full_read(it: World, project: ProjectFolder) -> None:
    """24: a calculated amount that changes leaves no stamp, but another sum."""
    project.dataset["cross_check"] = ["Amount"]
    total(project, 9)
    it.org.tables.update("Opportunity", id18("006", 7), Amount=Decimal("1.25"))
    project.sync_at(day(10), environ=dict(os.environ))
    assert "full" == body(project, "receipt")["mode"]
    assert 1 == body(project, "load")["changes"]["amended"]


@pytest.mark.fault(21, on="salesforce")
def test_21_what_still_differs_is_written_down_once(it: World, project: ProjectFolder) -> None:
    """21: a source that changes all the time is read again once a run; what differs then is told."""
    project.dataset["cross_check"] = ["Amount"]
    total(project, 9)
    numbers = iter(range(50, 90))

    def grow() -> None:
        it.org.tables.insert("Opportunity", [deal(next(numbers))])

    before = len(project.entries("receipt"))
    it.server.inject(lambda x: (x.send(x.reply()), grow()), times=99, path="*/quer*")
    project.sync_at(day(10), environ=dict(os.environ))
    failed = [check["check"] for check in body(project, "load")["checks"] if not check["passed"]]
    assert before + 2 == len(project.entries("receipt"))
    assert ["whole(rows)", "whole(sum Amount)"] == failed
    assert "landed" == body(project, "load")["verdict"]


@pytest.mark.fault(51, on="salesforce")
def test_51_a_killed_read_goes_on_with_its_job(it: World, project: ProjectFolder) -> None:
    """51: a process killed while it fetches results leaves its job's id; the next run makes no second job."""
    project.dataset["read"] = "bulk"
    project.write()
    victim: list[int] = []

    def kill(exchange: Exchange) -> None:
        os.kill(victim[0], signal.SIGKILL)
        exchange.hang_up()

    it.server.inject(kill, path="*/results")
    process = subprocess.Popen([sys.executable, "-c", CRASH, str(it.folder)], env=dict(os.environ))
    victim.append(process.pid)
    assert -signal.SIGKILL == process.wait(60)
    kept = it.folder / ".okr/unfinished/crm.deals.json"
    assert kept.exists()
    assert 40 == total(project, 10)
    assert 1 == it.org.calls["job"]
    assert not kept.exists()


@pytest.mark.fault(51, on="salesforce")
def test_51_an_old_job_is_not_gone_on_with(it: World, project: ProjectFolder) -> None:
    """51: what a job found hours ago is not today's state; it is read anew."""
    project.dataset["read"] = "bulk"
    it.server.inject(status(403, body=b'[{"errorCode": "FORBIDDEN"}]'), times=99, path="*/results")
    project.sync_at(day(9), environ=dict(os.environ))
    kept = it.folder / ".okr/unfinished/crm.deals.json"
    kept.write_text(kept.read_text().replace(f"{datetime.now(UTC):%Y-}", "2025-"))
    it.server.heal()
    assert 40 == total(project, 10)
    assert 2 == it.org.calls["job"]


@pytest.mark.fault(6, on="salesforce")
def test_6_another_organisation_leaves_the_last_good_state(it: World, project: ProjectFolder) -> None:
    """6: when another organisation answers, nothing of it is read, and what was read stands."""
    total(project, 9)
    it.org.id = "00D9x000001ZzZzEAK"
    synced = project.sync_at(day(10), environ=dict(os.environ))
    assert "was read before" in str(synced.extracted[0].error)
    assert 1 == len(project.entries("receipt"))


def test_an_aggregate_is_one_call(it: World, project: ProjectFolder) -> None:
    """`mode: aggregate` lands the groups that Salesforce made, in an order of their own."""
    query = "SELECT StageName stage, COUNT(Id) n, SUM(Amount) amount FROM Opportunity GROUP BY StageName"
    columns = {"stage": "string", "n": "integer", "amount": "decimal(18,2)"}
    project.sources["crm"]["datasets"]["deals"] = {
        "mode": "aggregate",
        "query": query,
        "columns": columns,
        "key": ["stage"],
    }
    project.metrics["crm"]["total"]["value"] = "sum(n)"
    assert 40 == total(project, 9)
    assert 2 == it.org.calls["query"]


def test_51_a_job_whose_read_was_accepted_again_is_forgotten(it: World, project: ProjectFolder) -> None:
    """51: after a second run at the same instant its job stayed behind, and the next day got its old rows."""
    project.dataset["read"] = "bulk"
    del project.dataset["cursor"], project.dataset["overlap"]
    total(project, 9)
    total(project, 9)
    it.org.tables.insert("Opportunity", [deal(900)])
    assert 41 == total(project, 10)


def test_51_a_job_with_a_bad_row_is_not_gone_on_with(it: World, project: ProjectFolder) -> None:
    """51: a row that was mended in the source was refused for an hour more, out of the old job's results."""
    project.dataset["read"] = "bulk"
    project.dataset["columns"] = {**COLUMNS, "Amount": "decimal(18,1)"}
    project.sync_at(day(9), environ=dict(os.environ))
    for number in range(1, 41):
        it.org.tables.update("Opportunity", id18("006", number), Amount=Decimal(number))
    assert 40 == total(project, 10)
