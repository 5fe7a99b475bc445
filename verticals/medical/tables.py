"""Rows of medical: what was decided and who confirmed it, and apart from it what was said.

An erasure deletes the `ReviewContent`; the `Review`, the audit chain and the outbox hold codes, levels and
keyed hashes only, so they stay whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.ids import new_id
from core.storage.tables import Base, TenantScoped
from core.storage.types import now


class Review(TenantScoped, Base):
    """One triage and what a person made of it.

    Attributes:
        state: `open`, `confirmed` or `changed`.
        needed: Whether the decision asked for a person; the others are kept for audit and sampling.
        reasons: Codes of the reasons, the most urgent first.
        level_set: The plausible levels.
        faults: What failed on the way, e.g. `timeout`; empty where nothing did.
        models: Model version by task.
        content_hash: Keyed hash of the content, which may have been erased since.
        encounter: Keyed hash of the caller's encounter id.
    """

    __tablename__ = "medical_reviews"
    __table_args__ = (
        Index(None, "tenant_id", "state", "urgency", "id"),
        Index(None, "tenant_id", "urgency", "id"),
        Index(None, "tenant_id", "encounter"),
        Index(None, "tenant_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    state: Mapped[str] = mapped_column(String(16), default="open")
    needed: Mapped[bool]
    urgency: Mapped[int] = mapped_column(Integer)
    department: Mapped[str] = mapped_column(String(60))
    lang: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[Any]]
    red_flags: Mapped[list[Any]]
    level_set: Mapped[list[Any]]
    abstained: Mapped[bool]
    faults: Mapped[list[Any]]
    pack: Mapped[str] = mapped_column(String(80))
    pack_version: Mapped[str] = mapped_column(String(40))
    pack_sha256: Mapped[str] = mapped_column(String(64))
    models: Mapped[dict[str, Any]]
    content_hash: Mapped[str] = mapped_column(String(64))
    encounter: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_urgency: Mapped[int | None] = mapped_column(Integer)
    decided_department: Mapped[str | None] = mapped_column(String(60))
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]


class ReviewContent(TenantScoped, Base):
    """What a review is about: the de-identified input and the whole decision; erased on demand.

    Attributes:
        input: The complaint as rules and models read it.
        decision: The decision in full, evidence as offsets into the text of `input`.
        comment: What the reviewer wrote, de-identified.
    """

    __tablename__ = "medical_review_contents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "review_id"],
            ["medical_reviews.tenant_id", "medical_reviews.id"],
            name="fk_medical_review_contents_review",
            ondelete="CASCADE",
        ),
    )

    review_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    input: Mapped[dict[str, Any]]
    decision: Mapped[dict[str, Any]]
    comment: Mapped[str | None] = mapped_column(Text)
