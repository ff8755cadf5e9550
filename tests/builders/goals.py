"""Goals, key results and objectives in Python, with sane defaults: a project without a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from okr_pipeline.model.calendar import Calendar, Cycle, Trailing
from okr_pipeline.model.goal import Goal, Reach
from okr_pipeline.model.metric import Aggregate, Metric
from okr_pipeline.model.okr import KeyResult, Objective, Project
from okr_pipeline.model.people import ActionPlan

QUARTER = Cycle(id="q4", start_on=date(2026, 10, 1), end_on=date(2026, 12, 31))


def reach(start: int | str = 40, end: int | str = 60, **more: Any) -> Reach:
    """Return the goal to move from *start* to *end*."""
    return Reach(baseline=Decimal(start), target=Decimal(end), **more)


def key_result(name: str = "kr", goal: Goal | None = None, **more: Any) -> KeyResult:
    """Return a key result of objective `aim` over metric `m.number`."""
    objective = more.pop("objective", "aim")
    return KeyResult(
        **{
            "id": f"{objective}.{name}",
            "objective": objective,
            "title": "Teams that come back within a week",
            "metric": "m.number",
            "goal": goal or reach(),
            "indicator": "lagging",
            "at": "objectives/q4/aim.yaml:5",
            **more,
        }
    )


def objective(*key_results: KeyResult, id: str = "aim", **more: Any) -> Objective:
    """Return an objective that nothing is to be said against, with *key_results*."""
    return Objective(
        **{
            "id": id,
            "cycle": "q4",
            "title": "Be where people start their day",
            "key_results": tuple(
                replace(kr, objective=id, id=f"{id}.{kr.id.partition('.')[2]}") for kr in key_results
            ),
            "owner": "a@example.org",
            "why": "Who comes daily stays",
            "strategy": "habit",
            "action_plan": ActionPlan(missed="We stop"),
            "at": f"objectives/q4/{id}.yaml:3",
            **more,
        }
    )


def project(*objectives: Objective, metrics: Mapping[str, Metric] | None = None, **more: Any) -> Project:
    """Return a project of *objectives* in one quarter, over trailing metrics."""
    named = {kr.metric for o in objectives for kr in o.key_results if kr.metric}
    named |= {part for o in objectives for kr in o.key_results for part in kr.parts.values()}
    return Project(
        **{
            "id": "sample",
            "calendar": Calendar(ZoneInfo("UTC")),
            "cycles": {"q4": QUARTER},
            "sources": {},
            "datasets": {},
            "metrics": metrics or {name: metric(name) for name in named},
            "objectives": {o.id: o for o in objectives},
            "strategy": {"habit": "Daily use first"},
            **more,
        }
    )


def metric(id: str, **more: Any) -> Metric:
    """Return a sum over the last 28 days."""
    measure = Aggregate(dataset="d.rows", value="sum(n)", time="at", window=Trailing(28))
    return Metric(**{"id": id, "measure": measure, "title": "Number", **more})
