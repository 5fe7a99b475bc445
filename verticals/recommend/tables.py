"""Rows of recommend: items, events, sessions that became users, what was shown, and where a tenant stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped
from core.storage.types import now


class RecommendState(TenantScoped, Base):
    """One row a tenant, raised in the transaction of each change, so that caches see it at the next call.

    Attributes:
        generation: Counts changes of items.
        events: Counts events and joined sessions.
    """

    __tablename__ = "recommend_states"

    generation: Mapped[int] = mapped_column(Integer, default=0)
    events: Mapped[int] = mapped_column(Integer, default=0)


class RecommendItem(TenantScoped, Base):
    """An item; a deleted one keeps its id and its date and nothing else.

    Attributes:
        body: As sent, see `schemas.items.ItemBody`.
        reading: What the encoder reads of it, masked.
        vector: Its float16 unit vector; None until it is made.
        encoder: Fingerprint of the encoder that made it.
        generation: Of the tenant's items when it last changed.
    """

    __tablename__ = "recommend_items"
    __table_args__ = (Index(None, "tenant_id", "generation"),)

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[dict[str, Any]]
    reading: Mapped[str] = mapped_column(Text)
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    encoder: Mapped[str | None] = mapped_column(String(64))
    generation: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class RecommendEvent(TenantScoped, Base):
    """One thing that a person did; the first of an id wins.

    Attributes:
        user_id: As given; filled in later where the session joins a user.
        kind: Our name of its type.
        sequence: Of the tenant's events when it came; caches catch up by it.
    """

    __tablename__ = "recommend_events"
    __table_args__ = (
        Index(None, "tenant_id", "user_id", "at"),
        Index(None, "tenant_id", "session_id", "at"),
        Index(None, "tenant_id", "sequence"),
        Index(None, "tenant_id", "at"),
    )

    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[str | None] = mapped_column(String(200))
    session_id: Mapped[str | None] = mapped_column(String(200))
    item_id: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    value: Mapped[float | None] = mapped_column(Float)
    at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=now)
    recommendation_id: Mapped[str | None] = mapped_column(String(200))
    impression: Mapped[list[Any] | None]


class RecommendSession(TenantScoped, Base):
    """A session that joined a user at login; what it does later without a user_id is the user's too."""

    __tablename__ = "recommend_sessions"
    __table_args__ = (Index(None, "tenant_id", "sequence"),)

    session_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200))
    sequence: Mapped[int] = mapped_column(Integer)
    joined_at: Mapped[datetime] = mapped_column(default=now)


class RecommendImpression(TenantScoped, Base):
    """A list that was shown, with the chance that each place had, for estimates of other policies.

    Attributes:
        items: `[{item_id, rank, propensity, sources}]`.
        policy: Model and settings that made it.
    """

    __tablename__ = "recommend_impressions"
    __table_args__ = (Index(None, "tenant_id", "at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(String(200))
    session_id: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(default=now)
    policy: Mapped[str] = mapped_column(String(200))
    items: Mapped[list[Any]]
    k: Mapped[int] = mapped_column(Integer)
    diversity: Mapped[float] = mapped_column(Float)
    explore: Mapped[float] = mapped_column(Float)
