"""The text mirror of objectives, key results and check-ins."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from okr_pipeline.config.schema import StatusText, Text


class MilestoneText(Text):
    """One thing to have done: by a condition, or `manual`."""

    by: object
    done: object
    weight: object = None
    title: str | None = Field(default=None, min_length=1)


class ConditionText(Text):
    """A metric that must lie inside bounds."""

    metric: str
    keep: object


class ManualText(Text):
    """A number that people state: `from` and `to`, or `score`."""

    from_: object = Field(default=None, alias="from")
    to: object = None
    score: bool | None = None
    fresh_for: object = None


class RetiredText(Text):
    """What no longer counts: since when, why, and what came after it."""

    on: object
    why: str = Field(min_length=1)
    replaced_by: str | None = None


class KeyResultText(Text):
    """A key result: one goal, of the kinds in `goals.kinds`, and what is said of it."""

    title: str = Field(min_length=1)
    metric: str | None = None
    indicator: Literal["leading", "lagging"] = "lagging"
    from_: object = Field(default=None, alias="from")
    to: object = None
    direction: Literal["up", "down"] | None = None
    commit: object = None
    stretch: object = None
    keep: object = None
    warn: object = None
    held: object = None
    steps: dict[str, object] | None = Field(default=None, min_length=1)
    milestones: dict[str, MilestoneText] | None = Field(default=None, min_length=1)
    all_of: list[ConditionText] | None = Field(default=None, min_length=2)
    manual: ManualText | None = None
    find_baseline: bool | None = None
    expected: object = None
    settles_after: object = None
    aspiration: Literal["committed", "aspirational"] = "committed"
    visibility: Literal["public", "masked"] = "public"
    retired: RetiredText | None = None
    proxy_for: str | None = Field(default=None, min_length=1)
    after_end: Literal["stands", "measured"] = "stands"
    weight: object = None
    owner: str | None = None
    led_by: list[str] = Field(default_factory=list)
    note: str | None = None


class ActionPlanText(Text):
    """What follows from the outcome."""

    missed: str | None = None
    exceeded: str | None = None


class RevisionText(Text):
    """One declared change of a goal: from what to what, and why."""

    on: object
    change: str
    from_: object = Field(alias="from")
    to: object
    why: str = Field(min_length=1)
    learned: str | None = None


class ObjectiveText(Text):
    """An objective; its key results are read one by one."""

    title: str = Field(min_length=1)
    owner: str | None = None
    level: Literal["company", "team", "person"] = "company"
    why: str | None = None
    strategy: str | None = None
    supports: list[str] = Field(default_factory=list)
    depends_on: list[str] = Field(default_factory=list)
    contributes_to: str | None = None
    roll_up: Literal["mean", "min", "sum"] = "mean"
    status_roll_up: Literal["worst", "by_progress", "majority"] = "worst"
    status: StatusText | None = None
    action_plan: ActionPlanText | None = None
    revisions: list[RevisionText] = Field(default_factory=list)
    retired: RetiredText | None = None
    key_results: dict[str, object] = Field(default_factory=dict)


class ObjectivesText(Text):
    """objectives/<cycle>/*.yaml."""

    cycle: str
    objectives: dict[str, object]
    revisions: list[RevisionText] = Field(default_factory=list)


class OverrideText(Text):
    """A status that a person vouches for, until a day."""

    status: Literal["reached", "on_track", "at_risk", "off_track"]
    until: object
    why: str = Field(min_length=1)


class CheckInText(Text):
    """What a person said of a key result on a day."""

    on: object
    key_result: str
    author: str = Field(min_length=1)
    confidence: object = None
    note: str | None = None
    value: object = None
    done: list[str] = Field(default_factory=list)
    override: OverrideText | None = None


class CheckInsText(Text):
    """check_ins/<cycle>.yaml."""

    check_ins: list[object] = Field(default_factory=list)
    learned: dict[str, str] = Field(default_factory=dict)
