"""What calls have cost so far: the difference of two tallies is what a receipt says of one read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

KEPT_IDS = 20
MOST_SKEW_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    Counts since the transport was made: *requests* sent (tries included), *retries* among them,
    seconds *waited_s* between tries and for the bucket, *request_ids* that servers gave in order,
    *bytes* of decoded bodies, the last Date a server told (None: none did), and how many seconds
    this machine's clock was ahead of it.
    """

    requests: int = 0
    retries: int = 0
    waited_s: float = 0
    bytes: int = 0
    request_ids: tuple[str, ...] = ()
    server_time_at: datetime | None = None
    ahead_s: float = 0

    def __sub__(self, earlier: Tally) -> Tally:
        return Tally(
            requests=self.requests - earlier.requests,
            retries=self.retries - earlier.retries,
            waited_s=self.waited_s - earlier.waited_s,
            bytes=self.bytes - earlier.bytes,
            request_ids=self.request_ids[len(earlier.request_ids) :],
            server_time_at=self.server_time_at,
            ahead_s=self.ahead_s,
        )

    def warnings(self) -> tuple[str, ...]:
        """Return a warning if this machine's clock and the server's differ by more than a minute."""
        if abs(self.ahead_s) <= MOST_SKEW_S:
            return ()
        way = "ahead of" if self.ahead_s > 0 else "behind"
        return (f"this machine's clock is {abs(round(self.ahead_s))} s {way} the source's",)

    def facts(self) -> dict[str, object]:
        """Return the receipt's fields about calls; of many request ids the first and the last ten."""
        ids = self.request_ids
        if len(ids) > KEPT_IDS:
            ids = ids[: KEPT_IDS // 2] + ids[-KEPT_IDS // 2 :]
        return {
            "requests": self.requests,
            "retries": self.retries,
            "waited_s": round(self.waited_s),
            "request_ids": ids,
            "server_time_at": self.server_time_at,
        }
