"""Writes the end of a run down; what took an hour is not lost to a busy database."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event
from typing import Any

from core.jobs.lease import Claim, Leases
from core.jobs.trouble import TROUBLE
from core.observability.logs import get_logger

_ATTEMPTS = 5
_log = get_logger(__name__)


class Endings:
    """Tells the queue how runs ended.

    Args:
        leases: The queue.
        stopping: Set when the worker is to stop: a run without an answer was then broken off by us.
    """

    def __init__(self, leases: Leases, stopping: Event) -> None:
        self._leases = leases
        self._stopping = stopping

    def write(self, claim: Claim, final: Mapping[str, Any] | None, otherwise: str) -> str:
        """Return the state that the job is left in; `lost` when it was not this claim's any more.

        Args:
            claim: What was run.
            final: Its answer (core.jobs.answer); None where it had none.
            otherwise: How it ended where it had none.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return self._write(claim, final, otherwise)
            except TROUBLE:
                _log.exception("job.end_not_written", job=claim.job_id, attempt=attempt)
                self._stopping.wait(2.0**attempt)
        return "unknown"

    def _write(self, claim: Claim, final: Mapping[str, Any] | None, otherwise: str) -> str:
        if final is not None and "result" in final:
            return "succeeded" if self._leases.succeed(claim, final["result"]) else "lost"
        if final is not None and final["retry"] is None:
            return "failed" if self._leases.fail(claim, final["error"]) else "lost"
        if final is None and self._stopping.is_set():
            return "released" if self._leases.release(claim) else "lost"
        if final is not None:
            held = self._leases.postpone(claim, final["error"], float(final["retry"]))
        else:
            held = self._leases.crashed(claim, otherwise)
        if not held:
            return "lost"
        return "failed" if claim.number >= self._leases.max_tries else "queued"
