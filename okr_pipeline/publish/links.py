"""What an objective leans on, and what it is for: other objectives, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from okr_pipeline.model.report import KeyResultLine, ObjectiveLine, Report
from okr_pipeline.publish.explained import parting
from okr_pipeline.publish.standing import Standing, standing


class Link(NamedTuple):
    """One line: `depends on Single sign-on: off track`. *standing* None: the report does not hold it."""

    words: str
    id: str
    title: str
    standing: Standing | None


def links(objective: ObjectiveLine, report: Report) -> Iterator[Link]:
    """Yield what *objective* depends on, then what it supports and contributes to, as declared."""
    known: dict[str, ObjectiveLine | KeyResultLine] = {one.id: one for one in report.objectives}
    above = (objective.contributes_to,) if objective.contributes_to else ()
    named = {"depends on": objective.depends_on, "supports": objective.supports, "contributes to": above}
    for how, ids in named.items():
        for id in ids:
            other = known.get(id) or _key_result(report, id)
            if other is None:
                yield Link(how, id, id, None)
                continue
            retired = " (retired)" if parting(other) else ""
            yield Link(how, id, f"{other.title}{retired}", standing(other))


def _key_result(report: Report, id: str) -> KeyResultLine | None:
    lines = (line for objective in report.objectives for line in objective.key_results)
    return next((line for line in lines if line.id == id), None)
