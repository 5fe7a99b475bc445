"""Which addresses may be connected to, and what a host name stands for right now."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from core.errors import InvalidInput, Unavailable
from core.net.targets import Address

Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to addresses, in the order to try them; may raise OSError."""

_EVERYTHING: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_LOOPBACK: tuple[Address, ...] = (ip_address("127.0.0.1"), ip_address("::1"))
# Addresses that carry an IPv4 address inside, which a gateway would unwrap; and what `is_global` lets pass.
_NEVER: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
    )
)


def system_resolve(host: str, port: int) -> list[str]:
    """Ask the machine's resolver; each address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Resolves hosts to addresses that may be connected to.

    Args:
        allow_private: True for all addresses, False for public ones only, or networks that are allowed too.
        resolve: Turns names into addresses.
    """

    def __init__(
        self, allow_private: bool | Sequence[str | Network], *, resolve: Resolve = system_resolve
    ) -> None:
        if isinstance(allow_private, bool):
            self._allowed = _EVERYTHING if allow_private else ()
        else:
            self._allowed = tuple(ip_network(network) for network in allow_private)
        self._resolve = resolve

    def permits(self, address: Address) -> bool:
        """Return whether an address is public or expressly allowed."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self._allowed):
            return True
        inner = any(address in network for network in _NEVER)
        return address.is_global and not address.is_multicast and not inner

    def check(self, host: str, literal: Address | None) -> None:
        """Refuse a host that is known not to be connected to; any other is looked up when it is.

        Args:
            host: As `core.net.targets.read_host` returns it.
            literal: The address that the host is, where it is no name.

        Raises:
            InvalidInput: it is loopback (by address or by name), private, link-local, reserved or multicast.
        """
        local = host == "localhost" or host.endswith(".localhost")  # by RFC 6761, whatever a resolver says
        known = _LOOPBACK if local else () if literal is None else (literal,)
        if known and not any(map(self.permits, known)):
            raise refused(host)

    def addresses(self, host: str, port: int, literal: Address | None, timeout: float) -> list[Address]:
        """Return the addresses of a host that may be connected to, from one look-up.

        Args:
            host: A name or address.
            port: Handed to the resolver.
            literal: The address that the host is, where it is no name.
            timeout: Seconds to wait for the resolver.

        Raises:
            InvalidInput: it has none.
            Unavailable: the name is not known, or the resolver does not answer.
        """
        found: list[Address] = [literal] if literal is not None else self._look_up(host, port, timeout)
        kept = [address for address in found if self.permits(address)]
        if not kept:
            raise refused(host)
        return kept

    def _look_up(self, host: str, port: int, timeout: float) -> list[Address]:
        answer: list[Sequence[str] | OSError] = []

        def ask() -> None:
            try:
                answer.append(self._resolve(host, port))
            except OSError as error:
                answer.append(error)

        # The machine's resolver knows no time limit of ours.
        asking = threading.Thread(target=ask, name="colonnade-resolve", daemon=True)
        asking.start()
        asking.join(timeout)
        if not answer or isinstance(answer[0], OSError) or not answer[0]:
            raise Unavailable(f"The name {host} was not resolved.", remedy="Check the name and the DNS.")
        return [_plain(address) for address in answer[0]]


def _plain(text: str) -> Address:
    address: Any = ip_address(text)
    mapped: IPv4Address | None = getattr(address, "ipv4_mapped", None)
    checked: Address = mapped or address
    return checked


def refused(host: str) -> InvalidInput:
    """Return the error of a host that may not be connected to."""
    return InvalidInput(
        f"The address of {host} is private or reserved and is not connected to.",
        remedy="Name its network in COLONNADE_ALLOW_PRIVATE_ADDRESSES if it is meant.",
    )
