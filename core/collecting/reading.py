"""One reading of a connection as the database sees it: begun, moved on, ended well or badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.collecting.connections import COLLECT
from core.collecting.due import LONGEST_WAIT
from core.collecting.letters import Letter, keep
from core.collecting.tables import Connection
from core.jobs.backoff import Backoff
from core.jobs.queue import SCHEDULE, submit_in
from core.ports import Clock
from core.storage.engine import Storage
from core.storage.outbox import emit


class Overtaken(Exception):
    """Another reading of the same connection has moved the cursor, or the connection is gone."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading needs to know of its connection, as it stood when it began."""

    tenant: str
    id: str
    name: str
    kind: str
    vertical: str
    config: Mapping[str, Any]
    secret: str | None
    cursor: str | None
    backfill: bool


class Readings:
    """Writes readings down.

    Args:
        storage: Where connections are.
        clock: Tells when.
        backoff: How long to wait after failures that may pass.
        slow_backoff: After those that will not pass by themselves.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        backoff: Backoff | None = None,
        slow_backoff: Backoff | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._backoff = backoff or Backoff(first=30.0, longest=3600.0)
        self._slow = slow_backoff or Backoff(first=300.0, longest=LONGEST_WAIT.total_seconds())

    def begin(self, tenant: str, connection_id: str) -> Reading | None:
        """Note that a reading begins; None where the connection is gone."""

        def change(session: Session) -> Reading | None:
            row = session.get(Connection, (tenant, connection_id))
            if row is None:
                return None
            # Whatever becomes of this reading, the next one comes.
            row.next_at = self._clock.now() + timedelta(seconds=row.every)
            return Reading(
                tenant=tenant,
                id=row.id,
                name=row.name,
                kind=row.kind,
                vertical=row.vertical,
                config=dict(row.config),
                secret=row.secret,
                cursor=row.cursor,
                backfill=not row.caught_up,
            )

        return self._storage.write(tenant, change)

    def advance(
        self, reading: Reading, *, before: str | None, cursor: str, taken: int, letters: Sequence[Letter]
    ) -> None:
        """Move the cursor behind a batch that the sink has taken, and keep what was refused.

        Raises:
            Overtaken: the cursor is not where this reading left it.
        """

        def change(session: Session) -> None:
            row = session.get(Connection, (reading.tenant, reading.id))
            if row is None or row.cursor != before:
                raise Overtaken
            row.cursor, row.taken = cursor, row.taken + taken
            row.last_record_at = self._clock.now()
            keep(session, reading.tenant, reading.id, letters, self._clock.now())

        self._storage.write(reading.tenant, change)

    def finish(self, reading: Reading, *, more: bool) -> None:
        """Note that a reading went well.

        Args:
            reading: Which.
            more: The end is not reached: the rest is queued at once, behind what waits.
        """

        def change(session: Session) -> None:
            row = session.get(Connection, (reading.tenant, reading.id))
            if row is None:
                return
            if row.failures:
                emit(session, "connection.recovered", {"id": row.id, "vertical": row.vertical})
            now = self._clock.now()
            row.state, row.failures, row.error = "active", 0, None
            if not more:
                row.caught_up, row.last_read_at = True, now
                row.next_at = now + timedelta(seconds=row.every)
                return
            payload = {"connection_id": row.id}
            submit_in(
                session, reading.tenant, COLLECT, payload, clock=self._clock, actor=SCHEDULE, key=row.id
            )

        self._storage.write(reading.tenant, change)

    def fail(self, reading: Reading, error: Mapping[str, Any], *, retry_after: float | None) -> None:
        """Note that a reading went wrong, and when the next one comes.

        Args:
            reading: Which.
            error: What to show; no secrets.
            retry_after: Seconds to wait at least; None for what will not pass by itself.
        """

        def change(session: Session) -> None:
            row = session.get(Connection, (reading.tenant, reading.id))
            if row is None:
                return
            if not row.failures:
                emit(session, "connection.failing", {"id": row.id, "vertical": row.vertical})
            row.failures += 1
            row.state, row.error = "failing", dict(error)
            slow = retry_after is None
            backoff = self._slow if slow else self._backoff
            wait = backoff.seconds(row.failures, at_least=max(retry_after or 0.0, min(row.every, 60.0)))
            row.next_at = self._clock.now() + timedelta(seconds=wait)

        self._storage.write(reading.tenant, change)
