"""Give one snapshot to every declared reader: each whole or not at all, and none stopping another."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ConnectorError
from okr_pipeline.layout import LATEST, STATE_FOLDER
from okr_pipeline.ledger.entry import Draft, Head
from okr_pipeline.ledger.errors import LedgerBusy
from okr_pipeline.model.okr import Publisher
from okr_pipeline.model.report import Report
from okr_pipeline.publish.atomic import OutsideFolderError, replace_text
from okr_pipeline.publish.latest import ReportFileError, read_report, report_to_lines
from okr_pipeline.publish.page import PAGE, head_on_page, write_page
from okr_pipeline.publish.tables import MANIFEST, write_tables
from okr_pipeline.run import Run

Resolve = Callable[[Mapping[str, object]], Mapping[str, object]]
"""What replaces references to secrets by what they refer to; SetupError where one names nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """
    One rendering of a snapshot. Readers have it at *where*; None: they do not.

    *failure* says why not; without one, they have a later snapshot. *notes* are worth a word.
    """

    publisher: str
    where: str | None
    failure: str | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """What publishers need beside a report."""

    run: Run
    base: Path
    resolve: Resolve


def publish(
    publishers: Mapping[str, Publisher], report: Report, run: Run, *, base: Path, resolve: Resolve
) -> list[Published]:
    """
    Give *report* to each of *publishers* and to `okr show`; record each delivery once. One run at a time.

    Everything is replaced whole, so doing it again changes nothing. What fails keeps the snapshot
    before, and is tried again with the next run. Nothing is published over a later snapshot, nor out
    of a ledger that does not hold what was published before, nor while another run is publishing: the
    one failure says so.
    """
    with ExitStack() as alone:
        try:
            alone.enter_context(run.ledger.publishing())
        except LedgerBusy as error:
            return [Published(publisher="nothing", where=None, failure=str(error))]
        return _publish_all(publishers, report, _Way(run=run, base=base, resolve=resolve))


def _publish_all(publishers: Mapping[str, Publisher], report: Report, way: _Way) -> list[Published]:
    base, run = way.base, way.run
    last = _readable(base)
    if lost := _lost(run, witnesses(publishers, base), base):
        return [lost]
    if last is not None and (last.as_of, last.seq) > (report.as_of, report.seq):
        return []
    unread = _keep_latest(report, base)
    published = [_publish(publisher, report, way) for publisher in publishers.values()]
    known = {(e.subject, e.body["snapshot"]) for e in run.ledger.entries("publication")}
    drafts = [
        Draft("publication", done.publisher, report.as_of, {"snapshot": report.snapshot, "head": report.head})
        for done in published
        if done.where is not None and (done.publisher, report.snapshot) not in known
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
    return Published(publisher=lost[0].relative_to(base).as_posix(), where=None, failure=reason)


def _keep_latest(report: Report, base: Path) -> Published | None:
    """Write what `okr show` reads; return the failure, if it is one."""
    folder = base / STATE_FOLDER
    try:
        replace_text(folder, LATEST, report_to_lines(report))
    except OSError as error:
        return Published(publisher=LATEST, where=None, failure=_unwritten(folder / LATEST, error))
    return None


def _unwritten(path: Path, error: OSError) -> str:
    return f"{path} cannot be written: {error.strerror or type(error).__name__}"


def _publish(publisher: Publisher, report: Report, way: _Way) -> Published:
    failure: str
    try:
        return _WRITERS[publisher.id](publisher, report, way)
    except OSError as error:
        failure = _unwritten(way.base / str(publisher.options["to"]), error)
    except (OutsideFolderError, ConnectorError) as error:
        failure = str(error)
    return Published(publisher=publisher.id, where=None, failure=failure)


def _page(publisher: Publisher, report: Report, way: _Way) -> Published:
    path = write_page(report, way.base / str(publisher.options["to"]))
    return Published(publisher=publisher.id, where=str(path))


def _tables(publisher: Publisher, report: Report, way: _Way) -> Published:
    formats = publisher.options["formats"]
    path = write_tables(
        report,
        way.base / str(publisher.options["to"]),
        formats=[str(name) for name in formats] if isinstance(formats, list | tuple) else [],
    )
    return Published(publisher=publisher.id, where=str(path))


def _sheet(publisher: Publisher, report: Report, way: _Way) -> Published:
    from okr_pipeline.publish.sheet import board_of, publish_sheet

    with closing(board_of(way.resolve(publisher.options), base=way.base)) as board:
        notes = publish_sheet(board, report, holds=way.run.ledger.holds)
    if notes is None:
        return Published(publisher=publisher.id, where=None)
    return Published(publisher=publisher.id, where=f"tab {publisher.options['tab']}", notes=notes)


_WRITERS: Mapping[str, Callable[[Publisher, Report, _Way], Published]] = {
    "page": _page,
    "tables": _tables,
    "sheet": _sheet,
}
_WITNESSES: Mapping[str, tuple[str, Callable[[Path], Head | None]]] = {
    "page": (PAGE, head_on_page),
    "tables": (MANIFEST, _head_in_manifest),
}
