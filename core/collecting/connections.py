"""A tenant's connections: made, listed, deleted. Their secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.collecting.factories import Factories
from core.collecting.letters import FILES, forget
from core.collecting.tables import Connection, DeadLetter
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.jobs.queue import submit_in
from core.ports import Clock
from core.security.sealed import seal
from core.settings import Settings
from core.storage import audit
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.outbox import emit
from core.vertical import Vertical

COLLECT = "collect"
"""The kind of job that reads a connection."""
LONGEST_SOURCE = 120
"""Code points of a source's name; every vertical can hold so many."""


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection as it may be shown; see core.collecting.tables for what the fields mean."""

    id: str
    name: str
    kind: str
    vertical: str
    config: Mapping[str, Any]
    has_secret: bool
    every: timedelta
    state: str
    caught_up: bool
    taken: int
    failures: int
    error: Mapping[str, Any] | None
    created_at: datetime
    next_at: datetime
    last_read_at: datetime | None
    last_record_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """What a connection brought and nobody took."""

    id: str
    place: str
    reason: str
    raw: str
    at: datetime


def view(row: Connection) -> ConnectionView:
    """Return the frozen picture of a row, without its secret."""
    return ConnectionView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        vertical=row.vertical,
        config=dict(row.config),
        has_secret=row.secret is not None,
        every=timedelta(seconds=row.every),
        state=row.state,
        caught_up=row.caught_up,
        taken=row.taken,
        failures=row.failures,
        error=row.error,
        created_at=row.created_at,
        next_at=row.next_at,
        last_read_at=row.last_read_at,
        last_record_at=row.last_record_at,
    )


def list_connections(storage: Storage, tenant: str, *, vertical: str | None = None) -> list[ConnectionView]:
    """Return a tenant's connections, oldest first.

    Args:
        storage: Where they are.
        tenant: Whose.
        vertical: Only those made for it.
    """
    query = select(Connection).where(Connection.tenant_id == tenant).order_by(Connection.id)
    if vertical is not None:
        query = query.where(Connection.vertical == vertical)
    with storage.read(tenant) as session:
        return [view(row) for row in session.scalars(query)]


class Connections:
    """Configured connectors.

    Args:
        storage: Where they are kept.
        settings: Say where the installation's secret is.
        clock: Tells when.
        factories: Checks configurations.
        verticals: Those with a sink take records.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        clock: Clock,
        factories: Factories,
        verticals: Sequence[Vertical],
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._clock = clock
        self._factories = factories
        self._takers = sorted(v.name for v in verticals if v.finished and v.sink is not None)

    def create(
        self,
        tenant: str,
        *,
        name: str,
        kind: str,
        vertical: str,
        config: Mapping[str, Any],
        secret: str | None = None,
        every: timedelta = timedelta(minutes=5),
        live: bool = False,
        trusted: bool = False,
        actor: str = "cli",
    ) -> ConnectionView:
        """Make a connection; it is read within a second or so.

        Args:
            tenant: Whose.
            name: The source of its records; one name once.
            kind: Entry point name of the connector.
            vertical: Whose sink takes them.
            config: The connector's keywords.
            secret: Password or token; kept sealed.
            every: From one reading to the next.
            live: Its first reading is news too; otherwise what is there already is a backfill and alerts
                nobody.
            trusted: Whether an administrator asks.
            actor: For the audit.

        Raises:
            InvalidInput: the configuration or the name is wrong, or the vertical takes no records.
            Forbidden: this kind of connection needs an administrator.
            Conflict: the name is taken.
        """
        if vertical not in self._takers:
            fault = FieldError("/vertical", f"is none of {', '.join(self._takers) or '(no vertical)'}")
            raise InvalidInput(f"{vertical!r} takes no records.", remedy="Name another.", errors=[fault])
        _check_source(name, config)
        self._factories.check(tenant, kind, config, name=name, secret=secret, trusted=trusted)
        row_id, now = new_id(), self._clock.now()
        sealed = None if secret is None else seal(self._settings, secret, place=f"{tenant}/{row_id}")

        def insert(session: Session) -> ConnectionView:
            taken = select(Connection.id).where(Connection.tenant_id == tenant, Connection.name == name)
            if session.scalar(taken) is not None:
                raise Conflict(f"There is a connection {name!r}.", remedy="Choose another name.")
            row = Connection(
                tenant_id=tenant,
                id=row_id,
                name=name,
                kind=kind,
                vertical=vertical,
                config=dict(config),
                secret=sealed,
                every=every.total_seconds(),
                state="active",
                caught_up=live,
                taken=0,
                failures=0,
                created_at=now,
                next_at=now,
            )
            session.add(row)
            session.flush()
            _note(session, row, "created", actor)
            return view(row)

        return self._storage.write(tenant, insert)

    def get(self, tenant: str, connection_id: str) -> ConnectionView:
        """Return one connection.

        Raises:
            NotFound: this tenant has no such connection.
        """
        with self._storage.read(tenant) as session:
            return view(_find(session, tenant, connection_id))

    def list(self, tenant: str) -> Sequence[ConnectionView]:
        """Return a tenant's connections, oldest first."""
        return list_connections(self._storage, tenant)

    def delete(self, tenant: str, connection_id: str, *, actor: str = "cli") -> None:
        """Remove a connection and its dead letters; the records it brought stay.

        Raises:
            NotFound: this tenant has no such connection.
        """

        def change(session: Session) -> None:
            row = _find(session, tenant, connection_id)
            forget(session, tenant, connection_id)
            session.delete(row)
            _note(session, row, "deleted", actor)

        self._storage.write(tenant, change)

    def collect(self, tenant: str, connection_id: str, *, actor: str = "cli") -> str:
        """Queue a reading now, whatever the connection's rhythm; return the job's id.

        Raises:
            NotFound: this tenant has no such connection.
        """

        def submit(session: Session) -> str:
            row = _find(session, tenant, connection_id)
            payload = {"connection_id": row.id}
            return submit_in(session, tenant, COLLECT, payload, clock=self._clock, actor=actor, key=row.id)

        return self._storage.write(tenant, submit)

    def dead_letters(
        self, tenant: str, connection_id: str, *, before: str | None = None, limit: int = 50
    ) -> Sequence[DeadLetterView]:
        """Return what was refused, newest first; also of a file that a command read (`letters.of_file`).

        Raises:
            NotFound: this tenant has no such connection.
        """
        mine = [DeadLetter.tenant_id == tenant, DeadLetter.connection_id == connection_id]
        if before is not None:
            mine.append(DeadLetter.id < before)
        query = select(DeadLetter).where(*mine).order_by(DeadLetter.id.desc()).limit(limit)
        with self._storage.read(tenant) as session:
            if not connection_id.startswith(FILES):
                _find(session, tenant, connection_id)
            return [
                DeadLetterView(each.id, each.place, each.reason, each.raw, each.at)
                for each in session.scalars(query)
            ]


def _check_source(name: str, config: Mapping[str, Any]) -> None:
    named = {"/name": name, "/config/source": str(config.get("source") or "")}
    fault = f"longer than {LONGEST_SOURCE} characters"
    faults = [FieldError(where, fault) for where, told in named.items() if len(told) > LONGEST_SOURCE]
    if faults:
        raise InvalidInput(f"The name of a source is {fault}.", remedy="Choose a shorter one.", errors=faults)


def _find(session: Session, tenant: str, connection_id: str) -> Connection:
    row = session.get(Connection, (tenant, connection_id))
    if row is None:
        raise NotFound(f"No connection {connection_id!r}.", remedy="List them with GET /v1/connections.")
    return row


def _note(session: Session, row: Connection, step: str, actor: str) -> None:
    emit(session, f"connection.{step}", {"id": row.id, "kind": row.kind, "vertical": row.vertical})
    audit.record(session, actor=actor, action=f"connection.{step}", subject=row.id, detail={"kind": row.kind})
