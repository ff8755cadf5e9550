"""
A project from Python: what is declared, what was published and what it rests on, as data frames.

Numbers are `Decimal` objects, exact as published; a missing one is None. Nothing is computed here
that a page or table does not show as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd
import pyarrow as pa

from okr_pipeline.audit import explain as audit
from okr_pipeline.audit.replay import report_at
from okr_pipeline.audit.telling import as_text
from okr_pipeline.cuts import instant_of
from okr_pipeline.model.observation import CheckResult
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.report import Report
from okr_pipeline.publish.sentences import key_results
from okr_pipeline.publish.tables import build_tables
from okr_pipeline.spelling import nearest
from okr_pipeline.workspace import Workspace

AsOf = str | date | datetime
"""A day at its end, or an instant; without a zone, in the project's."""


class NothingFound(LookupError):
    """There is no such snapshot, or no such key result in it."""


def open_project(path: str | Path, *, environ: Mapping[str, str] | None = None) -> OpenProject:
    """
    Open the project at *path*, the folder that holds `okr_config/`. Close it, or use it with `with`.

    *environ* holds what `env:` references in the configuration may name, such as `os.environ`; None is
    nothing. Nothing is read from a source.

    Raises:
        ConfigError: If the configuration has a problem; all of them are in it.
        LedgerError: If the ledger cannot be opened.
    """
    return OpenProject(Workspace.load(Path(path), environ={} if environ is None else environ))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """
    One number followed back. `print` shows it as `okr explain` does.

    *recomputed* is the number measured again from the stored rows just now; None where there is none,
    or those rows are gone by policy. *steps* has one row a
    metric on the way, *origins* one a dataset: its load, extract and checks. *rows* holds, by
    metric, the rows that it counts.
    """

    text: str = field(repr=False)
    value: Decimal | None
    recomputed: Decimal | None
    steps: pd.DataFrame = field(repr=False)
    origins: pd.DataFrame = field(repr=False)
    rows: Mapping[str, pd.DataFrame] = field(repr=False)

    def __str__(self) -> str:
        return self.text


class OpenProject:
    """A project with its ledger open. Frames carry the columns of the published tables."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._project = workspace.project
        self._ledger = workspace.ledger(read_only=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    def key_results(self) -> pd.DataFrame:
        """Return what is declared now, one row a key result, by id, in declared order."""
        rows = [self._declared(key_result) for key_result in self._project.key_results()]
        return pd.DataFrame(rows).set_index("key_result")

    def snapshot(self, as_of: AsOf | None = None) -> pd.DataFrame:
        """
        Return the newest snapshot (at or before *as_of*), one row a key result, by id, in declared order.

        Raises:
            NothingFound: If there is no such snapshot.
        """
        report = self._report(as_of)
        tables = build_tables(report)
        both = pa.concat_tables([tables["key_results_leading"], tables["key_results_lagging"]])
        return _by("key_result", both).loc[[line.id for line in key_results(report)]]

    def objectives(self, as_of: AsOf | None = None) -> pd.DataFrame:
        """
        Return the objectives of the newest snapshot (at or before *as_of*), by id, in declared order.

        Raises:
            NothingFound: If there is no such snapshot.
        """
        return _by("objective", build_tables(self._report(as_of))["objectives"])

    def history(self, key_result: str, as_of: AsOf | None = None) -> pd.DataFrame:
        """
        Return one row a day of the cycle, by day, oldest first, as the newest snapshot (at *as_of*) knew it.

        Raises:
            NothingFound: If that snapshot does not hold *key_result*.
        """
        report = self._report(as_of)
        self._find(key_result, [line.id for line in key_results(report)])
        days = _by("day", build_tables(report)["history"])
        return days[days["key_result"] == key_result]

    def explain(self, key_result: str, as_of: AsOf | None = None, *, rows: int = 0) -> Explained:
        """
        Follow *key_result* back in the newest snapshot (at or before *as_of*), with *rows* rows a metric.

        Raises:
            NothingFound: If that snapshot does not hold *key_result*.
        """
        self._find(key_result, [line.id for line in key_results(self._report(as_of))])
        found = audit.explain(self._ledger, self._project, key_result, as_of=self._instant(as_of))
        with self._workspace.measuring() as (db, sandbox):
            again = audit.recompute(db, sandbox, found)
            behind = audit.rows_behind(db, found, most=rows) if rows else {}
        return Explained(
            text=as_text(found, again, rows=behind, sql=False),
            value=found.observation.value,
            recomputed=again.value if again else None,
            steps=pd.DataFrame(list(found.steps)),
            origins=pd.DataFrame([{**asdict(o), "checks": _told(o.checks)} for o in found.origins]),
            rows={metric: pd.DataFrame(shown) for metric, shown in behind.items()},
        )

    def _declared(self, key_result: KeyResult) -> dict[str, object]:
        objective = self._project.objectives[key_result.objective]
        metric = self._project.metrics[key_result.metric] if key_result.metric else None
        read = list(dict.fromkeys(key_result.parts.values()))
        datasets = sorted({id for name in read for id in self._project.datasets_of(name)})
        return {
            "key_result": key_result.id,
            "objective": objective.id,
            "cycle": objective.cycle,
            "title": key_result.title,
            "owner": key_result.owner or objective.owner,
            "indicator": key_result.indicator,
            "metric": ", ".join(read) or None,
            "unit": metric.unit if metric else None,
            "datasets": ", ".join(datasets) or None,
            "declared_at": key_result.at,
        }

    def _report(self, as_of: AsOf | None) -> Report:
        report = report_at(self._ledger, self._project, as_of=self._instant(as_of))
        if report is None:
            asked = "" if as_of is None else f" at or before {as_of}"
            raise NothingFound(f"{self._project.id} has no snapshot{asked}; run `okr sync`")
        return report

    def _instant(self, as_of: AsOf | None) -> datetime | None:
        return None if as_of is None else instant_of(as_of, self._project.calendar)

    def _find(self, key_result: str, known: list[str]) -> None:
        if key_result not in known:
            near = nearest(key_result, known)
            hint = f"; did you mean {near}?" if near else ""
            raise NothingFound(f"no key result {key_result!r} in the snapshot{hint}")


def _by(index: str, table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame.set_index(index)


def _told(checks: Iterable[CheckResult]) -> str:
    return ", ".join(f"{check.check} {'ok' if check.passed else 'FAILED'}" for check in checks)
