"""Calls to one organisation: signed in when first needed, and again, once, when the session ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import QuotaExhausted, SetupError, Transient
from connectors.salesforce.faults import NotThere, SessionEnded, raise_refusal
from connectors.salesforce.options import SECRETS, SalesforceConnection
from connectors.salesforce.sign_in import Session, sign_in
from connectors.transport import retry_after
from connectors.transport.answer import Answer, Body
from connectors.transport.client import Transport
from connectors.transport.policy import Policy, Timing
from connectors.transport.tally import Tally

MOST_SIGN_INS = 5
"""A read whose sessions end more often than this is given up."""

_USAGE = re.compile(r"\bapi-usage=(\d{1,12})/(\d{1,12})")
_NEXT = re.compile(r"/services/data/v[0-9.]{3,5}/query(?:All)?/[A-Za-z0-9-]{1,200}\Z")
_REFUSALS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests of the day's allowance: *used* of *most*."""

    used: int
    most: int


class Api:
    """One connection's calls. *usage* is what the last answer said of the allowance."""

    def __init__(
        self, connection: SalesforceConnection, *, base: Path, policy: Policy, timing: Timing
    ) -> None:
        self.connection = connection
        self.timing = timing
        self.usage: Usage | None = None
        host = urlsplit(connection.address).hostname or ""
        self.transport = Transport(
            network=connection,
            base=base,
            hosts=[host] if connection.instance_url else [host, ".salesforce.com"],
            policy=policy,
            timing=timing,
            secrets=[secret for name in SECRETS if (secret := getattr(connection, name))],
            repeatable_paths=("*/oauth2/token",),
            request_ids=("X-Request-Id", "X-SFDC-Request-Id"),
        )
        self._session: Session | None = None
        self._sign_ins = 0
        self._is_fresh = False
        self._short_lived = 0
        self._exhausted: QuotaExhausted | None = None
        self._described: dict[str, Mapping[str, Any]] = {}
        self._organization: Mapping[str, Any] | None = None
        self._version = f"/services/data/v{connection.api_version}"

    def begin(self) -> Tally:
        """Start a read: its retries and sign-ins are counted from here, its calls from what is returned."""
        self._sign_ins = 0
        return self.transport.begin()

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        wanted: Body = "json",
        renew: bool = True,
        judge: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """
        Return the answer to a GET of *path*, below the API's version.

        Without *renew*, a session that has ended raises SessionEnded: what *path* names ended with it.
        """
        return self._called(
            "GET", self._version + path, renew=renew, params=params, wanted=wanted, judge=judge
        )

    def follow(self, path: str) -> Answer:
        """Return the answer to a GET of *path* as Salesforce itself gave it, in the session it gave it to."""
        if not _NEXT.match(path):
            raise Transient("an answer names no page to follow", mend="it is read again next run")
        return self._called("GET", path, renew=False)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Answer:
        """Return the answer to a call about a job; a job made twice costs one read and changes nothing."""
        return self._called(method, self._version + path, json=body, repeatable=True)

    def query(self, soql: str, *, include_deleted: bool) -> Answer:
        """Return the first page of a query."""
        return self.get("/queryAll" if include_deleted else "/query", params={"q": soql})

    def renew(self) -> None:
        """
        Let the next call sign in; SessionEnded if that cannot help: the token was given to us, or
        sessions end as soon as they begin.
        """
        if self.connection.auth == "session":
            raise SessionEnded("the access token is no longer valid", mend="make a new one, or use jwt")
        self._short_lived = self._short_lived + 1 if self._is_fresh else 0
        if self._short_lived > 1 or self._sign_ins >= MOST_SIGN_INS:
            mend = "see the session settings and login history of the user in Salesforce"
            raise SessionEnded("sessions end as soon as they begin", mend=mend)
        self._session = None

    def describe(self, name: str) -> Mapping[str, Any]:
        """Return what Salesforce says of an object; asked once."""
        if name not in self._described:
            try:
                answer = self.get(f"/sobjects/{name}/describe")
            except NotThere as problem:
                what = f"there is no object {name}, or this user may not see it"
                raise NotThere(what, mend=f"`okr discover` lists those there are; {problem.mend}") from None
            objects(answer, "fields", each_with="name")
            self._described[name] = answer.value
        return self._described[name]

    def organization(self) -> Mapping[str, Any]:
        """Return the record of the organisation; asked once. SetupError if it is not the declared one."""
        if self._organization is None:
            answer = self.query("SELECT Id, IsSandbox FROM Organization LIMIT 1", include_deleted=False)
            found = objects(answer, "records", each_with="Id")
            if len(found) != 1:
                raise Transient(f"{answer.named()}: no organisation", mend="it is read again next run")
            self._organization = found[0]
        declared, answering = self.connection.organization, str(self._organization["Id"])
        if declared is not None and declared[:15] != answering[:15]:
            mend = "mend the address, or `organization` if this is the one"
            raise SetupError(f"organisation {answering} answers, {declared} is declared", mend=mend)
        return self._organization

    def close(self) -> None:
        """Close every connection. The session is left to end by itself: others may use it."""
        self.transport.close()

    def _called(self, method: str, path: str, *, renew: bool = True, **call: Any) -> Answer:
        while True:
            try:
                return self._sent(method, path, **call)
            except SessionEnded:
                if not renew:
                    raise
            self.renew()

    def _sent(self, method: str, path: str, **call: Any) -> Answer:
        if self._exhausted is not None:
            # Nothing was left for an earlier dataset of this source: there is nothing for the others.
            raise self._exhausted
        if self._session is None:
            self._session = sign_in(self.connection, self.transport, now=self.timing.now())
            self._sign_ins += 1
            self._is_fresh = True
        answer = self.transport.request(
            method,
            self._session.address + path,
            headers={"Authorization": f"Bearer {self._session.token}"},
            accept=_REFUSALS,
            **call,
        )
        if found := _USAGE.search(answer.headers.get("Sforce-Limit-Info", "")):
            self.usage = Usage(int(found[1]), int(found[2]))
        try:
            raise_refusal(answer)
        except QuotaExhausted as problem:
            self._exhausted = problem
            raise
        self._is_fresh = False
        return answer


def server_time(answer: Answer | None, *, otherwise: datetime) -> datetime:
    """Return the clock of the server that gave *answer*, whole seconds; *otherwise* if it tells none."""
    told = retry_after.instant(answer.headers.get("Date")) if answer else None
    return (told or otherwise).astimezone(UTC).replace(microsecond=0)


def objects(answer: Answer, name: str, *, each_with: str | None = None) -> list[Mapping[str, Any]]:
    """Return the objects that *answer* lists under *name*; Transient if it does not, as a proxy's may not."""
    found = answer.value.get(name) if isinstance(answer.value, dict) else None
    if isinstance(found, list) and all(
        isinstance(one, dict) and (each_with is None or one.get(each_with)) for one in found
    ):
        return found
    raise Transient(f"{answer.named()}: no {name} came", mend="it is read again next run")
