"""The hash chain: each entry's hash covers its content and the hash before, so no entry changes alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from okr_pipeline.ledger.canonical import canonical, sha256
from okr_pipeline.ledger.entry import EMPTY, ChainFault, Draft, Head
from okr_pipeline.ledger.instant import instant_text


class Line(NamedTuple):
    """One row of the table `entry`, as stored: instants and the body are text."""

    seq: int
    recorded_at: str
    run: str
    kind: str
    subject: str
    valid_at: str | None
    body: str
    body_hash: str
    previous: str
    hash: str


def chained(drafts: Sequence[Draft], *, after: Head, recorded_at: datetime, run: str) -> list[Line]:
    """Return *drafts* as the lines that follow *after*, in order."""
    lines = []
    seq, previous = after.seq, after.hash
    recorded = instant_text(recorded_at)
    for seq, draft in enumerate(drafts, start=after.seq + 1):
        valid_at = instant_text(draft.valid_at) if draft.valid_at else None
        body = canonical(draft.body)
        body_hash = sha256(body)
        own = line_hash(seq, recorded, run, draft.kind, draft.subject, valid_at, body_hash, previous)
        lines.append(
            Line(seq, recorded, run, draft.kind, draft.subject, valid_at, body, body_hash, previous, own)
        )
        previous = own
    return lines


def line_hash(
    seq: int,
    recorded_at: str,
    run: str,
    kind: str,
    subject: str,
    valid_at: str | None,
    body_hash: str,
    previous: str,
) -> str:
    """Return the SHA-256 of the canonical JSON array of the arguments, in this order."""
    return sha256(canonical([seq, recorded_at, run, kind, subject, valid_at, body_hash, previous]))


def chain_faults(lines: Iterable[Line], *, anchor: Head | None) -> Iterator[ChainFault]:
    """
    Yield what is wrong with *lines* (all of a ledger's, by seq), each place once.

    *anchor* is a head that was seen before and kept outside. Without one, a ledger that lost
    its tail, or was written anew from end to end, looks whole.
    """
    last: Line | None = None
    anchored = EMPTY.hash
    for line in lines:
        yield from _line_faults(line, last)
        last = line
        if anchor and line.seq == anchor.seq:
            anchored = line.hash
    if anchor:
        yield from _anchor_faults(anchor, ends_at=last.seq if last else 0, found=anchored)


def _line_faults(line: Line, before: Line | None) -> Iterator[ChainFault]:
    if not all(isinstance(field, str) for field in (*line[1:5], *line[6:])):
        yield ChainFault(line.seq, "a field of it is not text")
        return
    expected = before.seq + 1 if before else 1
    if line.seq != expected:
        yield ChainFault(expected, f"entries {expected} to {line.seq - 1} are missing")
    elif line.previous != (before.hash if before else EMPTY.hash):
        yield ChainFault(line.seq, "does not follow the entry before it")
    if before and line.recorded_at.rstrip("Z") < before.recorded_at.rstrip("Z"):
        yield ChainFault(line.seq, "is recorded earlier than the entry before it")
    if sha256(line.body) != line.body_hash:
        yield ChainFault(line.seq, "its body is not the one that was recorded")
    header = line[:6]
    if line_hash(*header, line.body_hash, line.previous) != line.hash:
        yield ChainFault(line.seq, "its fields are not the ones that were recorded")


def _anchor_faults(anchor: Head, *, ends_at: int, found: str) -> Iterator[ChainFault]:
    if ends_at < anchor.seq:
        yield ChainFault(ends_at + 1, f"the ledger was rolled back from entry {anchor.seq} to {ends_at}")
    elif found != anchor.hash:
        yield ChainFault(anchor.seq, "is not the entry that was published: the ledger was rewritten")
