"""The outermost layer: an id for each request, one log line, one figure, a catch for what nobody expected."""

from __future__ import annotations

import re
import time
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import known_trouble, problem, unexpected
from core.errors import ColonnadeError
from core.observability.logs import get_logger
from core.observability.metrics import Metrics
from core.storage.ids import new_id

HEADER = "X-Request-ID"
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_CLIENT_GONE = 499
_log = get_logger("api.access")


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = value.decode("latin-1")
            if _VALID_ID.match(given):
                return str(given)
    return new_id()


class _Answer:
    """Watches what is sent, and adds the headers that every answer has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[HEADER] = self._request_id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


class RequestContext:
    """ASGI middleware.

    Args:
        app: What it wraps.
        metrics: Where answers are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        answer = _Answer(send, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._guarded(scope, receive, answer)
            finally:
                self._note(scope, answer.status or _CLIENT_GONE, time.perf_counter() - started)

    async def _guarded(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # the process boundary: the client gets a 500, the log the traceback
            _log.exception("request.failed", path=scope["path"])
            if answer.status:
                raise  # half an answer is out: only a broken connection tells the client so
            known = error if isinstance(error, ColonnadeError) else known_trouble(error)
            response = unexpected(scope) if known is None else problem(scope, known)
            await response(scope, receive, answer)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.observe(method, route, status, seconds)
        caller = scope["state"].get("caller")
        write = _log.debug if route in _QUIET else _log.info
        write(
            "request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(1000 * seconds, 2),
            tenant=getattr(caller, "tenant", None),
            key_id=getattr(caller, "key_id", None),
        )
