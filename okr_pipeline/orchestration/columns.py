"""The columns of a dataset, as Dagster shows them."""

import dagster as dg

from okr_pipeline.model.metric import Dataset
from okr_pipeline.orchestration.keys import extract_key


def table_schema(dataset: Dataset) -> dg.TableSchema:
    """Return the declared columns with their declared types."""
    required = {*dataset.key, *dataset.checks.not_null}
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, type, constraints=dg.TableColumnConstraints(nullable=name not in required))
            for name, type in dataset.columns.items()
        ]
    )


def landing_lineage(dataset: Dataset) -> dg.TableColumnLineage:
    """Return where the columns of the landing table come from: the same column of the extract, each."""
    key = extract_key(dataset)
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(asset_key=key, column_name=name)] for name in dataset.columns}
    )
