"""
The text mirror: what each place of the YAML may say, before anything is looked up or computed.

Values with a grammar of their own (numbers, dates, durations) stay `object` here; `values` reads
them. Keys, and words (`key: word`), that the language has and this version does not are listed as
*unsupported*.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

POLICIES_TO_COME = ("viva", "engagedly", "upraise", "mooncamp", "servicenow", "custom")


class Text(BaseModel):
    """A mapping in a file. Unknown keys are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)
    unsupported: ClassVar[frozenset[str]] = frozenset()


class CycleText(Text):
    """A cycle in okr.yaml."""

    start: object
    end: object
    parent: str | None = None


class StoreText(Text):
    """Where lake, ledger and warehouse live."""

    lake: str | None = None
    ledger: str | None = None
    warehouse: str | None = None


class StatusText(Text):
    """The policy that turns a gap into a status."""

    unsupported = frozenset(
        {"thresholds", "dwell", "day_count", *(f"policy: {name}" for name in POLICIES_TO_COME)}
    )
    policy: Literal["pace"] = "pace"


class PageText(Text):
    """The page: a folder."""

    to: str


class TablesText(Text):
    """Tables for other tools: a folder, and file formats."""

    to: str
    formats: list[Literal["parquet", "csv", "duckdb"]] = Field(
        default=["parquet", "csv", "duckdb"], min_length=1
    )


class PublishText(Text):
    """Where a snapshot goes."""

    unsupported = frozenset({"database", "sheet", "slack", "email", "teams"})
    page: PageText | None = None
    tables: TablesText | None = None


class SettingsText(Text):
    """okr.yaml."""

    unsupported = frozenset({"lint", "levels", "grades"})
    project: str
    timezone: str
    fiscal_year_start: object = "01-01"
    cycles: dict[str, object] = Field(default_factory=dict)
    north_star: str | None = None
    strategy: dict[str, str] = Field(default_factory=dict)
    status: StatusText | None = None
    publish: PublishText | None = None
    store: StoreText | None = None


class SourceText(Text):
    """sources/<source>.yaml; *connection* and *datasets* are read against the connector's own models."""

    connector: str
    connection: dict[str, object] = Field(default_factory=dict)
    refresh: object = None
    datasets: dict[str, object]


class ChecksText(Text):
    """What must hold of a dataset."""

    unsupported = frozenset({"max_rows", "accepted", "between", "matches"})
    min_rows: int = Field(default=0, ge=0)
    max_change: object = None
    not_null: list[str] = Field(default_factory=list)
    unique: list[str | list[str]] = Field(default_factory=list)


class FreshnessText(Text):
    """A freshness that looks at another column than the cursor."""

    column: str
    within: object


class DatasetText(Text):
    """What is the same for every connector; all other keys are the connector's options."""

    unsupported = frozenset({"personal", "retain"})
    columns: dict[str, object] = Field(min_length=1)
    key: list[str] = Field(default_factory=list)
    cursor: str | None = None
    overlap: object = None
    full_read: object = None
    freshness: object = None
    checks: ChecksText | None = None
    reject_limit: int = Field(default=0, ge=0)
    zone: str | None = None


class RatioText(Text):
    """One metric divided by another."""

    of: str
    to: str


class MetricText(Text):
    """A metric: `dataset` and `value`, or one of `ratio`, `formula`, `sql`."""

    unsupported = frozenset({"by", "of_every", "currency"})
    title: str | None = None
    unit: str | None = None
    dataset: str | None = None
    value: str | None = None
    where: str | None = None
    time: str | None = None
    window: object = None
    ratio: RatioText | None = None
    formula: str | None = None
    sql: str | None = None


class MetricsText(Text):
    """metrics/<topic>.yaml."""

    metrics: dict[str, object]


class KeyResultText(Text):
    """A key result: `from` and `to`, or `keep`."""

    unsupported = frozenset(
        {
            "steps",
            "milestones",
            "all_of",
            "manual",
            "find_baseline",
            "expected",
            "settles_after",
            "held",
            "warn",
            "aspiration",
            "visibility",
            "retired",
            "proxy_for",
        }
    )
    title: str = Field(min_length=1)
    metric: str | None = None
    indicator: Literal["leading", "lagging"] = "lagging"
    from_: object = Field(default=None, alias="from")
    to: object = None
    keep: object = None
    commit: object = None
    stretch: object = None
    weight: object = None
    owner: str | None = None
    led_by: list[str] = Field(default_factory=list)
    note: str | None = None


class ObjectiveText(Text):
    """An objective; its key results are read one by one."""

    unsupported = frozenset({"action_plan", "revisions", "retired", "visibility", "status", "roll_up: sum"})
    title: str = Field(min_length=1)
    owner: str | None = None
    level: Literal["company", "team", "person"] = "company"
    why: str | None = None
    strategy: str | None = None
    supports: list[str] = Field(default_factory=list)
    depends_on: list[str] = Field(default_factory=list)
    contributes_to: str | None = None
    roll_up: Literal["mean", "min"] = "mean"
    key_results: dict[str, object] = Field(default_factory=dict)


class ObjectivesText(Text):
    """objectives/<cycle>/*.yaml."""

    unsupported = frozenset({"revisions"})
    cycle: str
    objectives: dict[str, object]


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys that *model* knows, as a user writes them, in declared order."""
    return [field.alias or name for name, field in model.model_fields.items()]


def unsupported_in(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of the language that this version does not support in *model*."""
    found: frozenset[str] = getattr(model, "unsupported", frozenset())
    return found
