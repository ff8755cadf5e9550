"""What is right by itself and wrong beside the rest: between files, and between key results."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.config import Diagnostic, check
from tests.builders.config_language import FILES

Q4, CHECK_INS = "objectives/fy26_q4/company.yaml", "check_ins/fy26_q4.yaml"


def language(root: Path, file: str, old: str, new: str) -> list[Diagnostic]:
    """Return what is said of the project that uses the whole language, with *new* for *old* in *file*."""
    assert FILES[file].count(old) == 1, old
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.replace(old, new) if path == file else text, encoding="utf-8")
    return list(check(root).diagnostics)


def underlined(found: Diagnostic) -> str:
    """Return what the carets of *found* stand under."""
    return found.text[found.column - 1 : found.column - 1 + found.length]


# file, what stands there, what is written instead, code, underlined, mend
TOGETHER: dict[str, tuple[str, str, str, str, str, str]] = {
    "taken over from the same cycle": (
        Q4, "close_of: habit.arr", "close_of: guard.speed", "OKR327", "guard.speed", "earlier cycle"),
    "taken over in another unit": (
        "objectives/fy26_q3/company.yaml", "metric: crm.arr", "metric: crm.deals", "OKR327", "habit.arr",
        "measures the same"),
    "a curve that nobody handed over": (
        "objectives/fy26_q3/company.yaml", "replaced_by: grow.cost", "replaced_by: grow.arr", "OKR335",
        "last_cycle", "replaced_by: grow.cost"),
    "a weight that a sum ignores": (
        Q4, "weight: 1", "weight: 3", "OKR114", "weight", "roll_up: mean"),
    "a change to another number": (
        Q4, "to: 4M, why", "to: 4.5M, why", "OKR336", "4.5M", "objectives/fy26_q4/company.yaml:23"),
    "two changes on a day, to other numbers": (
        Q4, "to: 4M, why", "to: 5M, why: x}\n      - {on: 2026-12-03, change: arr.to, from: 5M, to: 6M, why",
        "OKR336", "6M", "objectives/fy26_q4/company.yaml:24"),
    "a change to other bounds": (
        Q4, 'to: "<= 2.5%", why', 'to: "<= 2.4%", why', "OKR336", '"<= 2.4%"', "company.yaml:"),
    "a change of a change": (
        "metrics/crm.yaml", "of: crm.deals, since", "of: crm.growth, since", "OKR332", "crm.growth",
        "itself"),
    "taken over from no number": (
        "objectives/fy26_q3/company.yaml", "metric: crm.arr, from: 1M, to: 2M", "manual: {score: true}",
        "OKR327", "habit.arr", "measures the same"),
    "a group as one number": (
        Q4, "metric: crm.deals, from: auto", "metric: crm.uptime, from: auto", "OKR328", "crm.uptime",
        "in every region"),
    "a group in a condition": (
        Q4, '"crm.deals = 1"', '"crm.uptime = 1"', "OKR328", '"crm.uptime = 1"', "without `by`"),
    "a group as a north star": (
        "okr.yaml", "north_star: crm.arr", "north_star: crm.uptime", "OKR328", "crm.uptime", "without `by`"),
    "a group in a change": (
        "metrics/crm.yaml", "{of: crm.deals", "{of: uptime", "OKR328", "uptime", "without `by`"),
    "held in other groups": (
        Q4, "held: in every region", "held: in every country", "OKR328", "in every country", "every region"),
    "a sum of two units": (
        Q4, "From a day, metric: crm.cost", "From a day, metric: crm.deals", "OKR325", "sum", "one unit"),
    "a sum that rises and falls": (
        Q4, "to: x2, expected", "direction: down, to: 3, expected", "OKR325", "sum", "all fall"),
    "a sum of a guard": (
        Q4, "from: auto, to: private", "keep: '> 1'", "OKR325", "secret", "roll_up"),
    "a revision of nothing": (
        Q4, "change: guard.churn.keep", "change: guard.churn", "OKR101", "guard.churn", "pipeline.to"),
    "a revision of a misspelt key": (
        Q4, "change: arr.to", "change: arr.too", "OKR101", "arr.too", "`to`"),
    "a revision of a stranger": (
        Q4, "change: arr.to", "change: ar.to", "OKR206", "ar.to", "`grow.arr`"),
    "a revision after the cycle": (
        Q4, "on: 2026-12-03", "on: 2027-12-03", "OKR319", "2027-12-03", "day of the cycle"),
    "a check-in of a stranger": (
        CHECK_INS, "key_result: guard.partners", "key_result: guard.partner", "OKR206", "guard.partner",
        "`guard.partners`"),
    "a check-in of another cycle": (
        CHECK_INS, "key_result: grow.arr", "key_result: habit.arr", "OKR330", "habit.arr", "fy26_q3.yaml"),
    "a lesson of another cycle": (
        CHECK_INS, "  grow.arr: Ask", "  habit.arr: Ask", "OKR330", "habit.arr", "fy26_q3.yaml"),
    "a lesson of a stranger": (
        CHECK_INS, "  grow.arr: Ask", "  grow.ar: Ask", "OKR206", "grow.ar", "`grow.arr`"),
    "a stated value of a measured number": (
        CHECK_INS, "confidence: 70%", "value: 5", "OKR329", "value", "override"),
    "a score above all": (CHECK_INS, "value: 0.4", "value: 4", "OKR329", "4", "70%"),
    "a stated percentage of a number": (CHECK_INS, "value: 2", "value: 20%", "OKR311", "20%", "such as 2"),
    "no such milestone": (CHECK_INS, "done: [log]", "done: [logs]", "OKR329", "logs", "`log`"),
    "a milestone with a condition": (
        CHECK_INS, "done: [log]", "done: [access]", "OKR329", "access", "done: manual"),
    "an override that is over": (
        CHECK_INS, "until: 2026-11-20", "until: 2026-11-02", "OKR329", "2026-11-02", "last day"),
    "an override to nothing": (
        CHECK_INS, "status: at_risk", "status: no_data", "OKR103", "no_data", "expected one of"),
    "nothing said": (CHECK_INS, ", value: 2", "", "OKR102", "{", "confidence"),
    "nobody said it": (
        CHECK_INS, "author: a@fernhill.example, value: 2", "value: 2", "OKR102", "{", "author"),
    "more than certain": (CHECK_INS, "confidence: 70%", "confidence: 170%", "OKR106", "170%", "70%"),
    "a dataset that says not who": (
        "sources/crm.yaml", "author: string", "writer: string",
        "OKR208", "crm.check_ins", "declare key_result, on, author"),
    "a dataset that says not when": (
        "sources/crm.yaml", "on: date, author", "on: string, author", "OKR333", "crm.check_ins", "date"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "marked", "mend"), TOGETHER.values(), ids=TOGETHER.keys()
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, file: str, old: str, new: str, code: str, marked: str, mend: str
) -> None:
    """Between files and between key results, too."""
    found = language(tmp_path, file, old, new)
    assert [(code, marked)] == [(each.code, underlined(each)) for each in found]
    assert mend in found[0].mend


# what a revision says, of a target that is written as 4M today
SAME = [
    "from: 5M, to: 4000000",
    "from: 5M, to: 4M, why: x}\n      - {on: 2026-11-20, change: arr.to, from: 6M, to: 5M",
    "from: 5M, to: 4M, why: x}\n      - {on: 2026-12-03, change: arr.to, from: 6M, to: 5M",
    "from: 5M, to: 4M, why: x}\n      - {on: 2026-12-04, change: cost.to, from: x3, to: x2.0",
    "from: 5M, to: 4M, why: x}\n      - {on: 2026-12-04, change: cost.from, from: 10, to: 20",
    "from: 5M, to: 4M, why: x}\n      - {on: 2026-12-04, change: old.commit, from: -50, to: -40",
    "from: 5M, to: 4M, why: x}\n      - {on: 2026-12-04, change: arr.expected, from: linear, "
    "to: {2026-12-15: 10.0%, 2027-01-15: 0.6}",
    "from: 5M, to: 4M, why: x}\n      - {on: 2026-12-04, change: arr.expected.2026-12-15, from: 20%, "
    "to: 10%, why: x}\n      - {on: 2026-11-04, change: arr.expected, from: linear, to: {2026-12-15: 20%}",
]


@pytest.mark.parametrize("written", SAME)
def test_a_revision_that_leads_to_what_is_written_passes(tmp_path: Path, written: str) -> None:
    """What it means is compared; the newest counts, any of its day; a measured baseline moves unwritten."""
    assert [] == language(tmp_path, Q4, "from: 5M, to: 4M", written)


def test_a_check_in_outside_its_cycle_is_said_not_refused(tmp_path: Path) -> None:
    """The last word on a cycle is often written a week after it."""
    (found,) = language(tmp_path, CHECK_INS, "on: 2026-11-30", "on: 2027-02-07")
    assert ("OKR319", True, "2027-02-07") == (found.code, found.warning, underlined(found))


PIECES = ["null", "[]", "{a: b}", "''", "-1", "38%", ".inf", "TBD", "2026-12-31", "{2026-12-01: 3}", "x: y"]
VALUES = [
    (file, at.span()) for file in (Q4, CHECK_INS) for at in re.finditer(r"(?<=: )[^,{}\[\]\n]+", FILES[file])
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(VALUES), st.sampled_from(PIECES))
def test_any_value_is_diagnosed_or_harmless(value: tuple[str, tuple[int, int]], piece: str) -> None:
    """Whatever a value of the language turns into, checking ends in a project or in diagnostics."""
    file, (start, end) = value
    text = FILES[file]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, content in {**FILES, file: text[:start] + piece + text[end:]}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content, encoding="utf-8")
        found = check(root)
    assert (found.project is None) == any(not d.warning for d in found.diagnostics)
    assert all(d.mend for d in found.diagnostics)


def test_a_change_is_no_amount(tmp_path: Path) -> None:
    """A change of euros is a share, not euros; who holds it against percentages is told as well."""
    before = "of: crm.deals, since: previous month}, unit: percent"
    after = "of: arr, since: previous month}, unit: EUR"
    found = language(tmp_path, "metrics/crm.yaml", before, after)
    assert [("OKR316", "EUR"), ("OKR311", '"> 1% and <= 9%"')] == [(d.code, underlined(d)) for d in found]
