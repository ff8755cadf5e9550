"""
The lake: every extract as one immutable Parquet file, named by what it holds.

    LakeError           the folder cannot be read or written: mend its rights, its room, its disk
    ├── ExtractMissing  no such extract is kept here: read the source again, or bring it back
    └── ExtractDamaged  the file no longer holds what its name promises: bring it back from a copy
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from connectors.contract import Extract, Receipt
from okr_pipeline.extract_file import content_hash, row_groups, writer
from okr_pipeline.store_error import StoreError

_DATASET = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")
_EXTRACT_ID = re.compile(r"[0-9a-f]{64}")


class LakeError(StoreError):
    """The lake could not be read or written."""


class ExtractMissing(LakeError):
    """There is no file for this extract."""


class ExtractDamaged(LakeError):
    """The file is there and cannot be read, or holds other rows than its name says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExtract:
    """An extract that is safe on disk. *extract_id* is the receipt's content hash."""

    extract_id: str
    receipt: Receipt
    path: Path


class Lake:
    """
    A folder of extracts: `extracts/<source>/<dataset>/<extract_id>.parquet`.

    *url* is a folder; a relative one starts at *base*. Nothing is created before the first `store`.
    """

    def __init__(self, url: str, *, base: Path) -> None:
        if "://" in url:
            scheme = url.partition("://")[0]
            raise LakeError(f"a lake cannot live on {scheme}", mend="give it a folder, such as `.okr/lake`")
        self.root = base / url

    def store(self, dataset: str, extract: Extract) -> StoredExtract:
        """
        Read *extract* to its end and keep it. Content that is kept already is not kept twice.

        Raises:
            LakeError: If the folder cannot be written. Nothing is left behind.
            ConnectorError: If the source fails meanwhile. Nothing is left behind.
        """
        folder = self._folder(dataset)
        with _clear_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _temporary(folder) as (temporary, descriptor):
            _write(extract, temporary)
            receipt = extract.receipt()
            final = self._file(dataset, receipt.content_hash)
            with _clear_errors(folder):
                if not final.exists():
                    os.fsync(descriptor)
                    temporary.rename(final)
                    self._sync_folders(folder)
        return StoredExtract(extract_id=receipt.content_hash, receipt=receipt, path=final)

    def path(self, dataset: str, extract_id: str) -> Path:
        """
        Return the Parquet file of an extract.

        Raises:
            ExtractMissing: If it is not kept here.
        """
        path = self._file(dataset, extract_id)
        if not path.is_file():
            what = f"extract {extract_id[:12]} of {dataset} is not in the lake at {self.root}"
            raise ExtractMissing(what, mend="bring the file back from a copy, or read the source again")
        return path

    def verify(self, dataset: str, extract_id: str) -> None:
        """
        Read an extract again and recompute its id from its rows.

        Raises:
            ExtractMissing: If it is not kept here.
            ExtractDamaged: If it cannot be read, or its rows have another id.
        """
        path = self.path(dataset, extract_id)
        with _clear_errors(path):
            found = content_hash(path)
        if found != extract_id:
            raise _damaged(path, f"its rows have the id {found[:12]}" if found else "it cannot be read")

    def remove(self, dataset: str, extract_id: str) -> None:
        """Delete an extract for good; what is not there is no mistake."""
        path = self._file(dataset, extract_id)
        with _clear_errors(path):
            path.unlink(missing_ok=True)

    def sweep(self) -> list[Path]:
        """Remove the temporaries of writers that are gone, and return where they were, sorted."""
        left = sorted((self.root / "extracts").glob("*/*/*.tmp"))
        with _clear_errors(self.root):
            return [temporary for temporary in left if _remove_abandoned(temporary)]

    def _folder(self, dataset: str) -> Path:
        named = _DATASET.fullmatch(dataset)
        if not named:
            raise ValueError("a dataset's id is <source>.<name>, in a to z, 0 to 9 and _")
        return self.root / "extracts" / named[1] / named[2]

    def _file(self, dataset: str, extract_id: str) -> Path:
        if not _EXTRACT_ID.fullmatch(extract_id):
            raise ValueError("an extract's id is 64 hexadecimal digits")
        return self._folder(dataset) / f"{extract_id}.parquet"

    def _sync_folders(self, folder: Path) -> None:
        # A file survives a power cut only if every folder that leads to it was written, too.
        for level in (folder, folder.parent, folder.parent.parent, self.root):
            descriptor = os.open(level, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextmanager
def _temporary(folder: Path) -> Iterator[tuple[Path, int]]:
    """Lend a locked temporary file; it is gone afterwards, unless it was renamed."""
    with _clear_errors(folder):
        path, descriptor = _create_locked(folder)
    try:
        yield path, descriptor
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _create_locked(folder: Path) -> tuple[Path, int]:
    # The kernel drops the lock with the writer, however it dies; a process id alone would lie
    # after its reuse, and across containers that share the folder.
    for number in itertools.count():
        path = folder / f"{os.getpid()}-{number}.tmp"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # else a sweep was faster than the lock
            return path, descriptor
        os.close(descriptor)
    raise AssertionError("itertools.count ended")


def _remove_abandoned(temporary: Path) -> bool:
    try:
        descriptor = os.open(temporary, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        temporary.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _write(extract: Extract, path: Path) -> None:
    with _clear_errors(path.parent):
        sink = writer(path, extract.schema)
    try:
        with closing(row_groups(extract)) as tables:
            for table in tables:
                with _clear_errors(path.parent):
                    sink.write_table(table)
    except BaseException:
        with suppress(OSError):  # the file goes anyway; what went wrong first is what counts
            sink.close()
        raise
    with _clear_errors(path.parent):
        sink.close()


def _damaged(path: Path, what: str) -> ExtractDamaged:
    mend = "bring the file back from a copy, or delete it and read the source again"
    return ExtractDamaged(f"the extract at {path} is damaged: {what}", mend=mend)


@contextmanager
def _clear_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _meaning(error, place) from error


def _meaning(error: OSError, place: Path) -> LakeError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            what = f"the disk that holds the lake at {place} is full ({_free(place)} bytes free)"
            return LakeError(what, mend="free space there, then run again")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            what = f"the lake at {place} refuses this user ({error.strerror})"
            return LakeError(what, mend="give this user the right to read and write there")
    what = f"the lake at {place} failed ({error.strerror or type(error).__name__})"
    return LakeError(what, mend="look at the path and its disk, then run again")


def _free(place: Path) -> int:
    return shutil.disk_usage(place if place.exists() else place.parent).free
