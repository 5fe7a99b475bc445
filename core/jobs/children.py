"""Runs a job in a child process of its own.

A job that eats all memory, crashes a native library or never ends takes its own process with it and nothing
else; the server goes on answering with the models it has.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Event
from typing import Any

from core.jobs.endings import Endings
from core.jobs.lease import Claim, Leases
from core.jobs.process import ChildProcess
from core.jobs.pulse import Pulse
from core.jobs.wire import Spec, settings_values
from core.settings import Settings

# A grandchild may hold the pipe of a child that has ended open: nobody waits longer than this for a last
# word.
_DRAIN_SECONDS = 1.0


class Children:
    """A runner (see core.jobs.lane) for heavy work.

    Args:
        leases: Keeps claims.
        settings: Handed to each child, whole.
        handlers: Kind to `module:function` of its handler.
        services: `module:function` that opens the services in the child.
        stopping: Set when the worker is to stop.
    """

    def __init__(
        self,
        leases: Leases,
        settings: Settings,
        *,
        handlers: Mapping[str, str],
        services: str,
        stopping: Event,
    ) -> None:
        self._leases = leases
        self._settings = settings
        self._handlers = dict(handlers)
        self._services = services
        self._stopping = stopping
        self._endings = Endings(leases, stopping)
        self.kinds = tuple(handlers)
        self.child_pid: int | None = None

    def run(self, claim: Claim) -> str:
        """Run a job to its end and return the state it is left in."""
        child = ChildProcess(self._spec(claim), threads=self._settings.threads, job_id=claim.job_id)
        self.child_pid = child.pid
        try:
            final = self._attend(claim, child)
        finally:
            child.kill()
            self.child_pid = None
        return self._endings.write(claim, final, child.how_it_ended())

    def _spec(self, claim: Claim) -> Spec:
        return Spec(
            handler=self._handlers[claim.kind],
            services=self._services,
            settings=settings_values(self._settings),
            payload=claim.given,
        )

    def _attend(self, claim: Claim, child: ChildProcess) -> Mapping[str, Any] | None:
        """Pass progress on and keep the lease; return the child's last word, or None if it had none."""
        pulse = Pulse(self._leases, claim)
        drained_by: float | None = None
        while True:
            message = child.message(timeout=0.1)
            if message is not None and "percent" in message:
                pulse.note(float(message["percent"]), str(message["line"]))
            elif message is not None:
                pulse.beat(force=True)
                return message
            elif child.ended:
                drained_by = drained_by or time.monotonic() + _DRAIN_SECONDS
                if child.silent or time.monotonic() > drained_by:
                    return None
            if self._stopping.is_set() or not pulse.beat():
                return None
