"""Kill -9 while documents are taken in, and while notices are sent: what was acknowledged is told of."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

from core.delivery.dispatcher import Dispatcher
from core.delivery.tables import Delivery
from core.jobs.clock import SystemClock
from tests.core.delivery.conftest import Got, Receiver, Reply, receiver
from tests.core.delivery.kills import Try, broken_off, check_copies
from tests.verticals.finance.desk import Desk, open_desk
from tests.verticals.finance.live import Child, reaching, tell_of_each_topic
from verticals.finance.tables import FinanceAlert, FinanceDocument

__all__ = ["receiver"]

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))
_BATCHES = 12


class _Killer:
    """Kills a child at so many things from now: acknowledgements, or requests at the receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._what, self._left = "", 0
        receiver.says(self.answer)

    def aim(self, child: Child, what: str, after: int) -> None:
        with self._lock:
            self._child, self._what, self._left = child, what, after

    def saw(self, what: str) -> None:
        with self._lock:
            if self._child is not None and what == self._what:
                self._left -= 1
                if self._left == 0:
                    self._child.process.send_signal(signal.SIGKILL)

    def answer(self, _got: Got) -> Reply:
        self.saw("request")
        return 200, b"", {}


def _feed(child: Child, numbers: count[int], chance: random.Random) -> None:
    now = SystemClock().now().isoformat()
    try:
        for _ in range(_BATCHES):
            child.tell([[next(numbers), now] for _ in range(chance.randint(1, 3))])
    except BrokenPipeError:
        return  # it was killed


def _round(killer: _Killer, folder: Path, numbers: count[int], chance: random.Random, what: str) -> set[int]:
    """Feed a child until it is killed; return what it acknowledged."""
    child, acknowledged = Child("take", folder), set[int]()
    try:
        killer.aim(child, what, chance.randint(1, _BATCHES // 2))
        feeding = threading.Thread(target=_feed, args=(child, numbers, random.Random(chance.random())))
        feeding.start()
        while (heard := child.hear()) is not None:
            acknowledged.update(heard)
            killer.saw("acknowledgement")
        feeding.join()
        assert child.process.wait(60) == -signal.SIGKILL
    finally:
        child.end()
    return acknowledged


def _finish(desk: Desk) -> None:
    """Read, judge and send what is left; the leases of the dead run out."""
    desk.clock.move((SystemClock().now() - desk.clock.now()).total_seconds())
    desk.read()
    desk.finance.monitor.evaluate(desk.tenant, desk.clock.now())
    services = desk.services
    dispatcher = Dispatcher(services.storage, reaching(services.settings.data), desk.clock)
    idle = 0
    while idle < 5:
        desk.clock.move(120)
        idle = 0 if dispatcher.step() else idle + 1


@pytest.mark.slow
@pytest.mark.torture
def test_what_was_acknowledged_is_told_of_once(receiver: Receiver, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'colonnade.db'}"
    with open_desk(url, tmp_path, SystemClock().now()) as desk:
        tell_of_each_topic(desk, receiver.url)
        killer, numbers, chance = _Killer(receiver), count(), random.Random(4)
        acknowledged, hits = set[int](), set[Try]()
        for number in range(ROUNDS):
            what = ("acknowledgement", "request")[number % 2]
            acknowledged |= _round(killer, tmp_path, numbers, chance, what)
            hits |= broken_off(desk.services.storage, desk.tenant)
        _finish(desk)
        arrived = Counter(receiver.ids())
        _check(desk, acknowledged, arrived)
        assert len(hits) <= ROUNDS, "a kill hits the one notice that is on its way, if there is one"
        check_copies(desk.services.storage, desk.tenant, hits, arrived)


def _check(desk: Desk, acknowledged: set[int], arrived: Counter[str]) -> None:
    with desk.services.storage.read(desk.tenant) as session:
        rows = session.scalars(select(FinanceDocument)).all()
        known = {int(row.external_id.removeprefix("wire-")) for row in rows}
        unread = [row.external_id for row in rows if row.read_at is None]
        topics = Counter(session.scalars(select(FinanceAlert.topic)))
        sent = {row.id: row for row in session.scalars(select(Delivery))}
        told = Counter(row.message["data"]["topic"] for row in sent.values())
    assert acknowledged, "nothing was acknowledged before the kills"
    assert acknowledged <= known
    assert not unread
    assert desk.balance().right
    once = dict.fromkeys((f"t{number}" for number in known), 1)
    assert topics == once, "one alert each"
    assert told == once, "one notice each"
    assert {row.state for row in sent.values()} == {"delivered"}
    assert arrived.keys() == sent.keys(), "a notice has the same id in every try"
