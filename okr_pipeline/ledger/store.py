"""The ledger itself: append a batch of facts, and read them as they were known at any instant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import ColumnElement, Select, func, select

from okr_pipeline.ledger.chain import Line, chain_faults, chained
from okr_pipeline.ledger.database import Database, open_database
from okr_pipeline.ledger.entry import EMPTY, ChainFault, Draft, Entry, Head
from okr_pipeline.ledger.failures import corrupt
from okr_pipeline.ledger.instant import instant_from, instant_text
from okr_pipeline.ledger.tables import entry

# Rows that a read holds in memory at a time.
_PAGE = 1000


class Ledger:
    """
    An opened ledger; close it, or use it as a context manager.

    In every read, *known_at* means: as the ledger stood then, entries recorded at that instant
    included. None is everything.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str, *, base: Path, wait_s: float = 30.0, read_only: bool = False) -> Ledger:
        """
        Open the ledger at *url* (`sqlite:///PATH`, `postgresql://...`, secrets resolved), or create it.

        A relative SQLite path starts at *base*. Writers wait up to *wait_s* for one another. With
        *read_only* nothing is created, and no right to write is needed: what is not there is empty.

        Raises:
            LedgerError: If it cannot be opened; the subclass says what to mend.
        """
        return cls(open_database(url, base=base, wait_s=wait_s, read_only=read_only))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def append(self, drafts: Sequence[Draft], *, recorded_at: datetime, run: str) -> list[Entry]:
        """
        Record *drafts*, all of them or none, and return them as entries, in order.

        *recorded_at* is kept from running backwards: a clock behind the newest entry's counts as
        that entry's. No drafts, no entry.

        Raises:
            TypeError, ValueError: If a body is not plain (see `canonical`), or a time has no zone.
            LedgerBusy: If another writer does not finish in time.
            LedgerFull: If the disk has no room. Nothing of the batch was kept.
        """
        if not drafts:
            return []
        recorded_at = instant_from(instant_text(recorded_at))
        with self._database.writing() as connection:
            newest = connection.execute(select(entry).order_by(entry.c.seq.desc()).limit(1)).first()
            after = Head(newest.seq, newest.hash) if newest else EMPTY
            if newest:
                recorded_at = max(recorded_at, instant_from(newest.recorded_at))
            lines = chained(drafts, after=after, recorded_at=recorded_at, run=run)
            connection.execute(entry.insert(), [line._asdict() for line in lines])
        return [self._entry(line) for line in lines]

    def publishing(self) -> AbstractContextManager[None]:
        """
        Be the only one who publishes out of this ledger, from any machine, until the end of the block.

        Raises:
            LedgerBusy: If another run does not finish publishing in time.
        """
        return self._database.publishing()

    def entries(
        self,
        kind: str,
        *,
        subject: str | None = None,
        after_seq: int = 0,
        known_at: datetime | None = None,
    ) -> Iterator[Entry]:
        """Yield the entries of *kind* (and *subject*, if given) beyond *after_seq*, oldest first."""
        wanted = select(entry).where(*_of(kind, subject), *_known(known_at), entry.c.seq > after_seq)
        return self._each(wanted.order_by(entry.c.seq))

    def last(
        self, kind: str, *, subject: str | None = None, known_at: datetime | None = None
    ) -> Entry | None:
        """Return the newest entry of *kind* (and *subject*, if given); None if there is none."""
        wanted = select(entry).where(*_of(kind, subject), *_known(known_at))
        return next(self._each(wanted.order_by(entry.c.seq.desc()).limit(1)), None)

    def newest(self, kind: str, *, subject: str, valid_to: datetime | None = None) -> Entry | None:
        """Return what was last said of the latest instant, at most *valid_to* (None: of any)."""
        told = [*_of(kind, subject), *_valid(None, valid_to), entry.c.valid_at.is_not(None)]
        wanted = select(entry).where(*told)
        order = (_sortable(entry.c.valid_at).desc(), entry.c.seq.desc())
        return next(self._each(wanted.order_by(*order).limit(1)), None)

    def latest(
        self,
        kind: str,
        *,
        subject: str | None = None,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        known_at: datetime | None = None,
        before_seq: int | None = None,
    ) -> dict[tuple[str, datetime], Entry]:
        """
        Return what was last said of every subject and valid instant: the as-of read.

        *valid_from* and *valid_to* are both inside; None is no bound; with *before_seq*, only what
        stood in the ledger before that entry. Entries without a valid instant are left out.
        Ordered by subject, then instant.
        """
        newest = (
            select(func.max(entry.c.seq).label("seq"))
            .where(*_of(kind, subject), *_known(known_at), entry.c.valid_at.is_not(None))
            .where(*_valid(valid_from, valid_to), *_before(before_seq))
            .group_by(entry.c.subject, entry.c.valid_at)
            .subquery()
        )
        wanted = select(entry).join(newest, entry.c.seq == newest.c.seq)
        found = {(each.subject, each.valid_at): each for each in self._each(wanted) if each.valid_at}
        return {key: found[key] for key in sorted(found)}

    def by_seq(self, seqs: Iterable[int]) -> dict[int, Entry]:
        """Return the entries at *seqs*, in order; one that is not there is left out."""
        wanted = sorted(set(seqs))
        found: dict[int, Entry] = {}
        for start in range(0, len(wanted), _PAGE):
            page = select(entry).where(entry.c.seq.in_(wanted[start : start + _PAGE]))
            found.update((each.seq, each) for each in self._each(page.order_by(entry.c.seq)))
        return found

    def head(self) -> Head:
        """Return the newest entry's place and hash; seq 0 and 64 zeros when there is none."""
        with self._database.reading() as connection:
            newest = select(entry.c.seq, entry.c.hash).order_by(entry.c.seq.desc()).limit(1)
            row = connection.execute(newest).first()
        return Head(row.seq, row.hash) if row else EMPTY

    def holds(self, head: Head, valid_at: datetime | None = None) -> bool:
        """
        Say whether *head* was the newest entry once; seq 0 is any place, a hash may be cut short.

        With *valid_at*, it must also be of that instant.
        """
        wanted = select(entry.c.seq).where(entry.c.hash.startswith(head.hash, autoescape=True))
        if head.seq:
            wanted = wanted.where(entry.c.seq == head.seq)
        if valid_at is not None:
            wanted = wanted.where(entry.c.valid_at == instant_text(valid_at))
        with self._database.reading() as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    def verify_chain(self, *, anchor: Head | None = None) -> list[ChainFault]:
        """
        Recompute every hash, and return what does not fit, by place; an empty list is a whole ledger.

        Place 0 is the database file itself: its entries may be whole, but reads cannot be trusted.

        *anchor* is a head that was published before; only with it can a lost tail, a restored
        backup or a ledger written anew be told.
        """
        faults = list(chain_faults(self._lines(select(entry).order_by(entry.c.seq)), anchor=anchor))
        if not self._database.is_sound():
            faults.insert(0, ChainFault(0, "a page or an index of the database file is damaged"))
        return faults

    def _lines(self, wanted: Select[*tuple[object, ...]]) -> Iterator[Line]:
        with self._database.reading() as connection:
            for row in connection.execution_options(yield_per=_PAGE).execute(wanted):
                yield Line._make(row)

    def _each(self, wanted: Select[*tuple[object, ...]]) -> Iterator[Entry]:
        return map(self._entry, self._lines(wanted))

    def _entry(self, line: Line) -> Entry:
        try:
            return Entry(
                seq=line.seq,
                recorded_at=instant_from(line.recorded_at),
                run=line.run,
                kind=line.kind,
                subject=line.subject,
                valid_at=instant_from(line.valid_at) if line.valid_at else None,
                body=json.loads(line.body),
                body_hash=line.body_hash,
                previous=line.previous,
                hash=line.hash,
            )
        except (ValueError, TypeError) as error:
            raise corrupt(self._database.place, f"cannot be read at entry {line.seq}") from error


def _of(kind: str, subject: str | None) -> list[ColumnElement[bool]]:
    wanted = [entry.c.kind == kind]
    return wanted if subject is None else [*wanted, entry.c.subject == subject]


def _known(known_at: datetime | None) -> list[ColumnElement[bool]]:
    if known_at is None:
        return []
    # recorded_at never runs backwards, so what was known is everything up to one seq.
    told = select(entry.c.seq).where(_sortable(entry.c.recorded_at) <= _bound(known_at))
    last = told.order_by(entry.c.seq.desc()).limit(1).scalar_subquery()
    return [entry.c.seq <= func.coalesce(last, 0)]


def _before(seq: int | None) -> list[ColumnElement[bool]]:
    return [] if seq is None else [entry.c.seq < seq]


def _valid(first: datetime | None, last: datetime | None) -> list[ColumnElement[bool]]:
    wanted = []
    if first is not None:
        wanted.append(_sortable(entry.c.valid_at) >= _bound(first))
    if last is not None:
        wanted.append(_sortable(entry.c.valid_at) <= _bound(last))
    return wanted


def _sortable(instant: ColumnElement[str]) -> ColumnElement[str]:
    # `07:00:00Z` sorts behind `07:00:00.5Z`, without the Z before it.
    return func.rtrim(instant, "Z")


def _bound(at: datetime) -> str:
    return instant_text(at).rstrip("Z")
