"""Datasets that one call reads together are one step in Dagster, and still fail each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster_project import in_dagster, materialized
from fake_google import fewer_ranges
from fake_sheet import Book
from project_builder import ProjectFolder, reach
from sheet_reader import ID, Sheets, plan, sheets

from connectors.registry import kinds, reads_together
from okr_pipeline.orchestration import extracts

JOB = "extract_hourly"
DATASETS = ["extract/finance/arr", "extract/finance/days", "extract/finance/teams"]


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> Iterator[Sheets]:
    with sheets(tmp_path) as found:
        yield found


@pytest.fixture(name="project")
def _project(source: Sheets) -> ProjectFolder:
    """A project beside the fake, with three datasets in its one spreadsheet."""
    made = ProjectFolder(source.folder)
    (source.folder / "google.json").write_text(str(source.connection["service_account"]), encoding="utf-8")
    columns = {"arr": "decimal(18,2)", "days": "date", "teams": "string"}
    named = {"arr": "ARR", "days": "Month", "teams": "Team"}
    made.sources["finance"] = {
        "connector": "google_sheets",
        "connection": {**source.connection, "service_account": "file:google.json"},
        "refresh": "hourly",
        "datasets": {
            name: {"spreadsheet": ID, "tab": "Plan", "columns": {named[name]: declared}}
            for name, declared in columns.items()
        },
    }
    made.metrics["finance"] = {"arr": {"dataset": "finance.arr", "value": "sum(ARR)"}}
    made.key_results = {"arr": reach("finance.arr", to=5000)}
    return made.write()


def test_the_kinds_that_read_together_are_known_by_name() -> None:
    """Which kind reads several datasets in one go is known without a connection."""
    assert ["google_sheets"] == [kind for kind in kinds() if reads_together(kind)]


def test_one_spreadsheet_is_read_once_a_run(source: Sheets, project: ProjectFolder) -> None:
    """Three datasets of one spreadsheet are three assets of one look and one values:batchGet."""
    with in_dagster(project) as dagster:
        result = dagster.run(JOB)
    assert (True, DATASETS) == (result.success, materialized(result))
    assert (1, 1) == (source.google.served["get"], source.google.served["batchGet"])


def test_a_dataset_that_is_asked_for_alone_is_read_alone(project: ProjectFolder) -> None:
    """Choosing one asset of the spreadsheet reads that one."""
    with in_dagster(project) as dagster:
        step = dagster.definitions.resolve_assets_def(dg.AssetKey(["extract", "finance", "teams"]))
        result = dg.materialize([step], selection=[DATASETS[2]], instance=dagster.instance)
    assert [DATASETS[2]] == materialized(result)
    assert ["finance.teams"] == [receipt.subject for receipt in project.entries("receipt")]


def test_a_tab_that_is_missing_fails_its_dataset_alone(source: Sheets, project: ProjectFolder) -> None:
    """Where one dataset's tab is gone, the two others come and land, and the run says which did not."""
    project.sources["finance"]["datasets"]["days"]["tab"] = "Gone"
    with in_dagster(project.write()) as dagster:
        result = dagster.run(JOB)
        landed = dagster.run("sync_key_results")
    assert (False, [DATASETS[0], DATASETS[2]]) == (result.success, materialized(result))
    [failure] = [event.step_failure_data.user_failure_data for event in result.get_step_failure_events()]
    assert failure is not None
    assert ["finance.days"] == [line.partition(":")[0] for line in str(failure.description).splitlines()]
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert landed.success
    assert ["finance.arr", "finance.teams"] == [load.subject for load in project.entries("load")]
    assert 1 == source.google.served["batchGet"]


def test_only_what_was_not_read_is_read_again(
    source: Sheets, project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry leaves alone the spreadsheet that came, and every asset is there in the end."""
    monkeypatch.setattr(extracts, "READ_AGAIN", dg.RetryPolicy(max_retries=1))
    source.google.add(Book("2other-spreadsheet", "Other", [plan()], readers={source.google.email}))
    project.sources["finance"]["datasets"]["teams"]["spreadsheet"] = "2other-spreadsheet"
    source.google.fail("batchGet", fewer_ranges())
    with in_dagster(project.write()) as dagster:
        result = dagster.run(JOB)
    assert (True, set(DATASETS)) == (result.success, {*materialized(result)})
    assert 3 == source.google.served["batchGet"]
    assert 3 == len(project.entries("receipt"))
