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
    "status", "text", "`reached`, `on_track`, `at_risk`, `off_track`, `stale`, `no_data` or `not_started`."
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
    Column("goal", "text", "`reach` (from a baseline to a target) or `keep` (stay inside a bound)."),
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
    Column("declared", "count", "How many key results it has."),
)
