"""Files that are replaced whole: a reader sees the old one or the new one, never a part of either."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class OutsideFolderError(ValueError):
    """An output path leaves the folder it was given."""


def path_in(folder: Path, name: str) -> Path:
    """
    Return the path of *name* in *folder*, proved to lie inside once symlinks are resolved.

    Raises:
        OutsideFolderError: If it does not, or if *name* is no file name at all.
    """
    home = folder.resolve()
    if "\0" in name or not name.strip():
        raise OutsideFolderError(
            f"an output in {folder} has no usable file name; give it one such as index.html"
        )
    path = home / name
    if not path.resolve().is_relative_to(home) or path.resolve() == home:
        raise OutsideFolderError(f"output {name!r} does not lie inside {folder}; write it below that folder")
    return path.parent.resolve() / path.name


@contextmanager
def replacing(folder: Path, name: str) -> Iterator[Path]:
    """
    Give a temporary path beside *name* in *folder*; on a clean end it is synced and takes the name.

    If the body raises, the temporary file goes and what was there stays. A process that is killed
    in between leaves the temporary file (`.name.<pid>.<thread>.tmp`), which nobody reads.
    """
    path = path_in(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.parent / f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp"
    draft.unlink(missing_ok=True)
    try:
        yield draft
        _sync(draft)
        draft.replace(path)
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def replace_text(folder: Path, name: str, text: str) -> Path:
    """Write *text* as UTF-8 to *name* in *folder* in one step, and return the path."""
    with replacing(folder, name) as draft:
        draft.write_text(text, encoding="utf-8", newline="")
    return path_in(folder, name)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
