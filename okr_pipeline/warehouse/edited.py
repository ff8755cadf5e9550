"""What was amended or taken away between two loads of a dataset, by the days that its rows belong to."""

from __future__ import annotations

from datetime import date

from okr_pipeline.model.metric import Dataset
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.landing import table_of


def edited_days(db: Database, dataset: Dataset, *, time: str, before: int, after: int) -> frozenset[date]:
    """
    Return the local days, by column *time*, of rows that stood after load *before* and not after *after*.

    The day of an amended row counts as it was and as it is. A row without a time counts for none.
    """
    table, columns = table_of(dataset.id), ", ".join(map(quoted, dataset.columns))
    stands = (
        f"_from_load > {before:d} AND _from_load <= {after:d} AND (_to_load IS NULL OR _to_load > {after:d})"
    )
    now = f"SELECT {columns} FROM {table} WHERE {stands}"
    # A dataset without a key is replaced whole: what is there again, was not touched.
    gone = f"SELECT {columns} FROM {table} WHERE {_closed(before, after)} EXCEPT ALL {now}"
    same_key = " AND ".join(f"n.{quoted(name)} = g.{quoted(name)}" for name in dataset.key) or "false"
    found = db.rows(f"""
        WITH gone AS ({gone}), touched AS (
            FROM gone UNION ALL SELECT n.* FROM ({now}) n SEMI JOIN gone g ON {same_key}
        )
        SELECT DISTINCT CAST({quoted(time)} AS DATE) AS day FROM touched WHERE {quoted(time)} IS NOT NULL
    """)
    return frozenset(row["day"] for row in found)


def is_edited(db: Database, dataset: Dataset, *, before: int, after: int) -> bool:
    """Return whether any row that stood after load *before* was amended or taken away by load *after*."""
    table = table_of(dataset.id)
    return bool(db.rows(f"SELECT 1 AS one FROM {table} WHERE {_closed(before, after)} LIMIT 1"))


def _closed(before: int, after: int) -> str:
    return f"_from_load <= {before:d} AND _to_load > {before:d} AND _to_load <= {after:d}"
