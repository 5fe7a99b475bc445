"""Jobs that are submitted again and again, by the worker's ticks.

Each schedule has one next moment. When that has passed the job is submitted once, however long ago it was,
and the next moment is the first of its rhythm that still lies ahead: a week without a worker is one job. A
next moment further ahead than one interval was set by a clock that has gone back since, and is moved near.
Moments are in UTC, so summer time changes nothing; a tick that two workers make at once submits one job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.jobs.queue import SCHEDULE, forget, submit_in
from core.ports import Clock
from core.storage.engine import Storage
from core.storage.tables import Schedule, Tenant
from core.storage.tenancy import SYSTEM

_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(days=3650)
_MOST = 200
_NEAR = 60.0


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule as it stood when it was read."""

    name: str
    kind: str
    payload: Mapping[str, Any]
    every: timedelta
    next_at: datetime
    last_at: datetime | None


class Schedules:
    """The schedules of all tenants.

    Args:
        storage: Where they are kept.
        clock: Tells what is due.
        standing: Kind to interval of what recurs for every active tenant; named after its kind.
    """

    def __init__(
        self, storage: Storage, clock: Clock, *, standing: Mapping[str, timedelta] | None = None
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._last: datetime | None = None
        self._standing = {kind: _checked(every) for kind, every in (standing or {}).items()}

    def put(self, tenant: str, name: str, kind: str, payload: Mapping[str, Any], every: timedelta) -> None:
        """Submit a job of this kind at once and then at this interval; replaces the schedule of this name.

        The job's key is the schedule's name: while one waits no second is submitted. A schedule whose
        interval stays keeps its rhythm.

        Raises:
            InvalidInput: the interval is shorter than a second or longer than ten years.
        """
        seconds = _checked(every).total_seconds()

        def change(session: Session) -> None:
            row = session.get(Schedule, (tenant, name))
            if row is None:
                session.add(_row(tenant, name, kind, payload, seconds, self._now()))
                return
            if row.every != seconds:
                row.every, row.next_at = seconds, self._now()
            row.kind, row.payload = kind, dict(payload)

        self._storage.write(tenant, change)

    def delete(self, tenant: str, name: str) -> None:
        """Remove a schedule; a job that it has submitted stays.

        Raises:
            NotFound: this tenant has none of that name.
        """

        def change(session: Session) -> None:
            row = session.get(Schedule, (tenant, name))
            if row is None:
                raise NotFound(f"No schedule {name!r}.", remedy="See the list of schedules.")
            session.delete(row)

        self._storage.write(tenant, change)

    def list(self, tenant: str) -> Sequence[ScheduleView]:
        """Return a tenant's schedules, by name."""
        query = select(Schedule).where(Schedule.tenant_id == tenant).order_by(Schedule.name)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]

    def tick(self) -> int:
        """Submit what is due for active tenants; return how many jobs that were."""
        self._begin_standing()
        now = self._now()
        count = sum(self._fire(tenant, name) for tenant, name in self._due(now))
        self._last = now
        return count

    def _now(self) -> datetime:
        # A clock in a zone with summer time would make intervals of wall-clock hours.
        return self._clock.now().astimezone(UTC)

    def _due(self, now: datetime) -> Sequence[tuple[str, str]]:
        query = (
            select(Schedule)
            .join(Tenant, Tenant.id == Schedule.tenant_id)
            .where(Tenant.state == "active")
            .order_by(Schedule.next_at)
        )
        # Only a clock that went back leaves moments too far ahead: then, and at the start, all are looked at.
        if self._last is not None and now >= self._last:
            query = query.where(Schedule.next_at <= now)
        with self._storage.read(SYSTEM) as session:
            rows = session.scalars(query).all()
        return [(row.tenant_id, row.name) for row in rows if row.next_at <= now or _strayed(row, now)]

    def _fire(self, tenant: str, name: str) -> bool:
        def change(session: Session) -> bool:
            row, now = session.get(Schedule, (tenant, name)), self._now()
            if row is None:
                return False
            if row.next_at > now:
                if _strayed(row, now):
                    row.next_at = now + timedelta(seconds=row.every)
                return False
            submit_in(session, tenant, row.kind, row.payload, clock=self._clock, actor=SCHEDULE, key=row.name)
            row.last_at, row.next_at = now, _next(row, now)
            forget(session, tenant, row.kind, row.name, now)
            return True

        return self._storage.write(tenant, change)

    def _begin_standing(self) -> None:
        for kind, every in self._standing.items():
            has = exists().where(
                Schedule.tenant_id == Tenant.id,
                Schedule.name == kind,
                Schedule.kind == kind,
                Schedule.every == every.total_seconds(),
            )
            query = select(Tenant.id).where(Tenant.state == "active", ~has).limit(_MOST)
            with self._storage.read(SYSTEM) as session:
                lacking = session.scalars(query).all()
            for tenant in lacking:
                self.put(tenant, kind, kind, {}, every)


def _checked(every: timedelta) -> timedelta:
    if not _SHORTEST <= every <= _LONGEST:
        raise InvalidInput(f"{every} is no interval of a schedule.", remedy="Use 1 second to 10 years.")
    return every


def _strayed(row: Schedule, now: datetime) -> bool:
    # Clocks of two hosts differ a little; such a difference alone is left as it is.
    return (row.next_at - now).total_seconds() > row.every + _NEAR


def _next(row: Schedule, now: datetime) -> datetime:
    missed = (now - row.next_at).total_seconds() // row.every
    return row.next_at + timedelta(seconds=(missed + 1) * row.every)


def _row(
    tenant: str, name: str, kind: str, payload: Mapping[str, Any], every: float, now: datetime
) -> Schedule:
    return Schedule(
        tenant_id=tenant, name=name, kind=kind, payload=dict(payload), every=every, next_at=now, last_at=None
    )


def _view(row: Schedule) -> ScheduleView:
    every = timedelta(seconds=row.every)
    return ScheduleView(row.name, row.kind, row.payload, every, row.next_at, row.last_at)
