"""How long, how often and how much one call may take, and the clock it is measured by."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    Limits of every call.

    A call is tried at most *tries* times. Between tries: full jitter below *first_wait_s* doubled
    each time, at most *longest_wait_s*; what the server asks for goes first. *budget_s* bounds what
    one read loses to failed tries and waits. *deadline_s* bounds one try from connecting to the last
    byte, however steadily the bytes drip; *read_s* bounds the silence between two of them.
    *quota_window_s* is how often the source's quota starts anew, on the server's full minute for 60: a
    429 that names no time waits for that (None: as for any failure).
    *body_bytes* bounds a decoded body; one larger than 8 MiB may be *ratio* times its wire size.
    """

    tries: int = 6
    first_wait_s: float = 1
    longest_wait_s: float = 60
    budget_s: float = 300
    connect_s: float = 10
    read_s: float = 60
    deadline_s: float = 180
    body_bytes: int = 64 << 20
    ratio: int = 100
    quota_window_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """
    The clock, and chance, as arguments. *monotonic* and *sleep* count seconds, *now* gives UTC,
    *uniform* a number between its two arguments.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now
    uniform: Callable[[float, float], float] = random.uniform
