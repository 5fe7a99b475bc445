"""Two workers on one database, as on two hosts: each document is read once, each alert told once."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from core.delivery.tables import Delivery
from core.jobs.clock import SystemClock
from core.storage.tables import OutboxEvent
from tests.core.delivery.conftest import Receiver, receiver
from tests.verticals.finance.alert_desk import story
from tests.verticals.finance.desk import Desk, open_desk
from tests.verticals.finance.live import Child, child, tell_of_each_topic, until

__all__ = ["receiver"]

_TENANTS = ("demo", "other")
_WAVES, _EACH = 8, 6


@pytest.fixture
def live_desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(database_url, tmp_path, SystemClock().now()) as desk:
        yield desk


def _workers(stack: ExitStack, url: str, desk: Desk, folder: Path) -> list[Child]:
    found = []
    for name in ("one", "two"):
        data = folder / name
        data.mkdir()
        shutil.copy(desk.services.settings.data / "secret", data)
        found.append(stack.enter_context(child("work", data, COLONNADE_DATABASE_URL=url)))
    return found


def _send(desk: Desk) -> None:
    """Send waves that come while the one before is being read."""
    for wave in range(_WAVES):
        for desk.tenant in _TENANTS:
            numbers = range(wave * _EACH, (wave + 1) * _EACH)
            now = SystemClock().now()
            desk.send(*(story(n, now, topic=f"t{n}") for n in numbers), read=False)


def _events(desk: Desk, topic: str, field: str) -> Counter[str]:
    with desk.services.storage.read(desk.tenant) as session:
        rows = session.scalars(select(OutboxEvent).where(OutboxEvent.topic == topic))
        return Counter(row.payload[field] for row in rows)


@pytest.mark.slow
def test_each_document_is_read_once_and_each_alert_told_once(
    live_desk: Desk, database_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    for live_desk.tenant in _TENANTS:
        tell_of_each_topic(live_desk, receiver.url)
    total = _WAVES * _EACH
    with ExitStack() as stack:
        workers = _workers(stack, database_url, live_desk, tmp_path)
        _send(live_desk)
        until(lambda: len(receiver.got) >= len(_TENANTS) * total, "all notices")
        for worker in workers:
            worker.process.send_signal(signal.SIGTERM)
        read = [worker.hear() for worker in workers]
        assert [worker.process.wait(60) for worker in workers] == [0, 0]
    assert sum(read) == len(_TENANTS) * total, f"each text was read once: {read}"
    assert len(receiver.ids()) == len(set(receiver.ids())) == len(_TENANTS) * total
    for live_desk.tenant in _TENANTS:
        assert live_desk.balance().right
        assert set(_events(live_desk, "finance.document.read", "id").values()) == {1}
        once = Counter(f"t{number}" for number in range(total))
        assert _events(live_desk, "finance.alert.fired", "topic") == once
        with live_desk.services.storage.read(live_desk.tenant) as session:
            sent = session.scalars(select(Delivery)).all()
        assert Counter(row.message["data"]["topic"] for row in sent) == once
        assert {(row.state, row.tries) for row in sent} == {("delivered", 1)}
