"""An HTTP client for addresses that tenants choose: it cannot be led to the inside of our network.

A name is looked up once, the address is checked and pinned, and TLS still proves the name. No redirects, no
proxies, no cookies; bodies and time are bounded.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, Unavailable
from core.net.addresses import Guard, Network, Resolve, system_resolve
from core.net.body import read
from core.net.targets import Address, Target, parse
from core.net.timed import Deadline, TimedSocket, connect

_AGENT = "Colonnade"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    Attributes:
        status: 200 to 599; a redirect is an answer like any other and is not followed.
        headers: Names in lower case; values of a name that came twice are joined by a comma.
        body: Unpacked.
        url: What was asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class SafeClient:
    """Sends requests to public addresses. Safe to use from any thread; keeps no connection open.

    Args:
        allow_private: True for all addresses, False for public ones only, or networks that are allowed too.
        timeout: Seconds for one request, from the look-up to the last byte.
        max_bytes: Longest body of an answer.
        resolve: Turns names into addresses.
        tls: Default: the machine's trusted authorities.
    """

    def __init__(
        self,
        allow_private: bool | Sequence[str | Network] = False,
        *,
        timeout: float = 15.0,
        max_bytes: int = 8 * 2**20,
        resolve: Resolve = system_resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.guard = Guard(allow_private, resolve=resolve)
        self._timeout = timeout
        self._max_bytes = max_bytes
        self.tls = tls or ssl.create_default_context()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_bytes: int | None = None,
        timeout: float | None = None,
        cut: bool = False,
    ) -> Response:
        """Send one request and return the answer, whatever its status.

        Args:
            method: E.g. `GET`.
            url: http or https.
            headers: Sent as they are; Host, Connection and Content-Length are ours.
            content: The body.
            max_bytes: Instead of the client's.
            timeout: Seconds, instead of the client's.
            cut: Keep the first `max_bytes` of a longer answer instead of refusing it.

        Raises:
            InvalidInput: the URL or its address is refused; no connection was made. Or the answer is packed
                in an unknown way.
            PayloadTooLarge: the answer is longer than allowed.
            Unavailable: no answer, no HTTP, or not in time.
        """
        target = parse(url)
        deadline = Deadline(timeout or self._timeout)
        addresses = self.guard.addresses(target.host, target.port, target.literal, deadline.left())
        connection = _Pinned(target, addresses, deadline, self.tls)
        try:
            connection.request(method, target.path, body=content, headers=_sent(headers or {}))
            with connection.getresponse() as answer:
                encoding = answer.getheader("Content-Encoding", "")
                body = read(answer, encoding, max_bytes or self._max_bytes, cut=cut)
                return Response(answer.status, _received(answer), body, url)
        except (OSError, http.client.HTTPException) as error:
            raise _trouble(target, error) from error
        except ValueError as error:
            # The text would quote the value, which may be a token.
            raise InvalidInput("A header of the request has a line break or an odd character.") from error
        finally:
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were checked; the name is used for Host and TLS only."""

    def __init__(
        self, target: Target, addresses: Sequence[Address], deadline: Deadline, tls: ssl.SSLContext
    ) -> None:
        super().__init__(target.host, target.port)
        if target.scheme == "https":
            self.default_port = 443
        self._target = target
        self._addresses = addresses
        self._deadline = deadline
        self._tls = tls

    def connect(self) -> None:
        raw = connect(self._addresses, self._target.port, self._deadline)
        try:
            if self._target.scheme == "https":
                raw.settimeout(self._deadline.left())
                raw = self._tls.wrap_socket(raw, server_hostname=self._target.host)
        except BaseException:
            raw.close()
            raise
        sock: Any = TimedSocket(raw, self._deadline)
        self.sock = sock


def _sent(headers: Mapping[str, str]) -> dict[str, str]:
    ours = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate", "Connection": "close"}
    given = {name.lower() for name in headers}
    return {**{name: value for name, value in ours.items() if name.lower() not in given}, **headers}


def _received(answer: http.client.HTTPResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _trouble(target: Target, error: Exception) -> Unavailable:
    # The text of an error may quote the path, which in web hooks is a secret.
    match error:
        case ssl.SSLCertVerificationError():
            reason = f"has no certificate that is trusted: {error.verify_message}"
        case ssl.SSLError():
            reason = "does not speak TLS as it should"
        case TimeoutError():
            reason = "did not answer in time"
        case ConnectionRefusedError():
            reason = "refused the connection"
        case http.client.HTTPException() if not isinstance(error, http.client.RemoteDisconnected):
            reason = "did not answer in HTTP"
        case _:
            reason = "broke the connection or could not be reached"
    return Unavailable(f"{target.origin} {reason}.", remedy="Try again later, or check the address.")
