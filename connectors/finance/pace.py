"""Keeps all threads of the process together below a rate of requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class Pace:
    """Lets callers through one after another, evenly.

    Args:
        per_second: Most callers in any second.
        now: Seconds of a clock that never goes back.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        per_second: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._now = now
        self._sleep = sleep
        self._next = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            now = self._now()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)
