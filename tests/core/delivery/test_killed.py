"""Kill -9 between sending and the receipt: nothing is missed, and a duplicate has the same id."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from core.jobs.clock import SystemClock
from core.storage.engine import Storage
from tests.core.delivery.conftest import Got, House, Receiver, Reply, build
from tests.core.delivery.kills import Try, broken_off, check_copies

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))

_DISPATCHER = """
import sys, threading
from pathlib import Path
from core.delivery.dispatcher import Dispatcher
from core.jobs.clock import SystemClock
from core.settings import Settings
from core.storage.engine import Storage

folder = Path(sys.argv[2])
settings = Settings(
    data=folder / "data", cache=folder / "cache", datasets=None, allow_private_addresses="127.0.0.0/8"
)
Dispatcher(
    Storage.open(sys.argv[1]), settings, SystemClock(), threads=4, lease=1.0, poll=0.02
).run(threading.Event())
"""


class _Sniper:
    """Kills the dispatcher at one request: before the answer, or just after it was sent."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._lock = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None
        self.after = -1
        receiver.says(self.answer)

    def answer(self, _got: Got) -> Reply:
        with self._lock:
            self.after -= 1
            if self.after == 0 and self.child is not None:
                self.child.send_signal(signal.SIGKILL)
        return (200, b"", {})

    def shoot(self, url: str, folder: Path, after: int) -> None:
        """Start a dispatcher and kill it at so many requests from now."""
        with self._lock:
            self.after = after
            command = [sys.executable, "-W", "error", "-c", _DISPATCHER, url, str(folder)]
            self.child = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[3])
        assert self.child.wait(60) == -signal.SIGKILL


def _finish(house: House) -> None:
    """Let the leases of the dead run out, and send what is left."""
    house.clock.move((SystemClock().now() - house.clock.now()).total_seconds())
    idle = 0
    while idle < 5:
        house.clock.move(120)
        idle = 0 if house.dispatcher.step() else idle + 1


@pytest.mark.slow
@pytest.mark.torture
def test_nothing_is_missed_and_a_kill_costs_one_duplicate_at_most(
    sqlite_storage: Storage, sqlite_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    house = build(sqlite_storage, tmp_path)
    channel = house.hook(receiver.url, rate_per_minute=600)
    sniper, chance, queued = _Sniper(receiver), random.Random(0), set[str]()
    hits = set[Try]()
    house.clock.move((SystemClock().now() - house.clock.now()).total_seconds())
    for number in range(ROUNDS):
        queued |= {house.queue(channel, f"{number}-{key}") for key in range(6)}
        sniper.shoot(sqlite_url, tmp_path, chance.randint(1, 5))
        hits |= broken_off(house.storage, "demo")
    _finish(house)

    arrived = Counter(receiver.ids())
    assert arrived.keys() == queued, "each has arrived, and under the id it was queued with"
    assert len(hits) == ROUNDS, "each kill hit the one notice that was on its way"
    check_copies(house.storage, "demo", hits, arrived)
    assert {house.state(one)[0] for one in queued} == {"delivered"}
    assert all(house.state(one)[1] == arrived[one] for one in queued if arrived[one] > 1)
