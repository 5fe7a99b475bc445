"""The worker: a thread beside the server that runs one job at a time, each in a child process of its own.

A job that eats all memory, crashes a native library or never ends takes its own process with it and nothing
else; the server goes on answering with the models it has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core.errors import ColonnadeError
from core.jobs.holdings import Holdings, abandoned
from core.jobs.lease import Claim, Leases
from core.jobs.process import ChildProcess
from core.jobs.wire import Spec, settings_values
from core.observability.logs import get_logger
from core.settings import Settings

_log = get_logger(__name__)
_TROUBLE = (ColonnadeError, SQLAlchemyError, OSError)
_FINISH_ATTEMPTS = 5
# A grandchild may hold the pipe of a child that has ended open: nobody waits longer than this for a last
# word.
_DRAIN_SECONDS = 1.0


class Worker:
    """Runs jobs until it is stopped.

    Args:
        leases: Where jobs come from.
        settings: Handed to each child, whole.
        handlers: Kind to `module:function` of its handler.
        services: `module:function` that opens the services in the child.
        on_finish: Called with (kind, end state) of each finished job, e.g. to count it.
        poll: Seconds between two looks at the queue.
    """

    def __init__(
        self,
        leases: Leases,
        settings: Settings,
        *,
        handlers: Mapping[str, str],
        services: str,
        on_finish: Callable[[str, str], None] = lambda _kind, _state: None,
        poll: float = 0.5,
    ) -> None:
        self._leases = leases
        self._settings = settings
        self._handlers = dict(handlers)
        self._services = services
        self._on_finish = on_finish
        self._poll = poll
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.child_pid: int | None = None

    @property
    def folder(self) -> Path:
        """Where the workers of this `COLONNADE_DATA` note what they hold."""
        return self._settings.data / "workers"

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self.run, name="colonnade-worker", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Stop; a job that runs is queued again and its child is ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def run(self) -> None:
        """Work until `stop`; the body of the thread, and of `colonnade worker`."""
        with Holdings(self.folder) as holdings:
            self._take_over()
            while not self._stopping.is_set():
                if not self._step(holdings):
                    self._stopping.wait(self._poll)

    def _take_over(self) -> None:
        for claim in abandoned(self.folder):
            if self._leases.crashed(claim, "The server ended while it ran."):
                _log.warning("job.taken_over", job=claim.job_id, tenant=claim.tenant)

    def _step(self, holdings: Holdings) -> bool:
        """Run at most one job; False when there was nothing to do or the database does not answer."""
        try:
            claim = self._leases.claim(tuple(self._handlers))
            if claim is None:
                return False
            holdings.add(claim)
            try:
                self._run(claim)
            finally:
                holdings.remove(claim)
        except _TROUBLE:
            _log.exception("worker.trouble")
            return False
        return True

    def _run(self, claim: Claim) -> None:
        _log.info("job.started", job=claim.job_id, tenant=claim.tenant, kind=claim.kind, number=claim.number)
        child = ChildProcess(self._spec(claim), threads=self._settings.threads, job_id=claim.job_id)
        self.child_pid = child.pid
        try:
            final = self._attend(claim, child)
        finally:
            child.kill()
            self.child_pid = None
        state = self._conclude(claim, final, child)
        _log.info("job.ended", job=claim.job_id, tenant=claim.tenant, kind=claim.kind, state=state)
        if state in ("succeeded", "failed"):
            self._on_finish(claim.kind, state)

    def _spec(self, claim: Claim) -> Spec:
        return Spec(
            handler=self._handlers[claim.kind],
            services=self._services,
            settings=settings_values(self._settings),
            payload={**claim.payload, "tenant": claim.tenant, "job_id": claim.job_id},
        )

    def _attend(self, claim: Claim, child: ChildProcess) -> Mapping[str, Any] | None:
        """Pass progress on and keep the lease; return the child's last word, or None if it had none."""
        pulse = _Pulse(self._leases, claim)
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

    def _conclude(self, claim: Claim, final: Mapping[str, Any] | None, child: ChildProcess) -> str:
        """Write the end of a run down; what took an hour is not lost to a busy database."""
        for attempt in range(_FINISH_ATTEMPTS):
            try:
                return self._write_end(claim, final, child)
            except _TROUBLE:
                _log.exception("job.end_not_written", job=claim.job_id, attempt=attempt)
                self._stopping.wait(2.0**attempt)
        return "unknown"

    def _write_end(self, claim: Claim, final: Mapping[str, Any] | None, child: ChildProcess) -> str:
        if final is not None and "result" in final:
            return "succeeded" if self._leases.succeed(claim, final["result"]) else "lost"
        if final is not None and not final.get("retry"):
            return "failed" if self._leases.fail(claim, final["error"]) else "lost"
        if final is not None:
            detail = str(final["error"]["detail"])
        elif self._stopping.is_set():
            return "released" if self._leases.release(claim) else "lost"
        else:
            detail = child.how_it_ended()
        if not self._leases.crashed(claim, detail):
            return "lost"
        return "failed" if claim.number >= self._leases.max_tries else "queued"


class _Pulse:
    """Heartbeats of one run: progress at most once a second, the lease at a third of its length."""

    def __init__(self, leases: Leases, claim: Claim) -> None:
        self._leases = leases
        self._claim = claim
        self._percent: float | None = None
        self._lines: list[str] = []
        self._last = time.monotonic()
        self._held_until = self._last + leases.seconds

    def note(self, percent: float, line: str) -> None:
        """Keep progress for the next beat."""
        self._percent = percent
        if line:
            self._lines.append(line[:500])

    def beat(self, *, force: bool = False) -> bool:
        """Write what has gathered if it is time; False when the job is not ours any more."""
        now = time.monotonic()
        wait = min(1.0 if self._percent is not None else self._leases.seconds / 3, self._leases.seconds / 3)
        if not force and now - self._last < wait:
            return True
        try:
            held = self._leases.heartbeat(self._claim, percent=self._percent, lines=self._lines)
        except _TROUBLE:
            _log.exception("job.heartbeat_failed", job=self._claim.job_id)
            self._last = now
            return now < self._held_until
        self._percent, self._lines, self._last = None, [], now
        self._held_until = now + self._leases.seconds
        return held
