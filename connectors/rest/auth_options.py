"""The ways to sign in, as a user writes them."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _an_address(value: str) -> str:
    parts = urlsplit(value)
    if not value.startswith("env:") and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("expected an address such as https://auth.example.com/token")
    return value


Address = Annotated[str, AfterValidator(_an_address)]


class _Auth(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be seen."""
        named = ("token", "key", "password", "client_secret", "refresh_token")
        return tuple(value for name in named if (value := getattr(self, name, None)))


class Bearer(_Auth):
    """`Authorization: Bearer TOKEN`."""

    type: Literal["bearer"]
    token: str = Field(repr=False, description="The token, as env:NAME.")


class Header(_Auth):
    """A key in a header of its own."""

    type: Literal["header"]
    name: str = Field(description="The header, such as X-Api-Key.")
    key: str = Field(repr=False, description="The key, as env:NAME.")


class Query(_Auth):
    """A key among the query parameters."""

    type: Literal["query"]
    name: str = Field(description="The parameter, such as api_key.")
    key: str = Field(repr=False, description="The key, as env:NAME.")


class Basic(_Auth):
    """User and password."""

    type: Literal["basic"]
    user: str = Field(description="The user, or the key where the source wants that as user.")
    password: str = Field("", repr=False, description="The password, as env:NAME; may be empty.")

    def secrets(self) -> tuple[str, ...]:
        """Return the password, and the pair; the user where it stands alone."""
        return (self.password, f"{self.user}:{self.password}") if self.password else (self.user,)


class ClientCredentials(_Auth):
    """OAuth 2.0 client credentials."""

    type: Literal["oauth2_client_credentials"]
    token_url: Address = Field(description="Where tokens are given.")
    client_id: str = Field(description="The client.")
    client_secret: str = Field(repr=False, description="Its secret, as env:NAME.")
    scope: str | None = Field(None, description="Scopes, parted by blanks.")
    client_in: Literal["body", "header"] = Field("body", description="Where client and secret are sent.")


class RefreshToken(_Auth):
    """OAuth 2.0 refresh token: for sources that only people can sign in to, once."""

    type: Literal["oauth2_refresh_token"]
    token_url: Address = Field(description="Where tokens are given.")
    client_id: str = Field(description="The client.")
    client_secret: str | None = Field(None, repr=False, description="Its secret, as env:NAME.")
    refresh_token: str = Field(repr=False, description="The refresh token, as env:NAME.")
    client_in: Literal["body", "header"] = Field("body", description="Where client and secret are sent.")


OAuth = ClientCredentials | RefreshToken
Auth = Annotated[
    Bearer | Header | Query | Basic | ClientCredentials | RefreshToken, Field(discriminator="type")
]
