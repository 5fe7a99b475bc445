"""Stories, and what finds the story of a text: its sketch, its keys, and who speaks of whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped


class FinanceStory(TenantScoped, Base):
    """Documents that tell one thing; it counts once, whatever its reach.

    Attributes:
        kind: `report`, `correction`, `denial` or `retraction`, as its lead.
        lead_id: Id of the earliest document, by (event time, source, external_id).
        source: Of the lead; it and `lead_external_id` order documents of one moment.
        event_at: Event time of the lead.
        reach: Number of documents.
        counted: False for a story that was retracted, for a denial that retracts one, and for a retraction.
        retracted_at: Event time of the earliest correction or denial that speaks of it.
        entangled: A text of it is also like texts that contradict it; then joining looks at all of them.
        remarked: A text of it corrects another story, or is corrected.
        absorbed_into: The story that took its documents over; the row stays so that its id stays known.
    """

    __tablename__ = "finance_stories"
    __table_args__ = (Index(None, "tenant_id", "event_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    lead_id: Mapped[str] = mapped_column(String(26))
    lead_external_id: Mapped[str] = mapped_column(String(400))
    source: Mapped[str] = mapped_column(String(120))
    event_at: Mapped[datetime]
    reach: Mapped[int] = mapped_column(Integer)
    counted: Mapped[bool]
    retracted_at: Mapped[datetime | None]
    entangled: Mapped[bool] = mapped_column(default=False)
    remarked: Mapped[bool] = mapped_column(default=False)
    absorbed_into: Mapped[str | None] = mapped_column(String(26))


class FinanceStoryText(TenantScoped, Base):
    """One text of one day with the companies it names, shared by all documents that repeat it.

    Attributes:
        id: Hash of text, companies and day.
        day: Of its event time: whole days since 1970 in UTC.
        kind: `report`, `correction`, `denial` or `retraction`.
        headline: Its first line without agency tags, for telling what a correction speaks of.
        facts: Figures, dates and directions (`policy.facts`).
        denied: Figures that a correction calls wrong.
        companies: Ids, sorted.
        copies: How many documents have it.
        first_at: Event time of the earliest of these, with its source, external id and id.
    """

    __tablename__ = "finance_story_texts"
    __table_args__ = (Index(None, "tenant_id", "story_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    story_id: Mapped[str] = mapped_column(String(26))
    day: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    headline: Mapped[str] = mapped_column(String(400))
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    facts: Mapped[list[Any]]
    denied: Mapped[list[Any]]
    companies: Mapped[list[Any]]
    copies: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime]
    first_source: Mapped[str] = mapped_column(String(120))
    first_external_id: Mapped[str] = mapped_column(String(400))
    first_id: Mapped[str] = mapped_column(String(26))


class FinanceStoryBand(TenantScoped, Base):
    """A key under which a text is looked up; texts that share one on near days are compared.

    Attributes:
        week: Whole weeks since 1970 of `day`; it leads the key so that one week's rows lie together.
        marks: Of the text (`policy.marks`); 0 may agree with all.
    """

    __tablename__ = "finance_story_bands"
    __table_args__ = ({"sqlite_with_rowid": False},)

    week: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    band: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    text_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(Integer)
    marks: Mapped[int] = mapped_column(BigInteger, server_default="0")


class FinanceStoryLink(TenantScoped, Base):
    """Two texts that are more than neighbours; each link stands in both directions.

    Attributes:
        kind: `near` (alike, neither contradicting nor equal in its facts), `corrects` or `corrected`.
    """

    __tablename__ = "finance_story_links"

    text_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
