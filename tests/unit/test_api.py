"""A project as data frames."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from project_builder import NOON, ProjectFolder, day, keep, reach

from connectors.errors import SetupError
from okr_pipeline.api import NothingFound, OpenProject, open_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenProject]:
    """A leading and a lagging key result and one without a metric, synced on day 5 and on day 10."""
    folder = ProjectFolder(tmp_path_factory.mktemp("api"))
    open_deals = {**reach("crm.open", start=400, to=0), "indicator": "leading", "owner": "bo@example"}
    folder.key_results = {
        "open": open_deals,
        "won": reach("crm.won"),
        "later": {"title": "Later", "from": 0, "to": 1},
    }
    folder.sync_at(day(5))
    folder.sync_at(NOON)
    with open_project(folder.root) as opened:
        yield opened


def test_a_snapshot_is_one_row_a_key_result_in_declared_order(project: OpenProject) -> None:
    """Leading and lagging share the frame, told apart by their column."""
    frame = project.snapshot()
    assert {"grow.open": "leading", "grow.won": "lagging"} == frame["indicator"].to_dict()


def test_numbers_are_decimals_and_a_missing_one_is_none(project: OpenProject) -> None:
    """Exact as published, never a float."""
    frame = project.snapshot()
    assert (Decimal("450.4"), None) == (frame.at["grow.won", "value"], frame.at["grow.open", "change_7d"])


def test_decimals_become_floats_where_one_asks(project: OpenProject) -> None:
    """For plotting: missing values turn into NaN."""
    frame = project.snapshot()
    assert 0.4504 == frame["progress"].astype(float)["grow.won"]
    assert [True, False] == frame["change_7d"].astype(float).isna().tolist()


@pytest.mark.parametrize(
    "as_of", ["2026-08-05", date(2026, 8, 5), datetime.fromisoformat("2026-08-05T12:00"), day(5)]
)
def test_the_past_is_asked_for_in_any_form(project: OpenProject, as_of: str | date | datetime) -> None:
    """A day counts to its end, a time without zone is the project's: both find the snapshot of day 5."""
    assert Decimal("400.4") == project.snapshot(as_of).at["grow.won", "value"]


def test_a_history_has_a_row_for_each_day_of_the_cycle(project: OpenProject) -> None:
    """By day, oldest first, the last one being the snapshot itself."""
    values = project.history("grow.won")["value"]
    assert (10, pd.Timestamp("2026-08-01"), Decimal("100.1"), Decimal("450.4")) == (
        len(values),
        values.index[0],
        values.iloc[0],
        values.iloc[-1],
    )


def test_objectives_are_rolled_up(project: OpenProject) -> None:
    """One row an objective, by id."""
    assert [("grow", 2, 2)] == list(project.objectives()[["counted", "declared"]].itertuples(name=None))


def test_declared_key_results_include_those_that_are_not_ready(project: OpenProject) -> None:
    """One without a metric is listed, without unit and datasets."""
    frame = project.key_results()
    assert {"grow.open": "crm.deals", "grow.won": "crm.deals", "grow.later": None} == {
        id: None if pd.isna(datasets) else datasets for id, datasets in frame["datasets"].items()
    }


def test_an_explanation_recomputes_and_shows_its_rows(project: OpenProject) -> None:
    """Text, steps, origins and rows of one number; the rows add up to it."""
    explained = project.explain("grow.won", rows=10)
    assert (explained.value, explained.recomputed) == (Decimal("450.4"), Decimal("450.4"))
    assert Decimal("450.40") == explained.rows["crm.won"]["amount"].sum()
    assert (["crm.won"], ["crm.deals"]) == (
        list(explained.steps["metric"]),
        list(explained.origins["dataset"]),
    )
    assert "stored rows give 450.4: matches" in str(explained)


@pytest.mark.parametrize("asked", ["history", "explain"])
def test_an_unknown_key_result_is_told_with_its_neighbour(project: OpenProject, asked: str) -> None:
    """A slip is an error that names what was likely meant."""
    with pytest.raises(NothingFound, match=r"'grow.wonn' in the snapshot; did you mean grow.won\?"):
        getattr(project, asked)("grow.wonn")


def test_before_the_first_snapshot_there_is_nothing(project: OpenProject) -> None:
    """An as-of before every snapshot is an error, no empty frame."""
    with pytest.raises(NothingFound, match="tiny has no snapshot at or before 2026-08-01; run `okr sync`"):
        project.snapshot("2026-08-01")


def test_a_snapshot_without_leading_key_results_is_a_frame_like_any_other(tmp_path: Path) -> None:
    """An empty half changes no column."""
    folder = ProjectFolder(tmp_path)
    folder.key_results = {"won": keep("crm.won", ">= 1")}
    folder.sync_at(NOON)
    with open_project(folder.root) as opened:
        assert [("grow.won", "keep")] == list(opened.snapshot()[["goal"]].itertuples(name=None))


def test_the_environment_is_what_the_caller_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference is looked up in *environ* and nowhere else."""
    monkeypatch.setenv("LEDGER", "sqlite:///ledger.db")
    folder = ProjectFolder(tmp_path)
    folder.okr["store"] = {"ledger": "env:LEDGER"}
    elsewhere = {"LEDGER": "sqlite:///other.db"}
    folder.sync_at(environ=elsewhere)
    with pytest.raises(SetupError, match="LEDGER is not set"):
        open_project(folder.root)
    with open_project(folder.root, environ=elsewhere) as project:
        assert ["grow.won"] == list(project.snapshot().index)


def test_opening_imports_no_connector_and_no_dagster() -> None:
    """A notebook pays for pandas, not for drivers."""
    code = (
        "import sys, okr_pipeline.api; heavy = {'dagster', 'openpyxl', 'psycopg', 'connectors.sql'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout
