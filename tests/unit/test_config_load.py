"""What a correct configuration comes to."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from okr_pipeline.config import ConfigError, load
from okr_pipeline.model.calendar import AllTime, Cycle, CycleToDate, Trailing
from okr_pipeline.model.goal import Bounds, Keep, MeasuredOn, Reach, RelativeTarget
from okr_pipeline.model.metric import Aggregate, Checks, Formula, Freshness, Query, Ratio
from okr_pipeline.model.okr import Project, Publisher, Stores
from tests.builders.config_project import (
    COMPANY,
    METRICS,
    OBJECTIVES,
    SETTINGS,
    checked,
    key_result,
    metric,
    replaced,
)


def project(root: Path, changes: dict[str, str | bytes] | None = None) -> Project:
    """Return the project of the correct files after *changes*."""
    checked(root, changes)
    return load(root)


def test_calendar_and_cycles(tmp_path: Path) -> None:
    """Zone, fiscal year and nested cycles come from okr.yaml."""
    found = project(tmp_path)
    calendar = found.calendar
    assert ("fernhill", "Europe/Berlin", 2, 1) == (
        found.id,
        calendar.zone.key,
        calendar.fiscal_month,
        calendar.fiscal_day,
    )
    quarter = Cycle(id="fy26_q3", start_on=date(2026, 8, 1), end_on=date(2026, 10, 31), parent="fy26")
    assert quarter == found.cycles["fy26_q3"]


def test_a_dataset_keeps_what_is_common_apart_from_options(tmp_path: Path) -> None:
    """What the connector needs is in `options`, everything else has its own field."""
    dataset = project(tmp_path).datasets["crm.deals"]
    assert {"path": "data/deals.csv"} == dataset.options
    assert Freshness(column="Changed", within=timedelta(hours=6)) == dataset.freshness
    assert (
        Checks(min_rows=1, max_change=Decimal("0.3"), not_null=("Amount",), unique=(("Id",),))
        == dataset.checks
    )
    assert ("Id", "Amount", "CloseDate", "IsWon", "Changed") == tuple(dataset.columns)


def test_a_source_is_as_written(tmp_path: Path) -> None:
    """References to secrets stay references; the refresh is a cron line."""
    source = project(
        tmp_path, replaced("refresh", "connection: {root: 'env:DATA'}\nrefresh", file="sources/crm.yaml")
    ).sources["crm"]
    assert ("files", {"root": "env:DATA"}, "0 * * * *") == (
        source.connector,
        source.connection,
        source.refresh,
    )
    assert {dict} == {type(source.connection)}


@pytest.mark.parametrize(
    ("lines", "measure"),
    [
        ("dataset: crm.deals\nvalue: count(*)", Aggregate(dataset="crm.deals", value="count(*)")),
        (
            "dataset: crm.deals\nvalue: count(*)\ntime: CloseDate",
            Aggregate(dataset="crm.deals", value="count(*)", time="CloseDate", window=CycleToDate()),
        ),
        (
            "dataset: crm.deals\nvalue: count(*)\ntime: CloseDate\nwindow: trailing 28 days",
            Aggregate(dataset="crm.deals", value="count(*)", time="CloseDate", window=Trailing(28)),
        ),
        ("ratio: {of: won, to: crm.deals}", Ratio(of="crm.won", to="crm.deals")),
        (
            "formula: new_arr / crm.deals",
            Formula(
                expression="new_arr / crm.deals", inputs={"new_arr": "crm.new_arr", "crm.deals": "crm.deals"}
            ),
        ),
        (
            "sql: SELECT count(*) FROM crm.deals",
            Query(sql="SELECT count(*) FROM crm.deals", datasets=("crm.deals",), window=AllTime()),
        ),
        (
            "sql: 'SELECT count(*) FROM crm.deals WHERE CloseDate >= :window_start'",
            Query(
                sql="SELECT count(*) FROM crm.deals WHERE CloseDate >= :window_start",
                datasets=("crm.deals",),
                window=CycleToDate(),
            ),
        ),
    ],
)
def test_measures(tmp_path: Path, lines: str, measure: object) -> None:
    """A flow without a window counts the cycle; bare names belong to their own topic."""
    assert measure == project(tmp_path, metric(lines)).metrics["crm.extra"].measure


@pytest.mark.parametrize(
    ("lines", "goal"),
    [
        ("from: 2.4M\nto: 4M", Reach(baseline=Decimal(2_400_000), target=Decimal(4_000_000))),
        (
            "from: auto\nto: +5 points",
            Reach(baseline=MeasuredOn(date(2026, 8, 1)), target=RelativeTarget("points", Decimal("0.05"))),
        ),
        (
            "from: {at: 2026-06-30}\nto: x2",
            Reach(baseline=MeasuredOn(date(2026, 6, 30)), target=RelativeTarget("times", Decimal(2))),
        ),
        (
            "from: 1\nto: 5\ncommit: 3\nstretch: 7",
            Reach(baseline=Decimal(1), target=Decimal(5), commit=Decimal(3), stretch=Decimal(7)),
        ),
        ('keep: "<= 2.5%"', Keep(bounds=Bounds(high=Decimal("0.025")))),
        ('keep: "> 99.9%"', Keep(bounds=Bounds(low=Decimal("0.999"), low_inclusive=False))),
        ("keep: 22..28", Keep(bounds=Bounds(low=Decimal(22), high=Decimal(28)))),
    ],
)
def test_goals(tmp_path: Path, lines: str, goal: object) -> None:
    """from: auto is measured on the cycle's first day; percentages are ratios."""
    assert goal == project(tmp_path, key_result(f"title: T\n{lines}")).key_result("mid_market.pipeline").goal


def test_names_inside_an_objective_become_full_ids(tmp_path: Path) -> None:
    """led_by names siblings by their bare name; a cycle before an objective is dropped."""
    text = OBJECTIVES.replace("        from", "        led_by: [calls, other.win]\n        from").replace(
        "    key_results",
        "    supports: [fy26_q3.other]\n    depends_on: [other.win]\n"
        "    contributes_to: other\n    key_results",
    )
    text += '      calls: {title: C, keep: "> 1"}\n'
    text += '  other:\n    title: O\n    key_results:\n      win: {title: W, keep: "> 1"}\n'
    found = project(tmp_path, {COMPANY: text})
    objective = found.objectives["mid_market"]
    assert (("other",), ("other.win",), "other") == (
        objective.supports,
        objective.depends_on,
        objective.contributes_to,
    )
    assert ("mid_market.calls", "other.win") == found.key_result("mid_market.pipeline").led_by


def test_everything_says_where_it_is_declared(tmp_path: Path) -> None:
    """`at` is file and line, relative to the configuration folder."""
    found = project(tmp_path)
    places = [
        found.key_result("mid_market.pipeline").at,
        found.objectives["mid_market"].at,
        found.metrics["crm.deals"].at,
    ]
    assert [f"{COMPANY}:6", f"{COMPANY}:3", "metrics/crm.yaml:8"] == places
    assert ["sources/crm.yaml:4", "sources/crm.yaml:1"] == [
        found.datasets["crm.deals"].at,
        found.sources["crm"].at,
    ]


def test_publishers_and_stores(tmp_path: Path) -> None:
    """Stores have defaults of their own; a publisher's options carry theirs."""
    more = "publish: {page: {to: public/}, tables: {to: t/}}\nstore: {ledger: 'env:LEDGER_URL'}\n"
    found = project(tmp_path, {"okr.yaml": SETTINGS + more})
    assert Stores(ledger="env:LEDGER_URL") == found.stores
    tables = Publisher(id="tables", options={"to": "t/", "formats": ["parquet", "csv", "duckdb"]})
    assert {"page": Publisher(id="page", options={"to": "public/"}), "tables": tables} == found.publishers


def test_the_digest_follows_the_bytes_and_the_names(tmp_path: Path) -> None:
    """Same files, same digest, wherever they lie; a changed byte or a renamed file is another."""
    first, again = project(tmp_path / "a"), project(tmp_path / "b")
    changed = project(tmp_path / "c", {"metrics/crm.yaml": METRICS + "# note\n"})
    (tmp_path / "b" / COMPANY).rename(tmp_path / "b" / "objectives/fy26_q3/team.yaml")
    digests = [first.digest, changed.digest, load(tmp_path / "b").digest]
    assert (first.digest, 3, 64) == (again.digest, len(set(digests)), len(first.digest))


def test_a_note_beside_the_configuration_does_not_change_the_digest(tmp_path: Path) -> None:
    """Only what is read counts."""
    assert project(tmp_path / "a").digest == project(tmp_path / "b", {"README.md": "hello"}).digest


def test_places_do_not_make_two_projects_different(tmp_path: Path) -> None:
    """A blank line on top moves every place and changes nothing but the digest."""
    one, other = project(tmp_path / "a"), project(tmp_path / "b", {COMPANY: "\n" + OBJECTIVES})
    same = {f.name for f in fields(one) if getattr(one, f.name) == getattr(other, f.name)}
    assert {"digest"} == {f.name for f in fields(one)} - same


def test_load_raises_with_every_diagnostic(tmp_path: Path) -> None:
    """The exception is readable by itself and holds the diagnostics."""
    checked(tmp_path, replaced("lagging", "laging"))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert ["OKR103"] == [d.code for d in caught.value.diagnostics]
    assert "did you mean `lagging`?" in str(caught.value)


def test_checking_imports_nothing_heavy(tmp_path: Path) -> None:
    """`okr check` starts without Arrow, SQLAlchemy, pandas, DuckDB, Dagster or Babel."""
    checked(tmp_path)
    code = (
        "import sys; from pathlib import Path; from okr_pipeline.config import load; load(Path(sys.argv[1]));"
        "heavy = {'pyarrow', 'sqlalchemy', 'pandas', 'duckdb', 'dagster', 'babel', 'numpy', 'openpyxl'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()
