"""Check-ins that people keep in a sheet or table of their own, read from its landed rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from okr_pipeline.model.metric import Dataset
from okr_pipeline.model.okr import Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.warehouse.database import Database
from okr_pipeline.warehouse.landing import state_at


def read_check_ins(
    db: Database, project: Project, dataset: Dataset, *, load: int
) -> tuple[list[CheckIn], int]:
    """
    Return the check-ins in *dataset* after *load*, in order of day, and how many rows say nothing usable.

    A row needs `key_result` (one that is declared), `on` and `author`; it may have `confidence`
    (0..1), `note`, `value`, and `done`, ids of milestones with blanks or commas between them.
    """
    known = {key_result.id for key_result in project.key_results()}
    rows = db.rows(f"SELECT * EXCLUDE (_from_load, _to_load) FROM {state_at(dataset.id, load)}")
    found = [_check_in(row, dataset) for row in rows if _usable(row, known)]
    # Whatever order the rows came in: what is said of one day has one order.
    found.sort(key=lambda said: (said.on, said.key_result, said.author, said.note or "", str(said.value)))
    return found, len(rows) - len(found)


def _usable(row: Mapping[str, Any], known: set[str]) -> bool:
    confidence = row.get("confidence")
    said = all(row[name] is not None for name in ("key_result", "on", "author"))
    return said and row["key_result"] in known and (confidence is None or 0 <= confidence <= 1)


def _check_in(row: Mapping[str, Any], dataset: Dataset) -> CheckIn:
    return CheckIn(
        key_result=row["key_result"],
        on=row["on"],
        author=row["author"],
        confidence=_decimal(row.get("confidence")),
        note=row.get("note") or None,
        value=_decimal(row.get("value")),
        done=tuple((row.get("done") or "").replace(",", " ").split()),
        at=dataset.at,
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
