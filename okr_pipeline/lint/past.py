"""What the ledger tells those who give advice."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from okr_pipeline.ledger.store import Ledger
from okr_pipeline.lint.advice import GoalThen, Past
from okr_pipeline.model.observation import Observation, State
from okr_pipeline.model.okr import Project
from okr_pipeline.record import observation_from


def read_past(ledger: Ledger, project: Project) -> Past:
    """Return everything that was recorded, of key results that are declared still and of earlier ones."""
    metrics: dict[str, str] = {}
    goals: dict[str, list[GoalThen]] = defaultdict(list)
    for entry in ledger.entries("definition"):
        definition: Any = entry.body["definition"]
        metrics[entry.subject] = definition["metric"]
        on = entry.recorded_at.astimezone(project.calendar.zone).date()
        goals[entry.subject].append(GoalThen(on, definition["goal"]))
    values: dict[str, dict[date, Decimal]] = defaultdict(dict)
    newest: dict[str, Observation] = {}
    for (id, cut), entry in sorted(ledger.latest("observation").items(), key=lambda item: item[0][1]):
        observed = newest[id] = observation_from(entry)
        if observed.state is State.OK and observed.value is not None and metrics.get(id):
            values[metrics[id]][project.calendar.day_of(cut)] = observed.value
    return Past(
        values={metric: sorted(days.items()) for metric, days in values.items()},
        newest=newest,
        goals=goals,
    )
