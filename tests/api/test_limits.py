"""Caps before parsing, at the level of ASGI messages: size, time, places (reliability.md items 11, 12)."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from api.limits import ANONYMOUS_BYTES, BodyGate
from core.errors import Unauthenticated
from core.observability.metrics import Metrics
from core.settings import Settings

CAP = 2**20
Messages = AsyncIterator[dict[str, Any]]


class Target:
    """An application that reads its body and answers with its size, when it is let."""

    def __init__(self) -> None:
        self.calls = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[dict[str, Any]]], send: Any) -> None:
        self.calls += 1
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})


def _gate(target: Target, *, known: bool = True, **overrides: Any) -> BodyGate:
    async def check(_scope: Any) -> None:
        if not known:
            raise Unauthenticated("No key.")

    given = {
        "max_body_bytes": CAP,
        "max_upload_bytes": CAP,
        "receive_timeout": 0.2,
        "datasets": None,
        **overrides,
    }
    return BodyGate(
        target, settings=Settings(**given), metrics=Metrics(), check_caller=check, uploads=frozenset({"/up"})
    )


async def _call(
    gate: BodyGate, messages: Messages, *, path: str = "/x", method: str = "POST", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return await anext(messages)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-type", b"application/json"))
    scope = {"type": "http", "path": path, "method": method, "headers": raw, "query_string": b""}
    await gate(scope, receive, send)
    if not sent:
        return 0, {}, b""
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:])


async def _chunks(*parts: bytes) -> Messages:
    for part in parts:
        yield {"type": "http.request", "body": part, "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}
    await asyncio.Event().wait()


async def _endless(counter: list[int]) -> Messages:
    while True:
        counter[0] += 1
        yield {"type": "http.request", "body": b"x" * 65_536, "more_body": True}


async def _stalled(first: bytes = b"{") -> Messages:
    yield {"type": "http.request", "body": first, "more_body": True}
    await asyncio.Event().wait()


LINGER = 64 * 2**20 // 65_536
"""How many chunks of a refused body are thrown away, so that the client gets to read why."""


def test_a_declared_length_over_the_cap_is_refused_before_the_application_sees_it() -> None:
    async def main() -> None:
        target, counter = Target(), [0]
        status, _, body = await _call(_gate(target), _endless(counter), content_length=str(CAP + 1))
        assert (status, counter, target.calls) == (413, [LINGER], 0)
        assert json.loads(body)["status"] == 413

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/x", "/up"])
def test_an_endless_chunked_body_is_cut_at_the_cap_with_little_memory(path: str) -> None:
    async def main() -> None:
        counter = [0]
        tracemalloc.start()
        try:
            if path == "/up":
                with pytest.raises(Exception, match="larger than"):
                    await _call(_gate(Target()), _endless(counter), path=path, transfer_encoding="chunked")
            else:
                status, _, _ = await _call(_gate(Target()), _endless(counter), transfer_encoding="chunked")
                assert status == 413
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert counter[0] <= CAP // 65_536 + 2 + LINGER
        assert peak < 20 * 2**20

    asyncio.run(main())


def test_a_stranger_may_not_send_much() -> None:
    async def main() -> None:
        target = Target()
        counter = [0]
        declared, _, _ = await _call(_gate(target, known=False), _endless(counter), content_length="500000")
        chunked, _, _ = await _call(
            _gate(target, known=False), _endless(counter), transfer_encoding="chunked"
        )
        upload, _, _ = await _call(_gate(target, known=False), _endless(counter), path="/up")
        little, _, _ = await _call(_gate(target, known=False), _chunks(b'"' + b"x" * 100 + b'"'))
        assert (declared, chunked, upload, little) == (401, 401, 401, 200)
        assert counter[0] <= ANONYMOUS_BYTES // 65_536 + 2 + 3 * LINGER

    asyncio.run(main())


@pytest.mark.parametrize("first", [b"{", b""])
def test_a_stalled_body_ends_in_408(first: bytes) -> None:
    async def main() -> None:
        target = Target()
        status, _, _ = await _call(_gate(target), _stalled(first), content_length="100")
        assert (status, target.calls) == (408, 0)

    asyncio.run(main())


def test_a_stalled_upload_ends_in_408() -> None:
    async def main() -> None:
        with pytest.raises(Exception, match="stalled"):
            await _call(_gate(Target()), _stalled(b"x"), path="/up")

    asyncio.run(main())


def test_stalled_senders_take_no_place_from_honest_ones() -> None:
    async def main() -> None:
        gate = _gate(Target(), max_concurrency=2, receive_timeout=5.0)
        stalled = [asyncio.create_task(_call(gate, _stalled(), content_length="9")) for _ in range(500)]
        await asyncio.sleep(0)
        honest = [await _call(gate, _chunks(b"{}")) for _ in range(10)]
        assert [status for status, _, _ in honest] == [200] * 10
        for task in stalled:
            task.cancel()
        await asyncio.gather(*stalled, return_exceptions=True)

    asyncio.run(main())


def test_more_than_the_places_are_refused_with_a_time_to_come_back_and_health_is_not() -> None:
    async def main() -> None:
        target = Target()
        target.go.clear()
        gate = _gate(target, max_concurrency=3)
        working = [asyncio.create_task(_call(gate, _chunks(b"{}"))) for _ in range(3)]
        while target.calls < 3:
            await asyncio.sleep(0)
        refused = [await _call(gate, _chunks(b"{}")) for _ in range(5)]
        health = asyncio.create_task(_call(gate, _chunks(b""), path="/healthz", method="GET"))
        while target.calls < 4:
            await asyncio.sleep(0)
        target.go.set()
        assert {status for status, _, _ in refused} == {429}
        assert all(int(headers["retry-after"]) >= 1 for _, headers, _ in refused)
        assert [status for status, _, _ in await asyncio.gather(*working)] == [200] * 3
        assert (await health)[0] == 200
        assert (await _call(gate, _chunks(b"{}")))[0] == 200

    asyncio.run(main())


def test_a_client_that_leaves_while_sending_is_let_go() -> None:
    async def gone() -> Messages:
        yield {"type": "http.request", "body": b"{", "more_body": True}
        yield {"type": "http.disconnect"}

    target = Target()
    assert asyncio.run(_call(_gate(target), gone(), content_length="9")) == (0, {}, b"")
    assert target.calls == 0


@pytest.mark.parametrize("length", ["-1", "1e3", "abc", "9" * 30, "１２"])
def test_an_odd_content_length_is_refused(length: str) -> None:
    status, _, _ = asyncio.run(_call(_gate(Target()), _chunks(b"{}"), content_length=length))

    assert status == 400
