"""GET /v1/finance/stream: server-sent events, for a page or a program that wants to know at once.

A stream ends by itself after a while, when the server stops, and when its reader is too slow; a client comes
back with Last-Event-ID and misses nothing, because the events are rows.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from core.errors import TooManyRequests
from core.security.caller import Caller
from core.vertical import Access
from verticals.finance.routes.scopes import READ
from verticals.finance.service import Finance
from verticals.finance.service.stream import Event, Stream, checked

POLL, HEARTBEAT = 0.5, 15.0
PATIENCE = 10.0
"""Seconds that a reader may leave what was sent to it standing."""
LIFE = 900.0
"""Seconds after which a client has to come back, and show its key again."""
PER_TENANT, IN_ALL = 8, 48
_AHEAD = "no event has the id of Last-Event-ID yet: from now on"
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


class Places:
    """Bounds the streams that are open at once; used from the event loop only."""

    def __init__(self, per_tenant: int = PER_TENANT, in_all: int = IN_ALL) -> None:
        self._per_tenant = per_tenant
        self._in_all = in_all
        self._open: Counter[str] = Counter()

    def check(self, tenant: str) -> None:
        """Refuse one stream more than there may be.

        Raises:
            TooManyRequests: the tenant, or all together, have as many as they may.
        """
        if self._open[tenant] >= self._per_tenant or self._open.total() >= self._in_all:
            raise TooManyRequests(
                "Too many streams are open.", remedy="Close one, or try again shortly.", retry_after=5
            )

    @contextmanager
    def one(self, tenant: str) -> Iterator[None]:
        """Hold a place."""
        self._open[tenant] += 1
        try:
            yield
        finally:
            self._open[tenant] -= 1
            self._open += Counter()  # drops tenants without a stream


class Live:
    """One client's stream.

    Args:
        stream: Where events come from.
        tenant: Whose.
        last: The id behind which it begins; None, or one ahead of all, for what comes from now on.
        stopping: Whether the server is about to stop.
    """

    def __init__(self, stream: Stream, tenant: str, last: str | None, stopping: Callable[[], bool]) -> None:
        self._stream = stream
        self._tenant = tenant
        self._last = last
        self._stopping = stopping

    async def lines(self) -> AsyncIterator[str]:
        """Yield the text of the stream."""
        end = await run_in_threadpool(self._stream.end, self._tenant)
        # Ahead of all there is: out of another database, or of one before it was restored. To wait until the
        # ids have come so far would be silence; a browser cannot mend a refusal.
        ahead = self._last is not None and self._last > end
        last = end if self._last is None or ahead else self._last
        told = f"open; {_AHEAD}" if ahead else "open"
        ends = time.monotonic() + LIFE
        spoke = time.monotonic()
        yield f"retry: 2000\nid: {last}\n: {told}\n\n"
        while not self._stopping() and time.monotonic() < ends:
            events, last = await run_in_threadpool(self._stream.after, self._tenant, last)
            for event in events:
                yield written(event)
            if events:
                spoke = time.monotonic()
                continue
            if time.monotonic() - spoke >= HEARTBEAT:
                yield f"id: {last}\n: alive\n\n"
                spoke = time.monotonic()
            await asyncio.sleep(POLL)


def written(event: Event) -> str:
    """Return an event in the form of the standard; its data is one line."""
    data = {"created_at": event.at.isoformat(), **event.data}
    return f"id: {event.id}\nevent: {event.name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


class Bounded(StreamingResponse):
    """Sends a stream to a reader that keeps up; one that does not is cut off.

    Args:
        live: What is sent.
        places: Holds a place while it is sent.
        tenant: Whose place.
        patience: Seconds that one piece may take to be taken away.
    """

    def __init__(self, live: Live, places: Places, tenant: str, *, patience: float = PATIENCE) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(live.lines(), media_type="text/event-stream", headers=headers)
        self._places = places
        self._tenant = tenant
        self._patience = patience

    async def stream_response(self, send: Send) -> None:
        """Send until the stream ends or the reader is too slow."""

        async def soon(message: Message) -> None:
            async with asyncio.timeout(self._patience):
                await send(message)

        with self._places.one(self._tenant):
            try:
                await super().stream_response(soon)
            except TimeoutError:
                return  # the connection is closed without an end: the client comes back with Last-Event-ID


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader, places = Depends(access.require(READ)), Places()

    @routes.get(
        "/stream", response_class=StreamingResponse, responses=_ANSWER, summary="Events as they happen (SSE)"
    )
    async def stream(
        request: Request,
        last_event_id: Annotated[str | None, Header(description="Go on behind this event.")] = None,
        caller: Caller = reader,
    ) -> StreamingResponse:
        """Send `document.read`, `story` and `alert.*` events of the tenant as server-sent events."""
        last = None if last_event_id is None else checked(last_event_id)
        places.check(caller.tenant)
        state = request.app.state
        live = Live(service.stream, caller.tenant, last, lambda: bool(getattr(state, "stopping", False)))
        return Bounded(live, places, caller.tenant)
