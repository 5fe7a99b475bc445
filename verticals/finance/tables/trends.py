"""What was counted: a ledger that only grows, its running sums, and how far each source has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped


class FinanceLedger(TenantScoped, Base):
    """One signed change of what is counted; rows are added and never changed.

    Attributes:
        sequence: From 1, in the order in which it became known.
        known_at: When it became known; later in every later transaction of the tenant.
        event_at: When what is counted happened.
        topic: A topic; empty for all.
        entity: Id of a company; empty for all.
        whole_day: Only the day of `event_at` is known: counts in windows of days and weeks only.
        live: False where it came by a backfill.
        count: Stories; negative where one is taken back.
        negative: Bad news among them.
        reach: Documents.
    """

    __tablename__ = "finance_ledger"
    __table_args__ = (
        Index(None, "tenant_id", "topic", "entity", "event_at"),
        Index(None, "tenant_id", "document_id"),
        # Few rows carry a story, most only reach.
        Index(
            "ix_finance_ledger_stories",
            "tenant_id",
            "story_id",
            sqlite_where=text("count <> 0"),
            postgresql_where=text("count <> 0"),
        ),
        {"sqlite_with_rowid": False},
    )

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    known_at: Mapped[datetime]
    event_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(120))
    topic: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(120))
    whole_day: Mapped[bool]
    live: Mapped[bool]
    count: Mapped[int] = mapped_column(Integer)
    negative: Mapped[int] = mapped_column(Integer)
    reach: Mapped[int] = mapped_column(Integer)
    story_id: Mapped[str] = mapped_column(String(26))
    document_id: Mapped[str] = mapped_column(String(26))


class FinanceCell(TenantScoped, Base):
    """The sum of the ledger over a quarter of an hour that begins at `start`."""

    __tablename__ = "finance_cells"
    __table_args__ = ({"sqlite_with_rowid": False},)

    topic: Mapped[str] = mapped_column(String(60), primary_key=True)
    entity: Mapped[str] = mapped_column(String(120), primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(120), primary_key=True)
    whole_day: Mapped[bool] = mapped_column(primary_key=True)
    live: Mapped[bool] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    negative: Mapped[int] = mapped_column(Integer)
    reach: Mapped[int] = mapped_column(Integer)


class FinanceSource(TenantScoped, Base):
    """How far a source has come in event time.

    Attributes:
        first_at: The earliest event time counted of it, on any subject.
        latest_at: The latest.
        heard_at: When a document of it was last counted that was no backfill; before the first such one, the
            latest event time of its backfills.
    """

    __tablename__ = "finance_sources"

    source: Mapped[str] = mapped_column(String(120), primary_key=True)
    first_at: Mapped[datetime]
    latest_at: Mapped[datetime]
    heard_at: Mapped[datetime]
