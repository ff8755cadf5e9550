"""How long a server asks to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def instant(text: str | None) -> datetime | None:
    """Return an HTTP date in UTC; None if *text* is none."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def seconds(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """
    Return what `Retry-After` asks, as seconds or as a date, never below 0; None if it is not there.

    Without it, the reset of an allowance that is used up counts (`X-RateLimit-Reset`, as an instant
    in seconds or milliseconds since 1970, or as seconds from now). Instants are read against the
    server's own Date where it tells one, so a wrong clock here is no matter.
    """
    there = instant(headers.get("Date")) or now
    asked = _number(headers.get("Retry-After"))
    if asked is not None:
        return asked
    until = instant(headers.get("Retry-After"))
    if until is not None:
        return max(0.0, (until - there).total_seconds())
    for prefix in ("X-RateLimit", "RateLimit"):
        reset = _number(headers.get(f"{prefix}-Reset"))
        if reset is not None and reset > _IN_MILLISECONDS:
            reset /= 1000
        if reset is not None and _number(headers.get(f"{prefix}-Remaining")) == 0:
            return max(0.0, reset - there.timestamp()) if reset > _EARLIEST else reset
    return None


_EARLIEST = 1_000_000_000
"""Larger numbers are instants, smaller ones are seconds from now."""
_IN_MILLISECONDS = 100_000_000_000


def _number(text: str | None) -> float | None:
    text = (text or "").strip()
    return float(text[:15]) if text.isascii() and text.replace(".", "", 1).isdigit() else None


def next_window(headers: Mapping[str, str], *, window_s: int, now: datetime) -> float:
    """Return the seconds until a quota of *window_s* starts anew: on the full minute of the server for 60."""
    there = (instant(headers.get("Date")) or now).timestamp()
    return window_s - there % window_s
