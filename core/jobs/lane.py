"""A thread of the worker: claims jobs of some kinds, one after the other, and has a runner run them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Protocol

from core.jobs.bell import Bell
from core.jobs.holdings import Holdings
from core.jobs.lease import Claim, Leases
from core.jobs.trouble import TROUBLE
from core.observability.logs import get_logger

_log = get_logger(__name__)


class Runner(Protocol):
    """Runs one job."""

    kinds: tuple[str, ...]

    def run(self, claim: Claim) -> str:
        """Run a job to its end, write the end down, and return the state it is left in."""
        ...


class Lane:
    """One runner at its work.

    Args:
        leases: Where jobs come from.
        runner: Runs them.
        bell: Rings when a job may have come.
        stopping: Set when the worker is to stop.
        on_finish: Called with (kind, end state) of each job that succeeded or failed.
        poll: Seconds between two looks at an empty queue.
    """

    def __init__(
        self,
        leases: Leases,
        runner: Runner,
        *,
        bell: Bell,
        stopping: Event,
        on_finish: Callable[[str, str], None],
        poll: float,
    ) -> None:
        self._leases = leases
        self._runner = runner
        self._bell = bell
        self._stopping = stopping
        self._on_finish = on_finish
        self._poll = poll

    def work(self, holdings: Holdings) -> None:
        """Work until the worker stops; the body of a thread."""
        while not self._stopping.is_set():
            rings = self._bell.rings
            if not self._step(holdings):
                self._bell.wait(rings, self._poll)

    def _step(self, holdings: Holdings) -> bool:
        """Run at most one job; False when there was nothing to do or the database does not answer."""
        try:
            claim = self._leases.claim(self._runner.kinds)
            if claim is None:
                return False
            holdings.add(claim)
            try:
                self._run(claim)
            finally:
                holdings.remove(claim)
        except TROUBLE:
            _log.exception("worker.trouble")
            return False
        return True

    def _run(self, claim: Claim) -> None:
        _log.info("job.started", job=claim.job_id, tenant=claim.tenant, kind=claim.kind, number=claim.number)
        state = self._runner.run(claim)
        _log.info("job.ended", job=claim.job_id, tenant=claim.tenant, kind=claim.kind, state=state)
        if state in ("succeeded", "failed"):
            self._on_finish(claim.kind, state)
