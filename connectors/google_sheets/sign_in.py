"""Signing in by google-auth over our own guarded session; what it raises stops here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.errors import ConnectorError, SetupError, Transient
from connectors.transport.redaction import remember

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from connectors.google_sheets.options import SheetsConnection
    from connectors.transport.client import Transport

EXTRA = 'pip install "okr-pipeline[sheets]"'
SIGN_IN_HOST = "oauth2.googleapis.com"
SIGN_IN_PATH = "/token"
READ = "https://www.googleapis.com/auth/spreadsheets.readonly"
WRITE = "https://www.googleapis.com/auth/spreadsheets"
LIST = "https://www.googleapis.com/auth/drive.metadata.readonly"

_SIGN_IN_URL = f"https://{SIGN_IN_HOST}{SIGN_IN_PATH}"
_HINTS = {
    "timeframe": "set this host's clock: Google takes an assertion for an hour by its own clock",
    "signature": "the key was deleted or belongs to another account: make a new key in Google Cloud",
    "not found": "the service account is gone: make it again, with a new key",
    "expired or revoked": "the agreement has ended: let the person agree again. Those of an application "
    "in testing end after 7 days",
}
_MENDS = {
    "invalid_client": "mend client_id and client_secret",
    "unauthorized_client": "mend client_id and client_secret, and let the application refresh tokens",
}


def account_of(service_account: str) -> Mapping[str, Any]:
    """Return a service account's key file as a mapping; SetupError if it is none."""
    try:
        found = json.loads(service_account)
    except ValueError:
        found = None
    wanted = ("client_email", "private_key")
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in wanted):
        mend = "give service_account the JSON key that Google Cloud made, as file:PATH"
        raise SetupError("service_account holds no key of a service account", mend=mend)
    return {**found, "token_uri": _SIGN_IN_URL}


class SignIn:
    """
    Who reads or writes. *who* says it in words, *email* is the service account's address (None: none).

    *scopes*, of which the first says what is done here, are asked for by a service account; a person has
    agreed to what they have agreed to.
    """

    def __init__(self, connection: SheetsConnection, *, scopes: tuple[str, ...]) -> None:
        self.email: str | None = None
        self.scope = scopes[0]
        self._api_key = connection.api_key
        self._credentials: Credentials | None = None
        if connection.service_account is not None:
            account = account_of(connection.service_account)
            self.email = account["client_email"]
            self.who = f"service account {self.email}"
            self._credentials = _service_account(account, scopes)
        elif connection.oauth is not None:
            self.who = "a person's agreement"
            self._credentials = _person(connection)
        else:
            self.who = "an API key, which reads what anyone may see"

    @property
    def is_api_key(self) -> bool:
        """Whether nobody in particular reads."""
        return self._api_key is not None

    def headers(self, transport: Transport) -> dict[str, str]:
        """
        Return what shows who we are, signing in if that is due.

        Raises:
            SetupError: If Google refuses; never tried again.
            Transient: If it could not be asked.
        """
        if self._credentials is None:
            return {"x-goog-api-key": str(self._api_key)}
        if not self._credentials.valid:
            _renew(self._credentials, transport, scope=self.scope)
        return {"Authorization": f"Bearer {self._credentials.token}"}

    def forget(self) -> bool:
        """Drop the token, which Google no longer takes; False if there is none to be had anew."""
        if self._credentials is None:
            return False
        self._credentials.token = None
        return True


def _service_account(account: Mapping[str, Any], scopes: tuple[str, ...]) -> Credentials:
    from google.oauth2 import service_account

    library: Any = service_account.Credentials
    remember([str(account["private_key"]), str(account.get("private_key_id", ""))])
    try:
        made: Credentials = library.from_service_account_info(account, scopes=scopes)
    except ValueError:
        pass
    else:
        return made
    # Outside the handler: what the library raised may quote the key.
    raise SetupError(
        "the private key of the service account cannot be read", mend="make a new JSON key in Google Cloud"
    )


def _person(connection: SheetsConnection) -> Credentials:
    from google.oauth2 import credentials

    library: Any = credentials.Credentials
    user = connection.oauth
    if user is None:
        raise RuntimeError("no person has agreed")
    made: Credentials = library(
        None,
        refresh_token=user.refresh_token,
        token_uri=_SIGN_IN_URL,
        client_id=user.client_id,
        client_secret=user.client_secret,
    )
    return made


def _renew(credentials: Any, transport: Transport, *, scope: str) -> None:
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    failure: ConnectorError
    try:
        # Not `before_request`, which would look up more than a token, in a thread of its own.
        credentials.refresh(Request(transport.session))
    except GoogleAuthError as problem:
        failure = _refusal(problem, scope=scope)
    except (AttributeError, KeyError, TypeError, ValueError):
        failure = Transient(f"{SIGN_IN_HOST}: no token in the answer", mend="it is tried again next run")
    else:
        remember([str(credentials.token)])
        return
    # Outside the handler: what the library raised holds the server's own words.
    raise failure


def _refusal(problem: Exception, *, scope: str) -> ConnectorError:
    told = problem.args[1] if len(problem.args) > 1 and isinstance(problem.args[1], dict) else {}
    code, why = str(told.get("error", "")), str(told.get("error_description", "")).lower()
    mends = [hint for word, hint in _HINTS.items() if word in why]
    if code == "invalid_grant":
        mend = mends[0] if mends else "make a new key, or let the person agree again; and look at the clock"
        return SetupError(f"{SIGN_IN_HOST} refuses the sign-in: invalid_grant", mend=mend)
    mends_by_code = {**_MENDS, "invalid_scope": f"let the person agree to {scope}"}
    if code in mends_by_code:
        return SetupError(f"{SIGN_IN_HOST} refuses the sign-in: {code}", mend=mends_by_code[code])
    return SetupError(f"{SIGN_IN_HOST} refuses the sign-in", mend="renew the credential")
