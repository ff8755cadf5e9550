"""The body of an answer, read to its end within limits of time, size and compression."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from connectors.errors import SetupError
from connectors.transport.fault import Disturbed
from connectors.transport.unpack import pieces

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

    from connectors.transport.policy import Policy
    from connectors.transport.sockets import Deadline

CHUNK = 1 << 16
SMALL = 8 << 20


def read(
    raw: BaseHTTPResponse, *, policy: Policy, deadline: Deadline, place: str, into: BinaryIO | None = None
) -> bytes:
    """
    Return the decoded body; if it goes *into* a file, which is emptied before, its first bytes.

    Raises:
        Disturbed: If the deadline passes before its end.
        SetupError: If it is larger, or unpacks further, than the policy allows.
        urllib3.exceptions.HTTPError, OSError: If it ends early or is not what its headers say.
    """
    chunks: list[bytes] = []
    size = 0
    if into is not None:
        into.seek(0)
        into.truncate()
    for chunk, wire in pieces(raw, CHUNK):
        if deadline.passed:
            break
        if into is None or not chunks:
            chunks.append(chunk)
        if into is not None:
            into.write(chunk)
        size += len(chunk)
        if size > policy.body_bytes:
            raise _too_large(place, f"more than {policy.body_bytes >> 20} MiB")
        if size > SMALL and size > policy.ratio * wire:
            raise _too_large(place, f"an answer that unpacks to more than {policy.ratio} times its size")
    if deadline.passed:
        raise Disturbed(f"the answer took more than {policy.deadline_s:g} s")
    return b"".join(chunks)


def _too_large(place: str, what: str) -> SetupError:
    return SetupError(f"{place}: {what}", mend="ask for smaller pages, or fewer fields")
