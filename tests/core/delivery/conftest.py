"""A storage on both databases, a clock that stands still, and a real receiver on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.delivery.channels import Channels, ChannelView
from core.delivery.dispatcher import Dispatcher
from core.delivery.message import Message
from core.delivery.queue import Deliveries, enqueue
from core.net.client import SafeClient
from core.settings import Settings
from core.storage.engine import Storage
from core.testing.clock import StandingClock
from core.testing.postgres import postgres_server, postgres_url
from core.testing.storage import database_url, sqlite_storage, sqlite_url, storage

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_storage", "sqlite_url", "storage"]

LOOPBACK = "127.0.0.0/8"
Reply = tuple[int, bytes, Mapping[str, str]]


@dataclass
class Got:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Keeps what comes in and answers in turn; the last answer is for all that follow."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    replies: list[Reply | Callable[[Got], Reply]] = field(default_factory=lambda: [(200, b"ok", {})])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def says(self, *replies: Reply | Callable[[Got], Reply]) -> None:
        self.replies = list(replies)

    def take(self, got: Got) -> Reply:
        self.got.append(got)
        reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        return reply(got) if callable(reply) else reply

    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]


def serve(receiver: Receiver) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content, extra = receiver.take(Got(self.path, headers, body))
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with serve(made) as server:
        yield made
        server.shutdown()


@dataclass
class House:
    """The parts of delivery, put together."""

    storage: Storage
    settings: Settings
    clock: StandingClock
    channels: Channels
    deliveries: Deliveries
    dispatcher: Dispatcher

    def hook(self, url: str, name: str = "hook", **options: Any) -> ChannelView:
        config = {"url": url, "topics": options.pop("topics", [])}
        return self.channels.put("demo", "webhook", name, config, actor="test", **options)

    def robot(self, kind: str, url: str, secret: str | None = None) -> ChannelView:
        return self.channels.put("demo", kind, kind, {"url": url}, secret, actor="test")

    def queue(self, channel: ChannelView, key: str = "k", message: Message | None = None) -> str:
        told = message or Message("标题", "正文", "high")
        now = self.clock.now()
        return self.storage.write(
            "demo", lambda session: enqueue(session, channel.id, told, key=key, now=now)
        )

    def another(self, **options: Any) -> Dispatcher:
        client = SafeClient(self.settings.allow_private_addresses, timeout=options.pop("timeout", 5.0))
        return Dispatcher(self.storage, self.settings, self.clock, client, **options)

    def state(self, delivery_id: str) -> tuple[str, int]:
        view = self.deliveries.get("demo", delivery_id)
        return view.state, view.tries

    def outcomes(self, delivery_id: str) -> list[tuple[str, int | None]]:
        return [(one.outcome, one.status) for one in self.deliveries.get("demo", delivery_id).receipts]


def build(storage: Storage, folder: Path, *, allow: str = LOOPBACK) -> House:
    values: dict[str, Any] = {"allow_private_addresses": allow}
    settings = Settings(data=folder / "data", cache=folder / "cache", threads=1, datasets=None, **values)
    clock = StandingClock()
    channels = Channels(storage, settings, clock)
    client = SafeClient(settings.allow_private_addresses, timeout=5.0)
    dispatcher = Dispatcher(storage, settings, clock, client, chance=lambda: 0.5)
    return House(storage, settings, clock, channels, Deliveries(storage), dispatcher)


@pytest.fixture
def house(storage: Storage, tmp_path: Path) -> House:
    return build(storage, tmp_path)


@pytest.fixture
def lite(sqlite_storage: Storage, tmp_path: Path) -> House:
    """The same on SQLite only, where the database makes no difference."""
    return build(sqlite_storage, tmp_path)
