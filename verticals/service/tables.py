"""Rows of service: conversations, their messages, feedback, approved answers, documents that wait."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped
from core.storage.types import now


class Conversation(TenantScoped, Base):
    """A conversation with one customer.

    Attributes:
        state: `open`, `handed_over` (the assistant is silent) or `closed`.
        user_key: Keyed hash of who the customer is elsewhere; None where nobody said.
        failures: Replies in a row that answered nothing.
    """

    __tablename__ = "service_conversations"
    __table_args__ = (Index(None, "tenant_id", "user_key"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(32))
    user_key: Mapped[str | None] = mapped_column(String(64))
    failures: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Message(TenantScoped, Base):
    """One message; an answer from documents keeps where its quotes stand, never the quotes themselves.

    Attributes:
        role: `user` or `assistant`.
        text: What was said; masked where a customer said it, empty where `citations` say it.
        source: Of a reply: `template`, `documents`, `fixed` or `none`.
        citations: `{document_id, version, start, end, page, title}` each.
        model: The version that told the intent.
    """

    __tablename__ = "service_messages"
    __table_args__ = (Index(None, "tenant_id", "conversation_id", "id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(26))
    role: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    lang: Mapped[str] = mapped_column(String(8))
    action: Mapped[str | None] = mapped_column(String(16))
    source: Mapped[str | None] = mapped_column(String(16))
    intent: Mapped[str | None] = mapped_column(String(200))
    out_of_scope: Mapped[bool | None]
    confidence: Mapped[float | None] = mapped_column(Float)
    citations: Mapped[list[Any]] = mapped_column(default=list)
    collection: Mapped[str | None] = mapped_column(String(64))
    model: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Feedback(TenantScoped, Base):
    """What somebody thinks of a reply; the last word counts."""

    __tablename__ = "service_feedback"

    message_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rating: Mapped[str] = mapped_column(String(8))
    comment: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Template(TenantScoped, Base):
    """An approved answer to an intent, given word by word."""

    __tablename__ = "service_templates"

    intent: Mapped[str] = mapped_column(String(100), primary_key=True)
    en: Mapped[str | None] = mapped_column(Text)
    zh: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Waiting(TenantScoped, Base):
    """A document that a job is to read; the row goes when it has been read, deleted or replaced."""

    __tablename__ = "service_waiting"
    __table_args__ = (Index(None, "tenant_id", "collection", "document_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    collection: Mapped[str] = mapped_column(String(64))
    document_id: Mapped[str] = mapped_column(String(120))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(200))
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
