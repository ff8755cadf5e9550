"""Give one snapshot to every declared reader: each whole or not at all, and none stopping another."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from okr_pipeline.layout import LATEST, STATE_FOLDER
from okr_pipeline.ledger.entry import Draft, Head
from okr_pipeline.model.okr import Publisher
from okr_pipeline.model.report import Report
from okr_pipeline.publish.atomic import OutsideFolderError, replace_text
from okr_pipeline.publish.latest import ReportFileError, read_report, report_to_lines
from okr_pipeline.publish.page import PAGE, head_on_page, write_page
from okr_pipeline.publish.tables import MANIFEST, write_tables
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
    snapshot before, and is tried again with the next run. Nothing is published over a later as-of,
    nor out of a ledger that does not hold what was published before: the one failure says so.
    """
    last = _readable(base)
    if lost := _lost(run, witnesses(publishers, base), base):
        return [lost]
    if last is not None and last.as_of > report.as_of:
        return []
    unread = _keep_latest(report, base)
    published = [_publish(publisher, report, base) for publisher in publishers.values()]
    known = {(e.subject, e.body["snapshot"]) for e in run.ledger.entries("publication")}
    drafts = [
        Draft("publication", done.publisher, report.as_of, {"snapshot": report.snapshot, "head": report.head})
        for done in published
        if done.failure is None and (done.publisher, report.snapshot) not in known
    ]
    run.write(drafts)
    return [unread, *published] if unread else published


def last_published(base: Path, *, trends: Collection[str] | None = None) -> Report | None:
    """
    Return the report that was published last, with *trends* (None: all); None if there is none.

    Raises:
        ReportFileError: If its file is damaged, or of another version.
    """
    try:
        return read_report(base / STATE_FOLDER / LATEST, trends=trends)
    except FileNotFoundError:
        return None


def _readable(base: Path) -> Report | None:
    """Return the report that was published last, without trends; a damaged one is to be written again."""
    try:
        return last_published(base, trends=())
    except ReportFileError:
        return None


def witnesses(publishers: Mapping[str, Publisher], base: Path) -> dict[Path, Head]:
    """
    Return the ledger heads that published files name, by file: proof from outside the ledger.

    Page and tables lie apart from the state folder: they also witness against a whole folder that
    was brought back from an old copy. A file that cannot be read is none.
    """
    found = {}
    if last := _readable(base):
        found[base / STATE_FOLDER / LATEST] = Head(last.seq, last.head)
    for id, (name, head_in) in _WITNESSES.items():
        if publisher := publishers.get(id):
            path = base / str(publisher.options["to"]) / name
            with suppress(OSError, ValueError, KeyError, TypeError):
                if head := head_in(path):
                    found[path] = head
    return found


def _head_in_manifest(file: Path) -> Head:
    ledger = json.loads(file.read_text(encoding="utf-8"))["ledger"]
    return Head(int(ledger["seq"]), str(ledger["head"]))


def _lost(run: Run, outside: Mapping[Path, Head], base: Path) -> Published | None:
    """Find that the ledger lacks what was published: an old copy of it, or another ledger."""
    lost = [file for file, head in outside.items() if not run.ledger.holds(head)]
    if not lost:
        return None
    reason = (
        f"ledger entry {outside[lost[0]].seq}, which was published, is not in this ledger: it was rolled "
        "back, or is another one. Bring the ledger back; or, if this is meant, delete "
        f"{' and '.join(map(str, lost))} and run `okr page`"
    )
    return Published(publisher=lost[0].relative_to(base).as_posix(), path=None, failure=reason)


def _keep_latest(report: Report, base: Path) -> Published | None:
    """Write what `okr show` reads; return the failure, if it is one."""
    folder = base / STATE_FOLDER
    try:
        replace_text(folder, LATEST, report_to_lines(report))
    except OSError as error:
        return Published(publisher=LATEST, path=None, failure=_unwritten(folder / LATEST, error))
    return None


def _unwritten(path: Path, error: OSError) -> str:
    return f"{path} cannot be written: {error.strerror or type(error).__name__}"


def _publish(publisher: Publisher, report: Report, base: Path) -> Published:
    folder = base / str(publisher.options["to"])
    try:
        return Published(publisher=publisher.id, path=_WRITERS[publisher.id](publisher, report, folder))
    except OSError as error:
        return Published(publisher=publisher.id, path=None, failure=_unwritten(folder, error))
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
_WITNESSES: Mapping[str, tuple[str, Callable[[Path], Head | None]]] = {
    "page": (PAGE, head_on_page),
    "tables": (MANIFEST, _head_in_manifest),
}
