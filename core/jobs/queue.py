"""The table-backed queue as its users see it: submit, look, cancel.

A job is `queued`, then `running` under a lease, then `succeeded`, `failed` or `cancelled`. What the worker
does with it stands in `core.jobs.lease`. Every step that changes a job writes its outbox event and its audit
entry in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Row, Table, bindparam, delete, select
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound
from core.jobs.bell import Bell
from core.ports import Clock
from core.storage import audit, outbox
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.tables import Job

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
OPEN_STATES = ("queued", "running")
SCHEDULE = "schedule"
"""The actor of what recurs: of its jobs only failures leave events and audit entries."""
_REMEMBERED = timedelta(days=1)
_JOBS = cast(Table, Job.__table__)
# Columns, not a mapped object: many writes ask this, and of most the answer is all they need. In no order:
# for the sake of one SQLite would walk through every job of the tenant.
_WAITING = select(_JOBS.c.id, _JOBS.c.tries, _JOBS.c.not_before).where(
    _JOBS.c.tenant_id == bindparam("tenant"),
    _JOBS.c.kind == bindparam("of"),
    _JOBS.c.key == bindparam("named"),
    _JOBS.c.state == "queued",
)


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it stood when it was read.

    Attributes:
        id: Sorts by the time of submission.
        kind: `train`, or `<vertical>.<kind>`.
        state: See the module.
        percent: 0 to 100.
        log: The last lines it wrote.
        result: What its handler returned; None before success.
        error: `{slug, title, detail, remedy}` of a failure.
        tries: How often it was started.
        key: Of queued jobs with one key there is one.
        not_before: It waits until then.
    """

    id: str
    kind: str
    state: State
    percent: float
    log: tuple[str, ...]
    payload: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    tries: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    key: str | None = None
    not_before: datetime | None = None


def view(row: Job) -> JobView:
    """Return the frozen picture of a row."""
    return JobView(
        id=row.id,
        kind=row.kind,
        state=cast(State, row.state),
        percent=row.percent,
        log=tuple(row.log or ()),
        payload=dict(row.payload),
        result=row.result,
        error=row.error,
        tries=row.tries,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        key=row.key,
        not_before=row.not_before,
    )


def record_step(session: Session, row: Job, step: str, *, actor: str) -> None:
    """Write the outbox event and the audit entry of one step of a job.

    Args:
        session: The transaction that changes the job.
        row: The job.
        step: `submitted`, `succeeded`, `failed`, `cancelled` or `retried`.
        actor: Key id of the caller, or `worker`.
    """
    if row.actor == SCHEDULE and step != "failed":
        return  # a job a minute would bury what people did
    outbox.emit(session, f"job.{step}", {"id": row.id, "kind": row.kind, "state": row.state})
    audit.record(session, actor=actor, action=f"job.{step}", subject=row.id, detail={"kind": row.kind})


def submit_in(
    session: Session,
    tenant: str,
    kind: str,
    payload: Mapping[str, Any],
    *,
    clock: Clock,
    actor: str = "cli",
    key: str | None = None,
    not_before: datetime | None = None,
) -> str:
    """Queue a job in the caller's transaction and return its id.

    Args:
        session: From `storage.write` of this tenant.
        tenant: Whose job.
        kind: A kind that the worker knows a handler for.
        payload: JSON values only.
        clock: Tells when.
        actor: Who asked, for the audit.
        key: Where a job of the same kind and key waits already, that one is returned (and brought forward
            to `not_before`); of one key one job runs at a time.
        not_before: It is not started earlier.
    """
    waiting = None if key is None else _waiting(session, tenant, kind, key)
    if waiting is not None:
        if waiting.tries == 0 and waiting.not_before is not None:
            row = session.get_one(Job, (tenant, waiting.id))
            row.not_before = None if not_before is None else min(waiting.not_before, not_before)
        return str(waiting.id)
    row = Job(
        tenant_id=tenant,
        id=new_id(),
        kind=kind,
        payload=dict(payload),
        state="queued",
        percent=0.0,
        log=[],
        tries=0,
        created_at=clock.now(),
        key=key,
        not_before=not_before,
        actor=actor,
    )
    session.add(row)
    session.flush()
    record_step(session, row, "submitted", actor=actor)
    return row.id


def _waiting(session: Session, tenant: str, kind: str, key: str) -> Row[Any, Any, Any] | None:
    session.flush()  # it may have been queued by this very write
    asked = {"tenant": tenant, "of": kind, "named": key}
    return min(session.connection().execute(_WAITING, asked), key=lambda row: str(row.id), default=None)


def forget(session: Session, tenant: str, kind: str, key: str, now: datetime) -> None:
    """Delete what a recurring job left behind a day ago: one a minute would fill the table."""
    session.execute(
        delete(Job).where(
            Job.tenant_id == tenant,
            Job.kind == kind,
            Job.key == key,
            Job.actor == SCHEDULE,
            Job.state == "succeeded",
            Job.finished_at < now - _REMEMBERED,
        )
    )


class Jobs:
    """The queue, as routes and commands use it.

    Args:
        storage: Where it lies.
        clock: Tells when.
        bell: Rung when a job has been submitted, so that a worker in this process starts at once.
    """

    def __init__(self, storage: Storage, clock: Clock, bell: Bell | None = None) -> None:
        self._storage = storage
        self._clock = clock
        self._bell = bell or Bell()

    def submit(
        self,
        tenant: str,
        kind: str,
        payload: Mapping[str, Any],
        *,
        actor: str = "cli",
        key: str | None = None,
        not_before: datetime | None = None,
    ) -> str:
        """Queue a job and return its id; it is durable when this returns. See `submit_in`."""

        def insert(session: Session) -> str:
            return submit_in(
                session,
                tenant,
                kind,
                payload,
                clock=self._clock,
                actor=actor,
                key=key,
                not_before=not_before,
            )

        job_id = self._storage.write(tenant, insert)
        self.ring()
        return job_id

    def ring(self) -> None:
        """Wake this process's worker; to be called after a write that used `submit_in`."""
        self._bell.ring()

    def get(self, tenant: str, job_id: str) -> JobView:
        """Return one job.

        Raises:
            NotFound: this tenant has no such job.
        """
        with self._storage.read(tenant) as session:
            return view(_find(session, tenant, job_id))

    def list(
        self, tenant: str, *, state: State | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[JobView]:
        """Return jobs, newest first.

        Args:
            tenant: Whose jobs.
            state: Only those in this state.
            before: Only those older than the job of this id.
            limit: At most so many.
        """
        query = select(Job).where(Job.tenant_id == tenant).order_by(Job.id.desc()).limit(limit)
        if state is not None:
            query = query.where(Job.state == state)
        if before is not None:
            query = query.where(Job.id < before)
        with self._storage.read(tenant) as session:
            return [view(row) for row in session.scalars(query)]

    def cancel(self, tenant: str, job_id: str, *, actor: str = "cli") -> JobView:
        """Cancel a job; the worker stops its process at the next heartbeat. Cancelling twice is no error.

        Raises:
            NotFound: this tenant has no such job.
            Conflict: the job has already succeeded or failed.
        """

        def change(session: Session) -> JobView:
            row = _find(session, tenant, job_id)
            if row.state in OPEN_STATES:
                row.state = "cancelled"
                row.lease_until = None
                row.finished_at = self._clock.now()
                session.flush()
                record_step(session, row, "cancelled", actor=actor)
            elif row.state != "cancelled":
                raise Conflict(
                    f"Job {job_id} has already {row.state}.", remedy="Only open jobs can be cancelled."
                )
            return view(row)

        return self._storage.write(tenant, change)


def _find(session: Session, tenant: str, job_id: str) -> Job:
    row = session.scalar(select(Job).where(Job.tenant_id == tenant, Job.id == job_id))
    if row is None:
        raise NotFound(f"No job {job_id!r}.", remedy="List jobs with GET /v1/jobs.")
    return row
