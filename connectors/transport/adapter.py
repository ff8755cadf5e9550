"""Where every call passes: one `requests` adapter that checks, tries, waits, bounds and counts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from connectors.errors import ConnectorError, QuotaExhausted, Transient
from connectors.transport import answer as answers
from connectors.transport import body, fault, retry_after
from connectors.transport.answer import Answer, Body
from connectors.transport.fault import Disturbed
from connectors.transport.redaction import guard_library_logs, hide
from connectors.transport.sockets import Deadline, pool_classes
from connectors.transport.tally import Tally

if TYPE_CHECKING:
    from connectors.transport.addresses import Addresses
    from connectors.transport.bucket import TokenBucket
    from connectors.transport.policy import Policy, Timing

_ALWAYS_REPEATABLE = ("GET", "HEAD", "OPTIONS")
_LATER = "try again with the next run; if it stays, ask the source's operator"


@dataclass(slots=True, kw_only=True)
class Expected:
    """
    What a caller wants of one call. *judge* sees each answer and may raise Disturbed (try again) or
    a ConnectorError (give up); *answer* is the last one, as it was judged. *into* takes the body of a
    200 in place of `answer.body`, which then holds its first bytes alone.
    """

    body: Body = "any"
    repeatable: bool = False
    judge: Callable[[Answer], None] | None = None
    into: BinaryIO | None = None
    answer: Answer | None = field(default=None, init=False)


@dataclass(slots=True, kw_only=True)
class Settings:
    """What one transport is made of."""

    addresses: Addresses
    policy: Policy
    timing: Timing
    bucket: TokenBucket | None
    trusted: str | bool
    proxy: str | None
    repeatable_paths: Collection[str]
    request_ids: Collection[str]


class GuardedAdapter(HTTPAdapter):
    """
    Sends a request until it is answered or not worth another try; each hop of a redirect comes here.

    What client libraries pass for time-outs, proxies and certificates is not used: the connection
    decides. Answers have their body read; `stream` changes nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._proxies = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else {}
        self._counts: dict[str, Any] = {}
        self._ids: list[str] = []
        self._spent_s = 0.0
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._settings.addresses)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = pool_classes(None)
        return manager

    def begin(self) -> None:
        """Give what follows a whole budget."""
        self._spent_s = 0.0

    def tally(self) -> Tally:
        """Return the counts so far."""
        return Tally(**self._counts, request_ids=tuple(self._ids))

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, *, expected: Expected | None = None, **_: object
    ) -> requests.Response:
        """
        Return the answer to *request*.

        Raises:
            SetupError: If its address is not one this transport may ask.
            QuotaExhausted, Transient: If every try failed.
        """
        guard_library_logs()
        self._settings.addresses.check_url(request.url or "")
        wanted = expected or Expected(repeatable=self._is_repeatable(request))
        tried = 0
        while True:
            tried += 1
            self._take_turn(retry=tried > 1)
            started = self._settings.timing.monotonic()
            try:
                return self._tried(request, wanted)
            except Disturbed as problem:
                self._spent_s += self._settings.timing.monotonic() - started
                disturbed = problem
            self._wait(disturbed, tried, wanted, place=_place(request))

    def _is_repeatable(self, request: requests.PreparedRequest) -> bool:
        if request.method in _ALWAYS_REPEATABLE or "Idempotency-Key" in request.headers:
            return True
        path = urlsplit(request.url or "").path
        return any(fnmatchcase(path, pattern) for pattern in self._settings.repeatable_paths)

    def _take_turn(self, *, retry: bool) -> None:
        bucket = self._settings.bucket
        self._count(requests=1, retries=int(retry), waited_s=bucket.take() if bucket else 0)

    def _count(self, **more: float) -> None:
        for name, value in more.items():
            self._counts[name] = self._counts.get(name, 0) + value

    def _tried(self, request: requests.PreparedRequest, wanted: Expected) -> requests.Response:
        response = self._exchanged(request, wanted.into)
        headers = response.headers
        answer = Answer(
            status=response.status_code,
            headers=headers,
            body=response.content,
            place=_place(request),
            request_id=answers.request_id(headers, self._settings.request_ids),
        )
        wanted.answer = answer
        self._note(answer, wanted.into)
        if wanted.repeatable and answer.status in answers.PASSING:
            raise Disturbed(
                f"status {answer.status}", after_s=self._asked_wait(answer), quota=answer.status == 429
            )
        if request.method != "HEAD" and (wanted.repeatable or wanted.body != "any"):
            # What went into a file is for `judge` to parse; here it must only be there, and no web page.
            in_file = wanted.into is not None and answer.status == 200
            answers.look_at(answer, wanted="csv" if in_file else wanted.body)
        if wanted.judge is not None and not response.is_redirect:
            wanted.judge(answer)
        return response

    def _note(self, answer: Answer, into: BinaryIO | None) -> None:
        self._count(bytes=len(answer.body) if into is None or answer.status != 200 else into.tell())
        if answer.request_id is not None:
            self._ids.append(answer.request_id)
        told = retry_after.instant(answer.headers.get("Date"))
        if told is not None:
            self._counts["server_time_at"] = told
            self._counts["ahead_s"] = (self._settings.timing.now() - told).total_seconds()

    def _asked_wait(self, answer: Answer) -> float | None:
        """Return how many seconds *answer* asks to wait; None if it does not say."""
        now, window_s = self._settings.timing.now(), self._settings.policy.quota_window_s
        after_s = retry_after.seconds(answer.headers, now=now)
        if after_s is None and answer.status == 429 and window_s is not None:
            return retry_after.next_window(answer.headers, window_s=window_s, now=now)
        return after_s

    def _exchanged(self, request: requests.PreparedRequest, into: BinaryIO | None) -> requests.Response:
        """Send *request* once and read the whole answer; foreign exceptions become ours here."""
        policy = self._settings.policy
        host = urlsplit(request.url or "").hostname or ""
        failure: Disturbed | ConnectorError
        with Deadline(policy.deadline_s) as deadline:
            try:
                response = super().send(
                    request,
                    stream=True,
                    timeout=(policy.connect_s, policy.read_s),
                    verify=self._settings.trusted,
                    proxies=self._proxies,
                )
                with contextlib.closing(response.raw) as raw:
                    file = into if response.status_code == 200 else None
                    content = body.read(
                        raw, policy=policy, deadline=deadline, place=_place(request), into=file
                    )
            except (Disturbed, ConnectorError) as problem:
                failure = problem
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as problem:
                failure = fault.of(problem, host=host, proxied=bool(self._proxies))
                if deadline.passed:
                    failure = Disturbed(f"no whole answer within {policy.deadline_s:g} s")
            else:
                # What `requests` itself does once a body is read.
                response._content = content
                response._content_consumed = True  # type: ignore[attr-defined]
                return response
        # Outside the handler: the foreign exception, whose text holds whole addresses, is left behind.
        raise failure

    def _wait(self, disturbed: Disturbed, tried: int, wanted: Expected, *, place: str) -> None:
        """Wait for the next try, or raise that there is none."""
        policy, timing, bucket = self._settings.policy, self._settings.timing, self._settings.bucket
        after_s = disturbed.after_s
        longest = min(policy.longest_wait_s, policy.first_wait_s * 2 ** (tried - 1))
        wait_s = timing.uniform(0, longest) if after_s is None else after_s
        most = min(policy.tries, disturbed.tries or policy.tries) if wanted.repeatable else 1
        if tried >= most or self._spent_s + wait_s > policy.budget_s:
            raise self._given_up(disturbed, tried, wanted, place=place)
        if bucket is not None and after_s:
            bucket.pause(after_s)
        timing.sleep(wait_s)
        self._spent_s += wait_s
        self._count(waited_s=wait_s)

    def _given_up(self, disturbed: Disturbed, tried: int, wanted: Expected, *, place: str) -> ConnectorError:
        named = wanted.answer.named() if wanted.answer else place
        count = "1 try" if tried == 1 else f"{tried} tries"
        told = f"{named}: {disturbed.reason}, after {count}"
        if disturbed.quota or disturbed.after_s is not None:
            until = None
            if disturbed.after_s is not None:
                until = self._settings.timing.now() + timedelta(seconds=min(disturbed.after_s, 10**8))
            when = f"after {until:%Y-%m-%d %H:%M} UTC" if until else "later"
            return QuotaExhausted(told, mend=f"the source takes calls again {when}", until=until)
        if not wanted.repeatable:
            return Transient(told, mend="whether it was done is not known: look before sending it again")
        return Transient(told, mend=_LATER)


def _place(request: requests.PreparedRequest) -> str:
    parts = urlsplit(request.url or "")
    port = f":{parts.port}" if parts.port else ""
    return hide(f"{request.method} {parts.hostname}{port}{parts.path}")
