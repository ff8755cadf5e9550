"""Runs of the real jobs on a real instance: what is brought up to date, and what a failure takes with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster_project import failed_checks, in_dagster, many, materialized, two_sources, write_orders
from project_builder import DEALS, ProjectFolder

from okr_pipeline.ledger.instant import instant_from
from okr_pipeline.model.observation import Observation
from okr_pipeline.orchestration.key_results import MOST_KEY_RESULTS, key_results_asset
from okr_pipeline.orchestration.landings import landing_asset
from okr_pipeline.snapshot import read_snapshot

EXTRACTS = ["extract/crm/deals", "extract/shop/big", "extract/shop/orders"]
ONWARDS = [
    "key_result/grow/kept",
    "key_result/grow/won",
    "key_result/serve/orders",
    "landing/crm/deals",
    "landing/shop/big",
    "landing/shop/orders",
    "publish/page",
    "publish/tables",
    "snapshot/tiny",
]


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> ProjectFolder:
    return two_sources(tmp_path)


def values(project: ProjectFolder) -> dict[str, str]:
    """Return what each key result says in the newest snapshot."""
    with project.workspace().ledger() as ledger:
        snapshot = read_snapshot(ledger, "tiny")
    assert snapshot is not None
    return {o.key_result: said(o) for o in snapshot.key_results}


def said(seen: Observation) -> str:
    return seen.state.value if seen.value is None else f"{seen.value:.2f}"


def without_shop(project: ProjectFolder) -> None:
    (project.root / "data/shop.db").unlink()


def test_what_readers_do_not_get_is_in_the_log(project: ProjectFolder) -> None:
    """The snapshot stands although `okr show` cannot be given it; the step that measured says so."""
    (project.root / ".okr/latest.json").mkdir(parents=True)
    with in_dagster(project) as dagster:
        result = dagster.run("sync_key_results")
        logged = [entry.user_message for entry in dagster.instance.all_logs(result.run_id)]
    assert "snapshot/tiny" in materialized(result)
    assert any("latest.json cannot be written" in told for told in logged)


def test_sync_all_brings_everything_up_to_date(project: ProjectFolder) -> None:
    """One click reads, lands, measures, records and publishes, and every asset says so."""
    with in_dagster(project) as dagster:
        result = dagster.run("sync_all")
    assert (result.success, materialized(result)) == (True, sorted([*EXTRACTS, *ONWARDS]))
    assert values(project) == {"grow.won": "450.40", "grow.kept": "450.40", "serve.orders": "2.00"}


def test_the_jobs_do_together_what_sync_all_does(project: ProjectFolder) -> None:
    """Reading by one job and measuring by another gives the same numbers and the same assets."""
    with in_dagster(project) as dagster:
        done = [dagster.run(job) for job in ("extract_hourly", "extract_anyby15_8to18_any_any_1")]
        assert sorted(materialized(done[0]) + materialized(done[1])) == EXTRACTS
        assert materialized(dagster.run("sync_key_results")) == ONWARDS
    assert values(project) == {"grow.won": "450.40", "grow.kept": "450.40", "serve.orders": "2.00"}


def test_a_failed_read_is_red_and_alone(project: ProjectFolder) -> None:
    """Where one source cannot be read, its reads fail at once, and its neighbours' numbers are there."""
    without_shop(project)
    with in_dagster(project) as dagster:
        failed = dagster.run("extract_anyby15_8to18_any_any_1")
        assert (failed.success, materialized(failed)) == (False, [])
        assert not failed.filter_events(lambda event: event.is_step_up_for_retry)
        dagster.run("extract_hourly")
        assert dagster.run("sync_key_results").success
    assert values(project) == {"grow.won": "450.40", "grow.kept": "450.40", "serve.orders": "no_data"}


def test_sync_all_with_a_failed_read_does_the_rest_and_is_red(project: ProjectFolder) -> None:
    """Every key result is measured and published although one source failed, and the run says which."""
    without_shop(project)
    with in_dagster(project) as dagster:
        result = dagster.run("sync_all")
    assert (result.success, materialized(result)) == (False, ["extract/crm/deals", *ONWARDS])
    assert values(project) == {"grow.won": "450.40", "grow.kept": "450.40", "serve.orders": "no_data"}
    [failure] = [event.step_failure_data.user_failure_data for event in result.get_step_failure_events()]
    assert failure is not None
    assert "shop.orders: " in str(failure.description)


def test_in_one_graph_a_failed_read_skips_every_key_result(project: ProjectFolder) -> None:
    """Dagster's own rule, and why reads have jobs of their own: a failure skips what is downstream."""
    without_shop(project)
    with in_dagster(project) as dagster:
        result = dagster.run("__ASSET_JOB")
    assert not [
        name for name in materialized(result) if name.startswith(("key_result", "snapshot", "publish"))
    ]


def test_a_failed_check_is_red_and_holds_back_its_own_load_alone(project: ProjectFolder) -> None:
    """The quarantined dataset keeps its last good rows; the other one's new rows count."""
    with in_dagster(project) as dagster:
        dagster.run("sync_all")
        project.csv("crm/deals", ["id,amount,won,closed_on", "a,,true,2026-08-01", "b,9,true,2026-08-01"])
        write_orders(project.root, count=3)
        dagster.run("extract_hourly")
        dagster.run("extract_anyby15_8to18_any_any_1")
        result = dagster.run("sync_key_results")
    assert failed_checks(result) == ["landing/crm/deals:not_null_amount"]
    assert materialized(result) == ONWARDS
    assert values(project) == {"grow.won": "450.40", "grow.kept": "450.40", "serve.orders": "3.00"}


def test_every_declared_check_has_a_verdict_before_anything_was_read(project: ProjectFolder) -> None:
    """A check that cannot be asked does not pass in silence."""
    with in_dagster(project) as dagster:
        result = dagster.run("sync_key_results")
    checks = ["history", "key_id", "max_change", "min_rows", "not_null_amount"]
    deals = [f"landing/crm/deals:{name}" for name in checks]
    orders = ["landing/shop/orders:history", "landing/shop/orders:key_id"]
    assert failed_checks(result) == [*deals, "landing/shop/big:history", *orders, "snapshot/tiny:fresh"]


def test_a_check_is_green_again_when_the_good_content_is_back(project: ProjectFolder) -> None:
    """A read that equals the load that stands has its verdicts, whatever was quarantined in between."""
    bad = ["id,amount,won,closed_on", "a,,true,2026-08-01", "b,9,true,2026-08-01", "c,9,true,2026-08-01"]
    with in_dagster(project) as dagster:
        failed = []
        for lines in (DEALS, bad, DEALS):
            project.csv("crm/deals", lines)
            dagster.run("extract_hourly")
            failed.append(failed_checks(dagster.run("sync_key_results"))[:1])
    assert failed == [
        ["landing/shop/big:history"],
        ["landing/crm/deals:not_null_amount"],
        ["landing/shop/big:history"],
    ]


def test_all_stages_of_a_run_share_the_instant_it_started(project: ProjectFolder) -> None:
    """The as-of of reads and snapshot is the start of Dagster's run, not the clock of each step."""
    with in_dagster(project) as dagster:
        result = dagster.run("sync_all")
        record = dagster.instance.get_run_record_by_id(result.run_id)
    assert record is not None
    assert record.start_time is not None
    started = datetime.fromtimestamp(int(record.start_time), UTC)
    stages = project.entries("receipt") + project.entries("snapshot")
    assert {entry.valid_at for entry in stages} == {started}


def test_one_key_result_can_be_asked_for(project: ProjectFolder) -> None:
    """What is chosen is reported; the snapshot behind it still holds every key result."""
    workspace = project.workspace()
    datasets = workspace.project.datasets.values()
    assets = [key_results_asset(workspace), *(landing_asset(workspace, dataset) for dataset in datasets)]
    with in_dagster(project) as dagster:
        dagster.run("sync_all")
        result = dg.materialize(assets, selection=["key_result/grow/won"], instance=dagster.instance)
    assert materialized(result) == ["key_result/grow/won"]
    assert len(values(project)) == 3


def test_many_key_results_are_told_by_objective(tmp_path: Path) -> None:
    """Above the limit a run brings objectives up to date, those that contribute before the one above."""
    with in_dagster(many(tmp_path, objectives=3, each=MOST_KEY_RESULTS // 3 + 1)) as dagster:
        dagster.run("sync_all")
        result = dagster.run("sync_key_results")
    objectives = ["objective/o0", "objective/o1", "objective/o2"]
    assert materialized(result) == ["landing/crm/deals", *objectives, "snapshot/tiny"]


def test_an_asset_shows_what_was_read(project: ProjectFolder) -> None:
    """An extract carries its rows and its id as the data's version; a landing where its columns come from."""
    with in_dagster(project) as dagster:
        dagster.run("sync_all")
        event = dagster.instance.get_latest_materialization_event(dg.AssetKey(["extract", "crm", "deals"]))
        landed = dagster.instance.get_latest_materialization_event(dg.AssetKey(["landing", "crm", "deals"]))
    [receipt] = [entry for entry in project.entries("receipt") if entry.subject == "crm.deals"]
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["dagster/row_count"].value == 4
    assert event.asset_materialization.tags == {"dagster/data_version": receipt.body["extract_id"]}
    assert landed is not None
    assert landed.asset_materialization is not None
    lineage = landed.asset_materialization.metadata["dagster/column_lineage"].value
    assert lineage.deps_by_column["amount"][0].asset_key == dg.AssetKey(["extract", "crm", "deals"])


def test_a_rendering_that_fails_stops_no_other(project: ProjectFolder) -> None:
    """Where the page cannot be written, its asset fails and the tables are there."""
    (project.root / "blocked").write_text("a file where a folder should be", encoding="utf-8")
    project.okr["publish"]["page"] = {"to": "blocked/"}
    with in_dagster(project.write()) as dagster:
        result = dagster.run("sync_key_results")
    assert not result.success
    assert [name for name in materialized(result) if name.startswith("publish")] == ["publish/tables"]


def test_past_days_are_one_run_and_a_snapshot_each(project: ProjectFolder) -> None:
    """A range of days gives one snapshot a day, each as of that day's end in the project's zone."""
    with in_dagster(project) as dagster:
        dagster.run("sync_all")
        days = dagster.definitions.resolve_assets_def(dg.AssetKey(["snapshot_by_day", "tiny"]))
        ends = {"start": "2026-08-02", "end": "2026-08-04"}
        tags = {f"dagster/asset_partition_range_{name}": day for name, day in ends.items()}
        assert dg.materialize([days], instance=dagster.instance, tags=tags).success
    past = [entry.valid_at for entry in project.entries("snapshot")][1:]
    assert past == [instant_from(f"2026-08-0{day}T22:00:00Z") for day in (2, 3, 4)]


def test_news_start_a_sync_once_they_have_settled(project: ProjectFolder) -> None:
    """A receipt fires on the second look, when nothing has followed; a snapshot that saw it ends that."""
    with in_dagster(project) as dagster:
        sensor = dagster.definitions.resolve_sensor_def("news")

        def look(cursor: str | None) -> tuple[str | None, int]:
            with dg.build_sensor_context(instance=dagster.instance, cursor=cursor) as context:
                tick = sensor.evaluate_tick(context)
            return tick.cursor, len(tick.run_requests or [])

        assert look(None) == (None, 0)
        dagster.run("extract_hourly")
        assert look(None) == ("1", 0)
        assert look("1") == ("1", 1)
        dagster.run("sync_key_results")
        assert look("1") == ("1", 0)


def test_a_failed_read_is_news(project: ProjectFolder) -> None:
    """What rests on a source that fails turns stale, so the failure asks for a snapshot too."""
    without_shop(project)
    with in_dagster(project) as dagster:
        dagster.run("extract_anyby15_8to18_any_any_1")
        newest = str(len(project.entries("failure")))
        sensor = dagster.definitions.resolve_sensor_def("news")
        with dg.build_sensor_context(instance=dagster.instance, cursor=newest) as context:
            requests = sensor.evaluate_tick(context).run_requests or []
    assert [request.run_key for request in requests] == [newest]
