"""A project with a key result of every kind, over thirty rows of a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from project_builder import ProjectFolder, files_source, reach

from okr_pipeline.audit.verify import verify

COLUMNS = {"id": "string", "day": "date", "region": "string", "amount": "decimal(18,2)"}
DAILY = {"dataset": "crm.days", "value": "sum(amount)", "time": "day", "window": "trailing 1 day"}
METRICS = {
    "total": {"dataset": "crm.days", "value": "sum(amount)", "time": "day"},
    "daily": DAILY,
    "by_region": {**DAILY, "by": "region"},
    "growth": {"change": {"of": "crm.daily", "since": "previous week"}, "unit": "percent"},
}
TOTAL, DAY = {"title": "Total", "metric": "crm.total"}, {"title": "A day", "metric": "crm.daily"}
KEY_RESULTS: dict[str, Any] = {
    "total": reach("crm.total", to=280, commit=100),
    "late": reach("crm.total", to=280, expected="back_loaded"),
    "dated": reach("crm.total", to=280, expected={"2026-08-20": "10%", "2026-08-31": "100%"}),
    "steps": {**TOTAL, "from": 0, "steps": {"2026-08-10": 100, "2026-08-31": 280}},
    "floor": {**DAY, "keep": ">= 10", "held": "90% of days"},
    "every_day": {**DAY, "keep": ">= 5", "held": "every day"},
    "warned": {**DAY, "keep": ">= 10", "warn": ">= 20"},
    "regions": {"title": "Regions", "metric": "crm.by_region", "keep": ">= 5", "held": "in every region"},
    "half": {"title": "Regions", "metric": "crm.by_region", "keep": "> 5", "held": "in 50% of region"},
    "growth": {"title": "Growth", "metric": "crm.growth", "keep": ">= 0%"},
    "both": {
        "title": "Both",
        "all_of": [{"metric": "crm.total", "keep": ">= 100"}, {"metric": "crm.daily", "keep": ">= 20"}],
    },
    "done": {
        "title": "Audit",
        "milestones": {
            "access": {"by": "2026-08-05", "done": "manual", "weight": 2},
            "log": {"by": "2026-08-20", "done": "crm.total >= 1000"},
        },
    },
    "partners": {"title": "Partners", "manual": {"from": 0, "to": 3}},
    "learn": {**DAY, "find_baseline": True},
    "private": {**TOTAL, "from": 0, "to": "private"},
    "gone": reach("crm.total", to=280, retired={"on": "2026-08-05", "why": "merged"}),
    "secret": reach("crm.total", to=280, visibility="masked"),
}
CHECK_INS = [
    {"on": "2026-08-04", "key_result": "grow.done", "author": "a", "done": ["access"]},
    {"on": "2026-08-09", "key_result": "grow.partners", "author": "a", "value": 2, "confidence": "60%"},
]


class Company(ProjectFolder):
    """A project with every kind; *upto* is the last day that its CSV knows."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.sources = {"crm": files_source({"days": {"columns": COLUMNS, "key": ["id"]}})}
        self.metrics = {"crm": METRICS}
        self.key_results = KEY_RESULTS
        self.okr["publish"] = {"page": {"to": "public/"}, "tables": {"to": "public/tables/"}}
        self.upto(10)

    def upto(self, last: int) -> None:
        rows = ["id,day,region,amount"]
        for n in range(1, last + 1):
            amounts = {"north": 3, "south": 2} if n == 4 else {"north": 10, "south": 5}
            rows += [f"{n}{name},2026-08-{n:02},{name},{amount}" for name, amount in amounts.items()]
        self.csv("crm/days", rows)

    def write(self) -> ProjectFolder:
        path = self.root / "okr_config/check_ins/aug.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"check_ins": CHECK_INS}), encoding="utf-8")
        return super().write()

    def faults(self) -> tuple[str, ...]:
        with (workspace := self.workspace()).ledger() as ledger:
            return verify(workspace, ledger).faults
