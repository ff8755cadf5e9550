"""The demo's data: equal for equal days, shaped like a quarter, and broken where its story says so."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from okr_pipeline import config
from okr_pipeline.demo import DAYS, config_folder, write_demo

QUIET, EVENTFUL = DAYS


@pytest.fixture(scope="module", name="demo")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("demo")
    write_demo(directory, on=EVENTFUL)
    return directory


@pytest.fixture(scope="module", name="quiet")
def _quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("quiet")
    write_demo(directory, on=QUIET)
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def csv_rows(directory: Path, name: str) -> list[dict[str, str]]:
    with (directory / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sheet_rows(directory: Path, tab: str) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(directory / "data/finance.xlsx")
    return [tuple(cell.value for cell in row) for row in book[tab].iter_rows(min_row=3)]


def one(directory: Path, query: str) -> object:
    with closing(sqlite3.connect(directory / "data/product.db")) as database:
        return database.execute(query).fetchone()[0]


def test_equal_days_give_equal_bytes(demo: Path, tmp_path: Path) -> None:
    """Every file, workbook and database included, has the same bytes when it is written again."""
    write_demo(tmp_path, on=EVENTFUL)
    assert contents(demo) == contents(tmp_path)


def test_a_later_day_replaces_data_and_keeps_the_configuration(demo: Path, tmp_path: Path) -> None:
    """A second call leaves an edited okr_config alone and gives the data of a fresh project."""
    write_demo(tmp_path, on=QUIET)
    edited = tmp_path / "okr_config/okr.yaml"
    edited.write_text("project: mine\n", encoding="utf-8")
    write_demo(tmp_path, on=EVENTFUL)
    assert edited.read_text(encoding="utf-8") == "project: mine\n"
    assert contents(tmp_path / "data") == contents(demo / "data")


def test_a_day_outside_the_cycle_is_refused(tmp_path: Path) -> None:
    """There is no data before the cycle or after it, and nothing is written."""
    with pytest.raises(ValueError, match="2026-08-01 to 2026-10-31"):
        write_demo(tmp_path / "demo", on=date(2026, 11, 1))
    assert list(tmp_path.iterdir()) == []


def test_every_day_of_the_cycle_can_be_written(tmp_path: Path) -> None:
    """The first and the last day of the cycle give all six files."""
    for day in (date(2026, 8, 1), date(2026, 10, 31)):
        write_demo(tmp_path / str(day), on=day)
        assert len(contents(tmp_path / str(day) / "data")) == 6


def test_the_configuration_loads_without_a_diagnostic() -> None:
    """The example project has nothing to complain about, warnings included."""
    assert config.check(config_folder()).diagnostics == ()


def test_calls_follow_the_working_week(demo: Path) -> None:
    """No call is held at a weekend, and Fridays are quieter than Tuesdays."""
    weekdays = Counter(date.fromisoformat(row["HeldOn"]).weekday() for row in csv_rows(demo, "crm/calls.csv"))
    assert {0, 1, 2, 3, 4} == set(weekdays)
    assert weekdays[4] < weekdays[1]


def test_calls_slump_in_september(demo: Path) -> None:
    """The week of 14 September has fewer calls than the weeks of 31 August and 28 September."""
    held = Counter(row["HeldOn"] for row in csv_rows(demo, "crm/calls.csv"))

    def week(monday: date) -> int:
        return sum(held[str(monday + timedelta(days=number))] for number in range(7))

    assert week(date(2026, 9, 14)) < min(week(date(2026, 8, 31)), week(date(2026, 9, 28)))


def test_teams_rest_at_weekends(demo: Path) -> None:
    """A Sunday sees less than a tenth of a Wednesday's activity."""
    sunday = one(demo, "SELECT count(*) FROM activity WHERE strftime('%w', day) = '0'")
    wednesday = one(demo, "SELECT count(*) FROM activity WHERE strftime('%w', day) = '3'")
    assert sunday * 10 < wednesday  # type: ignore[operator]


@pytest.mark.parametrize("name", ["crm/opportunities.csv", "crm/pipeline_history.csv"])
def test_amounts_are_exact_cents(demo: Path, name: str) -> None:
    """Every amount has two decimal places and is above zero."""
    amounts = [Decimal(row["Amount"]) for row in csv_rows(demo, name)]
    assert {-2} == {amount.as_tuple().exponent for amount in amounts}
    assert min(amounts) > 0


def test_money_in_the_workbook_is_stored_as_written() -> None:
    """Amounts reach the sheet as decimal text, so that no binary fraction shows in a cell."""
    from okr_pipeline.demo.finance import _CHURN, _GROWTH

    texts = [amount for month in (*_CHURN, *_GROWTH) for amount in month if isinstance(amount, str)]
    assert texts == [str(Decimal(text).quantize(Decimal("0.01"))) for text in texts]


def test_the_newest_snapshot_agrees_with_the_opportunities(demo: Path) -> None:
    """Deals closed since Monday 06:00 aside, the snapshot holds the open deals of the export."""
    newest = {
        row["Id"] for row in csv_rows(demo, "crm/pipeline_history.csv") if row["SnapshotOn"] == str(EVENTFUL)
    }
    opportunities = csv_rows(demo, "crm/opportunities.csv")
    before = [row for row in opportunities if row["LastModified"] < f"{EVENTFUL}T04:00:00Z"]
    assert {row["Id"] for row in before if row["IsClosed"] == "false"} <= newest
    assert not newest & {row["Id"] for row in before if row["IsClosed"] == "true"}


def test_each_week_amends_and_deletes_rows_of_the_week_before(quiet: Path, demo: Path) -> None:
    """Between the two Mondays deals appear, change and vanish, as in a real CRM."""
    earlier = {row["Id"]: row for row in csv_rows(quiet, "crm/opportunities.csv")}
    later = {row["Id"]: row for row in csv_rows(demo, "crm/opportunities.csv")}
    assert later.keys() - earlier.keys()
    assert earlier.keys() - later.keys()
    both = earlier.keys() & later.keys()
    assert [deal for deal in both if earlier[deal]["Amount"] != later[deal]["Amount"]]


def test_nothing_is_known_before_it_happens(demo: Path) -> None:
    """No row carries a time after 09:00 on the day of the data."""
    cut = f"{EVENTFUL}T07:00:00Z"
    assert max(row["LastModified"] for row in csv_rows(demo, "crm/opportunities.csv")) <= cut
    assert max(row["AnsweredAt"] for row in csv_rows(demo, "support/satisfaction.csv")) <= cut
    assert str(one(demo, "SELECT max(updated_at) FROM signup")) <= cut.replace("T", " ")


def test_support_falls_silent_before_the_second_monday(quiet: Path, demo: Path) -> None:
    """The export is fresh on the first Monday and three days old on the second."""
    assert max(row["AnsweredAt"] for row in csv_rows(quiet, "support/satisfaction.csv")) > f"{QUIET}T"
    assert max(row["AnsweredAt"] for row in csv_rows(demo, "support/satisfaction.csv")) < "2026-10-02T"


def test_the_last_month_of_churn_is_unfilled_on_the_second_monday(quiet: Path, demo: Path) -> None:
    """August is complete on the first Monday; on the second, September's row lacks its churn."""
    assert not [row for row in sheet_rows(quiet, "Churn") if None in row]
    assert [row[2] for row in sheet_rows(demo, "Churn") if None in row] == [None]


def test_september_had_an_outage(demo: Path) -> None:
    """70 minutes of failed probes bring September below 99.9 %, and August stays above."""
    share = "SELECT sum(ok) * 1000 / count(*) FROM probe WHERE probed_at LIKE"
    assert one(demo, f"{share} '2026-08-%'") == 999
    assert one(demo, f"{share} '2026-09-%'") == 998
