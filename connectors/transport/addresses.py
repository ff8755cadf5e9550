"""Which hosts may be asked, and which addresses they may turn out to be."""

from __future__ import annotations

import socket
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from connectors.errors import SetupError

Address = IPv4Address | IPv6Address

_NAT64 = ip_network("64:ff9b::/96")
_PUBLIC_IPV6 = ip_network("2000::/3")


class Addresses:
    """
    The declared *hosts*, and what *allowed* (host names and networks) lets be private.

    A host of one dot in front (`.my.salesforce.com`) stands for every host below it.
    """

    def __init__(self, hosts: Collection[str], *, allowed: Collection[str] = ()) -> None:
        self._hosts = {_plain(host) for host in hosts}
        networks = {entry: _network(entry) for entry in allowed}
        self._names = {_plain(entry) for entry, network in networks.items() if network is None}
        self._networks = [network for network in networks.values() if network is not None]

    def check_url(self, url: str) -> None:
        """
        Raise SetupError unless *url* is https (http where its host is allowed by name or network)
        and its host is declared. The message names the host alone.
        """
        parts = urlsplit(url)
        host = _plain(parts.hostname or "")
        if parts.scheme not in ("http", "https") or not host:
            raise SetupError("an address that is neither https nor http", mend="write https://host/path")
        if not self._is_declared(host):
            raise SetupError(
                f"{host}: a host that this source does not declare",
                mend="mend the address, or declare the host at the connection if the source may be there",
            )
        literal = _literal(host)
        if literal is not None:
            self._refuse_private(host, literal)
        if parts.scheme == "http" and not self._may_be_plain(host, literal):
            raise SetupError(
                f"{host}: plain http would show the credential to everyone on the way",
                mend="write https, or name the host under `allow_addresses`",
            )

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """
        Return the addresses of *host*, in the resolver's order; each may be connected to.

        Raises:
            SetupError: If any of them is private, loopback, link-local or otherwise not public, and
                not allowed.
            socket.gaierror: If there is none.
        """
        name = _plain(host)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for text in texts:
            self._refuse_private(name, ip_address(text))
        return texts

    def _is_declared(self, host: str) -> bool:
        return host in self._hosts or any(host.endswith(tail) for tail in self._hosts if tail[:1] == ".")

    def _may_be_plain(self, host: str, literal: Address | None) -> bool:
        return host in self._names or (literal is not None and self._in_networks(literal))

    def _in_networks(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _refuse_private(self, host: str, address: Address) -> None:
        real = _embedded(address)
        if host in self._names or self._in_networks(address) or self._in_networks(real):
            return
        if not _is_public(address) or not _is_public(real):
            raise SetupError(
                f"{host} is an address inside this network",
                mend="mend the host, or name it under `allow_addresses` if the source really is there",
            )


def _plain(host: str) -> str:
    """Return *host* as it goes over the wire: in lower case, other letters than ASCII encoded."""
    try:
        encoded = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        encoded = host
    return encoded.lower().rstrip(".")


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    """Return whether *address* is one that the public internet routes; nothing unassigned is."""
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6 and address not in _NAT64:
        return False
    return address.is_global and not address.is_multicast


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
