"""Signing in by simple-salesforce over our own guarded session; what it raises stops here."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.errors import ConnectorError, SetupError, Transient
from connectors.transport.redaction import remember

if TYPE_CHECKING:
    from connectors.salesforce.options import SalesforceConnection
    from connectors.transport.client import Transport

EXTRA = 'pip install "okr-pipeline[salesforce]"'
SKEW_S = 60
"""Seconds by which our clock may differ from Salesforce's before it is worth a word."""

_LIFETIME_S = 180
_CODE = re.compile(r"[A-Za-z][A-Za-z_]{2,59}\Z")
_HINTS = {
    "approved": "approve the app for the user: App Manager, Manage, permitted users are pre-authorised",
    "no client credentials user": "name the user that the app runs as, in its client credentials flow",
    "audience": "the user is of the other kind: production is at acme.my, a sandbox at acme--x.sandbox.my",
    "inactive": "the user is inactive: activate it, or name another one",
    "ip restricted": "the address that this runs from is not allowed: relax the app's IP restrictions",
    "expired": "the assertion was too old when it arrived: set the clock",
}


@dataclass(frozen=True, slots=True)
class Session:
    """Who we are until further notice: the address of the organisation, and what to show there."""

    address: str
    token: str = field(repr=False)


def sign_in(connection: SalesforceConnection, transport: Transport, *, now: datetime) -> Session:
    """
    Return a new session.

    Raises:
        SetupError: If the client library is missing or Salesforce refuses; never tried again.
        Transient: If Salesforce could not be asked.
    """
    if connection.auth == "session":
        return Session(connection.address, str(connection.access_token))
    failure: ConnectorError
    try:
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one of them holds the consumer key
            token, host = _asked(connection, transport, now=now)
    except ImportError:
        failure = SetupError("the Salesforce client is not installed", mend=EXTRA)
    except SalesforceAuthenticationFailed as problem:
        failure = _refusal(problem, connection, transport, now=now)
    except (AttributeError, TypeError, ValueError):
        failure = Transient(
            f"{connection.address}: no token in the answer", mend="it is tried again next run"
        )
    else:
        remember([token])
        return Session(f"https://{_checked(host, connection)}", token)
    # Outside the handler: what the library raised holds the server's own words.
    raise failure


def _asked(connection: SalesforceConnection, transport: Transport, *, now: datetime) -> tuple[str, str]:
    from simple_salesforce import login

    if connection.auth == "password":
        token, host = login.SalesforceLogin(
            username=connection.username,
            password=connection.password,
            security_token=connection.security_token or "",
            sf_version=connection.api_version,
            session=transport.session,
            scratch_url=connection.address,
        )
        return str(token), str(host)
    if connection.auth == "jwt":
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": _assertion(connection, now=now),
        }
    else:
        form = {
            "grant_type": "client_credentials",
            "client_id": str(connection.consumer_key),
            "client_secret": str(connection.consumer_secret),
        }
    token, host = login.token_login(
        f"{connection.address}/services/oauth2/token",
        form,
        connection.domain or "",
        str(connection.consumer_key),
        None,
        None,
        transport.session,
    )
    if not token:
        raise ValueError("no token")
    return str(token), str(host)


def _assertion(connection: SalesforceConnection, *, now: datetime) -> str:
    import jwt

    claims = {
        "iss": connection.consumer_key,
        "sub": connection.username,
        "aud": f"https://{'test' if connection.is_sandbox else 'login'}.salesforce.com",
        "exp": int(now.timestamp()) + _LIFETIME_S,
    }
    try:
        return jwt.encode(claims, str(connection.private_key), algorithm="RS256")
    except (jwt.InvalidKeyError, ValueError, TypeError):
        pass
    raise SetupError("the private key is no RSA key in PEM", mend="mend private_key: file:PATH of the .pem")


def _refusal(
    problem: Any, connection: SalesforceConnection, transport: Transport, *, now: datetime
) -> ConnectorError:
    host = urlsplit(connection.address).hostname
    code = str(problem.code or "")
    if isinstance(problem.code, int) or not _CODE.match(code):
        what = f"{host}: the sign-in ({connection.auth}) was not answered as expected"
        return Transient(what, mend="it is tried again next run")
    said = f"{code} {problem.auth_message}".lower()
    mends = [hint for word, hint in _HINTS.items() if word in said]
    if not mends:
        kind = "a sandbox" if connection.is_sandbox else "production"
        mends = [f"mend the credentials; this address is {kind}, whose users are its own"]
    skew_s = skew_seconds(transport, now=now)
    if skew_s is not None and abs(skew_s) > SKEW_S:
        mends.insert(0, f"set the clock: it is {abs(skew_s)} s {'ahead' if skew_s > 0 else 'behind'}")
    what = f"{host} refuses the sign-in ({connection.auth}): {code}"
    return SetupError(what, mend="; ".join(mends))


def skew_seconds(transport: Transport, *, now: datetime) -> int | None:
    """Return how far *now* is ahead of the clock that Salesforce last told; None if it told none."""
    told = transport.tally().server_time_at
    return None if told is None else round((now - told).total_seconds())


def _checked(host: str, connection: SalesforceConnection) -> str:
    """Return *host*, where a session is good, if it is one that this source may ask."""
    own = urlsplit(connection.address).netloc
    name = host.partition(":")[0].lower()
    if host == own or (connection.instance_url is None and name.endswith(".salesforce.com")):
        return host
    raise SetupError(
        f"{urlsplit(connection.address).hostname} signs in to another host",
        mend="name the organisation's own address: domain, or instance_url",
    )
