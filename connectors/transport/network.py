"""What a user writes about the network, in every connection that talks HTTP."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from connectors.errors import SetupError


def is_host(text: str) -> bool:
    """Return whether *text* may be a host name: no scheme, port, path or blank."""
    return bool(text) and not set("/:@?# \\").intersection(text)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


class Network(BaseModel):
    """
    Fields that a Connection model inherits. The environment decides nothing that is not named here.

    Subclasses set their own `model_config` (extra forbidden, frozen, hide_input_in_errors).
    """

    proxy: str | None = Field(
        None,
        repr=False,
        description="Proxy to connect through, usually env:HTTPS_PROXY. Proxy variables that are not "
        "named here are ignored.",
    )
    ca: str | None = Field(
        None,
        description="File of certificate authorities to trust instead of the public ones; a path from "
        "the project's folder.",
    )
    allow_addresses: tuple[str, ...] = Field(
        (),
        description="Hosts and networks (`crm.internal`, `10.2.0.0/16`) that may be private or loopback "
        "addresses; only these may be asked by plain http.",
    )

    @field_validator("proxy")
    @classmethod
    def _proxy_url(cls, value: str | None) -> str | None:
        if value is None or value.startswith("env:"):
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected a proxy such as http://proxy.example:3128")
        return value

    @field_validator("allow_addresses")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(is_host(entry) or _is_network(entry) for entry in value):
            raise ValueError("expected host names without port, or networks such as 10.2.0.0/16")
        return value

    def trusted(self, base: Path) -> str | bool:
        """
        Return the certificate file to trust, True for the public authorities that `requests` carries.

        Raises:
            SetupError: If the file is not there.
        """
        if self.ca is None:
            return True
        path = base / self.ca
        if not path.is_file():
            raise SetupError("the file of certificate authorities is not there", mend="mend `ca`")
        return str(path)
