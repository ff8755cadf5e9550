"""Which Bulk jobs a read has begun, so that one that breaks off goes on with the same ones."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.contract import Unfinished

GOOD_FOR = timedelta(hours=1)
"""How long after its start a read that broke off may be gone on with: its rows are as old as its start."""


class Jobs:
    """
    The jobs of one read, by their statement. Kept by the caller in one small text, where it lends a place.

    *started_at* is the server's time when the read began, also if that was in another process.
    """

    def __init__(self, kept: Unfinished | None, *, read: str, now: datetime) -> None:
        self.started_at = now
        self._kept = kept
        self._read = read
        self._ids: dict[str, str] = {}
        found = _parsed(kept.read() if kept else None)
        if found.get("read") != read:
            return
        started_at = datetime.fromisoformat(str(found["started_at"]))
        if timedelta(0) <= now - started_at <= GOOD_FOR:
            self.started_at, self._ids = started_at, dict(found["jobs"])

    @property
    def any(self) -> bool:
        """Whether a read that broke off has left jobs."""
        return bool(self._ids)

    def id_of(self, statement: str) -> str | None:
        """Return the job that runs *statement*, None if none does."""
        return self._ids.get(_digest(statement))

    def add(self, statement: str, id: str) -> None:
        """Remember the job that runs *statement*."""
        self._ids[_digest(statement)] = id
        self._write()

    def forget(self, statement: str) -> None:
        """Do not count on the job of *statement* any more."""
        if self._ids.pop(_digest(statement), None) is not None:
            self._write()

    def _write(self) -> None:
        if self._kept is not None:
            value = {"read": self._read, "started_at": self.started_at.isoformat(), "jobs": self._ids}
            self._kept.write(json.dumps(value))


def _digest(statement: str) -> str:
    return hashlib.sha256(statement.encode()).hexdigest()


def _parsed(text: str | None) -> dict[str, Any]:
    """Return what was kept; nothing if it is not ours or broken."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
