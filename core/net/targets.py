"""What a URL points at, read strictly: whatever two parsers could read in two ways is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urlsplit

from core.errors import InvalidInput

Address = IPv4Address | IPv6Address

_PORTS = {"http": 80, "https": 443}
_LONGEST = 4_000
# Blanks and controls end a request line, a backslash is a slash to browsers and a letter to others.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes.

    Attributes:
        host: In lower case and ASCII (IDNA); IPv6 without brackets.
        path: Path and query, percent-encoded.
        literal: The address that `host` is, where it is no name.
    """

    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None

    @property
    def origin(self) -> str:
        """Scheme, host and port: what may stand in messages, for paths and queries hold secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = self.port == _PORTS[self.scheme]
        return f"{self.scheme}://{host}" if default else f"{self.scheme}://{host}:{self.port}"


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(f"The URL {reason}.", remedy="Use http:// or https://, a host name, and a path.")


def parse(url: str) -> Target:
    """Read a URL.

    Raises:
        InvalidInput: another scheme, userinfo, no host, or a host or port that is written oddly.
    """
    if len(url) > _LONGEST or _UNSAFE.search(url):
        raise _refused("is too long or has blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("cannot be read") from error
    if parts.scheme not in _PORTS:
        raise _refused("has a scheme other than http and https")
    if "@" in parts.netloc:
        raise _refused("carries a user name or password")
    if port == 0:
        raise _refused("has the port 0")
    host, literal = read_host(parts.hostname or "")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=-._~?[]")
    whole = f"{path}?{query}" if query else path
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], whole, literal)


def read_host(host: str) -> tuple[str, Address | None]:
    """Return a host in its one form, and the address that it is where it is no name.

    Raises:
        InvalidInput: it is empty, no name, or a number written otherwise than as a dotted quad.
    """
    if ":" in host:
        return _literal(host)
    try:
        name = host.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise _refused("has a host that is no name") from error
    labels = name.split(".")
    # 2130706433, 0177.0.0.1 and 0x7f.1 are 127.0.0.1 to some resolvers: only the plain form is an address.
    if _NUMBER.fullmatch(labels[-1]):
        return _literal(name)
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("has no host name")
    return name, None


def _literal(host: str) -> tuple[str, Address]:
    try:
        address = ip_address(host)
    except ValueError as error:
        raise _refused("has a host that is a number, or an address that is written oddly") from error
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise _refused("has an address with a zone")
    return str(address), address
