"""The whole way over real sockets: feed, stories, trends, alert, a stumbling receiver; a stream; a kill."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from api.bootstrap import open_storage
from core.security.keys import Keys
from core.security.secrets import load_secret
from core.security.tenants import Tenants
from tests.connectors.web import Page, Site, serving
from tests.core.delivery.conftest import Receiver, receiver
from tests.system import free_port
from tests.verticals.finance.alert_desk import story
from tests.verticals.finance.live import Child, child, reaching, until
from verticals.finance import vertical

__all__ = ["receiver"]

SCOPES = tuple(
    f"{part}:{may}" for part in ("finance", "webhooks", "connections") for may in ("read", "write")
)


@dataclass
class Newsroom:
    """A tenant of a running server."""

    data: Path
    port: int
    key: str

    def start(self) -> Any:
        return child("serve", self.data, COLONNADE_PORT=str(self.port))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        reply = httpx.request(
            method, f"http://127.0.0.1:{self.port}/v1{path}", json=body, headers=headers, timeout=30
        )
        assert reply.is_success, f"{reply.status_code} {reply.text}"
        return reply.json() if reply.content else None


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    settings = reaching(tmp_path)
    with open_storage(settings, [vertical]) as storage:
        Tenants(storage).ensure("acme", actor="test")
        key, _ = Keys(storage, load_secret(settings)).create("acme", SCOPES, actor="test")
    return Newsroom(tmp_path, free_port(), key)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as opened:
        yield opened


def _feed(site: Site, count: int) -> None:
    """Let the feed hold so many bad stories about guidance."""
    now = datetime.now(UTC)
    items = "".join(
        f"<item><guid>{number}</guid><title>{story(number, now, topic='guidance').story.text}</title>"
        f"<pubDate>{format_datetime(now)}</pubDate></item>"
        for number in range(count)
    )
    rss = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'
    site.pages["/rss"] = Page(rss.encode(), headers={"Content-Type": "application/rss+xml"})


def _tell(newsroom: Newsroom, url: str) -> tuple[str, str]:
    """Make a rule about guidance that a receiver is told of; return its channel's id and secret."""
    channel = {"kind": "webhook", "name": "desk", "config": {"url": url}}
    made = newsroom.ask("POST", "/channels", channel)
    rule = {"name": "guidance", "kind": "threshold", "topic": "guidance", "window": "1h", "at_least": 3}
    newsroom.ask("POST", "/finance/rules", {**rule, "severity": "high"})
    subscriber = {"name": "desk", "channel_id": made["id"], "match": {"severity_at_least": "high"}}
    newsroom.ask("POST", "/finance/subscribers", subscriber)
    return made["id"], made["secret"]


def _connect(newsroom: Newsroom, site: Site) -> str:
    body = {"name": "wire", "kind": "feed", "vertical": "finance", "config": {"url": f"{site.url}/rss"}}
    return str(newsroom.ask("POST", "/connections", {**body, "every": 3600, "live": True})["id"])


def _counted(newsroom: Newsroom) -> list[int]:
    windows = newsroom.ask("GET", "/finance/trends?topic=guidance&window=1h")["data"]
    return [sum(each[name] for each in windows) for name in ("count", "negative", "reach")]


def _alerts(newsroom: Newsroom) -> list[dict[str, Any]]:
    return [each for each in newsroom.ask("GET", "/finance/alerts")["data"] if each["rule"] == "guidance"]


@pytest.mark.slow
def test_from_a_feed_to_a_notice_that_was_taken_at_the_second_try(
    newsroom: Newsroom, site: Site, receiver: Receiver
) -> None:
    receiver.says((500, b"", {}), (200, b"", {}))
    _feed(site, 3)
    with newsroom.start():
        channel, secret = _tell(newsroom, receiver.url)
        connection = _connect(newsroom, site)
        until(lambda: len(receiver.got) == 2, "the second try")
        first, second = receiver.got
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        said = Webhook(secret).verify(second.body, dict(second.headers))
        assert said["type"] == "finance.alert.fired"
        assert _counted(newsroom) == [3, 3, 3]
        documents = newsroom.ask("GET", "/finance/documents")["data"]
        assert len({each["story_id"] for each in documents}) == 3
        [alert] = _alerts(newsroom)
        assert (alert["id"], alert["state"], alert["observed"]) == (said["data"]["id"], "firing", 3)

        newsroom.ask("POST", f"/finance/alerts/{alert['id']}/ack")
        _feed(site, 4)
        newsroom.ask("POST", f"/connections/{connection}/collect")
        until(lambda: _alerts(newsroom)[0]["observed"] == 4, "the fourth story in the alert")
        assert _counted(newsroom) == [4, 4, 4]
        [alert] = _alerts(newsroom)
        assert (alert["state"], alert["stories_total"]) == ("acknowledged", 4)
        endpoint = newsroom.ask("GET", f"/webhook-endpoints/{channel}")
    [delivery] = endpoint["deliveries"]  # queued with the change of the alert: there is no later one
    assert [each["outcome"] for each in delivery["receipts"]] == ["retry", "delivered"]
    assert len(receiver.got) == 2


def _post(newsroom: Newsroom, which: int, kept: list[str]) -> None:
    """Publish documents until the server is gone; keep what it acknowledged."""
    url = f"http://127.0.0.1:{newsroom.port}/v1/finance/documents"
    headers = {"Authorization": f"Bearer {newsroom.key}", "Content-Type": "application/json"}
    with httpx.Client(headers=headers, timeout=30) as client:
        for number in range(10_000):
            name = f"{which}-{number}"
            row = {"source": "wire", "external_id": name, "title": f"Note {name}"}
            try:
                reply = client.post(url, content=json.dumps({"documents": [row]}))
            except httpx.TransportError:
                return
            assert reply.status_code == 202
            kept.append(name)


def _published(newsroom: Newsroom, running: Child) -> list[str]:
    """Publish from four sides and kill the server in the middle; return what was acknowledged."""
    kept: list[str] = []
    threads = [threading.Thread(target=_post, args=(newsroom, which, kept)) for which in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(kept) >= 20, "some acknowledgements", every=0.005)
    running.process.send_signal(signal.SIGKILL)
    for thread in threads:
        thread.join()
    return kept


def _listed(newsroom: Newsroom) -> dict[str, Any]:
    found, cursor = {}, ""
    while True:
        page = newsroom.ask("GET", f"/finance/documents?limit=100{cursor}")
        found.update({each["external_id"]: each for each in page["data"]})
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.slow
def test_a_server_that_is_killed_has_what_it_acknowledged_and_reads_it(newsroom: Newsroom) -> None:
    with newsroom.start() as running:
        acknowledged = _published(newsroom, running)
    with newsroom.start():
        assert set(acknowledged) <= _listed(newsroom).keys()
        until(lambda: all(each["sentiment"] for each in _listed(newsroom).values()), "all to be read")
        reach = sum(each["reach"] for each in newsroom.ask("GET", "/finance/trends?window=1d")["data"])
        assert reach == len(_listed(newsroom))


def _publish(newsroom: Newsroom, name: str) -> None:
    row = {"source": "wire", "external_id": name, "title": f"Note {name}"}
    newsroom.ask("POST", "/finance/documents", {"documents": [row]})


def _read(newsroom: Newsroom, last: str | None, wanted: int, opened: threading.Event) -> list[dict[str, str]]:
    """Return so many events of the stream; fewer where it ends before."""
    headers = {"Authorization": f"Bearer {newsroom.key}"} | ({} if last is None else {"Last-Event-ID": last})
    url = f"http://127.0.0.1:{newsroom.port}/v1/finance/stream"
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    with httpx.stream("GET", url, headers=headers, timeout=30) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        for line in reply.iter_lines():
            opened.set()
            if line and line[0] != ":":
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line:
                found += [fields] if "data" in fields else []
                fields = {}
            if len(found) >= wanted:
                break
    return found


def _names(newsroom: Newsroom, events: list[dict[str, str]]) -> list[str]:
    documents = {each["id"]: name for name, each in _listed(newsroom).items()}
    return [documents[json.loads(e["data"])["id"]] for e in events if e["event"] == "document.read"]


@pytest.mark.slow
def test_a_stream_goes_on_behind_a_kill_without_loss_or_repetition(newsroom: Newsroom) -> None:
    with newsroom.start() as running, ThreadPoolExecutor(1) as pool:
        _publish(newsroom, "before")
        until(lambda: _listed(newsroom)["before"]["sentiment"], "the first to be read")
        opened = threading.Event()
        reading = pool.submit(_read, newsroom, None, 2, opened)
        assert opened.wait(30)
        _publish(newsroom, "first")
        seen = reading.result()  # a document and its story
        assert _names(newsroom, seen) == ["first"], "what came before it was opened is not sent"
        _publish(newsroom, "second")
        until(lambda: _listed(newsroom)["second"]["sentiment"], "the second to be read")
        running.process.send_signal(signal.SIGKILL)
    with newsroom.start() as running, ThreadPoolExecutor(1) as pool:
        _publish(newsroom, "third")
        later = _read(newsroom, seen[-1]["id"], 4, threading.Event())
        assert _names(newsroom, later) == ["second", "third"]
        ids = [each["id"] for each in (*seen, *later)]
        assert ids == sorted(set(ids))
        opened = threading.Event()
        reading = pool.submit(_read, newsroom, None, 1, opened)
        assert opened.wait(30)
        running.process.send_signal(signal.SIGTERM)
        assert reading.result() == [], "a server that stops ends its streams"
        assert running.process.wait(timeout=30) == 0
