"""The queue as a worker sees it: claim, keep, let go, finish.

A claim raises `tries`, and every later step names the try it belongs to. A worker that lost its lease (it
slept, the job was cancelled, another one took over) therefore finds nothing to change, and a result is
applied once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, not_, select
from sqlalchemy.orm import Session

from core.jobs.backoff import Backoff
from core.jobs.queue import record_step
from core.jobs.ready import ready, sibling_runs
from core.ports import Clock
from core.storage.engine import Storage
from core.storage.tables import Job
from core.storage.tenancy import SYSTEM

LOG_LINES = 200
_LOST_RACES = 20
_ACTOR = "worker"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run a job until its lease ends; `number` is the try it is for."""

    tenant: str
    job_id: str
    kind: str
    payload: Mapping[str, Any]
    number: int

    @property
    def given(self) -> dict[str, Any]:
        """What the handler is given: the payload, and whose run of which job it is."""
        return {**self.payload, "tenant": self.tenant, "job_id": self.job_id, "try": self.number}


def crash_report(detail: str) -> dict[str, Any]:
    """Return the `error` of a job whose process ended without an answer."""
    return {
        "slug": "job-crashed",
        "title": "The job's process died",
        "status": 500,
        "detail": detail,
        "remedy": "Out of memory is the usual cause: submit it again with less data or a smaller batch.",
    }


class Leases:
    """Hands out jobs to workers.

    Args:
        storage: Where the queue lies.
        clock: Leases are measured by it.
        seconds: How long a claim holds without a heartbeat.
        max_tries: After so many tries a job is set aside as failed.
        backoff: How long a job waits before it is tried again.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        seconds: float = 30.0,
        max_tries: int = 5,
        backoff: Backoff | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self.seconds = seconds
        self.max_tries = max_tries
        self._backoff = backoff or Backoff()

    def claim(self, kinds: Sequence[str]) -> Claim | None:
        """Take the oldest job of these kinds that is due, or one whose worker let its lease run out.

        A job that has been tried `max_tries` times and is found overdue is set aside as failed, and the next
        one taken.
        """
        for _ in range(_LOST_RACES):
            with self._storage.read(SYSTEM) as session:
                found = session.execute(
                    select(Job.tenant_id, Job.id)
                    .where(self._ready(kinds), not_(sibling_runs()))
                    .order_by(Job.created_at, Job.id)
                    .limit(1)
                ).first()
            if found is None:
                return None
            claim = self._claim(*found, kinds)
            if claim is not None:
                return claim
        return None

    def _claim(self, tenant: str, job_id: str, kinds: Sequence[str]) -> Claim | None:
        # The job's own tenant writes, so that the guards of the storage stay shut.
        return self._storage.write(tenant, lambda session: self._take(session, tenant, job_id, kinds))

    def heartbeat(self, claim: Claim, *, percent: float | None = None, lines: Sequence[str] = ()) -> bool:
        """Extend the lease and write progress; False when the job is no longer this claim's to run."""

        def extend(row: Job) -> None:
            row.lease_until = self._clock.now() + timedelta(seconds=self.seconds)
            if percent is not None:
                row.percent = max(0.0, min(100.0, percent))
            if lines:
                # A new list: a JSON column does not notice a change inside the old one.
                row.log = [*(row.log or ()), *lines][-LOG_LINES:]

        return self._if_held(claim, lambda _session, row: extend(row))

    def succeed(self, claim: Claim, result: Mapping[str, Any]) -> bool:
        """Apply the result; False when it was not this claim's to apply."""

        def apply(session: Session, row: Job) -> None:
            row.result, row.percent = dict(result), 100.0
            self._close(session, row, "succeeded")

        return self._if_held(claim, apply)

    def fail(self, claim: Claim, error: Mapping[str, Any]) -> bool:
        """Set the job aside with its error; False when it was not this claim's to fail."""

        def apply(session: Session, row: Job) -> None:
            row.error = dict(error)
            self._close(session, row, "failed")

        return self._if_held(claim, apply)

    def crashed(self, claim: Claim, detail: str, *, at_once: bool = False) -> bool:
        """Queue the job again, or fail it when all tries are used; False when it was not this claim's.

        Args:
            claim: The run that ended without an answer.
            detail: How it ended.
            at_once: Its worker died and was no fault of the job's: there is nothing to wait for.
        """
        wait = 0.0 if at_once else self._backoff.seconds(claim.number)
        return self._again(claim, detail, crash_report(detail), wait)

    def postpone(self, claim: Claim, error: Mapping[str, Any], retry_after: float = 0.0) -> bool:
        """Queue the job again for later, or fail it when all tries are used; False when not this claim's.

        Args:
            claim: The run that met something that may pass.
            error: What it met.
            retry_after: Seconds that were asked for; the wait is no shorter, up to the longest.
        """
        wait = self._backoff.seconds(claim.number, at_least=retry_after)
        return self._again(claim, str(error["detail"]), error, wait)

    def _again(self, claim: Claim, detail: str, error: Mapping[str, Any], wait: float) -> bool:
        def apply(session: Session, row: Job) -> None:
            if row.tries >= self.max_tries:
                row.error = {**error, "detail": f"{error['detail']} It was tried {row.tries} times."}
                self._close(session, row, "failed")
                return
            row.state, row.lease_until = "queued", None
            row.not_before = self._clock.now() + timedelta(seconds=wait) if wait else None
            told = f"{detail} Trying again" + (f" in {wait:.0f} s." if wait else ".")
            row.log = [*(row.log or ()), told][-LOG_LINES:]
            session.flush()
            record_step(session, row, "retried", actor=_ACTOR)

        return self._if_held(claim, apply)

    def release(self, claim: Claim) -> bool:
        """Queue the job again without counting the try: the worker is being stopped."""

        def apply(_session: Session, row: Job) -> None:
            row.state, row.lease_until, row.percent, row.not_before = "queued", None, 0.0, None
            row.tries -= 1

        return self._if_held(claim, apply)

    def _ready(self, kinds: Sequence[str]) -> ColumnElement[bool]:
        return ready(self._clock.now(), kinds, self.seconds, self._backoff.longest)

    def _take(self, session: Session, tenant: str, job_id: str, kinds: Sequence[str]) -> Claim | None:
        mine = select(Job).where(Job.tenant_id == tenant, Job.id == job_id, self._ready(kinds))
        row = session.scalar(mine.with_for_update(skip_locked=True))
        if row is None or self._sibling_runs(session, row):
            return None
        if row.tries >= self.max_tries:
            row.error = crash_report(f"Its worker vanished, and it had been tried {row.tries} times.")
            self._close(session, row, "failed")
            return None
        now = self._clock.now()
        row.state, row.started_at, row.percent = "running", now, 0.0
        row.lease_until = now + timedelta(seconds=self.seconds)
        row.tries += 1
        return Claim(tenant, row.id, row.kind, dict(row.payload), row.tries)

    @staticmethod
    def _sibling_runs(session: Session, row: Job) -> bool:
        if row.key is None:
            return False
        same = (Job.tenant_id == row.tenant_id, Job.kind == row.kind, Job.key == row.key)
        others = select(Job.id).where(*same, Job.state == "running", Job.id != row.id).limit(1)
        return session.scalar(others) is not None

    def _close(self, session: Session, row: Job, state: str) -> None:
        row.state, row.lease_until, row.finished_at = state, None, self._clock.now()
        session.flush()
        record_step(session, row, state, actor=_ACTOR)

    def _if_held(self, claim: Claim, change: Callable[[Session, Job], None]) -> bool:
        held = select(Job).where(
            Job.tenant_id == claim.tenant,
            Job.id == claim.job_id,
            Job.state == "running",
            Job.tries == claim.number,
        )

        def guarded(session: Session) -> bool:
            row = session.scalar(held.with_for_update())
            if row is None:
                return False
            change(session, row)
            return True

        return self._storage.write(claim.tenant, guarded)
