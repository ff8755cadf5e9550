"""What one file may say: shapes, words, layout, and what this version does not support yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_pipeline.config import check
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


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"okr.yaml": SETTINGS + "publish: {slack: {webhook: 'env:HOOK'}}\n"}, 9),
        ({"okr.yaml": SETTINGS + "publish: {database: {url: 'env:DB', schema: okr}}\n"}, 9),
    ],
)
def test_parts_to_come_are_refused_not_ignored(
    tmp_path: Path, changes: dict[str, str | bytes], line: int
) -> None:
    """Publishers to come are named as such."""
    found = only(tmp_path, changes)
    assert ("OKR199", line) == (found.code, found.line)


@pytest.mark.parametrize(
    ("changes", "code", "line"),
    [
        (replaced("project: fernhill", "project: 7", file="okr.yaml"), "OKR104", 1),
        (replaced("project: fernhill", "project: Fern Hill", file="okr.yaml"), "OKR105", 1),
        (replaced("project: fernhill\n", "", file="okr.yaml"), "OKR102", 1),
        (replaced("timezone: Europe/Berlin", "timezone: ''", file="okr.yaml"), "OKR116", 2),
        (replaced("fiscal_year_start: 02-01", "fiscal_year_start: 02-29", file="okr.yaml"), "OKR107", 3),
        (replaced("start: 2026-02-01, ", "", file="okr.yaml"), "OKR102", 5),
        ({"okr.yaml": SETTINGS + "status: {policy: vivaa}\n"}, "OKR103", 9),
        ({"okr.yaml": SETTINGS + "publish: {tables: {to: x, formats: [parket]}}\n"}, "OKR103", 9),
        ({"okr.yaml": SETTINGS + "publish: {pages: {to: x}}\n"}, "OKR101", 9),
        (replaced("refresh: hourly", "refresh: hourlyy", file="sources/crm.yaml"), "OKR111", 2),
        (replaced("path: data/deals.csv", "pat: data/deals.csv", file="sources/crm.yaml"), "OKR101", 5),
        (replaced("Amount: decimal(18,2)", "Amount: float", file="sources/crm.yaml"), "OKR112", 8),
        (replaced("freshness: 6h", "freshness: 6 hours", file="sources/crm.yaml"), "OKR108", 14),
        (replaced("min_rows: 1", "min_rows: -1", file="sources/crm.yaml"), "OKR104", 15),
        (replaced("min_rows: 1", "min_rows: '1'", file="sources/crm.yaml"), "OKR104", 15),
        (replaced("max_change: 30%", "max_change: 30", file="sources/crm.yaml"), "OKR106", 15),
        (replaced("key: [Id]", "key: Id", file="sources/crm.yaml"), "OKR104", 12),
        (replaced("    key:", "    header_row: 0\n    key:", file="sources/crm.yaml"), "OKR104", 12),
        (replaced("    key:", "    encoding: utf-9\n    key:", file="sources/crm.yaml"), "OKR115", 12),
        (replaced("    key:", "    zone: Berlin\n    key:", file="sources/crm.yaml"), "OKR116", 12),
        (metric("dataset: crm.deals"), "OKR102", 15),
        (metric("value: count(*)"), "OKR102", 15),
        (metric("unit: USD"), "OKR102", 15),
        (metric("formula: deals\nsql: SELECT 1 FROM crm.deals"), "OKR114", 17),
        (metric("ratio: {of: won, to: deals}\nwindow: all time"), "OKR114", 17),
        (metric("sql: SELECT count(*) FROM crm.deals\ntime: CloseDate"), "OKR114", 17),
        (metric("dataset: crm.deals\nvalue: count(*)\ntime: CloseDate\nwindow: last month"), "OKR109", 19),
        (metric("ratio: {of: won}"), "OKR102", 16),
        (key_result("title: T\nfrom: 1\nto: 2\nkeep: '> 1'"), "OKR114", 8),
        (key_result("title: T\nkeep: '> 1'\ncommit: 2"), "OKR114", 9),
        (key_result("title: T\nfrom: 1"), "OKR102", 6),
        (key_result("title: T\nto: 2"), "OKR102", 6),
        (key_result("title: T"), "OKR102", 6),
        (key_result("from: 1\nto: 2"), "OKR102", 6),
        (key_result("title:\nfrom: 1\nto: 2"), "OKR104", 7),
        (key_result("title: ''\nfrom: 1\nto: 2"), "OKR104", 7),
        (replaced("      IsWon: ", "      ' ': ", file="sources/crm.yaml"), "OKR105", 10),
        (replaced("      IsWon: ", "      _from_load: ", file="sources/crm.yaml"), "OKR105", 10),
        (replaced("  mid_market_first:", "  Mid Market:", file="okr.yaml"), "OKR105", 8),
        (key_result("title: T\nkeep: 2.5%"), "OKR110", 8),
        (key_result("title: T\nfrom: soon\nto: 2"), "OKR113", 8),
        (key_result("title: T\nfrom: {on: 2026-01-01}\nto: 2"), "OKR113", 8),
        (key_result("title: T\nfrom: 1\nto: +15"), "OKR113", 9),
        (replaced("level: company", "level: squad", file=COMPANY) if "level" in OBJECTIVES else
         {COMPANY: OBJECTIVES.replace("    key_results", "    level: squad\n    key_results")}, "OKR103", 5),
        ({COMPANY: "cycle: fy26_q3\nobjectives: [a]\n"}, "OKR104", 2),
        ({COMPANY: "objectives: {}\n"}, "OKR102", 1),
        ({COMPANY: "just text\n"}, "OKR104", 1),
        ({COMPANY: ""}, "OKR104", 1),
        ({COMPANY: "cycle: fy26_q3\nobjectives:\n  o: text\n"}, "OKR104", 3),
        ({"metrics/m.yaml": "metrics:\n"}, "OKR104", 1),
        ({"metrics/m.yaml": "metric: {}\nmetrics: {}\n"}, "OKR101", 1),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_one_diagnostic_at_its_line(
    tmp_path: Path, changes: dict[str, str | bytes], code: str, line: int
) -> None:
    """Each slip is found, alone, where it was made."""
    found = only(tmp_path, changes)
    assert (code, line) == (found.code, found.line)


def test_all_slips_of_one_mapping_come_together(tmp_path: Path) -> None:
    """Three slips in one key result are three diagnostics of one run."""
    changes = key_result("titel: T\nindicator: laging\nfrom: 1\nto: 2\nweigth: 2")
    assert [("OKR101", 7), ("OKR103", 8), ("OKR101", 11)] == [
        (code, int(place.rpartition(":")[2])) for code, place in problems(tmp_path, changes)
    ]


def test_a_reference_may_stand_where_a_connector_expects_another_type(tmp_path: Path) -> None:
    """What env:NAME will hold is unknown here, so its type is no mistake."""
    assert (
        ()
        == checked(
            tmp_path, replaced("    key:", "    header_row: env:ROW\n    key:", file="sources/crm.yaml")
        ).diagnostics
    )


def test_an_option_of_another_name_is_compared_with_all_that_are_known(tmp_path: Path) -> None:
    """Options of the connector and keys of every dataset are suggested alike."""
    text = SOURCE.replace("    key:", "    freshnes: 6h\n    delimeter: ';'\n    key:")
    found = checked(tmp_path, {"sources/crm.yaml": text}).diagnostics
    assert ["did you mean `freshness`?", "did you mean `delimiter`?"] == [d.mend for d in found]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("foo.yaml", "OKR015"),
        ("metrics/deep/crm.yaml", "OKR015"),
        ("objectives/company.yaml", "OKR015"),
        ("metrics/more.yml", "OKR015"),
        ("okr.yml", "OKR015"),
        ("check_ins.yaml", "OKR015"),
        ("Metrics/more.YAML", "OKR015"),
    ],
)
def test_a_file_that_nothing_reads_is_named(tmp_path: Path, file: str, code: str) -> None:
    """A YAML file outside the layout is refused, not silently left out."""
    found = only(tmp_path, {file: METRICS})
    assert (code, file) == (found.code, found.file)


@pytest.mark.parametrize("file", ["README.md", ".hidden.yaml", ".git/config.yaml", "schema.json"])
def test_files_of_other_kinds_are_left_alone(tmp_path: Path, file: str) -> None:
    """Notes and hidden files may lie beside the configuration."""
    assert () == checked(tmp_path, {file: "x: [\n"}).diagnostics


def test_a_missing_folder_and_a_missing_okr_yaml_are_clear(tmp_path: Path) -> None:
    """Without a configuration the error says how to get one."""
    nowhere = check(tmp_path / "okr_config").diagnostics
    assert [("OKR001", "there is no configuration folder here")] == [(d.code, d.message) for d in nowhere]
    empty = check(tmp_path).diagnostics
    assert [("OKR001", "okr.yaml is missing")] == [(d.code, d.message) for d in empty]


def test_without_okr_yaml_no_cycle_is_called_unknown(tmp_path: Path) -> None:
    """One cause, one diagnostic: the cycles went with their file."""
    checked(tmp_path)
    (tmp_path / "okr.yaml").unlink()
    assert ["OKR001"] == [d.code for d in check(tmp_path).diagnostics]


def test_a_folder_in_place_of_a_file_is_no_crash(tmp_path: Path) -> None:
    """A directory called crm2.yaml is simply not a file of metrics."""
    (tmp_path / "metrics" / "crm2.yaml").mkdir(parents=True)
    assert () == checked(tmp_path).diagnostics


def test_a_dangling_link_is_named(tmp_path: Path) -> None:
    """A link to nowhere cannot be read, and is said."""
    checked(tmp_path)
    (tmp_path / "metrics" / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    assert [("OKR002", "metrics/gone.yaml")] == [(d.code, d.file) for d in check(tmp_path).diagnostics]
