"""What connectors hold: a `requests` session for client libraries, and calls of our own, behind one guard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

import requests

from connectors.errors import SetupError
from connectors.transport.adapter import Expected, GuardedAdapter, Settings
from connectors.transport.addresses import Addresses
from connectors.transport.answer import REQUEST_IDS, Answer, Body, refused
from connectors.transport.policy import Policy, Timing
from connectors.transport.redaction import hide, remember

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.transport.bucket import TokenBucket
    from connectors.transport.network import Network
    from connectors.transport.tally import Tally

MOST_REDIRECTS = 5


class GuardedSession(requests.Session):
    """A session that takes nothing from the environment, keeps no cookie, and cannot leave its guard."""

    def __init__(self, adapter: GuardedAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = MOST_REDIRECTS
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self.headers.update({"User-Agent": "okr-pipeline", "Accept-Encoding": "gzip, deflate"})
        self.adapters.clear()
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare as `requests` does; its complaints quote whole addresses and headers, ours do not."""
        try:
            return super().prepare_request(request)
        except requests.RequestException:
            pass
        raise SetupError(
            "an address or a header is not valid",
            mend="mend the address, and look for line breaks in secrets",
        )

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send as `requests` does; addresses it cannot follow are a SetupError."""
        try:
            return super().send(request, **kwargs)
        except requests.RequestException:
            pass
        raise SetupError("an address is not valid, or is redirected again and again", mend="mend the address")

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where *resp* leads, None if nowhere; an address that is none would be a ValueError later."""
        target: str | None = super().get_redirect_target(resp)
        try:
            if target is not None:
                urlsplit(target).port  # noqa: B018 - reading it checks it
        except ValueError:
            raise SetupError(
                f"{urlsplit(resp.url).hostname}: redirected to an address that is not valid",
                mend="mend the address",
            ) from None
        return target

    def rebuild_method(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Refuse a redirect that makes a GET of a POST: without its body, something else is asked for."""
        asked = prepared_request.method
        super().rebuild_method(prepared_request, response)
        if prepared_request.method != asked:
            raise SetupError(
                f"{urlsplit(response.url).hostname}: a {asked} is redirected (status {response.status_code})",
                mend="write the address that it leads to",
            )

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave every header that holds a secret behind when a redirect leads to another host."""
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]
        if self.should_strip_auth(response.request.url, prepared_request.url):  # type: ignore[no-untyped-call]
            for name, value in list(prepared_request.headers.items()):
                if hide(str(value)) != value:
                    del prepared_request.headers[name]


class Transport:
    """
    HTTP for one connector instance; not for several threads at once.

    *hosts* may be asked, no others (`.example.com` stands for all below it). *bucket* paces every
    call (None: no pace). *secrets* are hidden wherever text leaves. A POST whose path matches one of
    *repeatable_paths* (patterns such as `*/oauth2/token`) may be sent again like a GET. *request_ids*
    are the headers in which this source names a request. No I/O happens here.
    """

    def __init__(
        self,
        *,
        network: Network,
        base: Path,
        hosts: Collection[str],
        bucket: TokenBucket | None = None,
        policy: Policy | None = None,
        timing: Timing | None = None,
        secrets: Collection[str] = (),
        repeatable_paths: Collection[str] = (),
        request_ids: Collection[str] = REQUEST_IDS,
    ) -> None:
        remember([*secrets, *_proxy_secrets(network.proxy)])
        self._timing = timing or Timing()
        self._adapter = GuardedAdapter(
            Settings(
                addresses=Addresses(hosts, allowed=network.allow_addresses),
                policy=policy or Policy(),
                timing=self._timing,
                bucket=bucket,
                trusted=network.trusted(base),
                proxy=network.proxy,
                repeatable_paths=repeatable_paths,
                request_ids=request_ids,
            )
        )
        self.session = GuardedSession(self._adapter)
        """For client libraries. Errors of ours pass through them: they are no RequestException."""

    def begin(self) -> Tally:
        """Start a read with a whole retry budget; return the tally to subtract from the one at its end."""
        self._adapter.begin()
        return self._adapter.tally()

    def tally(self) -> Tally:
        """Return what all calls have cost so far."""
        return self._adapter.tally()

    def now(self) -> datetime:
        """Return the instant by this machine's clock, in UTC."""
        return self._timing.now()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        auth: tuple[str, str] | None = None,
        wanted: Body = "json",
        repeatable: bool | None = None,
        accept: Collection[int] = (),
        judge: Callable[[Answer], None] | None = None,
        into: BinaryIO | None = None,
    ) -> Answer:
        """
        Return the answer to one call, its body read and parsed as *wanted*.

        *repeatable* None means that GET and HEAD may be sent again and nothing else. Statuses of
        400 and above raise, except those in *accept*. *judge* is shown every answer that arrived,
        also those of another status, and may raise Disturbed to have it tried again. *into* takes the
        body of a 200, which is not parsed then, so that it need not fit into memory.

        Raises:
            SetupError: If the address, the credential or the request is wrong.
            QuotaExhausted: If the source wants to be left alone for longer than the budget.
            Transient: If it failed in passing, too often.
        """
        prepared = self.session.prepare_request(
            requests.Request(
                method.upper(), url, params=params, headers=headers, json=json, data=data, auth=auth
            )
        )
        can_repeat = method.upper() in ("GET", "HEAD") if repeatable is None else repeatable
        expected = Expected(body=wanted, repeatable=can_repeat, judge=judge, into=into)
        self.session.send(prepared, expected=expected, allow_redirects=True)
        answer = expected.answer
        if answer is None:
            raise RuntimeError("an adapter of another make was mounted")
        if answer.status >= 300 and answer.status not in accept:
            raise refused(answer)
        return answer

    def close(self) -> None:
        """Close every connection."""
        self.session.close()


def _proxy_secrets(proxy: str | None) -> list[str]:
    """Return the password of the proxy's address, as it is written there and as it is meant."""
    parts = urlsplit(proxy or "")
    return [parts.password, unquote(parts.password)] if parts.password else []
