"""Forgets deliveries that have long been finished, so that the tables stay bounded."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.delivery.tables import Delivery, Receipt
from core.ports import Clock
from core.storage.engine import Storage
from core.storage.tenancy import SYSTEM

KEPT = timedelta(days=30)
_BATCH = 500


def prune(storage: Storage, clock: Clock, *, kept: timedelta = KEPT) -> int:
    """Delete a batch of deliveries that ended longer ago, with their receipts; return how many.

    A key that is queued again after that time is a new delivery.
    """
    before = clock.now() - kept
    with storage.read(SYSTEM) as session:
        tenants = session.scalars(
            select(Delivery.tenant_id).where(Delivery.finished_at < before).distinct()
        ).all()
    return sum(_forget(storage, tenant, before) for tenant in tenants)


def _forget(storage: Storage, tenant: str, before: datetime) -> int:
    old = select(Delivery.id).where(Delivery.tenant_id == tenant, Delivery.finished_at < before)

    def write(session: Session) -> int:
        ids = session.scalars(old.limit(_BATCH)).all()
        quiet = {"synchronize_session": False}
        receipts = delete(Receipt).where(Receipt.tenant_id == tenant, Receipt.delivery_id.in_(ids))
        session.execute(receipts, execution_options=quiet)
        rows = delete(Delivery).where(Delivery.tenant_id == tenant, Delivery.id.in_(ids))
        session.execute(rows, execution_options=quiet)
        return len(ids)

    return storage.write(tenant, write)
