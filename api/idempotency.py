"""`Idempotency-Key` on every POST: the first answer is kept for a week and given again.

In flight: 409. The same key with another body: 422. Only successes are kept; after an error the same key may
be used for the mended request, and after a 5xx for the same one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import BearerAccess
from api.errors import problem
from api.limits import BODY
from core.errors import ColonnadeError, InvalidInput, Unauthenticated
from core.security.caller import Caller
from core.security.idempotency import Idempotency

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")


def key_of(headers: Headers) -> str | None:
    """Return the key that a request carries.

    Raises:
        InvalidInput: it is empty, too long or has blanks in it.
    """
    key = headers.get(HEADER)
    if key is not None and not _KEY.match(key):
        raise InvalidInput(f"{HEADER} must be 1 to 255 visible ASCII characters.", remedy="Use a UUID.")
    return key


def route_of(path: str, caller: Caller) -> str:
    """Return the name under which answers of a POST are kept, at most 200 characters.

    It holds the API key's id: another key of the tenant may have fewer scopes, and must not be given the
    answer.
    """
    short = path if len(path) < 100 else hashlib.sha256(path.encode()).hexdigest()
    return f"POST {short} {caller.key_id}"


def _digest(scope: Scope) -> str:
    content_type = Headers(scope=scope).get("content-type", "")
    parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], content_type.encode())
    whole = hashlib.sha256()
    for part in (*parts, scope[BODY]):
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def once(
    kept: Idempotency,
    caller: Caller,
    path: str,
    key: str | None,
    digest: Callable[[], str],
    act: Callable[[], tuple[int, bytes]],
) -> Response:
    """Act at most once a key; for routes that read their own body and so stand outside the middleware.

    Args:
        kept: Where answers are kept.
        caller: Who asks.
        path: Of the route.
        key: None acts without more ado.
        digest: Tells one request from another under the same key.
        act: Returns status and JSON body.
    """
    media_type = "application/json"
    if key is None:
        status, body = act()
        return Response(body, status, media_type=media_type)
    tenant, route = caller.tenant, route_of(path, caller)
    stored = kept.begin(tenant, route, key, digest())
    if stored is not None:
        return Response(stored.body, stored.status, {REPLAYED: "true"}, stored.media_type)
    try:
        status, body = act()
    except BaseException:
        kept.abandon(tenant, route, key)
        raise
    kept.finish(tenant, route, key, status, body)
    return Response(body, status, media_type=media_type)


class _Recorder:
    """Holds an answer back until it is complete, so that nobody sees a success that was not kept."""

    def __init__(self) -> None:
        self.start: MutableMapping[str, Any] = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def give(self, send: Send) -> None:
        """Send what was held back."""
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


class IdempotentPosts:
    """ASGI middleware; it stands behind the BodyGate, which leaves the body's bytes in the scope.

    Args:
        app: What it wraps.
        idempotency: Where answers are kept.
        access: Tells who asks: two callers never share an answer.
        veiled: For each path, as routes name it, whose answer holds a secret: what of it may be kept.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        idempotency: Idempotency,
        access: BearerAccess,
        veiled: Mapping[str, Callable[[bytes], bytes]],
    ) -> None:
        self._app = app
        self._kept = idempotency
        self._access = access
        self._veiled = veiled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "POST" or BODY not in scope:
            await self._app(scope, receive, send)
            return
        try:
            key = key_of(Headers(scope=scope))
            if key is not None:
                caller = await self._access.caller_of(scope)
        except Unauthenticated:
            key = None  # the route says so itself, or needs no key at all
        except ColonnadeError as error:
            await problem(scope, error)(scope, receive, send)
            return
        if key is None:
            await self._app(scope, receive, send)
        else:
            await self._once(scope, receive, send, caller, key)

    async def _once(self, scope: Scope, receive: Receive, send: Send, caller: Caller, key: str) -> None:
        tenant, route = caller.tenant, route_of(scope["path"], caller)
        try:
            stored = await run_in_threadpool(self._kept.begin, tenant, route, key, _digest(scope))
        except ColonnadeError as error:
            await problem(scope, error)(scope, receive, send)
            return
        if stored is not None:
            answer = Response(stored.body, stored.status, {REPLAYED: "true"}, stored.media_type)
            await answer(scope, receive, send)
            return
        recorder = _Recorder()
        settled = False
        try:
            await self._app(scope, receive, recorder)
            status = recorder.start.get("status", 500)
            if 200 <= status < 300:
                # The effect is there: should `finish` fail, the key stays in flight until its lease ends.
                settled = True
                veil = self._veiled.get(str(getattr(scope.get("route"), "path", "")))
                kept = veil(recorder.body) if veil else recorder.body
                await run_in_threadpool(self._kept.finish, tenant, route, key, status, kept)
        finally:
            if not settled:
                await run_in_threadpool(self._kept.abandon, tenant, route, key)
        await recorder.give(send)
