"""One token bucket a credential: every dataset and connector that uses it waits in one line."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass

from connectors.transport.policy import Timing

_SECONDS = {"s": 1, "min": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most *calls* in any *seconds*."""

    calls: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Return the rate that *text* declares, such as `10/s`, `100/min` or `5000/h`; ValueError if none."""
        calls, _, unit = text.partition("/")
        if not (calls.isascii() and calls.isdigit() and 0 < int(calls) <= 1_000_000 and unit in _SECONDS):
            raise ValueError("expected a rate such as 10/s, 100/min or 5000/h")
        return cls(int(calls), _SECONDS[unit])


class TokenBucket:
    """
    Lets `rate.calls` through in any `rate.seconds`, in order of asking. Thread-safe.

    Calls that were let through are remembered, so not even a burst after a pause exceeds the rate.
    """

    def __init__(self, rate: Rate, *, timing: Timing | None = None) -> None:
        self._rate = rate
        self._timing = timing or Timing()
        self._lock = threading.Lock()
        self._slots = [float("-inf")] * rate.calls
        self._turn = 0

    def take(self) -> float:
        """Wait for a turn, and return how many seconds that took."""
        with self._lock:
            now = self._timing.monotonic()
            start = max(now, self._slots[self._turn] + self._rate.seconds)
            self._slots[self._turn] = start
            self._turn = (self._turn + 1) % self._rate.calls
        if start > now:
            self._timing.sleep(start - now)
        return start - now

    def pause(self, seconds: float) -> None:
        """Let nobody through for *seconds*: the server said so to one of its callers."""
        with self._lock:
            until = self._timing.monotonic() + seconds - self._rate.seconds
            self._slots = [max(slot, until) for slot in self._slots]


_lock = threading.Lock()
_buckets: dict[tuple[str, Rate], TokenBucket] = {}


def shared_bucket(credential: str, rate: Rate) -> TokenBucket:
    """Return the process's bucket of *credential* at *rate*; the credential itself is not kept."""
    digest = hashlib.sha256(credential.encode()).hexdigest()
    with _lock:
        return _buckets.setdefault((digest, rate), TokenBucket(rate))
