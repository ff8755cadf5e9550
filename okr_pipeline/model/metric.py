"""Sources, datasets and the metrics declared over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from okr_pipeline.model.calendar import Period, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old the newest value of *column* may be, counted from the as-of."""

    column: str
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """
    What must hold of a dataset's landed state before a load counts.

    *max_change* is a ratio of rows against the load before (0.3 = 30 %); None is no limit.
    """

    min_rows: int = 0
    max_change: Decimal | None = None
    not_null: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    One declared system.

    *connection* is as written: secrets are still references such as `env:NAME`. *refresh* is a
    cron line in the project's zone. *at* is `file:line` of the declaration.
    """

    id: str
    connector: str
    connection: Mapping[str, object]
    refresh: str | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """
    One readable thing in a source. *id* is `<source>.<name>`.

    *columns* maps name to declared type (`string integer decimal(p,s) boolean date timestamp
    json`); *key* identifies a row (empty: every read is a full read that replaces); *cursor* is
    the column that is read incrementally (None: always a full read). *full_read* is the longest
    time between two full reads of an incremental dataset. A row is gone from the state when its column
    *deleted* is true, or holds a time. *zone* places timestamps that carry none.
    *options* is what the connector needs to find the rows (path, query, sheet, ...). *hashed* columns
    reach the lake as keyed hashes, by the secret that *personal_key* refers to. Extracts older than
    *retain* leave the lake (None: never).
    """

    id: str
    source: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ()
    cursor: str | None = None
    overlap: timedelta = timedelta(0)
    full_read: timedelta | None = None
    deleted: str | None = None
    freshness: Freshness | None = None
    checks: Checks = Checks()
    reject_limit: int = 0
    zone: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    hashed: tuple[str, ...] = ()
    personal_key: str | None = None
    retain: timedelta | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """
    A DuckDB aggregate expression over the rows of one dataset.

    With *time* it is a flow: rows whose *time* lies in the *window* count. Without, it is a
    stock: the state of the dataset at the cut, taken from the versions of landed rows. With *by*,
    a column, it yields one value a group: for each value that the rows under *where* hold, up to the
    window's end.
    """

    dataset: str
    value: str
    where: str | None = None
    time: str | None = None
    window: Window | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Metric *of* divided by metric *to*, at the same cut: a ratio of sums."""

    of: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Arithmetic over other metrics at the same cut. *inputs* maps each name in it to a metric id."""

    expression: str
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """
    One SELECT that returns exactly one numeric row.

    It reads landing tables as `source.dataset` and may use `:as_of`, `:window_start` and
    `:window_end`. *datasets* are the ids it reads.
    """

    sql: str
    datasets: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    How far metric *of* moved since an earlier time, as a ratio of what it was then (0.1 is +10 %).

    *since* asks for it one *period* back, or a year: at the same day of that period, so that a part
    of a period is held against the same part.
    """

    of: str
    period: Period
    since: Literal["previous", "last_year"]


Measure = Aggregate | Ratio | Formula | Query | Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """
    A named aggregation that yields one number at an as-of. *id* is `<topic>.<name>`.

    *unit* is `percent` (values are ratios: 0.38 is 38 %), an ISO 4217 currency, or any noun;
    None is a bare number.
    """

    id: str
    measure: Measure
    unit: str | None = None
    title: str | None = None
    at: str = field(default="", compare=False)


Indicator = Literal["leading", "lagging"]
