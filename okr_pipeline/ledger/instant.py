"""Instants as text: UTC, ISO 8601, ending in `Z`, with microseconds only when they are not zero."""

from __future__ import annotations

from datetime import UTC, datetime


def instant_text(at: datetime) -> str:
    """
    Return *at* as text, in UTC.

    Raises:
        ValueError: If *at* has no time zone: it would mean another instant on another machine.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone; give a datetime with tzinfo")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def instant_from(text: str) -> datetime:
    """Return the instant that *text* (as `instant_text` writes it) stands for."""
    return datetime.fromisoformat(text)
