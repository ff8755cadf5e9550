"""One asset a landing table, and one asset check for each check that is declared on it."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from okr_pipeline.coverage import HISTORY
from okr_pipeline.definition import reading_hash
from okr_pipeline.ledger.entry import Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.metric import Dataset
from okr_pipeline.orchestration import keys
from okr_pipeline.orchestration.columns import landing_lineage, table_schema
from okr_pipeline.orchestration.stage import stage
from okr_pipeline.sync import land_all
from okr_pipeline.workspace import Workspace


def landing_asset(workspace: Workspace, dataset: Dataset) -> dg.AssetsDefinition:
    """
    Return the asset that lands what was read of *dataset*.

    Its checks do not block the graph. A load that fails one is held back by the landing itself, so
    the key results on it keep their last good value; blocking would take all others with them.
    """

    @dg.asset(
        key=keys.landing_key(dataset),
        deps=[keys.extract_key(dataset)],
        group_name=dataset.source,
        kinds={"duckdb"},
        code_version=reading_hash(dataset, workspace.project.sources[dataset.source]),
        metadata={"declared_at": dataset.at, "dagster/column_schema": table_schema(dataset)},
        check_specs=[
            dg.AssetCheckSpec(name, asset=keys.landing_key(dataset), description=check)
            for check, name in keys.check_names(dataset).items()
        ],
        pool=keys.WAREHOUSE_POOL,
    )
    def land(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with stage(context, workspace) as run:
            land_all(workspace, run, datasets=[dataset.id])
            return landing_result(dataset, run.ledger)

    return land


def landing_result(dataset: Dataset, ledger: Ledger) -> dg.MaterializeResult:
    """Return how the landing table stands after the last verdict in *ledger*, with every declared check."""
    loads = list(ledger.entries("load", subject=dataset.id))
    landed = [load for load in loads if load.body["verdict"] == "landed"]
    # An unchanged read has the content of the load that stands, and so its verdicts.
    judged = landed if loads and loads[-1].body["verdict"] == "unchanged" else loads
    return dg.MaterializeResult(
        asset_key=keys.landing_key(dataset),
        metadata={
            "verdict": str(loads[-1].body["verdict"]) if loads else "nothing was read yet",
            "dagster/column_lineage": landing_lineage(dataset),
            **(_standing(landed[-1]) if landed else {}),
        },
        data_version=dg.DataVersion(str(landed[-1].body["extract_id"])) if landed else None,
        check_results=list(_check_results(dataset, judged[-1] if judged else None)),
    )


def _standing(load: Entry) -> dict[str, Any]:
    changes: Any = load.body["changes"]
    return {
        "dagster/row_count": changes["after"],
        "load": load.body["number"],
        **{name: changes[name] for name in ("new", "amended", "gone")},
    }


def _check_results(dataset: Dataset, load: Entry | None) -> Iterator[dg.AssetCheckResult]:
    rows: Any = load.body["checks"] if load else []
    verdicts: dict[str, Mapping[str, Any]] = {row["check"]: row for row in rows}
    for check, name in keys.check_names(dataset).items():
        verdict = verdicts.get(check, _unasked(check, load))
        yield dg.AssetCheckResult(
            asset_key=keys.landing_key(dataset),
            check_name=name,
            passed=verdict["passed"],
            severity=dg.AssetCheckSeverity.ERROR if check in verdicts else dg.AssetCheckSeverity.WARN,
            metadata={"expected": verdict["expected"], "observed": verdict["observed"]},
        )


def _unasked(check: str, load: Entry | None) -> Mapping[str, Any]:
    """Return what stands for a missing verdict: of a landed load, only these two are not always asked."""
    fine = check in ("max_change", HISTORY) and load is not None
    reason = "nothing before it is missing or to be compared with" if fine else "not asked"
    return {"passed": fine, "expected": "a verdict", "observed": reason}
