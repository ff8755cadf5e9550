"""The published tables, column by column: one list for writers, file comments and docs."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["text", "decimal", "instant", "day", "count"]


class Column(NamedTuple):
    """One column: its name, its kind and what it means."""

    name: str
    kind: Kind
    meaning: str


Columns = tuple[Column, ...]

_STAMP = (
    Column("snapshot", "text", "Id of the snapshot: the SHA-256 of its contents."),
    Column("as_of", "instant", "The instant at which everything in the snapshot was measured, UTC."),
)
_OBJECTIVE = Column("objective", "text", "Id of the objective.")
_KEY_RESULT = Column("key_result", "text", "Id of the key result: objective and name.")
_INDICATOR = Column("indicator", "text", "`leading` (predicts) or `lagging` (confirms).")
_CYCLE = Column("cycle", "text", "Id of the cycle that the objective lives in.")
_STATUS = Column(
    "status",
    "text",
    "`reached`, `on_track`, `at_risk`, `off_track`, `stale`, `no_data`, `not_started`, `measuring` (looks "
    "for its baseline) or `no_target` (private, or not known yet).",
)
_EXPECTED = Column("expected", "decimal", "The progress that the declared curve asks for, as a ratio.")

KEY_RESULTS: Columns = (
    *_STAMP,
    _OBJECTIVE,
    Column("objective_title", "text", "Title of the objective."),
    _CYCLE,
    _KEY_RESULT,
    Column("title", "text", "Title of the key result."),
    Column("owner", "text", "Who answers for it; empty when nobody is declared."),
    _INDICATOR,
    Column(
        "goal",
        "text",
        "`reach` (from a baseline to a target), `keep` (stay inside a bound), `steps`, `milestones`, "
        "`all_of`, `manual` (stated by people) or `find_baseline`.",
    ),
    Column("keep", "text", "The bound of a `keep` as declared."),
    Column("unit", "text", "`percent` (values are ratios), an ISO 4217 currency, or a noun."),
    _STATUS,
    Column("state", "text", "`ok`, `stale` (the value is an older one), `no_data`, `invalid` or `error`."),
    Column("reason", "text", "Why there is no fresh value."),
    Column("value", "decimal", "The measured value in its unit; empty when there is none, never 0."),
    Column("baseline", "decimal", "The value at the start."),
    Column("target", "decimal", "The value that counts as 100 %."),
    Column("progress", "decimal", "(value - baseline) / (target - baseline); may be below 0 or above 1."),
    _EXPECTED,
    Column("gap", "decimal", "progress - expected; -0.1 is 10 points behind."),
    Column("change_7d", "decimal", "Progress now less progress seven days before."),
    Column("carried_from", "instant", "The as-of that a stale value was good at, UTC."),
    Column("newest_at", "instant", "The newest time in the data that the value rests on, UTC."),
    Column("sources", "text", "Ids of the sources it rests on, separated by a comma and a blank."),
    Column("led_by", "text", "Ids of the key results said to move first, separated by a comma and a blank."),
    Column("note", "text", "The owner's note."),
    Column("held", "text", "For how many of its periods or groups a `keep` has to hold; empty: now alone."),
    Column("periods_inside", "count", "For how many of them it held."),
    Column("periods_counted", "count", "How many of them count so far, or in the whole cycle."),
    Column("outside_since", "day", "The first day at whose end it did not hold."),
    Column("raw_status", "text", "The policy's status, where it has not held long enough to be published."),
    Column("provisional_from", "day", "The first day whose value may still change much."),
    Column("baseline_reads", "decimal", "What the day of the frozen baseline reads now, if not the same."),
    Column("aspiration", "text", "`committed`, or `aspirational`: landed from 0.7."),
    Column("proxy_for", "text", "What the number stands for, where it is a proxy."),
    Column("visibility", "text", "`public`, or `masked`: then no number in its unit is in any table."),
    Column("retired_on", "day", "Since when it no longer counts; empty while it does."),
    Column("retired_why", "text", "Why it no longer counts."),
    Column("replaced_by", "text", "Id of the key result that came in its place."),
    Column("confidence", "decimal", "How sure the newest check-in is, as a ratio."),
    Column("checked_in_on", "day", "The day of the newest check-in."),
    Column("checked_in_by", "text", "Its author."),
    Column("check_in_note", "text", "Its note."),
    Column("override", "text", "The status that a person vouches for beside the computed one."),
    Column("override_until", "day", "The last day on which the override stands."),
    Column("override_by", "text", "Who vouches for it."),
    Column("override_why", "text", "Why."),
    Column("score", "decimal", "Progress at the close of its cycle, 0 to 1; empty while it is open."),
    Column("grade", "count", "Grade at the close of its cycle, 1 to 4."),
    Column("learned", "text", "What was learned, at the close of its cycle."),
)

PARTS: Columns = (
    *_STAMP,
    _OBJECTIVE,
    _KEY_RESULT,
    Column("part", "text", "Number of a condition, id of a milestone, or value of the group's column."),
    Column("title", "text", "Title of the milestone, or of the metric; of a group its name."),
    Column("keep", "text", "The bound that it is held to; empty where people say whether it is done."),
    Column("unit", "text", "The unit of `value`."),
    Column("value", "decimal", "The measured value; empty where there is none."),
    Column("progress", "decimal", "1 where it is met, 0 where not, empty where it cannot be told."),
    Column("reason", "text", "Why it cannot be told."),
    Column("by", "day", "The day of a milestone."),
    Column("weight", "decimal", "The weight of a milestone."),
)

HISTORY: Columns = (
    *_STAMP,
    _OBJECTIVE,
    _KEY_RESULT,
    _INDICATOR,
    Column("day", "day", "The day, at its end, in the project's time zone; the last is the snapshot itself."),
    Column("value", "decimal", "The value on that day; empty when none was observed."),
    Column("progress", "decimal", "The progress on that day, as a ratio."),
    _EXPECTED,
    _STATUS,
    Column(
        "read_at",
        "instant",
        "When the state shown was read, where nobody read it that day, UTC; empty where it was read.",
    ),
)

OBJECTIVES: Columns = (
    *_STAMP,
    _OBJECTIVE,
    Column("title", "text", "Title of the objective."),
    Column("owner", "text", "Who answers for it; empty when nobody is declared."),
    Column("level", "text", "`company`, `team` or `person`."),
    Column("why", "text", "Why the objective matters, as declared."),
    _CYCLE,
    Column("start_on", "day", "First day of the cycle, inside it."),
    Column("end_on", "day", "Last day of the cycle, inside it."),
    Column("progress", "decimal", "Rolled up from its key results, as a ratio; empty when none counted."),
    _STATUS,
    Column("counted", "count", "How many of its key results carry the progress."),
    Column("declared", "count", "How many key results it has, those that are retired left out."),
    Column("expected", "decimal", "What was expected of those that count, as a ratio."),
    Column("no_data", "count", "How many are left out without an observation."),
    Column("measuring", "count", "How many are left out while they look for their baseline."),
    Column("no_target", "count", "How many are left out without a target."),
    Column("retired", "count", "How many are retired."),
    Column("strategy", "text", "The choice that it answers to."),
    Column("supports", "text", "Ids of the objectives that it supports."),
    Column("depends_on", "text", "Ids of the objectives and key results that it depends on."),
    Column("contributes_to", "text", "Id of the objective that it is a part of."),
    Column("retired_on", "day", "Since when the objective itself is retired; empty while it is not."),
)
