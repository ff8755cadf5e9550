"""What a number means, as data: hashed into every observation, so that a changed meaning shows."""

from __future__ import annotations

import hashlib
from dataclasses import is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from okr_pipeline.ledger.canonical import canonical
from okr_pipeline.model.metric import Formula, Ratio
from okr_pipeline.model.okr import KeyResult, Project


def definition_of(project: Project, key_result: KeyResult) -> dict[str, Any]:
    """
    Return everything that decides the number of *key_result*, apart from the data.

    `goal` is what it is held against; `metrics` holds its metric and all below it; `cycle` and
    `zone` place it in time.
    """
    cycle = project.cycle_of(key_result)
    metrics = metrics_below(project, key_result.metric) if key_result.metric else {}
    return {
        "metric": key_result.metric,
        "metrics": {id: _plain(project.metrics[id].measure) for id in metrics},
        "goal": _plain(key_result.goal),
        "cycle": [cycle.start_on.isoformat(), cycle.end_on.isoformat()],
        "zone": project.calendar.zone.key,
        "fiscal_year": [project.calendar.fiscal_month, project.calendar.fiscal_day],
    }


def definition_hash(definition: dict[str, Any]) -> str:
    """Return the SHA-256 of a definition's canonical text."""
    return hashlib.sha256(canonical(definition).encode()).hexdigest()


def metrics_below(project: Project, metric: str) -> dict[str, None]:
    """Return *metric* and every metric it is made of, each once."""
    below = {metric: None}
    match project.metrics[metric].measure:
        case Ratio(of=of, to=to):
            below |= metrics_below(project, of) | metrics_below(project, to)
        case Formula(inputs=inputs):
            for name in inputs.values():
                below |= metrics_below(project, name)
        case _:
            pass
    return below


def _plain(value: object) -> Any:
    """Return *value* as canonical JSON data: records named by type, decimals and dates as text."""
    if is_dataclass(value) and not isinstance(value, type):
        fields = {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
        return {"is": type(value).__name__, **fields}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if hasattr(value, "items"):
        return {key: _plain(item) for key, item in value.items()}
    return value
