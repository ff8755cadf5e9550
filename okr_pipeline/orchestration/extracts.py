"""One asset a dataset: what was read of it, in the lake."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from okr_pipeline.definition import reading_hash
from okr_pipeline.ledger.entry import Entry
from okr_pipeline.model.metric import Dataset
from okr_pipeline.orchestration import keys
from okr_pipeline.orchestration.columns import table_schema
from okr_pipeline.orchestration.failures import READ_AGAIN, as_dagster
from okr_pipeline.orchestration.stage import stage
from okr_pipeline.sync import extract_all
from okr_pipeline.workspace import Workspace

_TOLD = ("mode", "complete", "origin", "bytes", "cursor_from", "cursor_to", "retries", "reject_count")


def source_specs(workspace: Workspace) -> Iterator[dg.AssetSpec]:
    """Yield one external asset for each thing that a dataset reads; several may read the same."""
    project = workspace.project
    for key, dataset in {keys.source_key(d): d for d in project.datasets.values()}.items():
        kinds = {project.sources[dataset.source].connector}
        yield dg.AssetSpec(key, group_name=dataset.source, kinds=kinds)


def extract_asset(workspace: Workspace, dataset: Dataset) -> dg.AssetsDefinition:
    """Return the asset that reads *dataset*; a failed read fails it, and nothing beside it."""

    @dg.asset(
        key=keys.extract_key(dataset),
        deps=[keys.source_key(dataset)],
        group_name=dataset.source,
        kinds={"parquet"},
        code_version=reading_hash(dataset, workspace.project.sources[dataset.source]),
        metadata={"declared_at": dataset.at, "dagster/column_schema": table_schema(dataset)},
        pool=dataset.source,
        retry_policy=READ_AGAIN,
    )
    def read(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with stage(context, workspace) as run:
            [extracted] = extract_all(workspace, run, datasets=[dataset.id])
            if extracted.error is not None:
                raise as_dagster(extracted.error, now=datetime.now(UTC)) from extracted.error
            [receipt] = run.ledger.by_seq([extracted.receipt or 0]).values()
        return extract_result(dataset, receipt)

    return read


def extract_result(dataset: Dataset, receipt: Entry) -> dg.MaterializeResult:
    """Return what *receipt* says of the read it stands for."""
    body: Mapping[str, Any] = receipt.body
    told = {name: str(body[name]) for name in _TOLD if body[name] is not None}
    return dg.MaterializeResult(
        asset_key=keys.extract_key(dataset),
        metadata={"dagster/row_count": body["rows"], "receipt": receipt.seq, **told},
        data_version=dg.DataVersion(str(body["extract_id"])),
    )
