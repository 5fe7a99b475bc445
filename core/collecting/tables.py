"""Connections and dead letters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.ids import new_id
from core.storage.tables import Base, TenantScoped


class Connection(TenantScoped, Base):
    """A configured connector of a tenant.

    Attributes:
        name: The `source` of its records, unless its config says another.
        kind: Entry point name of the connector.
        vertical: Whose sink takes the records.
        config: The constructor's keywords.
        secret: Sealed (core.security.sealed).
        every: Seconds from one reading to the next.
        cursor: How far it has been read; None before the first record.
        state: `active`, or `failing` while the last reading went wrong.
        caught_up: Whether the end has been reached once: what came before that is a backfill.
        taken: Records that the sink has taken.
        failures: Readings that went wrong since the last that went well.
        error: What went wrong, `{slug, title, detail, remedy, …}`.
        next_at: When it is read next.
        last_read_at: When a reading last reached the end.
        last_record_at: When a record last came.
    """

    __tablename__ = "connections"
    __table_args__ = (UniqueConstraint("tenant_id", "name"), Index(None, "next_at"))

    id: Mapped[str] = mapped_column(String(80), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(200))
    vertical: Mapped[str] = mapped_column(String(64))
    config: Mapped[dict[str, Any]]
    secret: Mapped[str | None] = mapped_column(Text)
    every: Mapped[float] = mapped_column(Float)
    cursor: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="active")
    caught_up: Mapped[bool] = mapped_column(default=False)
    taken: Mapped[int] = mapped_column(Integer, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    last_read_at: Mapped[datetime | None]
    last_record_at: Mapped[datetime | None]


class DeadLetter(TenantScoped, Base):
    """A thing that was not taken; of one place there is one.

    Attributes:
        place: Where it stands in its source.
        reason: Why it was refused.
        raw: It, as far as it could be kept.
    """

    __tablename__ = "dead_letters"
    __table_args__ = (UniqueConstraint("tenant_id", "connection_id", "place"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(400))
    reason: Mapped[str] = mapped_column(String(1000))
    raw: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
