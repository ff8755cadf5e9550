"""The demo company: a complete project, with data as its systems stood on a morning of the quarter."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from okr_pipeline.demo import crm, support
from okr_pipeline.demo.finance import write_workbook
from okr_pipeline.demo.product import write_database
from okr_pipeline.demo.season import CYCLE_ENDS, CYCLE_STARTS, morning

DAYS = (date(2026, 9, 28), date(2026, 10, 5))
"""The two Mondays of the demo's story: a quiet one, then one with a broken export and an unfilled cell."""


def write_demo(directory: Path, *, on: date) -> None:
    """
    Write the demo project to *directory*, with data as the systems stood at 09:00 (Berlin) on *on*.

    Equal days give equal data. An `okr_config` that is already there stays as it is: a second
    call, for a later day, brings new data to the same project.

    Raises:
        ValueError: If *on* is no day of the demo's cycle.
    """
    if not CYCLE_STARTS <= on <= CYCLE_ENDS:
        raise ValueError(f"the demo has data from {CYCLE_STARTS} to {CYCLE_ENDS}, not on {on}")
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "okr_config").exists():
        shutil.copytree(config_folder(), directory / "okr_config")
    with TemporaryDirectory(dir=directory, prefix=".data-") as folder:
        _write_data(Path(folder), on=on)
        _replace(Path(folder), directory / "data")


def config_folder() -> Path:
    """Return the demo's configuration: inside the package when installed, at the root of a checkout."""
    installed = Path(__file__).parent / "okr_config"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "okr_config"


def _write_data(folder: Path, *, on: date) -> None:
    at = morning(on)
    _write_csv(folder / "crm/opportunities.csv", crm.OPPORTUNITY_COLUMNS, crm.opportunity_rows(at))
    _write_csv(folder / "crm/pipeline_history.csv", crm.SNAPSHOT_COLUMNS, crm.snapshot_rows(at))
    _write_csv(folder / "crm/calls.csv", crm.CALL_COLUMNS, crm.call_rows(at))
    _write_csv(folder / "support/satisfaction.csv", support.COLUMNS, support.answer_rows(at))
    write_database(folder / "product.db", at=at)
    write_workbook(folder / "finance.xlsx", on=on)


def _replace(source: Path, target: Path) -> None:
    """Move every file of *source* over its namesake in *target*; whatever else lies there stays."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
