"""A bell in one process: who submits work rings it, who waits for work hears it at once."""

from __future__ import annotations

from threading import Condition


class Bell:
    """Counts its rings, so that none is missed between looking and waiting."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it has rung."""
        return self._rings

    def ring(self) -> None:
        """Wake all who wait."""
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    def wait(self, since: int, timeout: float) -> None:
        """Return when it has rung more than `since` times, or after `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings != since, timeout)
