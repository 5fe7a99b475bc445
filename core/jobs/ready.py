"""Which jobs can be claimed, with clocks that jump in mind.

Times in the queue are of the clock of whoever wrote them. A clock that was put back would leave a lease or a
wait far in the future; both have a longest length, so one that ends later than that was written by a clock
that has gone back since, and counts as over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from core.storage.tables import Job

_STRAYED = 10
"""A lease that ends after so many lengths is of another time; clocks of two hosts differ by less."""


def ready(now: datetime, kinds: Sequence[str], lease: float, longest_wait: float) -> ColumnElement[bool]:
    """Return the condition on Job: waiting and due, or running under a lease that is over.

    Args:
        now: The claimer's time.
        kinds: What it can run.
        lease: Seconds that a claim holds.
        longest_wait: Seconds of the longest wait before a retry; what a user asked for may be longer.
    """
    beyond = now + timedelta(seconds=longest_wait)
    strayed = and_(Job.tries > 0, Job.not_before > beyond)
    due = or_(Job.not_before.is_(None), Job.not_before <= now, strayed)
    over = or_(Job.lease_until < now, Job.lease_until > now + timedelta(seconds=_STRAYED * lease))
    waiting, vanished = and_(Job.state == "queued", due), and_(Job.state == "running", over)
    return and_(Job.kind.in_(kinds), or_(waiting, vanished))


def sibling_runs() -> ColumnElement[bool]:
    """Return the condition that another job of the same (tenant, kind, key) runs; for SYSTEM's sessions."""
    other = aliased(Job)
    return exists().where(
        other.tenant_id == Job.tenant_id,
        other.kind == Job.kind,
        other.key == Job.key,
        other.id != Job.id,
        other.state == "running",
    )
