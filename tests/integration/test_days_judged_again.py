"""Days of the past as they are judged when more is known: groups, baselines, silence; and the proof of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from project_builder import DEALS, ProjectFolder, day, files_source, reach

from okr_pipeline.audit.verify import verify
from okr_pipeline.cli import main
from okr_pipeline.model.observation import Cause

COLUMNS = {"id": "string", "day": "date", "region": "string", "amount": "decimal(18,2)"}
BY_REGION = {
    "dataset": "crm.days", "value": "sum(amount)", "time": "day", "window": "trailing 1 day", "by": "region",
}  # fmt: skip


def faults(folder: ProjectFolder) -> tuple[str, ...]:
    with (workspace := folder.workspace()).ledger() as ledger:
        return verify(workspace, ledger).faults


def said(folder: ProjectFolder, key_result: str, name: str) -> dict[int, Any]:
    """Return what is said at the ends of days, by the day of August: 32 is the first of September."""
    zone = folder.workspace().project.calendar
    first = day(1).date().toordinal()
    return {
        zone.day_of(at).toordinal() - first + 1: says[name]
        for (id, at), says in folder.history().items()
        if id == key_result and at == zone.end_of(zone.day_of(at))
    }


@pytest.fixture(name="regions")
def _regions(tmp_path: Path) -> ProjectFolder:
    folder = ProjectFolder(tmp_path)
    folder.sources = {"crm": files_source({"days": {"columns": COLUMNS, "key": ["id"]}})}
    folder.metrics = {"crm": {"by_region": BY_REGION}}
    goal = {"title": "R", "metric": "crm.by_region", "keep": ">= 5", "held": "in every region"}
    folder.key_results = {"regions": goal}
    return folder


def rows(*regions: str, more: Sequence[str] = ()) -> list[str]:
    """Return the rows of days 1 to 3 in each of *regions*, and *more*."""
    own = [f"{n}{name},2026-08-0{n},{name},10" for name in regions for n in (1, 2, 3)]
    return ["id,day,region,amount", *own, *more]


def test_a_group_that_begins_later_is_none_before(regions: ProjectFolder) -> None:
    """A region opened on the third, one planned for the ninth: both took the numbers of all days before."""
    regions.csv("crm/days", rows("north", more=["s,2026-08-03,south,10", "e,2026-08-09,east,10"]))
    regions.sync_at(day(4))
    assert {1: "on_track", 2: "on_track", 3: "on_track"} == said(regions, "grow.regions", "status")
    assert () == faults(regions)


def test_a_group_that_vanishes_is_missed(regions: ProjectFolder) -> None:
    """What had rows once and has none that day cannot be told."""
    regions.csv("crm/days", rows("north", more=["s,2026-08-02,south,10"]))
    regions.sync_at(day(4))
    assert {1: "on_track", 2: "on_track", 3: "no_data"} == said(regions, "grow.regions", "status")


@pytest.fixture(name="silent")
def _silent(tmp_path: Path) -> ProjectFolder:
    """A flow and a stock whose source falls silent for four days in the middle, twice read late."""
    folder = ProjectFolder(tmp_path)
    folder.okr["status"] = {"policy": "pace", "dwell": 3}
    folder.dataset["freshness"] = {"column": "closed_on", "within": "48h"}
    held = {"title": "H", "keep": ">= 10", "held": "50% of days"}
    folder.key_results = {
        "flow": reach("crm.won"), "stock": reach("crm.open", to=100),
        "flow_held": {**held, "metric": "crm.won"}, "stock_held": {**held, "metric": "crm.open"},
    }  # fmt: skip
    for on, newest, stock in [
        (2, 2, 50),
        (3, 2, 5),
        (6, 2, 5),
        (7, 2, 5),
        (8, 8, 40),
        (12, 8, 5),
        (13, 13, 5),
    ]:
        won = [f"{n},100,true,2026-08-{n:02}" for n in range(1, newest + 1)]
        folder.csv("crm/deals", ["id,amount,won,closed_on", *won, f"o,{stock},false,2026-08-01"])
        folder.sync_at(day(on))
    return folder


def test_silent_days_recompute(silent: ProjectFolder) -> None:
    """What remembers its days was proved with carried values as if they were read: 20 false alarms."""
    assert "stale" in said(silent, "grow.stock_held", "state").values()
    assert () == faults(silent)


class Following(ProjectFolder):
    """September takes over the baseline of August."""

    def write(self) -> ProjectFolder:
        self.okr["cycles"]["sep"] = {"start": "2026-09-01", "end": "2026-09-30"}
        self.metrics["crm"]["won"]["window"] = "all time"
        config = self.root / "okr_config"
        both = {
            name: reach("crm.won", start={"close_of": "grow.won"}, to=2000, expected=curve)
            for name, curve in {"won": "linear", "shape": "last_cycle"}.items()
        }
        objectives = {"more": {"title": "More", "key_results": both}}
        for path, content in {
            "check_ins/aug.yaml": {"learned": {"grow.won": "Calls"}},
            "objectives/sep/company.yaml": {"cycle": "sep", "objectives": objectives},
        }.items():
            (config / path).parent.mkdir(parents=True, exist_ok=True)
            (config / path).write_text(yaml.safe_dump(content), encoding="utf-8")
        return super().write()


def test_days_before_the_close_are_judged_by_it(tmp_path: Path) -> None:
    """They waited for their baseline, and once stayed without progress for ever; the cause is named."""
    folder = Following(tmp_path)
    folder.sync_at(day(33))
    folder.sync_at(day(35))
    assert {32: None, 33: None, 34: None} == said(folder, "more.won", "progress")
    assert 0 == CliRunner().invoke(main, ["-C", str(tmp_path), "close", "aug"]).exit_code
    folder.sync_at(day(36))
    assert {32: "0", 33: "0", 34: "0", 35: "0"} == said(folder, "more.won", "progress")
    causes = {e.body["cause"] for e in folder.entries("observation") if e.subject == "more.won"}
    assert {Cause.FIRST, Cause.BASELINE} == causes
    assert () == faults(folder)
    head = folder.head()
    folder.sync_at(day(36))
    assert head == folder.head()


def test_a_cycle_that_is_closed_again_is_followed_anew(tmp_path: Path) -> None:
    """Days that were judged by the first close once kept its curve."""
    folder = Following(tmp_path)
    folder.sync_at(day(33))
    assert 0 == CliRunner().invoke(main, ["-C", str(tmp_path), "close", "aug"]).exit_code
    folder.sync_at(day(36))
    folder.csv("crm/deals", [*DEALS, "late,100,true,2026-08-20"])
    folder.sync_at(day(37))
    again = ["-C", str(tmp_path), "close", "aug", "--why", "a late deal"]
    assert 0 == CliRunner().invoke(main, again).exit_code
    folder.sync_at(day(38))
    # 100.10 on the first of August, of 550.40 at its end; of 450.40, it was 0.2222.
    assert "0.181867733" == said(folder, "more.shape", "expected")[32]
    assert () == faults(folder)


def won(*days: int, late: int | None = None) -> list[str]:
    """Return deals of 10 won on each of *days*, and one of 15 on day *late*."""
    rows = [f"{n},10,true,2026-08-{n:02}" for n in days]
    return ["id,amount,won,closed_on", *rows, *([f"late,15,true,2026-08-{late:02}"] if late else [])]


@pytest.fixture(name="daily")
def _daily(tmp_path: Path) -> ProjectFolder:
    folder = ProjectFolder(tmp_path)
    folder.metrics["crm"]["daily"] = {**folder.metrics["crm"]["won"], "window": "trailing 1 day"}
    folder.csv("crm/deals", won(1, 2, 3, 4))
    return folder


def test_late_rows_of_several_metrics(daily: ProjectFolder) -> None:
    """A late row under conditions or milestones once ended the run of all."""
    conditions = [{"metric": "crm.won", "keep": ">= 20"}, {"metric": "crm.daily", "keep": ">= 5"}]
    milestone = {"by": "2026-08-05", "done": "crm.won >= 30"}
    daily.key_results = {
        "both": {"title": "B", "all_of": conditions}, "done": {"title": "D", "milestones": {"x": milestone}},
    }  # fmt: skip
    daily.sync_at(day(5))
    daily.csv("crm/deals", won(1, 2, 3, 4, late=2))
    daily.sync_at(day(6))
    assert {Cause.FIRST, Cause.LATE_DATA} == {e.body["cause"] for e in daily.entries("observation")}
    assert {1: "0", 2: "1"}.items() <= said(daily, "grow.done", "progress").items()
    assert () == faults(daily)


def test_a_late_row_under_revised_bounds_recomputes(daily: ProjectFolder) -> None:
    """Days of the old bounds kept their number, while a share of them was counted from the new one."""
    goal = {"title": "H", "metric": "crm.daily", "keep": ">= 5", "held": "95% of days"}
    daily.key_results = {"held": goal}
    daily.sync_at(day(5))
    goal["keep"] = ">= 11"
    daily.csv("crm/deals", won(1, 2, 3, 4, 5, late=2))
    daily.sync_at(day(6))
    assert {2: "25", 5: "10"}.items() <= said(daily, "grow.held", "value").items()
    assert "0.2" == said(daily, "grow.held", "progress")[5]
    assert () == faults(daily)


def test_a_revised_baseline_is_that_of_all_days_from_its_own(daily: ProjectFolder) -> None:
    """Days between the revision's date and the day that it was declared on once kept the old one."""
    daily.metrics["crm"]["won"]["window"] = "all time"
    daily.key_results = {"won": reach("crm.won", start="auto", to=110)}
    daily.sync_at(day(2))
    daily.csv("crm/deals", won(1, 2, 3, 4, late=1))
    daily.sync_at(day(6))
    revision = {"on": "2026-08-03", "change": "grow.won.from", "from": 10, "to": 25, "why": "late"}
    grow = {"title": "G", "key_results": daily.key_results, "revisions": [revision]}
    daily.objectives = {"grow": grow}
    daily.sync_at(day(7))
    assert {1: "10", 2: "10", 3: "25", 4: "25", 5: "25", 6: "25"} == said(daily, "grow.won", "baseline")
    assert () == faults(daily)
    head = daily.head()
    daily.sync_at(day(7))
    assert head == daily.head()


def test_days_that_wait_for_a_baseline_recompute_for_their_own_reason(daily: ProjectFolder) -> None:
    """A day without rows and one without a baseline wait for two reasons: with dwell, both were given one."""
    daily.okr["status"] = {"policy": "pace", "dwell": 2}
    daily.metrics["crm"]["won"]["window"] = "all time"
    daily.key_results = {"won": reach("crm.won", start="auto", to=110)}
    daily.csv("crm/deals", won(2, 3))
    daily.sync_at(day(4))
    assert {1: "no_data", 2: "ok"}.items() <= said(daily, "grow.won", "state").items()
    assert () == faults(daily)
