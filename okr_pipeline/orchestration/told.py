"""What Dagster is told of a snapshot: numbers as readers see them, and a table."""

import re
from collections.abc import Sequence

import dagster as dg

from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.orchestration import keys
from okr_pipeline.publish import display as say
from okr_pipeline.publish.goals import words
from okr_pipeline.publish.outbox import Published
from okr_pipeline.publish.sentences import headline, key_results, stale_sentences
from okr_pipeline.publish.standing import standing, worst_first
from okr_pipeline.publish.terminal import sparkline
from okr_pipeline.record import digest

MOST_ROWS = 50
"""Rows of a table in the metadata: the event log keeps every one of them for ever."""

FRESH = "fresh"

_HEAD = ("key result", "status", "value", "target", "way", "expected", "trend")


def key_result_result(line: KeyResultLine) -> dg.MaterializeResult:
    """Return one key result as its asset shows it."""
    told = {
        "status": standing(line).word,
        "value": _value(line, style="full"),
        "target": _target(line, style="full"),
        "progress": say.percent(line.progress),
        "expected": say.percent(line.expected),
        "trend": sparkline(line, 40),
    }
    return dg.MaterializeResult(
        asset_key=keys.key_result_key(line.id),
        metadata=told | ({"reason": line.reason} if line.reason else {}),
        data_version=dg.DataVersion(digest(told | {"reason": line.reason})),
    )


def objective_result(line: ObjectiveLine, report: Report) -> dg.MaterializeResult:
    """Return one objective as its asset shows it, with its worst key results in a table."""
    told = {
        "status": standing(line).word,
        "progress": say.percent(line.progress),
        "counted": f"{line.counted} of {line.declared}",
    }
    return dg.MaterializeResult(
        asset_key=keys.objective_key(line.id),
        metadata=told | {"key results": _table(line.key_results)},
        data_version=dg.DataVersion(digest({**told, "snapshot": report.snapshot})),
    )


def snapshot_result(report: Report) -> dg.MaterializeResult:
    """Return the snapshot with its headline, a table of key results, and the verdict on its freshness."""
    key = keys.snapshot_key(report.project)
    stale = [sentence.text for sentence in stale_sentences(report)]
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "headline": headline(report),
            "as_of": dg.MetadataValue.timestamp(report.as_of),
            "snapshot": report.snapshot,
            "key results": _table(key_results(report)),
        },
        data_version=dg.DataVersion(report.snapshot),
        check_results=[
            dg.AssetCheckResult(
                asset_key=key,
                check_name=FRESH,
                passed=not stale,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"stale": dg.MetadataValue.md(_list(stale))},
            )
        ],
    )


def fresh_check(project: str) -> dg.AssetCheckSpec:
    """Return the check that no key result shows an old value: one for all of them, naming those that do."""
    description = "every key result has a value of this snapshot"
    return dg.AssetCheckSpec(FRESH, asset=keys.snapshot_key(project), description=description)


def publish_result(published: Published, report: Report) -> dg.MaterializeResult:
    """Return where one rendering of *report* went; nowhere where readers have a later one."""
    return dg.MaterializeResult(
        asset_key=keys.publish_key(published.publisher),
        metadata={
            "snapshot": report.snapshot,
            "as_of": dg.MetadataValue.timestamp(report.as_of),
            "where": published.where or "readers have a later snapshot",
            **({"notes": "; ".join(published.notes)} if published.notes else {}),
        },
        data_version=dg.DataVersion(report.snapshot),
    )


def _table(lines: Sequence[KeyResultLine]) -> dg.MarkdownMetadataValue:
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, worst_first([*lines])[:MOST_ROWS])]
    more = len(lines) - MOST_ROWS
    last = [f"\n{more} more are not shown."] if more > 0 else []
    return dg.MetadataValue.md("\n".join([*(f"| {' | '.join(row)} |" for row in rows), *last]))


def _row(line: KeyResultLine) -> tuple[str, ...]:
    return (
        _plain(line.id),
        standing(line).word,
        _plain(_value(line)),
        _plain(_target(line)),
        say.percent(line.progress),
        say.percent(line.expected),
        sparkline(line, 20),
    )


def _list(sentences: Sequence[str]) -> str:
    more = len(sentences) - MOST_ROWS
    shown = [*map(_plain, sentences[:MOST_ROWS]), *([f"{more} more"] if more > 0 else [])]
    return "\n".join(f"- {sentence}" for sentence in shown)


def _plain(text: str) -> str:
    """Return *text* with what Markdown would take for its own made harmless."""
    return re.sub(r"([\\|<\[\]*_`])", r"\\\1", text)


def _value(line: KeyResultLine, *, style: say.Style = "compact") -> str:
    return words(line).now() if line.value is None else say.display(line.value, line.unit, style=style)


def _target(line: KeyResultLine, *, style: say.Style = "compact") -> str:
    if line.keep or line.target is None:
        return line.keep or words(line).goal() or say.NOTHING
    return say.display(line.target, line.unit, style=style)
