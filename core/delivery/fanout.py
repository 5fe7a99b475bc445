"""Turns outbox events into deliveries for the web hooks that asked for their topics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.delivery.configs import covers
from core.delivery.message import Message
from core.delivery.queue import enqueue
from core.delivery.tables import Channel
from core.ports import Clock
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from core.storage.tenancy import SYSTEM

_BATCH = 500


def fan_out(storage: Storage, clock: Clock) -> int:
    """Queue a batch of new events and mark them; return how many there were.

    Marking and queuing are one transaction for each tenant, so an event is queued once whoever runs this.
    """
    query = select(OutboxEvent.tenant_id, OutboxEvent.id).where(OutboxEvent.delivered_at.is_(None))
    with storage.read(SYSTEM) as session:
        found = session.execute(query.order_by(OutboxEvent.id).limit(_BATCH)).all()
    by_tenant: defaultdict[str, list[str]] = defaultdict(list)
    for tenant, event_id in found:
        by_tenant[tenant].append(event_id)
    now = clock.now()
    return sum(_queue(storage, tenant, ids, now) for tenant, ids in by_tenant.items())


def _queue(storage: Storage, tenant: str, ids: Sequence[str], now: datetime) -> int:
    new = select(OutboxEvent).where(
        OutboxEvent.tenant_id == tenant, OutboxEvent.id.in_(ids), OutboxEvent.delivered_at.is_(None)
    )

    def write(session: Session) -> int:
        # The write lock of the tenant is held: nobody else marks them in between.
        events = session.scalars(new.order_by(OutboxEvent.id)).all()
        hooks = _hooks(session, tenant)
        for event in events:
            for hook in hooks:
                if _wants(hook, event):
                    message = Message("", "", data=event.payload, topic=event.topic)
                    enqueue(
                        session,
                        hook.id,
                        message,
                        key=event.id,
                        thread=_thread(event),
                        now=event.created_at,
                    )
            event.delivered_at = now
        return len(events)

    return storage.write(tenant, write)


def _hooks(session: Session, tenant: str) -> Sequence[Channel]:
    query = select(Channel).where(
        Channel.tenant_id == tenant, Channel.kind == "webhook", Channel.state == "active"
    )
    return session.scalars(query.order_by(Channel.id)).all()


def _thread(event: OutboxEvent) -> str | None:
    """Return what an event befell: a program that follows it must not see its end before its start."""
    about = event.payload.get("id")
    return f"{event.topic.rpartition('.')[0]}:{about}"[:200] if about else None


def _wants(hook: Channel, event: OutboxEvent) -> bool:
    """What befell a hook's own deliveries is not sent to it: each failure would make the next one."""
    own = event.topic.startswith("delivery.") and event.payload.get("channel_id") == hook.id
    return event.created_at >= hook.created_at and covers(hook.topics, event.topic) and not own
