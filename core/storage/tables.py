"""The core's tables. Every tenant's row begins with `tenant_id`, in every key and every unique constraint."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Float, Index, Integer, LargeBinary, MetaData, String, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.errors import TenancyViolation
from core.storage.ids import new_id
from core.storage.types import UtcDateTime, now

SCOPE = "colonnade.scope"
"""Where a connection's `info` holds its tenant scope (see core.storage.tenancy)."""
MARK = "colonnade.mark"
"""Where it holds the comment that cleared statements carry (see core.storage.sqlite)."""

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of all mapped classes; constraints are named alike on both databases."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


def _tenant_of_connection(context: DefaultExecutionContext) -> str:
    scope = context.root_connection.info.get(SCOPE)
    if scope is None or not scope.is_tenant:
        raise TenancyViolation(
            "A row without a tenant was inserted under SYSTEM.", remedy="Set its tenant_id."
        )
    return str(scope.tenant)


class TenantScoped:
    """Mixin of every table whose rows belong to a tenant; the three guards watch over its subclasses.

    `tenant_id` leads the primary key, so rows are fetched by `session.get(Class, (tenant, id))`. New objects
    get the session's tenant; unique constraints and foreign keys of subclasses must name tenant_id too.
    """

    tenant_id: Mapped[str] = mapped_column(
        String(64), primary_key=True, default=_tenant_of_connection, sort_order=-100
    )


class Tenant(Base):
    """A customer; only SYSTEM sees this table."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default="active")
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiKey(TenantScoped, Base):
    """A hashed API key; its secret is stored nowhere."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[Any]]
    publishable: Mapped[bool] = mapped_column(default=False)
    origins: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyRecord(TenantScoped, Base):
    """What was answered to an Idempotency-Key, or that the answer is being made."""

    __tablename__ = "idempotency_records"
    __table_args__ = (Index(None, "expires_at"),)

    route: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(128))
    status: Mapped[int | None] = mapped_column(Integer)
    media_type: Mapped[str | None] = mapped_column(String(100))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    lease_until: Mapped[datetime]
    expires_at: Mapped[datetime]


class OutboxEvent(TenantScoped, Base):
    """Something that happened, written in the transaction in which it happened."""

    __tablename__ = "outbox_events"
    __table_args__ = (Index(None, "delivered_at", "id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    topic: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    delivered_at: Mapped[datetime | None]


class AuditEntry(TenantScoped, Base):
    """One link of a tenant's audit chain."""

    __tablename__ = "audit_entries"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(400))
    detail: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class AuditHead(TenantScoped, Base):
    """The last link of a tenant's chain, kept apart so that a cut tail is missed."""

    __tablename__ = "audit_heads"

    sequence: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))


class ModelVersion(TenantScoped, Base):
    """A trained artefact and the stage it has reached: candidate, production or archived."""

    __tablename__ = "model_versions"
    __table_args__ = (Index(None, "tenant_id", "task", "stage"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    task: Mapped[str] = mapped_column(String(200))
    stage: Mapped[str] = mapped_column(String(16), default="candidate")
    path: Mapped[str] = mapped_column(String(1000))
    manifest: Mapped[dict[str, Any]]
    parent: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=now)
    promoted_at: Mapped[datetime | None]


class Dataset(TenantScoped, Base):
    """One uploaded version of a data set; its rows are a file."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("tenant_id", "name", "version"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(Integer)
    path: Mapped[str] = mapped_column(String(1000))
    columns: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Job(TenantScoped, Base):
    """Background work: queued, running, succeeded, failed or cancelled.

    Attributes:
        key: Of queued jobs of one (tenant, kind, key) there is one, of running ones too; None: any number.
        not_before: A queued job waits until then.
        actor: Who submitted it.
        effects: Names of what it has done already (core.jobs.effects).
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "created_at"), Index(None, "tenant_id", "kind", "key", "state"))

    id: Mapped[str] = mapped_column(String(80), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), default="queued")
    percent: Mapped[float] = mapped_column(Float, default=0.0)
    log: Mapped[list[Any]] = mapped_column(default=list)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    key: Mapped[str | None] = mapped_column(String(200))
    not_before: Mapped[datetime | None]
    actor: Mapped[str | None] = mapped_column(String(200))
    effects: Mapped[list[Any] | None]


class Schedule(TenantScoped, Base):
    """A job that is submitted again and again.

    Attributes:
        every: Seconds from one submission to the next.
        next_at: When the next is due.
        last_at: When the last was submitted.
    """

    __tablename__ = "schedules"
    __table_args__ = (Index(None, "next_at"),)

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]]
    every: Mapped[float] = mapped_column(Float)
    next_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
