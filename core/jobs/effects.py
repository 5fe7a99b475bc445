"""Effects that happen once, however often a job is started.

A job that is killed between its effect and its end runs again. A handler that does its effect in the
transaction in which `once` says yes does it exactly once:

    def apply(session):
        if once(session, payload, "notice"):
            outbox.emit(session, "toy.notice.sent", {...})
    services.storage.write(payload["tenant"], apply)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.storage.tables import Job


def once(session: Session, payload: Mapping[str, Any], name: str = "effect") -> bool:
    """Return whether the effect is still to be done, and note in this transaction that it is.

    Args:
        session: From `storage.write` of the job's tenant.
        payload: What the handler was given: `tenant`, `job_id` and `try` say which run asks.
        name: Tells several effects of one job apart.

    Raises:
        Conflict: the job is not this run's any more: it was cancelled, or another worker took it over.
    """
    tenant, job_id, number = payload["tenant"], payload["job_id"], payload["try"]
    row = session.scalar(select(Job).where(Job.tenant_id == tenant, Job.id == job_id).with_for_update())
    if row is None or row.state != "running" or row.tries != number:
        raise Conflict(f"Job {job_id} is not this run's any more.", remedy="Its new run does the rest.")
    if name in (row.effects or ()):
        return False
    row.effects = [*(row.effects or ()), name]
    return True
