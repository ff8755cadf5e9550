"""What every connector gives: typed Arrow batches, and a receipt that says what they are."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from connectors.canonical import CanonicalHash
from connectors.window import Bound, canonical_text

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

BATCH_ROWS = 65_536

Mode = Literal["full", "incremental", "backfill"]


class Unfinished(Protocol):
    """One small text a dataset, kept by the caller until the read is accepted: where a crash left off."""

    def read(self) -> str | None: ...

    def write(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractRequest:
    """
    One read of one dataset.

    *columns* maps each wanted column to its declared type, in order. *options* is an instance of
    the connector's `Dataset` model. *since* and *until* bound the cursor, `[since, until)`, as
    canonical text (ISO 8601 for times, digits for numbers); None is no bound. *zone* places
    timestamps that carry none. More than *reject_limit* rows that do not fit raise BadValue.
    *deleted* is the column by which the caller leaves deleted rows out. *last_origin* is the origin
    of the last receipt: a connector that can tell another system by it refuses to read that one.
    """

    dataset: str
    columns: Mapping[str, str]
    options: BaseModel
    mode: Mode = "full"
    key: tuple[str, ...] = ()
    cursor: str | None = None
    since: str | None = None
    until: str | None = None
    zone: str | None = None
    reject_limit: int = 0
    deleted: str | None = None
    last_origin: str | None = None
    unfinished: Unfinished | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row left out because *column* does not fit. *place* finds it in the source; *reason* has no value."""

    place: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    What one extract says of itself.

    *content_hash* is the SHA-256 of schema and canonical rows: equal content has an equal hash,
    however it was cut into batches. *declared_total* is what the source itself says it holds
    (None: it does not say); *complete* is `unprovable` then, unless the medium proves it (a file
    read to its end). *cursor_to* is the highest cursor value read, as canonical text, but never
    later than the source's clock, where that is known: a stamp in the future must not hide the rows
    that come until then. None when no row came. *bytes* counts the values as hashed. *origin* names
    what was read, without secrets. *waited_s* is what retries and rate limits cost. *rejects* keeps the first
    20 of *reject_count*. *whole* is what the source says of the whole dataset, whatever part was
    read: `rows` and `sum <column>`, as plain decimals; empty when it was not asked.
    """

    dataset: str
    mode: Mode
    rows: int
    bytes: int
    content_hash: str
    complete: Literal["yes", "no", "unprovable"]
    origin: str
    declared_total: int | None = None
    cursor_from: str | None = None
    cursor_to: str | None = None
    source_schema: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    waited_s: int = 0
    request_ids: tuple[str, ...] = ()
    server_time_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    reject_count: int = 0
    rejects: tuple[Reject, ...] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)
    whole: Mapping[str, str] = field(default_factory=dict)


class Extract:
    """
    A lazy stream of record batches whose receipt exists once it is exhausted.

    *facts* is called after the last batch and gives the receipt's fields that only the connector
    knows; rows, bytes, content hash and the highest cursor are counted here, the same for all.
    Closing the iterator early closes *batches*, and with it whatever the connector holds open.
    """

    def __init__(
        self,
        request: ExtractRequest,
        schema: pa.Schema,
        batches: Generator[pa.RecordBatch],
        facts: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.schema = schema
        self._request = request
        self._batches = batches
        self._facts = facts
        self._hash = CanonicalHash(schema)
        self._highest: Bound | None = None
        self._started = False
        self._receipt: Receipt | None = None

    def __iter__(self) -> Generator[pa.RecordBatch]:
        """Yield batches of 1 to 65,536 rows, once."""
        if self._started:
            raise RuntimeError("an extract can be read once")
        self._started = True
        return self._read()

    def receipt(self) -> Receipt:
        """Return what was read; RuntimeError until the last batch has been taken."""
        if self._receipt is None:
            raise RuntimeError("the extract was not read to its end: it has no receipt")
        return self._receipt

    def mapped(self, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Extract:
        """Return this extract, not read yet, with *change* made to every batch before it is hashed."""

        def batches() -> Generator[pa.RecordBatch]:
            with closing(self._batches):
                yield from map(change, self._batches)

        return Extract(self._request, self.schema, batches(), self._facts)

    def _read(self) -> Generator[pa.RecordBatch]:
        with closing(self._batches):
            for batch in self._batches:
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    part = batch.slice(start, BATCH_ROWS)
                    self._hash.update(part)
                    self._raise_highest(part)
                    yield part
        self._receipt = self._made_receipt()

    def _raise_highest(self, batch: pa.RecordBatch) -> None:
        if self._request.cursor is None:
            return
        import pyarrow.compute as pc

        highest = pc.max(batch.column(self._request.cursor)).as_py()
        if highest is not None and (self._highest is None or highest > self._highest):
            self._highest = highest

    def _made_receipt(self) -> Receipt:
        facts = dict(self._facts())
        highest = _no_later(self._highest, facts.get("server_time_at"))
        if _is_ahead(self._highest, facts.get("server_time_at")):
            facts["warnings"] = (*facts.get("warnings", ()), _AHEAD)
        return Receipt(
            dataset=self._request.dataset,
            mode=self._request.mode,
            rows=self._hash.rows,
            bytes=self._hash.bytes,
            content_hash=self._hash.hexdigest(),
            cursor_from=self._request.since,
            **{"cursor_to": None if highest is None else canonical_text(highest), **facts},
        )


_AHEAD = "rows are stamped after the read began by the source's clock; they are read again next time"


def _no_later(highest: Bound | None, now: datetime | None) -> Bound | None:
    """Return *highest*, or the clock's *now* in its place where that is earlier."""
    if now is None or not isinstance(highest, date):
        return highest
    return min(highest, now) if isinstance(highest, datetime) else min(highest, now.date())


def _is_ahead(highest: Bound | None, now: datetime | None) -> bool:
    """Return whether *highest* is later than clocks and zones explain: by a minute, or by a day of days."""
    if now is None or not isinstance(highest, date):
        return False
    if isinstance(highest, datetime):
        return highest - now > timedelta(minutes=1)
    return highest - now.date() > timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One thing `okr doctor` found out about a source: *mend* is empty when *passed*.

    *advice* that is not followed keeps nothing from being read.
    """

    subject: str
    passed: bool
    seen: str
    mend: str = ""
    advice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """
    A readable thing a source offers, with the types its columns have there.

    *cursors* are columns that may grow whenever a row changes, the likeliest first. *calculated* columns
    change without moving any of the *cursors*: only a full read sees them do so. *declared* are the
    types to declare, where the source's own names for them do not tell. *key* identifies a row, *deleted*
    marks those that are gone. *options* is what a dataset that reads the table says beside its columns.
    """

    name: str
    columns: Mapping[str, str]
    cursors: tuple[str, ...] = ()
    calculated: tuple[str, ...] = ()
    declared: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    deleted: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)


class Connector(Protocol):
    """
    One kind of system. Stateless: the cursor is a value that the caller keeps.

    `Connection` and `Dataset` are pydantic models (extra keys forbidden) of what a user writes;
    secrets arrive resolved. Constructing one does no I/O.
    """

    kind: ClassVar[str]
    Connection: ClassVar[type[BaseModel]]
    Dataset: ClassVar[type[BaseModel]]

    def check(self, requests: tuple[ExtractRequest, ...]) -> list[Check]: ...

    def discover(self) -> list[Table]: ...

    def extract(self, request: ExtractRequest) -> Extract: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """What is wrong at *option*: the way to it from the dataset, such as `("fields", "segment")`."""

    option: tuple[str | int, ...]
    message: str
    mend: str


@runtime_checkable
class Judging(Protocol):
    """A `Dataset` model that can tell what could not be read of any source, offline, for `okr check`."""

    def misfits(self, request: ExtractRequest) -> Iterator[Misfit]:
        """
        Yield what cannot be meant by *request*, whose options these are. No I/O.

        A text may still be a reference such as `env:NAME`: what is said of that option is not heard
        then. The request's cursor and key may not be among its columns: that is told by others.
        """


@runtime_checkable
class Describing(Protocol):
    """A connector whose tables cost a look each: `discover` may leave their columns out, this tells them."""

    def describe(self, name: str) -> Table | None:
        """Return the table that `discover` calls *name*, whole; None if there is none."""


@runtime_checkable
class Announced(Protocol):
    """A connector that reads several datasets in one go, if it is told which ones are to come."""

    def announce(self, requests: tuple[ExtractRequest, ...]) -> None:
        """Say what will be extracted next, once each. No I/O; what is asked for otherwise is read alone."""
