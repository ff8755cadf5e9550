"""Bodies out of gzip and deflate, a bounded piece at a time, so that a bomb is noticed before it is large."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from urllib3.exceptions import DecodeError

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

_PIECE = 1 << 20
_MOST_MEMBERS = 1 << 14
"""Writers that cut their gzip make members of 64 KiB; a million empty ones would be hours of work."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS


def pieces(raw: BaseHTTPResponse, chunk: int) -> Iterator[tuple[bytes, int]]:
    """
    Yield the body in decoded pieces of at most 1 MiB, each with how many bytes came over the wire so far.

    Counted here: urllib3 does not count what comes in chunks.

    Raises:
        DecodeError: If it is packed otherwise than was asked for, or is no whole gzip or deflate.
    """
    encoding = (raw.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise DecodeError("an encoding that was not asked for")
    unpacked = None if encoding == "identity" else _Unpacker()
    wire = 0
    for packed in raw.stream(chunk, decode_content=False):
        wire += len(packed)
        for piece in [packed] if unpacked is None else unpacked.pieces(packed):
            yield piece, wire
    if unpacked is not None and wire and not unpacked.is_whole:
        raise DecodeError("the packed body ends early")


class _Unpacker:
    """One body's state. *is_whole* once its last member has ended."""

    def __init__(self) -> None:
        self.is_whole = False
        self._members = 1
        self._decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._head: bytes | None = b""

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self.is_whole:  # gzip may go on with another member
                self._decoder, self.is_whole = zlib.decompressobj(_GZIP_OR_ZLIB), False
                self._head = None
                self._members += 1
            if self._members > _MOST_MEMBERS:
                raise DecodeError("the packed body has too many members")
            piece = self._piece(packed)
            packed = self._decoder.unconsumed_tail or self._decoder.unused_data
            self.is_whole = self._decoder.eof
            if piece:
                self._head = None
                yield piece

    def _piece(self, packed: bytes) -> bytes:
        """Return what *packed* gives; before anything was given, it may turn out to be bare deflate."""
        self._head = None if self._head is None else self._head + packed
        try:
            return self._decoder.decompress(packed, _PIECE)
        except zlib.error:
            if self._head is None:
                raise DecodeError("the packed body is damaged") from None
        self._decoder = zlib.decompressobj(_BARE)
        try:
            return self._decoder.decompress(self._head, _PIECE)
        except zlib.error:
            raise DecodeError("the packed body is damaged") from None
