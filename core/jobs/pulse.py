"""Heartbeats of one run: progress at most once a second, the lease at a third of its length."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.jobs.lease import Claim, Leases
from core.jobs.trouble import TROUBLE
from core.observability.logs import get_logger

_log = get_logger(__name__)


class Pulse:
    """Keeps a claim; safe to use from several threads.

    Attributes:
        lost: True once the job is found to be no longer this claim's.
    """

    def __init__(self, leases: Leases, claim: Claim) -> None:
        self._leases = leases
        self._claim = claim
        self._lock = threading.Lock()
        self._percent: float | None = None
        self._lines: list[str] = []
        self._last = time.monotonic()
        self._held_until = self._last + leases.seconds
        self.lost = False

    def note(self, percent: float, line: str) -> None:
        """Keep progress for the next beat."""
        with self._lock:
            self._percent = percent
            if line:
                self._lines.append(line[:500])

    def beat(self, *, force: bool = False) -> bool:
        """Write what has gathered if it is time; False when the job is not ours any more."""
        with self._lock:
            return self._beat(time.monotonic(), force=force)

    def _beat(self, now: float, *, force: bool) -> bool:
        wait = min(1.0 if self._percent is not None else self._leases.seconds / 3, self._leases.seconds / 3)
        if not force and now - self._last < wait:
            return not self.lost
        try:
            held = self._leases.heartbeat(self._claim, percent=self._percent, lines=self._lines)
        except TROUBLE:
            _log.exception("job.heartbeat_failed", job=self._claim.job_id)
            self._last = now
            return now < self._held_until
        self._percent, self._lines, self._last = None, [], now
        self._held_until = now + self._leases.seconds
        self.lost = not held
        return held

    def flush(self) -> None:
        """Write progress that has gathered, if there is any."""
        with self._lock:
            if self._percent is not None:
                self._beat(time.monotonic(), force=True)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Beat from a thread of its own as long as the block runs."""
        done = threading.Event()
        wait = min(1.0, self._leases.seconds / 3)

        def keep() -> None:
            while not done.wait(wait) and self.beat():
                pass

        keeper = threading.Thread(target=keep, name="colonnade-pulse", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
