"""Files that lie elsewhere: found, and fetched one at a time into a temporary file for the readers."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from connectors.errors import ConnectorError, Incomplete, SetupError, Transient
from connectors.files.options import MAGIC, PACKAGES, FilesConnection, leaving, refuse_leaving
from connectors.files.source_file import SourceFile, opened
from connectors.transport.client import Transport
from connectors.transport.policy import Policy
from connectors.transport.redaction import remember

MAX_BYTES = 4 << 30
"""No remote file may be larger."""
_CHUNK = 1 << 20
_FOREIGN = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
    ("paramiko.ssh_exception", "SSHException"),
    ("requests.exceptions", "RequestException"),
)
"""What the packages raise beside OSError, where they are loaded."""

Found = TypeVar("Found")


class BucketStore:
    """Files below a root that fsspec reaches. *storage* is what its file system takes; none of it is told."""

    def __init__(self, connection: FilesConnection) -> None:
        self._protocol, _, _ = connection.root.partition("://")
        self._root = connection.root
        self._storage = dict(connection.storage)
        remember(_texts(connection.storage))

    def find(self, pattern: str) -> list[str]:
        """Return the names from the root that *pattern* names, in order; SetupError if there is none."""
        files, top = self._opened()
        refuse_leaving(pattern)
        if MAGIC & set(pattern):
            found = self._asked(lambda: files.glob(f"{top}/{pattern}", detail=True))
            # a link on this machine has a type of its own
            paths = [
                path
                for path, told in found.items()
                if told.get("type") == "file" or (told.get("islink") and files.isfile(path))
            ]
        else:
            paths = [f"{top}/{pattern}"] if self._asked(lambda: files.isfile(f"{top}/{pattern}")) else []
        if not paths:
            raise nothing_at(pattern)
        if not all(self._is_inside(path, top) for path in paths):
            raise leaving(pattern)
        return sorted(path.removeprefix(f"{top}/") for path in paths)

    def names(self) -> Iterator[str]:
        """Yield the name of every file below the root."""
        files, top = self._opened()
        found = sorted(self._asked(lambda: files.find(top)))
        yield from (path.removeprefix(f"{top}/") for path in found if self._is_inside(path, top))

    def _is_inside(self, path: str, top: str) -> bool:
        """Return whether *path* lies below *top*, links followed where they are this machine's."""
        return self._protocol != "file" or Path(path).resolve().is_relative_to(Path(top).resolve())

    @contextmanager
    def opened(self, name: str) -> Iterator[SourceFile]:
        """
        Fetch a file, and open what came.

        Raises:
            Incomplete: If it changed while it was fetched, or not all of it came.
        """
        files, top = self._opened()
        path = f"{top}/{name}"
        with tempfile.TemporaryDirectory(prefix="okr-") as folder:
            local = Path(folder) / "fetched"
            before = self._asked(lambda: files.info(path))
            size = self._asked(lambda: _fetched(files, path, local, name))
            files.invalidate_cache()  # or the listing from before would answer
            after = self._asked(lambda: files.info(path))
            if _identity(before) != _identity(after):
                raise Incomplete(
                    f"{name} changed while it was read", mend="read it again when it is complete"
                )
            if before.get("size") not in (None, size):
                raise Incomplete(
                    f"{name}: {size} of {before['size']} bytes came", mend="it is read again next run"
                )
            with opened(local, name=name) as file:
                yield file

    def _opened(self) -> tuple[Any, str]:
        package = PACKAGES[self._protocol] or ""
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            mend = f'pip install "okr-pipeline[remote]" {package}'.rstrip()
            raise SetupError("remote files need fsspec, which is not installed", mend=mend) from None
        try:
            found = self._asked(lambda: url_to_fs(self._root, skip_instance_cache=True, **self._storage))
        except ImportError:
            what = f"{self._protocol}:// needs the package {package}, which is not installed"
            raise SetupError(what, mend=f"pip install {package}") from None
        except (TypeError, ValueError):
            raise SetupError(
                "`storage` is not what this root takes",
                mend=f"see the documentation of {package or 'fsspec'}",
            ) from None
        files, top = found
        return files, str(top).rstrip("/")

    def _asked(self, call: Callable[[], Found]) -> Found:
        """Return what *call* does; what the packages raise is told by kind alone."""
        failure: ConnectorError
        passing: tuple[type[Exception], ...] = (OSError, *_foreign())
        try:
            return call()
        except FileNotFoundError:
            failure = SetupError("there is no such file or folder", mend="mend `root` or `path`")
        except PermissionError:
            failure = SetupError("the storage refuses", mend="give the credential the right to list and read")
        except passing as problem:
            told = f"{self._protocol}:// could not be read ({type(problem).__name__})"
            failure = Transient(
                told, mend="try again with the next run; if it stays, mend `root` and `storage`"
            )
        # Outside the handler: what the package raised may hold addresses and keys.
        raise failure


class WebStore:
    """Files below a web address, by the transport that every call over HTTP takes. Nothing can be listed."""

    def __init__(self, connection: FilesConnection, *, base: Path) -> None:
        parts = urlsplit(connection.root)
        headers = connection.storage.get("headers", {})
        if {*connection.storage} - {"headers"} or not isinstance(headers, Mapping):
            raise SetupError(
                "`storage` is not what this root takes", mend="write `headers` there, or nothing"
            )
        self._root = connection.root.rstrip("/")
        self._headers = {str(name): str(value) for name, value in headers.items()}
        self._transport = Transport(
            network=connection,
            base=base,
            hosts=[parts.hostname or ""],
            policy=Policy(body_bytes=MAX_BYTES, deadline_s=3600),
            secrets=_texts(headers),
        )

    def find(self, pattern: str) -> list[str]:
        """Return *pattern*, which must be one file's name."""
        refuse_leaving(pattern)
        if MAGIC & set(pattern):
            raise SetupError("a web address cannot be listed", mend="name one file in `path`")
        return [pattern]

    def names(self) -> Iterator[str]:
        """Raise SetupError: there is no list."""
        raise SetupError("a web address cannot be listed", mend="name a file: `okr discover SOURCE FILE`")

    @contextmanager
    def opened(self, name: str) -> Iterator[SourceFile]:
        """Fetch a file, trying again where that may help, and open what came."""
        with tempfile.TemporaryDirectory(prefix="okr-") as folder:
            local = Path(folder) / "fetched"
            with local.open("wb+") as into:
                self._transport.begin()
                address = f"{self._root}/{quote(name)}"
                try:
                    self._transport.request("GET", address, headers=self._headers, into=into)
                finally:
                    self._transport.close()
            with opened(local, name=name) as file:
                yield file


def nothing_at(pattern: str) -> SetupError:
    """Return the error of a pattern that names no file."""
    return SetupError(f"no file is at {pattern}", mend="put it below the root, or mend `path`")


def _fetched(files: Any, path: str, local: Path, name: str) -> int:
    """Copy a remote file, a piece at a time; return how many bytes came."""
    size = 0
    with (
        files.open(path, "rb", block_size=_CHUNK, cache_type="readahead") as source,
        local.open("wb") as into,
    ):
        while chunk := source.read(_CHUNK):
            size += into.write(chunk)
            if size > MAX_BYTES:
                raise SetupError(
                    f"{name} is larger than {MAX_BYTES >> 30} GiB", mend="split it into several files"
                )
    return size


def _identity(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what would change if the file did."""
    return tuple(
        str(told.get(key)) for key in ("size", "ETag", "etag", "LastModified", "mtime", "generation")
    )


def _foreign() -> tuple[type[Exception], ...]:
    return tuple(getattr(sys.modules[module], name) for module, name in _FOREIGN if module in sys.modules)


def _texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
