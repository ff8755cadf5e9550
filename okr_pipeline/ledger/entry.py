"""What goes into the ledger, what comes out of it, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A fact to be recorded.

    *valid_at* is the instant the fact speaks of (None: it speaks of no instant). *body* holds
    str, int, bool, None, and lists and dicts of them; decimals and times are strings.
    """

    kind: str
    subject: str
    valid_at: datetime | None
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    A recorded fact: the *seq*th line of the ledger, counted from 1 without gaps.

    *recorded_at* never runs backwards along *seq*. *previous* is the hash of the entry before.
    """

    seq: int
    recorded_at: datetime
    run: str
    kind: str
    subject: str
    valid_at: datetime | None
    body: Mapping[str, object]
    body_hash: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's place and hash, to be kept outside as a witness. *seq* 0 is an empty ledger."""

    seq: int
    hash: str


EMPTY = Head(0, "0" * 64)


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Something at *seq* that an append-only ledger cannot hold. *what* names no content."""

    seq: int
    what: str
