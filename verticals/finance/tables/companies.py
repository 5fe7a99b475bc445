"""The companies that a tenant added to those that come along."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, TenantScoped


class FinanceCompany(TenantScoped, Base):
    """One company; it stands in for the shipped one of the same id.

    Attributes:
        facts: The other columns of the CSV form, lists as lists.
        revision: ULID of the write that put it here, to tell whether a directory in memory is the newest.
    """

    __tablename__ = "finance_companies"
    __table_args__ = (UniqueConstraint("tenant_id", "revision", "id"),)

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]]
    revision: Mapped[str] = mapped_column(String(26))
