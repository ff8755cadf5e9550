"""What a number means, as data: hashed into every observation, so that a changed meaning shows."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from okr_pipeline.expression import row_columns
from okr_pipeline.ledger.canonical import canonical
from okr_pipeline.model.metric import Aggregate, Change, Dataset, Formula, Query, Ratio, Source
from okr_pipeline.model.okr import KeyResult, Project
from okr_pipeline.model.policy import Policy

_HELD_AGAINST = ("goal", "judged_by")
# Fields that came later: without them, what was recorded before keeps its hash.
_LATER = ("by", "commit", "stretch", "direction")


def definition_of(project: Project, key_result: KeyResult) -> dict[str, Any]:
    """
    Return everything that decides the number of *key_result*, apart from the data.

    `goal` is what it is held against, `judged_by` how, where that is declared; `metrics` holds its
    metrics and all below them, `columns` the types of what those read; `cycle` and `zone` place it
    in time.
    """
    cycle = project.cycle_of(key_result)
    metrics: dict[str, None] = {}
    for metric in key_result.parts.values():
        metrics |= metrics_below(project, metric)
    judged_by = _judged_by(project, key_result)
    return {
        "metric": key_result.metric,
        "metrics": {id: _plain(project.metrics[id].measure) for id in metrics},
        "columns": {id: columns for id in metrics if (columns := _columns_of(project, id))},
        "goal": _plain(key_result.goal),
        "cycle": [cycle.start_on.isoformat(), cycle.end_on.isoformat()],
        "zone": project.calendar.zone.key,
        "fiscal_year": _plain(project.calendar.fiscal),
        **({"judged_by": judged_by} if judged_by else {}),
        **({} if set(key_result.parts) <= {""} else {"parts": dict(key_result.parts)}),
    }


def _judged_by(project: Project, key_result: KeyResult) -> dict[str, Any]:
    """Return curve and policy of *key_result*, each only where it is not what it always was."""
    policy = project.policy_of(key_result)
    declared = {"expected": key_result.expected, "policy": None if policy == Policy() else policy}
    return {name: _plain(value) for name, value in declared.items() if value is not None}


def reading_hash(dataset: Dataset, source: Source, *, key: bytes | None = None) -> str:
    """
    Return the SHA-256 of all that decides which rows a full read gives, and how they merge.

    The connection counts as it is written: what an `env:NAME` in it holds is not looked at. *key* is
    the secret that personal columns are hashed by; another one gives other rows.
    """
    declared = {
        "connector": source.connector,
        "connection": _plain(source.connection),
        "columns": _plain(dataset.columns),
        "key": list(dataset.key),
        "cursor": dataset.cursor,
        "zone": dataset.zone,
        "options": _plain(dataset.options),
        # Only where it is declared: what was read without it keeps its hash.
        **({"deleted": dataset.deleted} if dataset.deleted else {}),
        **({"hashed": list(dataset.hashed)} if dataset.hashed else {}),
        **({"hashed_by": hmac.digest(key, b"personal_key", "sha256").hex()} if key else {}),
    }
    return hashlib.sha256(canonical(declared).encode()).hexdigest()


def measure_hash(definition: dict[str, Any]) -> str:
    """Return the SHA-256 of what decides a value, whatever it is held against."""
    return definition_hash({name: part for name, part in definition.items() if name not in _HELD_AGAINST})


def definition_hash(definition: dict[str, Any]) -> str:
    """Return the SHA-256 of a definition's canonical text."""
    return hashlib.sha256(canonical(definition).encode()).hexdigest()


def metrics_below(project: Project, metric: str) -> dict[str, None]:
    """Return *metric* and every metric it is made of, each once."""
    below = {metric: None}
    match project.metrics[metric].measure:
        case Ratio(of=of, to=to):
            below |= metrics_below(project, of) | metrics_below(project, to)
        case Change(of=of):
            below |= metrics_below(project, of)
        case Formula(inputs=inputs):
            for name in inputs.values():
                below |= metrics_below(project, name)
        case _:
            pass
    return below


def _columns_of(project: Project, metric: str) -> dict[str, str]:
    """Return the declared types of the columns that *metric* reads itself."""
    match project.metrics[metric].measure:
        case Aggregate(dataset=dataset, value=value, where=where, time=time):
            texts = [value, *([where] if where else [])]
            read = {name for text in texts for name in row_columns(text)} | ({time} if time else set())
            declared = project.datasets[dataset].columns
            return {name: declared[name] for name in sorted(read)}
        case Query(datasets=datasets):
            return {
                f"{id}.{name}": declared
                for id in datasets
                for name, declared in sorted(project.datasets[id].columns.items())
            }
        case _:
            return {}


def _plain(value: object) -> Any:
    """Return *value* as canonical JSON data: records named by type, decimals and dates as text."""
    if is_dataclass(value) and not isinstance(value, type):
        fields = {name: getattr(value, name) for name in value.__dataclass_fields__}
        declared = {name: _plain(v) for name, v in fields.items() if v is not None or name not in _LATER}
        return {"is": type(value).__name__, **declared}
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
