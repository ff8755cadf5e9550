"""One asset a dataset: what was read of it, in the lake."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from connectors.registry import reads_together
from okr_pipeline.definition import reading_hash
from okr_pipeline.ledger.entry import Entry
from okr_pipeline.model.metric import Dataset
from okr_pipeline.orchestration import keys
from okr_pipeline.orchestration.columns import table_schema
from okr_pipeline.orchestration.failures import READ_AGAIN, unread
from okr_pipeline.orchestration.overdue import overdue
from okr_pipeline.orchestration.stage import stage
from okr_pipeline.run import Run
from okr_pipeline.sync import extract_all
from okr_pipeline.workspace import Workspace

_TOLD = ("mode", "complete", "origin", "bytes", "cursor_from", "cursor_to", "retries", "reject_count")


def source_specs(workspace: Workspace) -> Iterator[dg.AssetSpec]:
    """Yield one external asset for each thing that a dataset reads; several may read the same."""
    project = workspace.project
    for key, dataset in {keys.source_key(d): d for d in project.datasets.values()}.items():
        kinds = {project.sources[dataset.source].connector}
        yield dg.AssetSpec(key, group_name=dataset.source, kinds=kinds)


def extract_assets(workspace: Workspace) -> Iterator[dg.AssetsDefinition]:
    """
    Yield the steps that read: one a dataset, which fails and is tried again alone.

    Where the kind reads several datasets in one go, all of a source are one step.
    """
    project = workspace.project
    for source in project.sources.values():
        datasets = [dataset for dataset in project.datasets.values() if dataset.source == source.id]
        if len(datasets) > 1 and reads_together(source.connector):
            yield _step(workspace, f"extracts__{source.id}", datasets)
        else:
            for dataset in datasets:
                yield _step(workspace, keys.extract_key(dataset).to_python_identifier(), [dataset])


def _step(workspace: Workspace, name: str, datasets: Sequence[Dataset]) -> dg.AssetsDefinition:
    """Return the step that reads *datasets*, all of one source, an asset each; who fails fails alone."""

    @dg.multi_asset(
        name=name,
        specs=[_spec(workspace, dataset) for dataset in datasets],
        can_subset=True,
        pool=datasets[0].source,
        retry_policy=READ_AGAIN,
    )
    def read(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        asked = [d for d in datasets if keys.extract_key(d) in context.selected_asset_keys]
        with stage(context, workspace) as run:
            receipts = _read_already(asked, run) if context.retry_number else {}
            extracted = extract_all(workspace, run, datasets=[d.id for d in asked if d.id not in receipts])
            new = run.ledger.by_seq(one.receipt for one in extracted if one.receipt is not None)
            receipts |= {entry.subject: entry for entry in new.values()}
        yield from (extract_result(d, receipts[d.id]) for d in asked if d.id in receipts)
        errors = {one.dataset: one.error for one in extracted if one.error is not None}
        for id, error in errors.items():
            context.log.error(f"{id}: {error}", exc_info=error)
        if errors:
            raise unread(errors, now=datetime.now(UTC))

    return read


def _read_already(datasets: Sequence[Dataset], run: Run) -> dict[str, Entry]:
    """Return the receipts of those of *datasets* that an earlier try of the same run has read."""
    last = {dataset.id: run.ledger.last("receipt", subject=dataset.id) for dataset in datasets}
    return {id: receipt for id, receipt in last.items() if receipt and receipt.valid_at == run.as_of}


def _spec(workspace: Workspace, dataset: Dataset) -> dg.AssetSpec:
    source = workspace.project.sources[dataset.source]
    return dg.AssetSpec(
        keys.extract_key(dataset),
        deps=[keys.source_key(dataset)],
        group_name=dataset.source,
        kinds={"parquet"},
        code_version=reading_hash(dataset, source),
        freshness_policy=overdue(source.refresh),
        metadata={"declared_at": dataset.at, "dagster/column_schema": table_schema(dataset)},
    )


def extract_result(dataset: Dataset, receipt: Entry) -> dg.MaterializeResult:
    """Return what *receipt* says of the read it stands for."""
    body: Mapping[str, Any] = receipt.body
    told = {name: str(body[name]) for name in _TOLD if body[name] is not None}
    return dg.MaterializeResult(
        asset_key=keys.extract_key(dataset),
        metadata={"dagster/row_count": body["rows"], "receipt": receipt.seq, **told},
        data_version=dg.DataVersion(str(body["extract_id"])),
    )
