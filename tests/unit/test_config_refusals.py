"""What cannot be meant is refused, alone, with its line, its column and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_pipeline.config import Diagnostic, recorded
from okr_pipeline.config.diagnostic import render_text
from tests.builders.config_project import (
    COMPANY,
    SETTINGS,
    SOURCE,
    checked,
    key_result,
    metric,
    only,
    replaced,
)

Changes = dict[str, str | bytes]
USD = "title: T\nmetric: crm.new_arr\n"
SHARE = "title: T\nmetric: crm.win_rate\n"
BARE = "title: T\n"


def settings(line: str) -> Changes:
    """Return a change that adds *line* to okr.yaml, as line 9."""
    return {"okr.yaml": f"{SETTINGS}{line}\n"}


def underlined(found: Diagnostic) -> str:
    """Return what the carets of *found* stand under."""
    return found.text[found.column - 1 : found.column - 1 + found.length]


# what is written, the code, the line, what is underlined, what to write
REFUSED: dict[str, tuple[Changes, str, int, str, str]] = {
    "equal baseline and target": (
        key_result(USD + "from: 2.4M\nto: 2400000"), "OKR310", 10, "2400000", "keep"),
    "target below, direction up": (
        key_result(USD + "from: 9\nto: 5\ndirection: up"), "OKR322", 10, "5", "direction: down"),
    "target above, direction down": (
        key_result(USD + "from: 5\nto: 9\ndirection: down"), "OKR322", 10, "9", "direction: up"),
    "15 % more of a loss": (
        key_result(USD + "from: -40\nto: +15%"), "OKR322", 10, "+15%", "the number to reach"),
    "quarters of a cycle without one's end": (
        {**key_result(USD + "keep: '> 1'\nheld: every quarter"),
         "okr.yaml": SETTINGS.replace("end: 2026-10-31", "end: 2026-09-15")},
        "OKR319", 10, "every quarter", "months"),
    "points that fall, direction up": (
        key_result(SHARE + "from: auto\nto: -5 points\ndirection: up"), "OKR322", 10, "-5 points", "down"),
    "percentage against money": (
        key_result(USD + "from: 1M\nto: 38%"), "OKR311", 10, "38%", "in that unit"),
    "percentage in a warning of money": (
        key_result(USD + 'keep: "<= 5"\nwarn: "<= 1%"'), "OKR311", 10, '"<= 1%"', "in that unit"),
    "percentage in a step of money": (
        key_result(USD + "from: 1\nsteps: {2026-09-30: 5%}"), "OKR311", 10, "5%", "in that unit"),
    "percentage in a mark of money": (
        key_result(USD + "from: 1M\nto: 9M\ncommit: 5%"), "OKR311", 11, "5%", "in that unit"),
    "percentage in a condition on money": (
        key_result(BARE + "all_of: [{metric: crm.deals, keep: '> 1'}, {metric: crm.new_arr, keep: '> 1%'}]"),
        "OKR311", 8, "'> 1%'", "in that unit"),
    "bare number in a condition on a share": (
        key_result(BARE + "milestones: {a: {by: 2026-09-01, done: crm.win_rate >= 38}}"),
        "OKR313", 8, "crm.win_rate >= 38", "38%"),
    "bare number beside a stated percentage": (
        key_result(BARE + "manual: {from: 10%, to: 30}"), "OKR313", 8, "30", "with %"),
    "end before start": (
        replaced("end: 2026-10-31", "end: 2026-07-31", file="okr.yaml"),
        "OKR301", 6, "2026-07-31", "mend one"),
    "31 April ends a cycle": (
        replaced("end: 2026-10-31", "end: 2026-04-31", file="okr.yaml"), "OKR107", 6, "2026-04-31", "exists"),
    "31 April": (
        key_result(BARE + "milestones: {a: {by: 2026-04-31, done: manual}}"),
        "OKR107", 8, "2026-04-31", "a day that exists"),
    "31 April as a step": (
        key_result(USD + "from: 1\nsteps:\n  2026-04-31: 5"), "OKR107", 11, "2026-04-31", "that exists"),
    "a target to be determined": (
        key_result(USD + "from: 1\nto: TBD"), "OKR113", 10, "TBD", "to: unknown"),
    "a target to be determined later": (
        key_result(USD + "from: 1\nto: TBD (after the pilot)"),
        "OKR113", 10, "TBD (after the pilot)", "to: unknown"),
    "a target in question": (key_result(USD + "from: 1\nto: '?'"), "OKR113", 10, "'?'", "to: unknown"),
    "a baseline to be determined": (
        key_result(USD + "from: tbd\nto: 5"), "OKR113", 9, "tbd", "from: auto"),
    "bounds to be determined": (
        key_result(USD + "keep: '<= TBD'"), "OKR110", 9, "'<= TBD'", "find_baseline: true"),
    "bounds that are only a word": (key_result(USD + "keep: tbd"), "OKR110", 9, "tbd", "find_baseline"),
    "a step to be determined": (
        key_result(USD + "from: 1\nsteps: {2026-09-30: TBD}"), "OKR113", 10, "TBD", "leave the step out"),
    "a stated target to be determined": (
        key_result(BARE + "manual: {to: TBD}"), "OKR113", 8, "TBD", "write the number"),
    "one key twice": (
        key_result(USD + "from: 1\nto: 5\nfrom: 2"), "OKR007", 11, "from", "keep one of the two"),
    "one key result twice": (
        replaced("        to: 4M\n", "        to: 4M\n      pipeline: {title: T}\n"),
        "OKR007", 12, "pipeline",
        "keep one of the two"),
    # kinds
    "steps and a target": (
        key_result(USD + "from: 1\nto: 5\nsteps: {2026-09-30: 5}"), "OKR114", 10, "to", "last step"),
    "two kinds": (
        key_result(USD + 'keep: "> 1"\nfind_baseline: true'), "OKR114", 10, "find_baseline", "keep one"),
    "commit of a guard": (
        key_result(USD + 'keep: "> 1"\ncommit: 2'), "OKR114", 10, "commit", "belongs to `to`"),
    "curve of a guard": (
        key_result(USD + 'keep: "> 1"\nexpected: linear'), "OKR114", 10, "expected", "belongs to `steps`"),
    "metric of milestones": (
        key_result(USD + "milestones: {a: {by: 2026-09-01, done: manual}}"), "OKR114", 8, "metric", "remove"),
    "metric of what people state": (
        key_result(USD + "manual: {to: 3}"), "OKR114", 8, "metric", "remove it"),
    "held without bounds": (key_result(USD + "held: every month"), "OKR114", 9, "held", "write `keep:`"),
    "a warning without bounds": (key_result(USD + "warn: '> 1'"), "OKR114", 9, "warn", "write `keep:`"),
    "only a direction": (key_result(USD + "direction: up"), "OKR102", 6, "pipeline", "to: unknown"),
    "steps from nowhere": (
        key_result(USD + "steps: {2026-09-30: 5}"), "OKR102", 6, "pipeline", "from: auto"),
    "nothing to learn": (key_result(BARE + "find_baseline: true"), "OKR102", 6, "pipeline", "`metric:`"),
    "not to be learned": (
        key_result(USD + "find_baseline: false"), "OKR103", 9, "false", "find_baseline: true"),
    "one condition of two": (
        key_result(BARE + "all_of: [{metric: crm.deals, keep: '> 1'}]"), "OKR104", 8, "[", "at least 2"),
    "no steps": (key_result(USD + "from: 1\nsteps: {}"), "OKR104", 10, "{", "at least one"),
    "a score with a target": (
        key_result(BARE + "manual: {score: true, to: 3}"), "OKR114", 8, "to", "remove it"),
    "no score": (key_result(BARE + "manual: {score: false}"), "OKR103", 8, "false", "score: true"),
    "stated, to nowhere": (key_result(BARE + "manual: {from: 3}"), "OKR102", 8, "manual", "score: true"),
    "stated, standing still": (key_result(BARE + "manual: {from: 3, to: 3}"), "OKR310", 8, "3", "keep"),
    # texts
    "no condition": (
        key_result(BARE + "milestones: {a: {by: 2026-09-01, done: soon}}"), "OKR117", 8, "soon", "manual"),
    "no way to hold": (
        key_result(USD + "keep: '> 1'\nheld: mostly"), "OKR118", 10, "mostly", "95% of days"),
    "held never": (key_result(USD + "keep: '> 1'\nheld: 0% of days"), "OKR118", 10, "0% of days", "95%"),
    "held more than always": (
        key_result(USD + "keep: '> 1'\nheld: 120% of days"), "OKR118", 10, "120% of days", "70%"),
    "no curve": (
        key_result(USD + "from: 1\nto: 5\nexpected: liner"), "OKR103", 11, "liner", "`linear`"),
    "an empty curve": (key_result(USD + "from: 1\nto: 5\nexpected: {}"), "OKR104", 11, "{", "by days"),
    "more than all of the way": (
        key_result(USD + "from: 1\nto: 5\nexpected: {2026-09-30: 120%}"), "OKR106", 11, "120%", "70%"),
    "nothing between": (
        key_result(USD + "keep: '> 5 and < 5'"), "OKR110", 9, "'> 5 and < 5'", "<= or >="),
    "two lower bounds": (
        key_result(USD + "keep: '> 5 and > 6'"), "OKR110", 9, "'> 5 and > 6'", "one with <"),
    "settles never": (
        key_result(USD + "from: 1\nto: 5\nsettles_after: soon"), "OKR108", 11, "soon", "write a whole"),
    "retired without a reason": (
        key_result(USD + "from: 1\nto: 5\nretired: {on: 2026-09-01}"), "OKR102", 11, "retired", "why"),
    "no earlier time": (
        metric("change: {of: won, since: last month}"), "OKR120", 16, "last month", "previous month"),
    "the same year of last year": (
        metric("change: {of: won, since: same year last year}"), "OKR120", 16, "same year last year",
        "previous year"),
    # numbers and days that do not fit each other
    "commit on the wrong side": (
        key_result(USD + "from: auto\nto: 9\ndirection: up\ncommit: 10"),
        "OKR314", 12, "10", "less of the way"),
    "commit below an unknown target": (
        key_result(USD + "from: 5\nto: unknown\ndirection: up\ncommit: 4"), "OKR314", 12, "4", "less of"),
    "a curve of no earlier cycle": (
        key_result(USD + "from: 1\nto: 5\nexpected: last_cycle"), "OKR335", 11, "last_cycle", "close_of"),
    "conditions that contradict each other": (
        key_result(BARE + "all_of: [{metric: crm.deals, keep: '>= 3'}, {metric: crm.deals, keep: '< 2'}]"),
        "OKR334", 8, "'< 2'", "one of the two"),
    "conditions that miss each other at one number": (
        key_result(BARE + "all_of: [{metric: crm.deals, keep: '>= 3'}, {metric: crm.deals, keep: '< 3'}]"),
        "OKR334", 8, "'< 3'", "one of the two"),
    "stretch short of commit": (
        key_result(USD + "from: 5\nto: private\ncommit: 8\nstretch: 7"),
        "OKR314", 12, "7", "more of the way"),
    "a step back": (
        key_result(USD + "from: 1\nsteps: {2026-08-31: 5, 2026-09-30: 4, 2026-10-31: 9}"),
        "OKR323", 10, "4", "on the way"),
    "steps to nowhere": (
        key_result(USD + "from: 5\nsteps: {2026-08-31: 5}"), "OKR310", 10, "5", "keep"),
    "steps out of order": (
        key_result(USD + "from: 1\nsteps: {2026-09-30: 5, 2026-08-31: 9}"), "OKR326", 10, "2026-08-31",
        "order of time"),
    "a curve out of order": (
        key_result(USD + "from: 1\nto: 5\nexpected: {2026-09-30: 50%, 2026-08-31: 10%}"),
        "OKR326", 11, "2026-08-31", "order of time"),
    "a curve that falls": (
        key_result(USD + "from: 1\nto: 5\nexpected: {2026-08-31: 50%, 2026-09-30: 10%}"),
        "OKR326", 11, "10%", "share of the whole way"),
    "a warning that is none": (
        key_result(USD + "keep: '<= 5'\nwarn: '<= 5'"), "OKR324", 10, "'<= 5'", "tighter"),
    "a warning outside": (key_result(USD + "keep: '<= 5'\nwarn: '<= 6'"), "OKR324", 10, "'<= 6'", "tighter"),
    "a warning on the other side": (
        key_result(USD + "keep: '<= 5'\nwarn: '>= 6'"), "OKR324", 10, "'>= 6'", "tighter"),
    "a strict bound warned inclusively": (
        key_result(USD + "keep: '> 5'\nwarn: '>= 5'"), "OKR324", 10, "'>= 5'", "tighter"),
    "a step before the cycle": (
        key_result(USD + "from: 1\nsteps: {2026-07-31: 5}"), "OKR319", 10, "2026-07-31", "day of the cycle"),
    "a milestone after the cycle": (
        key_result(BARE + "milestones: {a: {by: 2026-11-01, done: manual}}"), "OKR319", 8, "2026-11-01",
        "day of the cycle"),
    "a curve past the cycle": (
        key_result(USD + "from: 1\nto: 5\nexpected: {2027-09-30: 50%}"), "OKR319", 11, "2027-09-30",
        "day of the cycle"),
    "retired before it began": (
        key_result(USD + "from: 1\nto: 5\nretired: {on: 2026-07-01, why: x}"), "OKR319", 11, "2026-07-01",
        "day of the cycle"),
    "milestones that weigh nothing": (
        key_result(BARE + "milestones: {a: {by: 2026-09-01, done: manual, weight: 0}}"), "OKR315", 8, "0",
        "above 0"),
    "a weight below nothing": (
        key_result(USD + "from: 1\nto: 5\nweight: -1"), "OKR315", 11, "-1", "write 1"),
    # names
    "unknown metric in a condition": (
        key_result(BARE + "milestones: {a: {by: 2026-09-01, done: crm.wonn >= 1}}"), "OKR201", 8,
        "crm.wonn >= 1", "`crm.won`"),
    "unknown metric among conditions": (
        key_result(BARE + "all_of: [{metric: crm.deals, keep: '> 1'}, {metric: crm.wonn, keep: '> 1'}]"),
        "OKR201", 8, "crm.wonn", "`crm.won`"),
    "unknown metric of a change": (
        metric("change: {of: wonn, since: previous month}"), "OKR201", 16, "wonn", "`crm.won`"),
    "unknown successor": (
        key_result(USD + "from: 1\nto: 5\nretired: {on: 2026-09-01, why: x, replaced_by: pipelin}"),
        "OKR206", 11, "pipelin", "`pipeline`"),
    "its own successor": (
        key_result(USD + "from: 1\nto: 5\nretired: {on: 2026-09-01, why: x, replaced_by: pipeline}"),
        "OKR210", 11, "pipeline", "another"),
    "taken over from nobody": (
        key_result(USD + "from: {close_of: last.pipeline}\nto: 5"), "OKR206", 9, "last.pipeline", "pipeline"),
    "taken over from a bare name": (
        key_result(USD + "from: {close_of: pipeline}\nto: 5"), "OKR113", 9, "pipeline", "<objective>"),
    "a change of what counts from the cycle's start": (
        metric("change: {of: new_arr, since: previous month}"), "OKR332", 16, "new_arr", "quarter to date"),
    "unknown column of groups": (
        metric("dataset: crm.deals\nvalue: count(*)\nby: iswon"), "OKR208", 18, "iswon", "`IsWon`"),
    "groups of a ratio": (metric("ratio: {of: won, to: deals}\nby: IsWon"), "OKR114", 17, "by", "remove it"),
    "held in groups that are none": (
        key_result(USD + "keep: '> 1'\nheld: in every region"),
        "OKR328", 10, "in every region", "by: region"),
    # settings
    "thresholds of a named policy": (
        settings("status: {policy: viva, on_track: 90%}"), "OKR114", 9, "on_track", "custom"),
    "a policy without thresholds": (
        settings("status: {policy: custom, on: gap, on_track: -5 points}"), "OKR102", 9, "status", "at_risk"),
    "thresholds the wrong way round": (
        settings("status: {policy: custom, on: gap, on_track: -20 points, at_risk: -5 points}"), "OKR320", 9,
        "-5 points", "lower"),
    "points of a share": (
        settings("status: {policy: custom, on: elapsed, on_track: 90%, at_risk: 70 points}"), "OKR320", 9,
        "70 points", "90%"),
    "a threshold without a unit": (
        settings("status: {policy: custom, on: progress, on_track: 90, at_risk: 70%}"),
        "OKR320", 9, "90", "90%"),
    "on track where all is reached": (
        settings("status: {policy: custom, on: progress, on_track: 100%, at_risk: 70%}"), "OKR320", 9,
        "100%", "below 100%"),
    "a gap that nobody can have": (
        settings("status: {policy: custom, on: gap, on_track: 100 points, at_risk: 0 points}"), "OKR320", 9,
        "100 points", "below 100 points"),
    "off track on plan": (
        settings("status: {policy: custom, on: elapsed, on_track: 120%, at_risk: 110%}"), "OKR320", 9,
        "110%", "100% or less"),
    "off track on plan, by a hair": (
        settings("status: {policy: custom, on: gap, on_track: 5 points, at_risk: '> 0 points'}"), "OKR320", 9,
        "'> 0 points'", "0 points or less"),
    "never off track": (
        settings("status: {policy: custom, on: gap, on_track: -10 points, at_risk: -250 points}"), "OKR320",
        9, "-250 points", "-100 points or more"),
    "never off track by a share": (
        settings("status: {policy: custom, on: expected, on_track: 90%, at_risk: -5%}"), "OKR320", 9,
        "-5%", "0% or more"),
    "no threshold": (
        settings("status: {policy: custom, on: gap, on_track: soon, at_risk: -0.2}"), "OKR119", 9, "soon",
        "points"),
    "a dwell of no day": (settings("status: {dwell: 0}"), "OKR104", 9, "0", "1 or more"),
    "grades that fall": (settings("grades: {2: 60%}"), "OKR321", 9, "grades", "growing"),
    "grades above all": (settings("grades: {4: 120%}"), "OKR106", 9, "120%", "70%"),
    "advice of no code": (settings("lint: {except: {short: x}}"), "OKR105", 9, "short", "OKRL07"),
    "an exception without a reason": (settings("lint: {except: {OKRL07: ''}}"), "OKR102", 9, "OKRL07", "why"),
    "no profile": (settings("lint: {profile: strickt}"), "OKR103", 9, "strickt", "`strict`"),
    "a lake in a bucket": (
        settings("store: {lake: 's3://okr/lake'}"), "OKR199", 9, "'s3://okr/lake'", ".okr/lake"),
    "a warehouse elsewhere": (
        settings("store: {warehouse: 'md://okr'}"), "OKR199", 9, "'md://okr'", ".okr/warehouse.duckdb"),
    "check-ins of no dataset": (
        settings("check_ins: {dataset: crm.deal}"), "OKR202", 9, "crm.deal", "`crm.deals`"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "line", "marked", "mend"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, changes: Changes, code: str, line: int, marked: str, mend: str
) -> None:
    """One cause, one diagnostic, and the carets stand under what is wrong."""
    found = only(tmp_path, changes)
    assert (code, line, marked) == (found.code, found.line, underlined(found))
    assert mend in found.mend


def test_the_column_is_that_of_the_value(tmp_path: Path) -> None:
    """As people see it: the whole message of a target on the wrong side."""
    found = only(tmp_path, key_result(USD + "from: 9\nto: 5\ndirection: up"))
    assert render_text([found]) == (
        f"{COMPANY}:10:13: OKR322 `direction: up`, but the target lies below the baseline\n"
        "    |\n"
        " 10 |         to: 5\n"
        "    |             ^\n"
        "    = write a target above `from`, or `direction: down`"
    )


ACCEPTED: dict[str, Changes] = {
    "conditions that meet in one number": key_result(
        BARE + "all_of: [{metric: crm.deals, keep: '>= 3'}, {metric: crm.deals, keep: '<= 3'}]"
    ),
    "a policy that wants more than the plan": settings(
        "status: {policy: custom, on: gap, on_track: 5 points, at_risk: 0 points}"
    ),
    "a policy without red on the way": settings(
        "status: {policy: custom, on: progress, on_track: 70%, at_risk: 0%}"
    ),
    "a store that only the machine knows": settings("store: {lake: 'env:OKR_LAKE', warehouse: w/okr.db}"),
}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_may_be_meant_is_accepted(tmp_path: Path, changes: Changes) -> None:
    """The neighbours of what is refused."""
    assert () == checked(tmp_path, changes).diagnostics


def test_a_source_without_datasets_is_one_diagnostic(tmp_path: Path) -> None:
    """Told once, where they are missing, not by each of the three metrics that read them."""
    head = SOURCE.partition("datasets:")[0]
    found = only(tmp_path, {"sources/crm.yaml": head + "datasets: {}\n"})
    assert ("OKR202", "sources/crm.yaml:3", "{") == (
        found.code,
        found.place.rpartition(":")[0],
        underlined(found),
    )
    assert "crm.deals" in found.message
    assert "OKR104" == only(tmp_path, {"sources/crm.yaml": head + "datasets:\n"}).code


def test_what_was_recorded_stays_readable(tmp_path: Path) -> None:
    """A configuration that older rules accepted is read for its past, though nobody may write it now."""
    only(tmp_path, key_result(USD + "from: 1\nto: 5\nexpected: last_cycle"))
    assert "last_cycle" == recorded(tmp_path).key_result("mid_market.pipeline").expected


def test_what_a_connector_took_once_stays_readable(tmp_path: Path) -> None:
    """Options that it refuses by now hide no number of then."""
    source = SOURCE.replace("path: data/deals.csv", "path: data/deals.csv\n    quote: none")
    assert "OKR115" == only(tmp_path, {"sources/crm.yaml": source}).code
    assert "none" == recorded(tmp_path).datasets["crm.deals"].options["quote"]


def test_a_file_of_check_ins_is_named_after_a_cycle(tmp_path: Path) -> None:
    """A file of no cycle is one diagnostic."""
    found = only(tmp_path, {"check_ins/fy26_q5.yaml": "check_ins: []\n"})
    assert ("OKR204", "check_ins/fy26_q5.yaml") == (found.code, found.file)


def test_successors_have_an_end(tmp_path: Path) -> None:
    """Two key results that replace each other are one diagnostic."""
    retired = "from: 1, to: 2, retired: {on: 2026-09-01, why: x, replaced_by: "
    body = f"a: {{title: A, {retired}b}}}}\n      b: {{title: B, {retired}a}}}}\n"
    found = only(tmp_path, replaced("      pipeline:", f"      {body}      pipeline:"))
    assert "`replaced_by` runs in a circle: mid_market.a -> mid_market.b -> mid_market.a" == found.message


def test_an_unknown_cycle_hides_no_other_slip_and_adds_none(tmp_path: Path) -> None:
    """Where days cannot be compared with a cycle, they are not."""
    text = str(key_result(USD + "from: auto\nsteps: {2031-09-30: 5}")[COMPANY])
    assert "OKR204" == only(tmp_path, {COMPANY: text.replace("cycle: fy26_q3", "cycle: fy26_q7")}).code
