"""The documents that a tenant sent in, and what was read in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, synonym

from core.storage.tables import Base, TenantScoped
from core.storage.types import now
from verticals.finance.schemas.closed import MAX_EXTERNAL_ID, MAX_SOURCE


class FinanceDocument(TenantScoped, Base):
    """One text of a source; (source, external_id) is its identity.

    The first text that came under it wins, but for one that says when it was revised: of these the latest.
    What a connection brings is looked at by `policy.revising` instead.

    Attributes:
        sha256: Of text, language and time, to tell a repetition from another text under the same id.
        published_at: When the source says that it appeared.
        first_seen_at: When it first came here; what API calls `received_at`.
        revised_at: When the source says that the text kept here was revised, or when a connection saw that
            it was; None for a first version.
        told_at: The latest time that its source gave for the text kept here; None where it gave none.
        counted_at: The moment at which it counts (`policy.counting.when`); None where nobody knows.
        dated: How that was told: `moment`, `day`, `received`, `future` or `unknown`.
        live: False where it came by a backfill, of which nobody is told.
        entities: Companies it speaks of, each `{id, name, ticker, sentiment, evidence}`.
        read_at: When its sentiment and topics were told; None while it waits.
        story_id: The story it belongs to; None until it is joined.
        story_text: The row of `FinanceStoryText` that it shares with the documents of the same text.
    """

    __tablename__ = "finance_documents"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        Index(None, "tenant_id", "read_at"),
        Index(None, "tenant_id", "published_at"),
        Index(None, "tenant_id", "story_id"),
        Index(None, "tenant_id", "story_text"),
    )

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(MAX_EXTERNAL_ID), primary_key=True)
    id: Mapped[str] = mapped_column(String(26))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    lang: Mapped[str] = mapped_column(String(8))
    published_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime] = mapped_column(default=now)
    revised_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    sentiment: Mapped[str | None] = mapped_column(String(16))
    probabilities: Mapped[dict[str, Any] | None]
    topics: Mapped[list[Any] | None]
    model: Mapped[dict[str, Any] | None]
    read_at: Mapped[datetime | None]
    story_id: Mapped[str | None] = mapped_column(String(26))
    story_text: Mapped[int | None] = mapped_column(BigInteger)

    counted_at: Mapped[datetime | None]
    dated: Mapped[str] = mapped_column(String(12), default="moment", server_default="moment")
    live: Mapped[bool] = mapped_column(default=True, server_default=true())
    entities: Mapped[list[Any] | None]
    risk: Mapped[str | None] = mapped_column(String(16))

    received_at: Mapped[datetime] = synonym("first_seen_at")

    @property
    def event_at(self) -> datetime:
        """When what it tells happened: when it counts, or was first seen where nobody knows."""
        return self.counted_at or self.published_at or self.first_seen_at
