"""Give one snapshot to every declared reader: each whole or not at all, and none stopping another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from okr_pipeline.layout import LATEST, STATE_FOLDER
from okr_pipeline.ledger.entry import Draft
from okr_pipeline.model.okr import Publisher
from okr_pipeline.model.report import Report
from okr_pipeline.publish.atomic import OutsideFolderError, replace_text
from okr_pipeline.publish.latest import report_to_json
from okr_pipeline.publish.page import write_page
from okr_pipeline.publish.tables import write_tables
from okr_pipeline.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One rendering of a snapshot. *failure* None means that readers have it, at *path*."""

    publisher: str
    path: Path | None
    failure: str | None = None


def publish(publishers: Mapping[str, Publisher], report: Report, run: Run, *, base: Path) -> list[Published]:
    """
    Write *report* for each of *publishers*, and what `okr show` reads; record each delivery once.

    Files are replaced whole, so doing it again changes nothing. What fails keeps the file of the
    snapshot before, and is tried again with the next run.
    """
    replace_text(base / STATE_FOLDER, LATEST, report_to_json(report))
    published = [_publish(publisher, report, base) for publisher in publishers.values()]
    known = {(e.subject, e.body["snapshot"]) for e in run.ledger.entries("publication")}
    drafts = [
        Draft("publication", done.publisher, report.as_of, {"snapshot": report.snapshot, "head": report.head})
        for done in published
        if done.failure is None and (done.publisher, report.snapshot) not in known
    ]
    run.write(drafts)
    return published


def _publish(publisher: Publisher, report: Report, base: Path) -> Published:
    folder = base / str(publisher.options["to"])
    try:
        return Published(publisher=publisher.id, path=_WRITERS[publisher.id](publisher, report, folder))
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror or type(error).__name__}"
        return Published(publisher=publisher.id, path=None, failure=reason)
    except OutsideFolderError as error:
        return Published(publisher=publisher.id, path=None, failure=str(error))


def _page(publisher: Publisher, report: Report, folder: Path) -> Path:
    return write_page(report, folder)


def _tables(publisher: Publisher, report: Report, folder: Path) -> Path:
    formats = publisher.options["formats"]
    return write_tables(
        report, folder, formats=[str(name) for name in formats] if isinstance(formats, list | tuple) else []
    )


_WRITERS: Mapping[str, Callable[[Publisher, Report, Path], Path]] = {"page": _page, "tables": _tables}
