"""The local day of every row, ten times as fast as converting each instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Dataset
from okr_pipeline.warehouse.database import Database, quoted
from okr_pipeline.warehouse.landing import table_of

_HOUR = 3_600_000_000  # microseconds
_MOST_HOURS = 500_000


def day_sql(db: Database, dataset: Dataset, time: str, calendar: Calendar) -> str:
    """Return the local day of a row, in SQL: the zone's offsets are written out."""
    column = quoted(time)
    if dataset.columns[time] == "date":
        return column
    range_ = db.rows(f"SELECT min({column}) AS first, max({column}) AS last FROM {table_of(dataset.id)}")[0]
    if range_["first"] is None:
        return f"CAST({column} AS DATE)"
    offsets = calendar.offsets(range_["first"].astimezone(UTC), range_["last"].astimezone(UTC))
    return f"CAST(make_timestamp(epoch_us({column}) + {_shift(column, offsets)}) AS DATE)"


def _shift(column: str, offsets: Sequence[tuple[datetime, timedelta]]) -> str:
    """Return a row's offset from UTC in microseconds, in SQL: each test halves the offsets that are left."""
    if len(offsets) == 1:
        return str(offsets[0][1] // timedelta(microseconds=1))
    middle = len(offsets) // 2
    later, earlier = _shift(column, offsets[middle:]), _shift(column, offsets[:middle])
    since = f"TIMESTAMPTZ '{offsets[middle][0].isoformat()}'"
    return f"CASE WHEN {column} >= {since} THEN {later} ELSE {earlier} END"


def by_hours(db: Database, dataset: Dataset, time: str, day: str) -> tuple[str, str] | None:
    """
    Return all rows joined with the days of their hours, and the name of the day; None where that is no gain.

    Hours are numbers without a gap, which DuckDB joins by place: cells take a fifth less than with each
    row's *day* worked out. An hour of two days, as in zones off by half an hour, rules it out.
    """
    if dataset.columns[time] == "date":
        return None
    table, column = table_of(dataset.id), quoted(time)
    ends = ", ".join(f"epoch_us({f}({column})) // {_HOUR} AS {f}" for f in ("min", "max"))
    [range_] = db.rows(f"SELECT {ends} FROM {table}")
    if range_["min"] is None or range_["min"] <= 0 or range_["max"] - range_["min"] > _MOST_HOURS:
        return None
    db.run(f"""
        CREATE OR REPLACE TEMP TABLE hours AS
        SELECT CAST(" hour" AS INTEGER) AS " hour", min({day}) AS " day", max({day}) AS " ends"
        FROM (SELECT " hour", make_timestamptz(" hour" * {_HOUR} + unnest([0, {_HOUR - 1}])) AS {column}
              FROM range({range_["min"]:d}, {range_["max"] + 1:d}) AS t(" hour"))
        GROUP BY ALL
    """)
    if db.rows('SELECT 1 AS one FROM hours WHERE " day" <> " ends" LIMIT 1'):
        return None
    return f'{table} JOIN temp.hours ON " hour" = CAST(epoch_us({column}) // {_HOUR} AS INTEGER)', '" day"'
