"""Channels, what is to be sent through them, and what became of each try."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped


class Channel(TenantScoped, Base):
    """A place that notifications go to.

    Attributes:
        kind: webhook, email, slack, dingtalk, feishu or wecom.
        config: JSON by kind, sealed: the addresses of chat robots are secrets themselves.
        shown: What of the config may be shown.
        topics: Patterns of outbox topics that a web hook is told of.
        secret: Sealed; None where the kind has none.
        previous_secret: Sealed; signs too until `previous_until`.
        state: `active` or `disabled`.
        reason: Why it was disabled.
        failures: Failed tries since the last that arrived.
        paused_until: Nothing is sent before.
        sent: Moments of the last sends, seconds since 1970: what the rate limit counts.
    """

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    config: Mapped[str] = mapped_column(Text)
    shown: Mapped[dict[str, Any]]
    topics: Mapped[list[Any]]
    secret: Mapped[str | None] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_until: Mapped[datetime | None]
    rate_per_minute: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(500))
    failures: Mapped[int] = mapped_column(Integer)
    paused_until: Mapped[datetime | None]
    sent: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Delivery(TenantScoped, Base):
    """One message to one channel.

    Attributes:
        id: `msg_…`: the same in every try.
        key: What it is about: the same key is the same delivery.
        thread: Deliveries of one thread go to a channel one after the other; None for one by itself.
        place: In its thread, among those that were not finished when it was queued.
        recalled: It was on its way when it was called off: it is not tried again.
        message: See core.delivery.message.
        state: `pending`, `sending`, `delivered`, `failed` or `cancelled`.
        tries: Times it was begun to send.
        next_at: Not before.
        lease_until: While it is sent: when somebody else may take it over.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("tenant_id", "channel_id", "key"),
        Index(None, "state", "next_at"),
        Index(None, "tenant_id", "channel_id", "state"),
        Index(None, "tenant_id", "thread", "channel_id", "place"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    thread: Mapped[str | None] = mapped_column(String(200))
    place: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    recalled: Mapped[bool] = mapped_column(default=False, server_default=false())
    message: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Receipt(TenantScoped, Base):
    """What became of one try.

    Attributes:
        number: Of the try, from 1; at most as many as there are tries.
        outcome: `delivered`, `retry`, `refused`, `gone` or `lost` (the sender vanished).
        status: HTTP or SMTP status, or the error code in the answer's body.
        error: What went wrong, without secrets.
    """

    __tablename__ = "delivery_receipts"

    delivery_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(500))
    milliseconds: Mapped[int] = mapped_column(Integer)
