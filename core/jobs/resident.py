"""Runs a job inside the worker's own process, with the services and models that it has loaded.

For light work that comes often: no process is started and no model loaded for it. A handler that calls its
progress can be stopped there when the job is cancelled or the worker ends; one that never does is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from core.jobs.answer import answer
from core.jobs.endings import Endings
from core.jobs.lease import Claim, Leases
from core.jobs.pulse import Pulse
from core.ports import Progress

Handler = Callable[[Any, Mapping[str, Any], Progress], Mapping[str, Any] | None]
"""Called with (services, payload, progress); the payload has `tenant`, `job_id` and `try` too."""


class _BrokenOff(BaseException):
    """Unwinds a handler whose job is no longer to be run; no Exception, so that none takes it for its own."""


class Residents:
    """A runner (see core.jobs.lane) for light work.

    Args:
        leases: Keeps claims.
        handlers: Kind to handler.
        services: What handlers are given first.
        stopping: Set when the worker is to stop.
    """

    def __init__(
        self, leases: Leases, *, handlers: Mapping[str, Handler], services: Any, stopping: Event
    ) -> None:
        self._leases = leases
        self._handlers = dict(handlers)
        self._services = services
        self._stopping = stopping
        self._endings = Endings(leases, stopping)
        self.kinds = tuple(handlers)

    def run(self, claim: Claim) -> str:
        """Run a job to its end and return the state it is left in."""
        pulse = Pulse(self._leases, claim)

        def progress(share: float, line: str) -> None:
            pulse.note(100.0 * share, line)
            if pulse.lost or self._stopping.is_set():
                raise _BrokenOff

        def work() -> Mapping[str, Any] | None:
            return self._handlers[claim.kind](self._services, claim.given, progress)

        final: Mapping[str, Any] | None = None
        try:
            with pulse.kept():
                final = answer(work, claim.kind)
        except _BrokenOff:
            if pulse.lost:
                return "lost"
        else:
            pulse.flush()
        return self._endings.write(claim, final, "It was broken off.")
