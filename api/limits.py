"""What a request may cost before anybody looks at it: size, time, depth, and how many at once.

The whole body is read here, under a cap and a deadline, and checked as JSON; the layers behind get it in one
piece. Only requests whose body is complete take one of the places, so that a thousand stalled senders do not
turn one honest sender away. A body of more than `ANONYMOUS_BYTES` is read for a known key only: memory and
parsing time are not a stranger's to spend.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem
from api.jsonbody import parse
from api.receiving import Metered, linger, replay, too_large
from core.errors import (
    ColonnadeError,
    InvalidInput,
    MalformedRequest,
    NotFound,
    RequestTimeout,
    TooManyRequests,
)
from core.observability.metrics import Metrics
from core.settings import Settings

ANONYMOUS_BYTES = 64 * 2**10
_PARSE_IN_THREAD = 64 * 2**10
_UPLOADS_AT_ONCE = 8
_UPLOAD_SLACK = 2**16  # multipart boundaries and headers around the file
# Whoever watches the server must see it while it is at its limit.
_ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})
BODY = "colonnade.body"
"""Key of the ASGI scope under which the bytes of a checked body stand."""

CheckCaller = Callable[[Scope], Awaitable[None]]
"""Raises Unauthenticated when a request comes with no valid key."""


class _ClientGone(Exception):
    """The client closed the connection while sending."""


def _is_json(headers: Headers) -> bool:
    media_type = headers.get("content-type", "application/json").split(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _declared(headers: Headers) -> int | None:
    value = headers.get("content-length")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise MalformedRequest("Content-Length is not a number.")
    return int(value)


def _check_target(scope: Scope) -> None:
    """Stop a NUL in path or query: no id, name or cursor has one, and PostgreSQL fails on it."""
    if "\x00" in scope["path"]:
        raise _Refusal(NotFound("There is no such route."))
    if b"%00" in scope["query_string"] or b"\x00" in scope["query_string"]:
        raise _Refusal(InvalidInput("The query holds a NUL character.", remedy="Send it without."))


class BodyGate:
    """ASGI middleware.

    Args:
        app: What it wraps.
        settings: The caps.
        metrics: Where refusals are counted.
        check_caller: Asked before a large body is read.
        uploads: Paths whose bodies pass through unread, under a cap and a deadline of their own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        metrics: Metrics,
        check_caller: CheckCaller,
        uploads: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._check_caller = check_caller
        self._upload_paths = uploads
        self._working = 0
        self._uploading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_target(scope)
            if scope["path"] in self._upload_paths and scope["method"] == "POST":
                await self._upload(scope, receive, send)
            else:
                await self._work(scope, await self._checked(scope, receive), send)
        except _Refusal as refusal:
            self._metrics.refused.labels(refusal.error.slug).inc()
            if refusal.unread:
                await linger(receive)
            await problem(scope, refusal.error)(scope, receive, send)
        except _ClientGone:
            return

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """Read and check the body; return a `receive` that gives it in one piece."""
        headers = Headers(scope=scope)
        try:
            declared = _declared(headers)
            if declared is None and "transfer-encoding" not in headers and scope["method"] in ("GET", "HEAD"):
                return receive
            body = await self._read(scope, receive, declared)
            if body and _is_json(headers):
                await self._parse(body)
        except ColonnadeError as error:
            raise _Refusal(error) from error
        scope[BODY] = body
        return replay(body, receive)

    async def _read(self, scope: Scope, receive: Receive, declared: int | None) -> bytes:
        cap = self._settings.max_body_bytes
        if declared is not None and declared > cap:
            raise _Refusal(too_large(cap), unread=True)
        known = False
        chunks: list[bytes] = []
        size = declared or 0
        received = 0
        try:
            async with asyncio.timeout(self._settings.receive_timeout):
                while True:
                    if not known and max(size, received) > ANONYMOUS_BYTES:
                        await self._check(scope)
                        known = True
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _ClientGone
                    chunk = message.get("body", b"")
                    received += len(chunk)
                    if received > cap:
                        raise _Refusal(too_large(cap), unread=message.get("more_body", False))
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            raise RequestTimeout(
                f"The body did not arrive within {self._settings.receive_timeout:g} seconds.",
                remedy="Send it again.",
            ) from None

    async def _check(self, scope: Scope) -> None:
        try:
            await self._check_caller(scope)
        except ColonnadeError as error:
            raise _Refusal(error, unread=True) from error

    async def _parse(self, body: bytes) -> None:
        depth = self._settings.max_json_depth
        if len(body) > _PARSE_IN_THREAD:
            await run_in_threadpool(parse, body, max_depth=depth)
        else:
            parse(body, max_depth=depth)

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._working >= self._settings.max_concurrency and scope["path"] not in _ALWAYS:
            raise _Refusal(
                TooManyRequests("The server is at its limit of requests in flight.", remedy="Try again.")
            )
        self._working += 1
        self._metrics.in_flight.set(self._working)
        try:
            await self._app(scope, receive, send)
        finally:
            self._working -= 1
            self._metrics.in_flight.set(self._working)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        cap = self._settings.max_upload_bytes + _UPLOAD_SLACK
        try:
            declared = _declared(Headers(scope=scope))
        except ColonnadeError as error:
            raise _Refusal(error) from error
        await self._check(scope)
        if declared is not None and declared > cap:
            raise _Refusal(too_large(self._settings.max_upload_bytes), unread=True)
        if self._uploading >= _UPLOADS_AT_ONCE:
            busy = TooManyRequests("Too many uploads at once.", remedy="Try again.", retry_after=5)
            raise _Refusal(busy, unread=True)
        self._uploading += 1
        try:
            await self._app(scope, Metered(receive, cap, self._settings), send)
        finally:
            self._uploading -= 1


class _Refusal(Exception):
    """Carries an error of this layer past code that handles errors of the layers behind.

    Args:
        error: What the client is told.
        unread: Whether it may still be sending.
    """

    def __init__(self, error: ColonnadeError, *, unread: bool = False) -> None:
        self.error = error
        self.unread = unread
        super().__init__(str(error))
