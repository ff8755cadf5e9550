"""What people say in a table of their own: written down as it is read, so that it can be asked for again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from okr_pipeline.counts import counted
from okr_pipeline.ledger.entry import Draft, Entry
from okr_pipeline.ledger.store import Ledger
from okr_pipeline.model.observation import CheckResult
from okr_pipeline.model.okr import Project
from okr_pipeline.model.people import CheckIn
from okr_pipeline.record import decimal_text
from okr_pipeline.run import Run
from okr_pipeline.warehouse.check_ins import read_check_ins
from okr_pipeline.warehouse.database import Database

KIND = "check_ins"


def record_check_ins(db: Database, project: Project, run: Run, *, load: int | None) -> None:
    """Write down what the dataset of check-ins says after *load*, if it says anything new."""
    if project.check_ins_dataset is None or load is None:
        return
    dataset = project.datasets[project.check_ins_dataset]
    said, unusable = read_check_ins(db, project, dataset, load=load)
    body = {"said": [_body(check_in) for check_in in said], "unusable": unusable, "load": load}
    last = run.ledger.last(KIND, subject=dataset.id)
    if last is None or {**last.body, "load": load} != body:
        run.write([Draft(KIND, dataset.id, run.as_of, body)])


def with_people(project: Project, ledger: Ledger, *, before_seq: int | None = None) -> Project:
    """
    Return *project* with the check-ins of its dataset beside those of its files.

    With *before_seq*, those that were known before that ledger entry.
    """
    if project.check_ins_dataset is None:
        return project
    known = [
        entry
        for entry in ledger.entries(KIND, subject=project.check_ins_dataset)
        if before_seq is None or entry.seq < before_seq
    ]
    return replace(project, check_ins=said_in(project, known[-1] if known else None))


def said_in(project: Project, entry: Entry | None) -> tuple[CheckIn, ...]:
    """Return the check-ins of *project*'s files and those that *entry* holds, in order of day."""
    body: Any = entry.body if entry else {"said": []}
    return tuple(sorted([*project.check_ins, *map(_check_in, body["said"])], key=lambda said: said.on))


def unusable_rows(project: Project, ledger: Ledger) -> list[CheckResult]:
    """Return the failed check of a dataset of check-ins that has rows which say nothing usable."""
    last = ledger.last(KIND, subject=project.check_ins_dataset) if project.check_ins_dataset else None
    if last is None or not (count := int(str(last.body["unusable"]))):
        return []
    expected = "a declared key result, a day, an author and a confidence of 0 to 1"
    return [
        CheckResult(
            check="check_ins",
            dataset=last.subject,
            expected=expected,
            observed=f"{counted(count, 'row')} without",
            passed=False,
        )
    ]


def versions(project: Project, entries: Sequence[Entry]) -> dict[int, tuple[CheckIn, ...]]:
    """Return what had been said, by the ledger entry since which it was known; 0 is before all."""
    own = [entry for entry in entries if entry.subject == project.check_ins_dataset]
    return {0: project.check_ins, **{entry.seq: said_in(project, entry) for entry in own}}


def _body(said: CheckIn) -> dict[str, object]:
    return {
        "key_result": said.key_result,
        "on": said.on.isoformat(),
        "author": said.author,
        "confidence": decimal_text(said.confidence),
        "note": said.note,
        "value": decimal_text(said.value),
        "done": list(said.done),
    }


def _check_in(body: Mapping[str, Any]) -> CheckIn:
    return CheckIn(
        key_result=body["key_result"],
        on=date.fromisoformat(body["on"]),
        author=body["author"],
        note=body["note"],
        done=tuple(body["done"]),
        confidence=_number(body["confidence"]),
        value=_number(body["value"]),
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
