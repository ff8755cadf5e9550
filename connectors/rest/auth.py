"""Signing in: what each call carries, and tokens that expire."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from connectors.errors import SetupError
from connectors.rest.auth_options import (
    Auth,
    Basic,
    Bearer,
    ClientCredentials,
    Header,
    OAuth,
    Query,
    RefreshToken,
)
from connectors.transport.answer import refused
from connectors.transport.redaction import remember

if TYPE_CHECKING:
    from connectors.transport.client import Transport

_OAUTH_ERRORS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)


class SignIn:
    """Gives each call its credential. A token is fetched when first needed, and again when it is refused."""

    def __init__(self, auth: Auth | None, transport: Transport) -> None:
        self._auth = auth
        self._transport = transport
        self._token: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the credential."""
        if isinstance(self._auth, Bearer):
            return {"Authorization": f"Bearer {self._auth.token}"}
        if isinstance(self._auth, Header):
            return {self._auth.name: self._auth.key}
        if isinstance(self._auth, (ClientCredentials, RefreshToken)):
            self._token = self._token or self._fetched(self._auth)
            return {"Authorization": f"Bearer {self._token}"}
        return {}

    def params(self, url: str) -> dict[str, str]:
        """Return the query parameters that carry the credential; none if *url* already does."""
        if not isinstance(self._auth, Query) or self._auth.name in dict(parse_qsl(urlsplit(url).query)):
            return {}
        return {self._auth.name: self._auth.key}

    def basic(self) -> tuple[str, str] | None:
        """Return user and password, None where it is another way."""
        return (self._auth.user, self._auth.password) if isinstance(self._auth, Basic) else None

    def renewed(self) -> bool:
        """Return whether a new token was fetched, for a source that refused the one it got."""
        if self._token is None or not isinstance(self._auth, (ClientCredentials, RefreshToken)):
            return False
        self._token = self._fetched(self._auth)
        return True

    def _fetched(self, auth: OAuth) -> str:
        form = {"grant_type": auth.type.removeprefix("oauth2_")}
        if isinstance(auth, RefreshToken):
            form["refresh_token"] = auth.refresh_token
        elif auth.scope:
            form["scope"] = auth.scope
        pair = (auth.client_id, auth.client_secret or "")
        if auth.client_in == "body":
            form |= {"client_id": pair[0], **({"client_secret": pair[1]} if pair[1] else {})}
        answer = self._transport.request(
            "POST",
            auth.token_url,
            data=form,
            auth=pair if auth.client_in == "header" else None,
            repeatable=True,
            accept=(400, 401),
        )
        told = answer.value if isinstance(answer.value, dict) else {}
        if answer.status != 200 or not isinstance(told.get("access_token"), str):
            error = told.get("error")
            if error not in _OAUTH_ERRORS:
                raise refused(answer)
            raise SetupError(
                f"{answer.named()}: the token endpoint refuses ({error})",
                mend="renew the client's secret or sign in again; for invalid_grant see the clock here too",
            )
        token: str = told["access_token"]
        remember([token])
        return token
