"""Ways of taking a request's body: in one piece, under a meter, or only to throw it away."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import Message, Receive

from core.errors import PayloadTooLarge, RequestTimeout
from core.settings import Settings

_LINGER_BYTES = 64 * 2**20
_LINGER_SECONDS = 5.0
_UPLOAD_BYTES_PER_SECOND = 64 * 2**10


def too_large(cap: int) -> PayloadTooLarge:
    """Return the error of a body over `cap` bytes."""
    return PayloadTooLarge(f"The body is larger than {cap} bytes.", remedy="Send it in several requests.")


async def linger(receive: Receive) -> None:
    """Throw away what a refused client is still sending, within bounds.

    Most clients send everything before they read: answered and closed at once, they would see a broken
    connection in place of the reason.
    """
    dropped = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while dropped < _LINGER_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read before, in one piece."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()  # waits for the disconnect
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


class Metered:
    """A `receive` that stops at a number of bytes, at a silence, and at a rate below a slow modem's.

    Its errors are ours (413, 408), and reach the client through the handlers of the application.
    """

    def __init__(self, receive: Receive, cap: int, settings: Settings) -> None:
        self._receive = receive
        self._cap = cap
        self._silence = settings.receive_timeout
        self._shown_cap = settings.max_upload_bytes
        self._received = 0
        self._started = asyncio.get_running_loop().time()
        self._complete = False

    async def __call__(self) -> Message:
        """Return the next message."""
        if self._complete:
            return await self._receive()  # waits for the disconnect
        try:
            async with asyncio.timeout(self._silence):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout("The upload stalled.", remedy="Send it again.") from None
        self._received += len(message.get("body", b""))
        if self._received > self._cap:
            raise too_large(self._shown_cap)
        elapsed = asyncio.get_running_loop().time() - self._started
        if elapsed > self._silence + self._received / _UPLOAD_BYTES_PER_SECOND:
            raise RequestTimeout("The upload is too slow.", remedy="Send it over a faster connection.")
        self._complete = not message.get("more_body", False)
        return message
