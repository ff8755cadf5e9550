"""What Dagster is given: every key, arrow, check, job and schedule, and what it costs to load."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_project import many, two_sources
from graph_text import graph_text
from hypothesis import given
from hypothesis import strategies as st
from project_builder import ProjectFolder

from connectors.errors import ConnectorError, Incomplete, QuotaExhausted, SetupError, Transient
from okr_pipeline.definition import definition_hash, definition_of
from okr_pipeline.model.metric import Checks, Dataset
from okr_pipeline.orchestration import build_definitions, executor_named
from okr_pipeline.orchestration.failures import as_dagster, unread
from okr_pipeline.orchestration.key_results import MOST_KEY_RESULTS
from okr_pipeline.orchestration.keys import check_names, extract_job_name, owners_of
from okr_pipeline.warehouse.errors import WarehouseBusy, WarehouseDamaged

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/dagster_graph.txt"
NOW = datetime(2026, 10, 5, 7, tzinfo=UTC)


def definitions_of(project: ProjectFolder) -> dg.Definitions:
    return build_definitions(project.workspace(), executor=executor_named("in_process"))


def test_the_graph_is_as_written(tmp_path: Path) -> None:
    """Every key, arrow, group, owner, kind, check, job and schedule is in the golden file."""
    assert graph_text(definitions_of(two_sources(tmp_path))) == GOLDEN.read_text(encoding="utf-8")


def test_the_definitions_are_loadable(tmp_path: Path) -> None:
    """Dagster finds no fault with any job, schedule or sensor."""
    dg.Definitions.validate_loadable(definitions_of(two_sources(tmp_path)))


def test_loading_needs_no_secret(tmp_path: Path) -> None:
    """A source and a ledger whose address is in no environment load, and nothing is created."""
    project = two_sources(tmp_path)
    project.sources["shop"]["connection"] = {"url": "env:SHOP_URL"}
    project.okr["store"] = {"ledger": "env:LEDGER_URL"}
    definitions_of(project.write()).get_repository_def()
    assert not (tmp_path / ".okr").exists()


def test_a_key_result_carries_its_definition_hash(tmp_path: Path) -> None:
    """The code version of a key result is the hash that its observations carry."""
    project = two_sources(tmp_path).workspace().project
    node = (
        definitions_of(two_sources(tmp_path))
        .resolve_asset_graph()
        .get(dg.AssetKey(["key_result", "grow", "won"]))
    )
    assert node.code_version == definition_hash(definition_of(project, project.key_result("grow.won")))


def test_many_key_results_are_shown_as_objectives(tmp_path: Path) -> None:
    """Above the limit there is one asset an objective, and none a key result."""
    project = many(tmp_path, objectives=3, each=MOST_KEY_RESULTS // 3 + 1)
    keys = definitions_of(project).resolve_asset_graph().get_all_asset_keys()
    assert {key.path[0] for key in keys} & {"objective", "key_result"} == {"objective"}


def test_ten_thousand_key_results_load_in_seconds(tmp_path: Path) -> None:
    """Building and resolving the definitions of 10,000 key results costs less than 15 s of this machine."""
    workspace = many(tmp_path, objectives=400, each=25).workspace()
    start = time.process_time()
    build_definitions(workspace, executor=executor_named("in_process")).get_repository_def()
    assert time.process_time() - start < 15


def test_a_broken_configuration_says_where(tmp_path: Path) -> None:
    """A code location that cannot load ends with our diagnostics: file, line, and what to do."""
    project = two_sources(tmp_path)
    project.metrics["crm"]["won"]["dataset"] = "crm.dealz"
    project.write()
    loaded = subprocess.run(
        [sys.executable, "-c", "import definitions"],
        cwd=ROOT,
        env={**os.environ, "OKR_PROJECT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(r"metrics/crm\.yaml:\d+:\d+: OKR\d+ .*crm\.dealz", loaded.stderr)


def test_the_configuration_is_checked_without_dagster(tmp_path: Path) -> None:
    """An interpreter that refuses to import dagster checks a project."""
    two_sources(tmp_path)
    script = (
        "import sys; from pathlib import Path; sys.modules['dagster'] = None\n"
        "from okr_pipeline import config, sync\n"
        f"print(config.check(Path({str(tmp_path / 'okr_config')!r})).diagnostics)"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "()\n"


def test_an_unknown_executor_names_those_that_there_are() -> None:
    """A mistyped executor is refused with the names that exist."""
    with pytest.raises(ValueError, match="expected one of in_process, multiprocess"):
        executor_named("cellery")


@given(st.lists(st.text("ab _(),é", min_size=1, max_size=4), unique=True, max_size=6))
def test_check_names_are_valid_and_distinct(columns: list[str]) -> None:
    """Whatever columns are called, each check has a name of its own that Dagster allows."""
    checks = Checks(min_rows=1, not_null=tuple(columns), unique=((*columns,),) if columns else ())
    dataset = Dataset(id="crm.deals", source="crm", columns=dict.fromkeys(columns, "string"), checks=checks)
    names = list(check_names(dataset).values())
    assert len(set(names)) == len(columns) + (3 if columns else 2)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in names)


@pytest.mark.parametrize(
    ("refresh", "name"),
    [
        ("0 * * * *", "extract_hourly"),
        ("0 6 * * 1", "extract_weekly"),
        ("*/15 8-18 * * 1,3", "extract_anyby15_8to18_any_any_1and3"),
    ],
)
def test_a_job_is_named_after_its_refresh(refresh: str, name: str) -> None:
    """A preset gives its name, any other cron line is spelled out."""
    assert extract_job_name(refresh) == name


@pytest.mark.parametrize(
    ("owner", "shown"), [("a@b.example", ["a@b.example"]), ("team:x", ["team:x"]), ("Bo", []), (None, [])]
)
def test_an_owner_is_one_that_dagster_takes(owner: str | None, shown: list[str]) -> None:
    """E-mail addresses and teams are owners; a bare name would keep the graph from loading."""
    assert owners_of(owner) == shown


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (SetupError("no such file", mend="write it"), False),
        (WarehouseDamaged("torn", mend="rebuild"), False),
        (QuotaExhausted("none left", mend="wait", until=NOW + timedelta(hours=5)), False),
        (Transient("no answer", mend="wait"), True),
        (Incomplete("3 of 4 rows", mend="run again"), True),
    ],
)
def test_only_what_may_pass_is_tried_again(error: Any, *, again: bool) -> None:
    """A wrong setup fails at once; an interrupted read is left to the retry policy."""
    failure = as_dagster(error, now=NOW)
    assert isinstance(failure, dg.Failure)
    assert failure.allow_retries is again


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (QuotaExhausted("none left", mend="wait", until=NOW + timedelta(seconds=90)), 90),
        (QuotaExhausted("none left", mend="wait", until=NOW - timedelta(seconds=5)), 1),
        (WarehouseBusy("held", mend="wait"), 15),
    ],
)
def test_a_step_waits_as_long_as_it_is_told(error: ConnectorError, seconds: int) -> None:
    """A quota that is free again soon is waited for to the second, and so is a warehouse in use."""
    retry = as_dagster(error, now=NOW)
    assert isinstance(retry, dg.RetryRequested)
    assert retry.seconds_to_wait == seconds


@pytest.mark.parametrize(("beside", "again"), [(SetupError, False), (Incomplete, True)])
def test_a_step_of_several_datasets_names_those_that_failed(
    beside: type[ConnectorError], *, again: bool
) -> None:
    """It is tried again if any of them may pass, and names each either way."""
    errors = {"crm.a": SetupError("no such tab", mend="write it"), "crm.b": beside("gone", mend="look")}
    failure = unread(errors, now=NOW)
    assert isinstance(failure, dg.Failure)
    assert (failure.description, failure.allow_retries) == (
        "crm.a: no such tab; write it\ncrm.b: gone; look",
        again,
    )


def test_a_step_of_several_datasets_waits_for_the_longest() -> None:
    """One that is out of quota is waited for, whatever else failed beside it."""
    quotas = [QuotaExhausted("none left", mend="wait", until=NOW + timedelta(seconds=s)) for s in (30, 90)]
    errors = {"crm.a": SetupError("gone", mend="look"), "crm.b": quotas[1], "crm.c": quotas[0]}
    retry = unread(errors, now=NOW)
    assert isinstance(retry, dg.RetryRequested)
    assert retry.seconds_to_wait == 90
