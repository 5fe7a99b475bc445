from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from core.errors import InvalidInput, TooManyRequests
from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance.routes import stream as module
from verticals.finance.routes.stream import Bounded, Live, Places
from verticals.finance.service.stream import checked

HOUR = timedelta(hours=1)
CUTS = "Orvane Foods cuts its full-year outlook after weak sales of chilled meals bad #guidance"
WINS = "Tarn Lithium wins a five-year supply deal with a maker of buses good #contracts"


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL", 0.01)


def collected(desk: Desk, last: str | None, wanted: int, tenant: str = "demo") -> list[dict[str, str]]:
    """Return so many events of a stream, as a client reads them."""

    async def read() -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        live = Live(desk.finance.stream, tenant, last, lambda: len(found) >= wanted)
        async for piece in live.lines():
            fields = dict(line.split(": ", 1) for line in piece.strip().splitlines() if line[0] != ":")
            if "data" in fields:
                found.append(fields)
        return found

    return asyncio.run(read())


def test_events_come_in_order_and_are_the_tenants_own(desk: Desk) -> None:
    start = desk.finance.stream.end("demo")
    desk.send(doc(1, CUTS, DAY + HOUR))
    desk.tenant = "other"
    desk.send(doc(1, WINS, DAY + HOUR))
    desk.tenant = "demo"
    desk.send(doc(2, CUTS, DAY + 2 * HOUR))
    events = collected(desk, start, 3)
    assert [event["event"] for event in events] == ["document.read", "story", "document.read"]
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)
    first, story, second = (json.loads(event["data"]) for event in events)
    assert first["sentiment"] == "negative"
    assert first["story_id"] == second["story_id"] == story["id"]
    assert story["created"] is True
    assert "text" not in first


def test_a_stream_goes_on_behind_the_last_event(desk: Desk) -> None:
    start = desk.finance.stream.end("demo")
    desk.send(doc(1, CUTS, DAY + HOUR), doc(2, WINS, DAY + HOUR))
    everything = collected(desk, start, 4)
    assert collected(desk, everything[1]["id"], 2) == everything[2:]


def test_a_stream_without_a_beginning_starts_now(desk: Desk) -> None:
    desk.send(doc(1, CUTS, DAY + HOUR))
    end = desk.finance.stream.end("demo")
    assert desk.finance.stream.after("demo", end) == ([], end)


def test_an_id_of_the_future_begins_now_and_is_told_so(desk: Desk) -> None:
    desk.send(doc(1, CUTS, DAY + HOUR))
    end, ahead = desk.finance.stream.end("demo"), "7" + "z" * 25
    pieces: list[str] = []

    async def read() -> None:
        async for piece in Live(desk.finance.stream, "demo", ahead, lambda: len(pieces) > 2).lines():
            if not pieces:
                desk.send(doc(2, WINS, DAY + HOUR))
            pieces.append(piece)

    asyncio.run(read())
    opening, *events = pieces
    assert f"id: {end}\n: open; no event has the id of Last-Event-ID yet: from now on\n" in opening
    assert ["event: document.read" in events[0], "event: story" in events[1]] == [True, True]


def test_what_is_no_id_of_ours_is_refused() -> None:
    for wrong in ("", "1", "x' OR 1=1", "0" * 25, "i" * 26):
        with pytest.raises(InvalidInput) as caught:
            checked(wrong)
        assert caught.value.errors[0].pointer == "header:Last-Event-ID"


def test_an_idle_stream_shows_that_it_lives(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT", 0.0)

    async def read() -> list[str]:
        pieces: list[str] = []
        async for piece in Live(desk.finance.stream, "demo", None, lambda: len(pieces) > 2).lines():
            pieces.append(piece)
        return pieces

    opening, *beats = asyncio.run(read())
    assert ": open" in opening
    assert beats
    assert all(": alive" in beat for beat in beats)


def test_a_stream_ends_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFE", 0.05)

    async def read() -> list[str]:
        return [piece async for piece in Live(desk.finance.stream, "demo", None, lambda: False).lines()]

    assert len(asyncio.run(read())) == 1


def _run(response: Bounded, send: Callable[[Any], Any]) -> None:
    asyncio.run(response.stream_response(send))


class Endless(Live):
    """Says something for ever."""

    def __init__(self) -> None:
        self.said = 0

    async def lines(self) -> AsyncIterator[str]:
        while True:
            self.said += 1
            yield ": more\n\n"


def test_a_slow_reader_is_cut_and_gives_its_place_back() -> None:
    places, live = Places(per_tenant=1), Endless()

    async def stuck(message: Any) -> None:
        with pytest.raises(TooManyRequests):
            places.check("demo")
        if live.said > 3:
            await asyncio.sleep(60)

    _run(Bounded(live, places, "demo", patience=0.05), stuck)
    assert live.said == 4
    places.check("demo")


def test_places_are_bounded_for_each_tenant_and_for_all() -> None:
    places = Places(per_tenant=2, in_all=3)
    with places.one("a"), places.one("a"):
        with pytest.raises(TooManyRequests):
            places.check("a")
        places.check("b")
        with places.one("b"), pytest.raises(TooManyRequests):
            places.check("c")
    places.check("a")
