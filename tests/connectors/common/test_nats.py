from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js.api import RetentionPolicy, StreamConfig

from connectors.common.nats import NatsConnector
from core.errors import InvalidInput, Unavailable
from core.ports import Connector
from core.records import Record, Refused
from core.testing.connector_contract import ConnectorContract

PROGRAM = Path(sys.executable).parent / "nats-server"
Row = Mapping[str, Any] | bytes


class Broker:
    """A NATS server with JetStream in a folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        listen = (
            "-a",
            "127.0.0.1",
            "-p",
            "-1",
            "-js",
            "-sd",
            str(folder / "js"),
            "--ports_file_dir",
            str(folder),
        )
        self._process = subprocess.Popen([str(PROGRAM), *listen, *options], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while not (found := [*folder.glob("*.ports")]) or not found[0].read_text().endswith("}"):
            assert self._process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        self.url = json.loads(found[0].read_text())["nats"][0]

    def publish(self, *rows: Row, stream: str = "news", **config: Any) -> None:
        async def work() -> None:
            client = await nats.connect(self.url, allow_reconnect=False)
            jetstream = client.jetstream()
            await jetstream.add_stream(StreamConfig(name=stream, subjects=[f"{stream}.>"], **config))
            for row in rows:
                data = row if isinstance(row, bytes) else json.dumps(row).encode()
                headers = {"Nats-Msg-Id": "mine"} if data == b'{"n": "own"}' else None
                await jetstream.publish(f"{stream}.{len(data) % 2}", data, headers=headers)
            await client.close()

        asyncio.run(work())

    def purge(self, up_to: int) -> None:
        async def work() -> None:
            client = await nats.connect(self.url, allow_reconnect=False)
            await client.jetstream().purge_stream("news", seq=up_to)
            await client.close()

        asyncio.run(work())

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(tmp_path)
    yield server
    server.stop()


class TestContract(ConnectorContract):
    @pytest.fixture
    def connect(self, broker: Broker) -> Callable[[], Connector]:
        broker.publish(*({"id": f"m{n}", "title": "净利润"} for n in range(6)))
        return lambda: NatsConnector(broker.url, "news")


def found(connector: NatsConnector, cursor: str | None = None) -> list[Record | Refused]:
    return [record for record, _ in connector.read(cursor)]


def test_messages_become_records(broker: Broker) -> None:
    broker.publish(
        {"n": "own"}, {"n": 2}, {"url": "u", "time": "2026-11-20 09:30"}, b"[1]", b"\xff", b'{"n": NaN}'
    )
    own, numbered, told, *faulty = found(NatsConnector(broker.url, "news", zone="Asia/Shanghai"))
    assert isinstance(own, Record)
    assert isinstance(numbered, Record)
    assert isinstance(told, Record)
    assert [own.external_id, numbered.external_id, told.external_id] == ["mine", "news:2", "u"]
    assert told.published_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert own.published_at is not None
    assert own.published_at.utcoffset() is not None
    assert [type(record) for record in faulty] == [Refused] * 3
    assert [record.place for record in faulty if isinstance(record, Refused)] == [
        "news:4",
        "news:5",
        "news:6",
    ]


def test_new_messages_are_read_behind_the_cursor_and_a_full_pass_ends(broker: Broker) -> None:
    broker.publish(*({"id": str(n)} for n in range(5)))
    cursor, ids = None, []
    for _ in range(3):
        page = list(NatsConnector(broker.url, "news", limit=2).read(cursor))
        ids += [record.external_id for record, _ in page if isinstance(record, Record)]
        cursor = page[-1][1]
    assert ids == ["0", "1", "2", "3", "4"]
    assert found(NatsConnector(broker.url, "news"), cursor) == []
    broker.publish({"id": "5"})
    assert len(found(NatsConnector(broker.url, "news"), cursor)) == 1


def test_only_the_subject_asked_for(broker: Broker) -> None:
    broker.publish(*({"id": "x" * n} for n in range(1, 7)))
    assert len(found(NatsConnector(broker.url, "news", subject="news.1"))) == 3


def test_what_the_stream_dropped_unread_is_told(broker: Broker) -> None:
    broker.publish(*({"id": str(n)} for n in range(6)))
    broker.purge(5)
    lost, *others = list(NatsConnector(broker.url, "news").read("2"))
    assert isinstance(lost[0], Refused)
    assert lost[0].place == "news:3-4"
    assert lost[1] == "4"
    assert len(others) == 2
    assert len(found(NatsConnector(broker.url, "news"))) == 2


def test_streams_that_cannot_be_read_again_are_refused(broker: Broker) -> None:
    broker.publish({"id": "1"}, stream="work", retention=RetentionPolicy.WORK_QUEUE)
    broker.publish({"id": "1"})
    with pytest.raises(InvalidInput, match="taken once"):
        found(NatsConnector(broker.url, "work"))
    with pytest.raises(InvalidInput, match="made anew"):
        found(NatsConnector(broker.url, "news"), "99")
    with pytest.raises(InvalidInput, match="stream none"):
        found(NatsConnector(broker.url, "none"))


def test_a_broker_that_goes_away_is_asked_again(broker: Broker) -> None:
    broker.publish(*({"id": str(n)} for n in range(600)))
    reading = NatsConnector(broker.url, "news").read(None)
    _, cursor = next(reading)
    broker.stop()
    with pytest.raises(Unavailable):
        for _, cursor in reading:  # noqa: B007
            pass
    assert 0 < int(cursor) < 600
    with pytest.raises(Unavailable):
        found(NatsConnector(broker.url, "news"), cursor)


def test_credentials(tmp_path: Path) -> None:
    server = Broker(tmp_path, "--auth", "t0ken")
    try:
        for secret in (None, "wrong"):
            with pytest.raises(InvalidInput, match="credentials") as caught:
                found(NatsConnector(server.url, "news", secret=secret))
            assert "wrong" not in str(caught.value)
        with pytest.raises(InvalidInput, match="stream news"):
            found(NatsConnector(server.url, "news", secret="t0ken"))
    finally:
        server.stop()
    with pytest.raises(InvalidInput, match="carries credentials"):
        NatsConnector("nats://user:pass@127.0.0.1:4222", "news")
