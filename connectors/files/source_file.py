"""Files below a root: found, opened, and proved to be the bytes that were read."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from connectors.errors import Incomplete, SetupError, SourceEmpty
from connectors.files.options import MAGIC, leaving, refuse_leaving

_CHUNK = 1 << 20


def find(root: Path, pattern: str) -> list[Path]:
    """
    Return the files that *pattern* names below *root*, in order of name.

    Raises:
        SetupError: If there is none, or one lies outside of *root*, symbolic links followed.
    """
    refuse_leaving(pattern)
    literal = root / pattern
    if literal.is_file():
        found = [literal]
    elif MAGIC & set(pattern):
        found = sorted(path for path in root.glob(pattern) if path.is_file())
    else:
        found = []
    if not found:
        raise SetupError(
            f"no file is at {pattern}", mend=f"put it below the root {root.name or '/'}, or mend `path`"
        )
    top = root.resolve()
    for path in found:
        if not path.resolve().is_relative_to(top):
            raise leaving(pattern)
    return found


class FolderStore:
    """Files below a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, pattern: str) -> list[str]:
        """Return the names from the root of the files that *pattern* names, as `find` does."""
        return [path.relative_to(self._root).as_posix() for path in find(self._root, pattern)]

    def names(self) -> Iterator[str]:
        """Yield the name of every file below the root, links that leave it left out."""
        if not self._root.is_dir():
            raise SetupError("the root is no folder", mend="mend `root` at the connection")
        top = self._root.resolve()
        for path in sorted(self._root.rglob("*")):
            if path.is_file() and path.resolve().is_relative_to(top):
                yield path.relative_to(self._root).as_posix()

    def opened(self, name: str) -> AbstractContextManager[SourceFile]:
        """Open a file, as `opened` does."""
        return opened(self._root / name, name=name)


@dataclass(slots=True)
class SourceFile:
    """
    One open file. *name* is its path from the root. *digest* holds what has been read through
    `Utf8Stream`; a reader that jumps about calls `hash_whole` first.
    """

    name: str
    path: Path
    stream: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    columns: dict[str, str] = field(default_factory=dict)
    declared_rows: int | None = None

    def hash_whole(self) -> BinaryIO:
        """Hash all bytes and return the stream at its start."""
        while chunk := self.stream.read(_CHUNK):
            self.digest.update(chunk)
        self.stream.seek(0)
        return self.stream

    def torn(self, form: str) -> Incomplete:
        """Return the error of a file whose bytes are not all there, or not what its *form* wants."""
        return Incomplete(f"{self.name} is not a whole {form} file", mend="write the file again")


@contextmanager
def opened(path: Path, *, name: str) -> Iterator[SourceFile]:
    """
    Open a file for one read; *name* is its path from the root.

    Raises:
        SourceEmpty: If it has no byte.
        Incomplete: On leaving, if the file has changed since it was opened.
        SetupError: If it may not be read or has vanished.
    """
    try:
        stream = path.open("rb")
    except OSError as problem:
        raise SetupError(
            f"{name} cannot be opened: {problem.strerror}", mend="give the file back, or the right to it"
        ) from problem
    with stream:
        before = os.fstat(stream.fileno())
        if before.st_size == 0:
            raise SourceEmpty(f"{name} is empty", mend="write the file again; a header alone would be enough")
        yield SourceFile(name, path, stream)
        after = os.fstat(stream.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Incomplete(f"{name} changed while it was read", mend="read it again when it is complete")


class Utf8Stream(io.RawIOBase):
    """
    A file's text as UTF-8 without a leading mark, read once from start to end.

    Raw bytes are hashed into the file's digest. *quotes* counts *quote* in what was given out.
    UnicodeDecodeError where another encoding does not decode; UTF-8 is passed on unchecked.
    """

    def __init__(self, file: SourceFile, *, encoding: str, quote: str = '"') -> None:
        import codecs

        known = codecs.lookup(encoding).name
        self.quotes = 0
        self._file = file
        self._quote = quote.encode()
        self._decoder = (
            None if known in ("utf-8", "utf-8-sig", "ascii") else codecs.getincrementaldecoder(known)()
        )
        self._ready = b""
        self._at_start = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* with the next bytes; 0 at the end."""
        while not self._ready:
            chunk = self._file.stream.read(_CHUNK)
            self._file.digest.update(chunk)
            self._ready = self._as_utf8(chunk)
            if not chunk:
                break
        given = self._ready[: len(buffer)]
        self._ready = self._ready[len(given) :]
        buffer[: len(given)] = given
        self.quotes += given.count(self._quote)
        return len(given)

    def _as_utf8(self, chunk: bytes) -> bytes:
        text = chunk if self._decoder is None else self._decoder.decode(chunk, final=not chunk).encode()
        if self._at_start and text:
            self._at_start = False
            return text.removeprefix(b"\xef\xbb\xbf")
        return text
