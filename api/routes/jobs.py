"""Looking at background work, and stopping it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from api.auth import BearerAccess
from api.bootstrap import Container
from core.jobs.queue import JobView, State
from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller


class JobOut(BaseModel):
    """A job.

    Attributes:
        log: The last lines it wrote; empty in lists.
    """

    id: str
    kind: str
    state: State
    percent: float
    tries: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    log: list[str]


def shown(job: JobView, *, log: bool = True) -> JobOut:
    """Return a job as clients see it; its payload holds paths of ours and stays inside."""
    return JobOut(
        id=job.id,
        kind=job.kind,
        state=job.state,
        percent=job.percent,
        tries=job.tries,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        result=None if job.result is None else dict(job.result),
        error=None if job.error is None else dict(job.error),
        log=list(job.log) if log else [],
    )


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    reader, writer = Depends(access.require("jobs:read")), Depends(access.require("jobs:write"))

    @routes.get("")
    def list_jobs(
        cursor: Cursor = None,
        limit: Limit = 50,
        state: Annotated[State | None, Query()] = None,
        caller: Caller = reader,
    ) -> Page[JobOut]:
        """List jobs, newest first."""
        rows = container.jobs.list(caller.tenant, state=state, before=after(cursor), limit=limit + 1)
        return page(rows, limit, lambda job: shown(job, log=False), lambda job: str(job.id))

    @routes.get("/{job_id}")
    def get_job(job_id: str, caller: Caller = reader) -> JobOut:
        """Return one job with its log tail."""
        return shown(container.jobs.get(caller.tenant, job_id))

    @routes.delete("/{job_id}")
    def cancel_job(job_id: str, caller: Caller = writer) -> JobOut:
        """Cancel a job that is queued or running; its process is ended within seconds."""
        return shown(container.jobs.cancel(caller.tenant, job_id, actor=caller.key_id))

    return routes
