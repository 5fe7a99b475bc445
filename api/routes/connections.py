"""Connections: a tenant's configured connectors, read by the worker. Secrets go in and never come out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from api.auth import BearerAccess
from api.bootstrap import Container
from core.collecting.connections import LONGEST_SOURCE, ConnectionView, DeadLetterView
from core.paging import Cursor, Limit, Page, after, page, slice_after
from core.security.caller import ADMIN, Caller
from core.text.types import Name, SafeText

_DAY = 86_400
_LONGEST_SECRET = 10_000
ConnectionName = Annotated[Name, Field(min_length=1, max_length=LONGEST_SOURCE, examples=["reuters-markets"])]
Word = Annotated[SafeText, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", examples=["feed"])]


class ConnectionIn(BaseModel):
    """A connection to make.

    Attributes:
        name: The source of its records.
        kind: Entry point name of a connector.
        vertical: Who takes the records.
        config: The connector's own keys.
        secret: Password or token; kept encrypted.
        every: Seconds from one reading to the next.
        live: Whether what is there at the first reading is news too; otherwise it alerts nobody.
    """

    model_config = ConfigDict(extra="forbid")

    name: ConnectionName
    kind: Word
    vertical: Word
    config: Annotated[dict[SafeText, JsonValue], Field(max_length=50)] = Field(default_factory=dict)
    secret: Annotated[SecretStr | None, Field(min_length=1, max_length=_LONGEST_SECRET)] = None
    every: Annotated[float, Field(ge=5, le=30 * _DAY, allow_inf_nan=False)] = 300
    live: bool = False


class ConnectionOut(BaseModel):
    """A connection.

    Attributes:
        has_secret: Whether a secret is kept for it.
        state: `active`, or `failing` while its last reading went wrong.
        caught_up: Whether its end has been reached once; what comes before that is a backfill.
        taken: Records taken so far.
        failures: Readings that went wrong since the last that went well.
        error: What went wrong.
    """

    id: str
    name: str
    kind: str
    vertical: str
    config: dict[str, Any]
    has_secret: bool
    every: float
    state: str
    caught_up: bool
    taken: int
    failures: int
    error: dict[str, Any] | None
    created_at: datetime
    next_at: datetime
    last_read_at: datetime | None
    last_record_at: datetime | None


class DeadLetterOut(BaseModel):
    """Something that a connection brought and that was not taken."""

    id: str
    place: str
    reason: str
    raw: str
    at: datetime


class CollectOut(BaseModel):
    """The job that reads the connection."""

    job_id: str


def _shown(row: ConnectionView) -> ConnectionOut:
    error = None if row.error is None else {key: row.error[key] for key in ("slug", "detail", "remedy")}
    return ConnectionOut(
        id=row.id,
        name=row.name,
        kind=row.kind,
        vertical=row.vertical,
        config=dict(row.config),
        has_secret=row.has_secret,
        every=row.every.total_seconds(),
        state=row.state,
        caught_up=row.caught_up,
        taken=row.taken,
        failures=row.failures,
        error=error,
        created_at=row.created_at,
        next_at=row.next_at,
        last_read_at=row.last_read_at,
        last_record_at=row.last_record_at,
    )


def _id(row: ConnectionView) -> str:
    return row.id


def _letter(row: DeadLetterView) -> DeadLetterOut:
    return DeadLetterOut(id=row.id, place=row.place, reason=row.reason, raw=row.raw, at=row.at)


def router(container: Container, access: BearerAccess) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/connections", tags=["connections"])
    reader = Depends(access.require("connections:read"))
    writer = Depends(access.require("connections:write"))
    connections = container.connections

    @routes.post("", status_code=201)
    def create_connection(body: ConnectionIn, caller: Caller = writer) -> ConnectionOut:
        """Configure a connector; the worker reads it at once, then at its rhythm."""
        made = connections.create(
            caller.tenant,
            name=body.name,
            kind=body.kind,
            vertical=body.vertical,
            config=body.config,
            secret=None if body.secret is None else body.secret.get_secret_value(),
            every=timedelta(seconds=body.every),
            live=body.live,
            trusted=ADMIN in caller.scopes,
            actor=caller.key_id,
        )
        return _shown(made)

    @routes.get("")
    def list_connections(
        cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[ConnectionOut]:
        """List connections, oldest first."""
        return page(slice_after(connections.list(caller.tenant), cursor, _id), limit, _shown, _id)

    @routes.get("/{connection_id}")
    def get_connection(connection_id: str, caller: Caller = reader) -> ConnectionOut:
        """Return one connection and how its last reading went."""
        return _shown(connections.get(caller.tenant, connection_id))

    @routes.delete("/{connection_id}", status_code=204, response_class=Response)
    def delete_connection(connection_id: str, caller: Caller = writer) -> None:
        """Remove a connection and its dead letters; the records it brought stay."""
        connections.delete(caller.tenant, connection_id, actor=caller.key_id)

    @routes.post("/{connection_id}/collect", status_code=202)
    def collect_connection(connection_id: str, caller: Caller = writer) -> CollectOut:
        """Read a connection now, whatever its rhythm."""
        job_id = connections.collect(caller.tenant, connection_id, actor=caller.key_id)
        container.jobs.ring()
        return CollectOut(job_id=job_id)

    @routes.get("/{connection_id}/dead-letters")
    def list_dead_letters(
        connection_id: str, cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[DeadLetterOut]:
        """List what was refused, newest first, each with its reason.

        What a command refused of a file is listed under the id `file:NAME`.
        """
        rows = connections.dead_letters(caller.tenant, connection_id, before=after(cursor), limit=limit + 1)
        return page(rows, limit, _letter, lambda row: row.id)

    return routes
