"""What is readable and still wrong: one row a rule, with the code and the line it points to."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import okr_pipeline.config
from okr_pipeline.config import CODES
from okr_pipeline.config.rules import RULES
from okr_pipeline.config.rules.circles import circles_in
from tests.builders.config_project import (
    COMPANY,
    METRICS,
    OBJECTIVES,
    SETTINGS,
    SOURCE,
    checked,
    key_result,
    metric,
    only,
    problems,
    replaced,
)

CRM, DEALS = "metrics/crm.yaml", "sources/crm.yaml"


def objective(lines: str) -> dict[str, str | bytes]:
    """Return a change that adds the keys in *lines* to the objective."""
    return {
        COMPANY: OBJECTIVES.replace(
            "    key_results:", "".join(f"    {x}\n" for x in lines.splitlines()) + "    key_results:"
        )
    }


def dataset(old: str, new: str) -> dict[str, str | bytes]:
    """Return a change of the one dataset."""
    return replaced(old, new, file=DEALS)


REACH = "title: T\nmetric: crm.new_arr\n"
SHARE = "title: T\nmetric: crm.win_rate\n"

ROWS: dict[str, tuple[dict[str, str | bytes], str, str]] = {
    "cycle ends before it starts": (
        replaced("end: 2027-01-31", "end: 2026-01-31", file="okr.yaml"),
        "OKR301",
        "okr.yaml:5",
    ),
    "cycle outside its parent": (
        replaced("end: 2026-10-31", "end: 2027-10-31", file="okr.yaml"),
        "OKR302",
        "okr.yaml:6",
    ),
    "unknown parent": (replaced("parent: fy26", "parent: fy27", file="okr.yaml"), "OKR204", "okr.yaml:6"),
    "own parent": (replaced("parent: fy26", "parent: fy26_q3", file="okr.yaml"), "OKR210", "okr.yaml:6"),
    "unknown cycle": (replaced("cycle: fy26_q3", "cycle: fy26_q5"), "OKR204", f"{COMPANY}:1"),
    "folder of another cycle": (replaced("cycle: fy26_q3", "cycle: fy26"), "OKR303", f"{COMPANY}:1"),
    "unknown metric": (replaced("crm.new_arr", "crm.new_ar"), "OKR201", f"{COMPANY}:8"),
    "unknown north star": ({"okr.yaml": SETTINGS + "north_star: crm.mrr\n"}, "OKR201", "okr.yaml:9"),
    "unknown metric in a ratio": (metric("ratio: {of: won, to: lost}"), "OKR201", f"{CRM}:16"),
    "unknown metric in a formula": (metric("formula: new_arr / dealz"), "OKR201", f"{CRM}:16"),
    "unknown dataset": (metric("dataset: crm.deal\nvalue: count(*)"), "OKR202", f"{CRM}:16"),
    "unknown dataset in a query": (metric("sql: SELECT count(*) FROM crm.deal"), "OKR202", f"{CRM}:16"),
    "unknown objective": (objective("supports: [mid_markets]"), "OKR205", f"{COMPANY}:5"),
    "unknown objective above": (objective("contributes_to: fy26.grow"), "OKR205", f"{COMPANY}:5"),
    "unknown dependency": (objective("depends_on: [platform.sso]"), "OKR205", f"{COMPANY}:5"),
    "unknown leader": (key_result(REACH + "from: 1\nto: 2\nled_by: [pipelin]"), "OKR206", f"{COMPANY}:11"),
    "led by itself": (key_result(REACH + "from: 1\nto: 2\nled_by: [pipeline]"), "OKR210", f"{COMPANY}:11"),
    "unknown strategy": (objective("strategy: mid_market"), "OKR207", f"{COMPANY}:5"),
    "unknown connector": (dataset("connector: files", "connector: filess"), "OKR203", f"{DEALS}:1"),
    "objective answers to itself": (objective("supports: [mid_market]"), "OKR210", f"{COMPANY}:5"),
    "objective contributes to itself": (
        objective("contributes_to: fy26_q3.mid_market"),
        "OKR210",
        f"{COMPANY}:5",
    ),
    "objective waits for itself": (objective("depends_on: [mid_market.pipeline]"), "OKR210", f"{COMPANY}:5"),
    "key not declared": (dataset("key: [Id]", "key: [id]"), "OKR208", f"{DEALS}:12"),
    "cursor not declared": (
        dataset("cursor: Changed\n    freshness: 6h", "cursor: Change"),
        "OKR208",
        f"{DEALS}:13",
    ),
    "not_null not declared": (dataset("not_null: [Amount]", "not_null: [Amout]"), "OKR208", f"{DEALS}:15"),
    "unique not declared": (dataset("unique: [Id]", "unique: [[Id, Day]]"), "OKR208", f"{DEALS}:15"),
    "freshness column not declared": (
        dataset("freshness: 6h", "freshness: {column: Seen, within: 6h}"),
        "OKR208",
        f"{DEALS}:14",
    ),
    "columns differ in case": (
        dataset("IsWon: boolean", "IsWon: boolean\n      iswon: boolean"),
        "OKR308",
        f"{DEALS}:11",
    ),
    "cursor without order": (
        dataset("cursor: Changed\n    freshness: 6h", "cursor: IsWon"),
        "OKR304",
        f"{DEALS}:13",
    ),
    "cursor without key": (dataset("    key: [Id]\n", ""), "OKR306", f"{DEALS}:12"),
    "overlap without cursor": (
        dataset("cursor: Changed\n    freshness: 6h", "overlap: 10m"),
        "OKR306",
        f"{DEALS}:13",
    ),
    "full_read without cursor": (
        dataset("cursor: Changed\n    freshness: 6h", "full_read: weekly"),
        "OKR306",
        f"{DEALS}:13",
    ),
    "overlap of numbers": (
        dataset("cursor: Changed\n    freshness: 6h", "cursor: Amount\n    overlap: 10m"),
        "OKR306",
        f"{DEALS}:14",
    ),
    "freshness without cursor": (dataset("    cursor: Changed\n", ""), "OKR307", f"{DEALS}:13"),
    "freshness of a number": (dataset("cursor: Changed", "cursor: Amount"), "OKR305", f"{DEALS}:14"),
    "mark of deletion not declared": (
        dataset("cursor: Changed", "cursor: Changed\n    deleted: IsGone"),
        "OKR208",
        f"{DEALS}:14",
    ),
    "mark of deletion is a number": (
        dataset("cursor: Changed", "cursor: Changed\n    deleted: Amount"),
        "OKR318",
        f"{DEALS}:14",
    ),
    "time not declared": (replaced("time: CloseDate", "time: ClosedDate", file=CRM), "OKR208", f"{CRM}:6"),
    "time is no time": (replaced("time: CloseDate", "time: IsWon", file=CRM), "OKR305", f"{CRM}:6"),
    "window without time": (
        metric("dataset: crm.deals\nvalue: count(*)\nwindow: trailing 7 days"),
        "OKR309",
        f"{CRM}:18",
    ),
    "value is no aggregate": (replaced("sum(Amount)", "Amount", file=CRM), "OKR401", f"{CRM}:4"),
    "where is no condition": (replaced("IsWon IS TRUE\n", "Amount\n", file=CRM), "OKR402", f"{CRM}:5"),
    "unknown column in value": (replaced("sum(Amount)", "sum(Amout)", file=CRM), "OKR401", f"{CRM}:4"),
    "formula is no arithmetic": (metric("formula: new_arr +"), "OKR403", f"{CRM}:16"),
    "query is no SELECT": (metric("sql: DROP TABLE crm.deals"), "OKR404", f"{CRM}:16"),
    "query is two": (metric("sql: SELECT 1 FROM crm.deals; DROP TABLE crm.deals"), "OKR404", f"{CRM}:16"),
    "dollars divided by dollars": (
        metric("ratio: {of: new_arr, to: new_arr}\nunit: USD"),
        "OKR316",
        f"{CRM}:17",
    ),
    "percent of unlike units": (
        metric("ratio: {of: win_rate, to: new_arr}\nunit: percent"),
        "OKR316",
        f"{CRM}:17",
    ),
    "metric made of itself": (metric("formula: extra + new_arr"), "OKR210", f"{CRM}:16"),
    "baseline equals target": (key_result(REACH + "from: 5\nto: 5.0"), "OKR310", f"{COMPANY}:10"),
    "nothing to gain": (key_result(SHARE + "from: auto\nto: +0 points"), "OKR310", f"{COMPANY}:10"),
    "twice nothing": (key_result(REACH + "from: 0\nto: x2"), "OKR310", f"{COMPANY}:10"),
    "percentage of money": (key_result(REACH + "from: 1\nto: 38%"), "OKR311", f"{COMPANY}:10"),
    "money kept as percentage": (key_result(REACH + 'keep: "<= 2.5%"'), "OKR311", f"{COMPANY}:9"),
    "points of money": (key_result(REACH + "from: 1\nto: +5 points"), "OKR312", f"{COMPANY}:10"),
    "bare number of percent": (key_result(SHARE + "from: 31%\nto: 38"), "OKR313", f"{COMPANY}:10"),
    "commit beyond the target": (key_result(REACH + "from: 1\nto: 5\ncommit: 6"), "OKR314", f"{COMPANY}:11"),
    "commit before the baseline": (
        key_result(REACH + "from: 9\nto: 5\ncommit: 10"),
        "OKR314",
        f"{COMPANY}:11",
    ),
    "stretch short of the target": (
        key_result(REACH + "from: 1\nto: 5\nstretch: 4"),
        "OKR314",
        f"{COMPANY}:11",
    ),
    "stretch above a falling target": (
        key_result(REACH + "from: 9\nto: 5\nstretch: 6"),
        "OKR314",
        f"{COMPANY}:11",
    ),
    "marks on one side": (
        key_result(REACH + "from: auto\nto: 5\ncommit: 4\nstretch: 3"),
        "OKR314",
        f"{COMPANY}:12",
    ),
    "weight of nothing": (key_result(REACH + "from: 1\nto: 5\nweight: 0"), "OKR315", f"{COMPANY}:11"),
    "weight of a billion": (key_result(REACH + "from: 1\nto: 5\nweight: 1B"), "OKR315", f"{COMPANY}:11"),
    "weight is no number": (key_result(REACH + "from: 1\nto: 5\nweight: heavy"), "OKR106", f"{COMPANY}:11"),
    "baseline after the cycle": (
        key_result(REACH + "from: {at: 2026-11-01}\nto: 5"),
        "OKR317",
        f"{COMPANY}:9",
    ),
    "baseline before anything counts": (
        key_result(REACH + "from: {at: 2026-06-30}\nto: 5"),
        "OKR317",
        f"{COMPANY}:9",
    ),
}


@pytest.mark.parametrize(("changes", "code", "place"), ROWS.values(), ids=ROWS.keys())
def test_one_cause_gives_one_diagnostic(
    tmp_path: Path, changes: dict[str, str | bytes], code: str, place: str
) -> None:
    """Each contradiction is found, alone, at its line."""
    assert [(code, place)] == problems(tmp_path, changes)


RIGHT: dict[str, dict[str, str | bytes]] = {
    "untouched": {},
    "no objective": {COMPANY: "cycle: fy26_q3\nobjectives: {}\n"},
    "no metric": key_result("title: Not ready\nfrom: auto\nto: 38%"),
    "no key result": {COMPANY: "cycle: fy26_q3\nobjectives:\n  o: {title: T}\n"},
    "falling": key_result(REACH + "from: 9\nto: 5\ncommit: 7\nstretch: 4"),
    "relative mark": key_result(REACH + "from: 100\nto: +15%\ncommit: 110\nstretch: 120"),
    "measured, marks either way": key_result(REACH + "from: auto\nto: 5\ncommit: 7\nstretch: 4"),
    "baseline before a stock": key_result("title: T\nmetric: crm.deals\nfrom: {at: 2026-06-30}\nto: 5"),
    "more than whole": key_result(SHARE + "from: 90%\nto: 110%"),
    "percent as ratio": key_result(SHARE + "from: 0.31\nto: 0.38"),
    "percent as points": key_result(SHARE + "from: auto\nto: +5 points"),
    "ratio of unlike units": metric("ratio: {of: new_arr, to: deals}\nunit: USD per deal"),
    "metric without unit": key_result("title: T\nmetric: crm.deals\nfrom: 31\nto: x2"),
    "freshness of another column": dataset("freshness: 6h", "freshness: {column: CloseDate, within: 2d}"),
    "numeric cursor": dataset("cursor: Changed\n    freshness: 6h", "cursor: Amount"),
    "lower bound of a percentage": key_result(SHARE + 'keep: ">= 99.9%"'),
}


@pytest.mark.parametrize("changes", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_right_passes(tmp_path: Path, changes: dict[str, str | bytes]) -> None:
    """None of these is taken for a mistake."""
    assert () == checked(tmp_path, changes).diagnostics


def test_every_problem_is_found_at_once_and_in_order(tmp_path: Path) -> None:
    """Mistakes in four files come together, settings first, then by file and line."""
    changes = {
        **replaced("Europe/Berlin", "Europe/Berln", file="okr.yaml"),
        **dataset("key: [Id]", "key: [id]"),
        **replaced("sum(Amount)", "sum(Amout)", file=CRM),
        COMPANY: OBJECTIVES.replace("crm.new_arr", "crm.arr").replace("lagging", "laging"),
    }
    places = [
        ("OKR116", "okr.yaml:2"),
        ("OKR401", f"{CRM}:4"),
        ("OKR103", f"{COMPANY}:9"),
        ("OKR208", f"{DEALS}:12"),
    ]
    assert places == problems(tmp_path, changes)


def test_a_circle_of_objectives_is_named_with_its_path(tmp_path: Path) -> None:
    """Three objectives that support each other in turn are one diagnostic."""
    body = "".join(f"  {a}: {{title: T, supports: [{b}]}}\n" for a, b in ("bc", "ca", "ab"))
    found = only(tmp_path, {COMPANY: f"cycle: fy26_q3\nobjectives:\n{body}"})
    assert ("OKR210", "`supports` runs in a circle: a -> b -> c -> a") == (found.code, found.message)


def test_a_circle_of_metrics_is_named_with_its_path(tmp_path: Path) -> None:
    """A formula and a ratio that rest on each other are one diagnostic."""
    more = "  a: {formula: b + deals}\n  b: {ratio: {of: a, to: deals}}\n"
    found = only(tmp_path, {CRM: METRICS + more})
    assert "a metric made of itself: crm.a -> crm.b -> crm.a" == found.message


def test_an_expression_problem_points_into_the_expression(tmp_path: Path) -> None:
    """The caret stands under the column that is not declared."""
    found = only(tmp_path, replaced("sum(Amount)", "sum(Amout)", file=CRM))
    assert "Amout" == found.text[found.column - 1 : found.column - 1 + found.length]


def test_a_problem_in_a_block_of_sql_points_to_its_line(tmp_path: Path) -> None:
    """Inside `sql: |` the place is the line of the query, not of the key."""
    found = only(tmp_path, metric("sql: |\n  SELECT count(*)\n  FROM deals"))
    assert ("OKR404", 18, "deals") == (found.code, found.line, found.text[found.column - 1 :])


def test_a_warning_does_not_keep_a_project_from_loading(tmp_path: Path) -> None:
    """`NOT IsWon` drops rows where it is unknown: said, not refused."""
    result = checked(tmp_path, metric("dataset: crm.deals\nvalue: count(*)\nwhere: NOT IsWon"))
    assert [("OKR402", True)] == [(d.code, d.warning) for d in result.diagnostics]
    assert result.project is not None


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=3)))
def test_circles_are_found_exactly_where_they_are(links: dict[str, list[str]]) -> None:
    """Each reported circle follows links and closes; if none is reported, an order exists."""
    circles = circles_in(links)
    for circle in circles:
        assert circle[0] == circle[-1]
        assert all(after in links[before] for before, after in pairwise(circle))
    assert bool(circles) == (not _has_order(links))


def _has_order(links: dict[str, list[str]]) -> bool:
    left = {name: set(targets) & set(links) for name, targets in links.items()}
    while free := [name for name, targets in left.items() if not targets & set(left)]:
        for name in free:
            del left[name]
    return not left


def test_suggestions_end_after_fifty(tmp_path: Path) -> None:
    """A thousand unknown names beside a thousand metrics once took seconds to compare."""
    names = ", ".join(f"pipelin{number}" for number in range(60))
    found = checked(tmp_path, replaced("from: 2.4M", f"from: 2.4M\n        led_by: [{names}]")).diagnostics
    assert (60, 50) == (len(found), sum(d.mend.startswith("did you mean") for d in found))


def test_a_chain_of_metrics_may_be_long() -> None:
    """A thousand links deep is no error and no crash."""
    assert [] == circles_in({str(i): [str(i + 1)] for i in range(5_000)})


def test_every_rule_has_its_number() -> None:
    """The docstrings number the rules in the order of the tuple."""
    numbers = [int((rule.__doc__ or "0").split(".")[0]) for rule in RULES]
    assert list(range(1, len(RULES) + 1)) == numbers


def test_every_code_is_documented_and_used() -> None:
    """The table of codes holds those that the code uses, and no others."""
    folder = Path(okr_pipeline.config.__file__).parent
    used = {
        c
        for file in folder.rglob("*.py")
        if file.name != "codes.py"
        for c in re.findall(r"OKR\d{3}", file.read_text())
    }
    assert set(CODES) == used


def test_the_correct_files_hold_what_the_rows_change() -> None:
    """The builder's files are the ones the line numbers above speak of."""
    assert (8, 15, 14, 11) == tuple(text.count("\n") for text in (SETTINGS, SOURCE, METRICS, OBJECTIVES))
