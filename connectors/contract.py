"""What every connector gives: typed Arrow batches, and a receipt that says what they are."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from connectors.canonical import CanonicalHash
from connectors.window import Bound, canonical_text

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

BATCH_ROWS = 65_536

Mode = Literal["full", "incremental", "backfill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractRequest:
    """
    One read of one dataset.

    *columns* maps each wanted column to its declared type, in order. *options* is an instance of
    the connector's `Dataset` model. *since* and *until* bound the cursor, `[since, until)`, as
    canonical text (ISO 8601 for times, digits for numbers); None is no bound. *zone* places
    timestamps that carry none. More than *reject_limit* rows that do not fit raise BadValue.
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
    read to its end). *cursor_to* is the highest cursor value read, as canonical text; None when
    no row came. *bytes* counts the values as hashed. *origin* names what was read, without
    secrets. *rejects* keeps the first 20 of *reject_count*.
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
    request_ids: tuple[str, ...] = ()
    server_time_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    reject_count: int = 0
    rejects: tuple[Reject, ...] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)


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
        return Receipt(
            dataset=self._request.dataset,
            mode=self._request.mode,
            rows=self._hash.rows,
            bytes=self._hash.bytes,
            content_hash=self._hash.hexdigest(),
            cursor_from=self._request.since,
            cursor_to=None if self._highest is None else canonical_text(self._highest),
            **self._facts(),
        )


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
    """A readable thing a source offers, with the types its columns have there."""

    name: str
    columns: Mapping[str, str]
    cursors: tuple[str, ...] = ()


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
