"""Submits the reading of each connection whose time has come; called by the worker's ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.collecting.connections import COLLECT
from core.collecting.tables import Connection
from core.jobs.queue import SCHEDULE, forget, submit_in
from core.ports import Clock
from core.storage.engine import Storage
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM

LONGEST_WAIT = timedelta(hours=6)
"""No back-off of a connection is longer."""
_NEAR = timedelta(minutes=1)


class Due:
    """The rhythm of all connections.

    Args:
        storage: Where they are.
        clock: Tells what is due.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._last: datetime | None = None

    def tick(self) -> int:
        """Submit what is due for active tenants, each once however late; return how many that were."""
        now = self._clock.now().astimezone(UTC)
        query = (
            select(Connection)
            .join(Tenant, Tenant.id == Connection.tenant_id)
            .where(Tenant.state == "active")
            .order_by(Connection.next_at)
        )
        # Only a clock that went back leaves moments too far ahead: then, and at the start, all are looked at.
        if self._last is not None and now >= self._last:
            query = query.where(Connection.next_at <= now)
        with self._storage.read(SYSTEM) as session:
            found = [(row.tenant_id, row.id) for row in session.scalars(query) if _is_due(row, now)]
        count = sum(self._submit(tenant, connection_id) for tenant, connection_id in found)
        self._last = now
        return count

    def _submit(self, tenant: str, connection_id: str) -> bool:
        def change(session: Session) -> bool:
            row, now = session.get(Connection, (tenant, connection_id)), self._clock.now().astimezone(UTC)
            if row is None or not _is_due(row, now):
                return False
            payload = {"connection_id": row.id}
            submit_in(session, tenant, COLLECT, payload, clock=self._clock, actor=SCHEDULE, key=row.id)
            row.next_at = now + timedelta(seconds=row.every)
            forget(session, tenant, COLLECT, row.id, now)
            return True

        return self._storage.write(tenant, change)


def _is_due(row: Connection, now: datetime) -> bool:
    longest = max(timedelta(seconds=row.every), LONGEST_WAIT if row.failures else timedelta())
    return row.next_at <= now or row.next_at > now + longest + _NEAR
