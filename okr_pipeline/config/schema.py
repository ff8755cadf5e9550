"""
The text mirror: what each place of the YAML may say, before anything is looked up or computed.

Values with a grammar of their own (numbers, dates, durations) stay `object` here; `values` reads
them. Keys that the language has and this version does not are listed as *unsupported*. What
objectives and check-ins may say stands in `schema_objectives`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class Text(BaseModel):
    """A mapping in a file. Unknown keys are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)
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
    """The policy that turns progress into a status; thresholds are those of `policy: custom`."""

    policy: Literal["pace", "viva", "engagedly", "upraise", "mooncamp", "servicenow", "custom"] = "pace"
    on: Literal["gap", "expected", "elapsed", "progress"] | None = None
    on_track: object = None
    at_risk: object = None
    day_count: Literal["inclusive", "from_zero"] | None = None
    dwell: int = Field(default=1, ge=1, le=366)


class GradesText(Text):
    """Where the grades 2, 3 and 4 begin."""

    two: object = Field(default=None, alias="2")
    three: object = Field(default=None, alias="3")
    four: object = Field(default=None, alias="4")


class LintText(Text):
    """How much advice `okr lint` gives, and the rules it leaves out with the reason why."""

    profile: Literal["lean", "balanced", "strict"] = "balanced"
    except_: dict[str, str] = Field(default_factory=dict, alias="except")


class CheckInsDatasetText(Text):
    """A dataset that holds check-ins."""

    dataset: str


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

    unsupported = frozenset({"database", "slack", "email", "teams"})
    page: PageText | None = None
    tables: TablesText | None = None
    sheet: dict[str, object] | None = None


class CalendarText(Text):
    """Fiscal years of whole weeks."""

    pattern: object
    year_ends: object


class SettingsText(Text):
    """okr.yaml."""

    project: str
    timezone: str
    fiscal_year_start: object = None
    calendar: CalendarText | None = None
    cycles: dict[str, object] = Field(default_factory=dict)
    north_star: str | None = None
    strategy: dict[str, str] = Field(default_factory=dict)
    status: StatusText | None = None
    grades: GradesText | None = None
    lint: LintText | None = None
    check_ins: CheckInsDatasetText | None = None
    publish: PublishText | None = None
    store: StoreText | None = None
    personal_key: str | None = None


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


class PersonalText(Text):
    """Columns that never reach the lake, and columns that reach it as keyed hashes."""

    drop: list[str] = Field(default_factory=list)
    hash_: list[str] = Field(default_factory=list, alias="hash")


class DatasetText(Text):
    """What is the same for every connector; all other keys are the connector's options."""

    columns: dict[str, object] = Field(min_length=1)
    key: list[str] = Field(default_factory=list)
    cursor: str | None = None
    overlap: object = None
    full_read: object = None
    deleted: str | None = None
    freshness: object = None
    checks: ChecksText | None = None
    reject_limit: int = Field(default=0, ge=0)
    zone: str | None = None
    personal: PersonalText | None = None
    retain: object = None


class RatioText(Text):
    """One metric divided by another."""

    of: str
    to: str


class ChangeText(Text):
    """How far a metric moved since an earlier time."""

    of: str
    since: object


class MetricText(Text):
    """A metric: `dataset` and `value`, or one of `ratio`, `formula`, `sql`, `change`."""

    title: str | None = None
    unit: str | None = None
    dataset: str | None = None
    value: str | None = None
    where: str | None = None
    time: str | None = None
    window: object = None
    by: str | None = None
    ratio: RatioText | None = None
    formula: str | None = None
    sql: str | None = None
    change: ChangeText | None = None


class MetricsText(Text):
    """metrics/<topic>.yaml."""

    metrics: dict[str, object]


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys that *model* knows, as a user writes them, in declared order."""
    return [field.alias or name for name, field in model.model_fields.items()]


def unsupported_in(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of the language that this version does not support in *model*."""
    found: frozenset[str] = getattr(model, "unsupported", frozenset())
    return found
