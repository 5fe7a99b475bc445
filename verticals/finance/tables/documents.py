"""Rows of finance: the documents that a tenant sent in, and what was read in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped
from core.storage.types import now


class FinanceDocument(TenantScoped, Base):
    """One text of a source; (source, external_id) is its identity, and the first that came wins.

    Attributes:
        sha256: Of text, language and time, to tell a repetition from another text under the same id.
        read_at: When its sentiment and topics were told; None while it waits.
    """

    __tablename__ = "finance_documents"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        Index(None, "tenant_id", "read_at"),
        Index(None, "tenant_id", "published_at"),
    )

    source: Mapped[str] = mapped_column(String(120), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(400), primary_key=True)
    id: Mapped[str] = mapped_column(String(26))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    lang: Mapped[str] = mapped_column(String(8))
    published_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(default=now)
    sentiment: Mapped[str | None] = mapped_column(String(16))
    probabilities: Mapped[dict[str, Any] | None]
    topics: Mapped[list[Any] | None]
    model: Mapped[dict[str, Any] | None]
    read_at: Mapped[datetime | None]
