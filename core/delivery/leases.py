"""Deliveries as a dispatcher sees them: claimed under a lease, then settled with a receipt.

A claim raises `tries`, and settling names the try it belongs to: who lost its lease finds nothing to change.
Each of the two is one transaction, and nothing is sent inside: killed between them, a dispatcher leaves a
lease that runs out, and the message goes again under the same id.

Of a thread one delivery is on its way to a channel at a time, the earliest; other threads do not wait for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from core.delivery.channels import disable
from core.delivery.pacing import (
    LONGEST_PAUSE,
    MAX_TRIES,
    free_at,
    later,
    moment,
    pause_after,
    wait_after,
    within_minute,
)
from core.delivery.queue import OPEN
from core.delivery.senders.parcel import Outcome
from core.delivery.tables import Channel, Delivery, Receipt
from core.ports import Clock
from core.storage import audit
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM

_ERROR = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A channel that something can be sent to now."""

    tenant: str
    channel_id: str
    failures: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send a delivery once, until its lease ends; `number` is the try it is for."""

    tenant: str
    channel_id: str
    kind: str
    delivery_id: str
    number: int
    message: Mapping[str, Any]
    created_at: datetime
    config: str
    secrets: tuple[str, ...]


class Leases:
    """Hands out deliveries.

    Args:
        storage: Where they lie.
        clock: Leases and waits are measured by it.
        seconds: How long a claim holds; longer than any sender may take.
        chance: Spreads retries; gives numbers in [0, 1).
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        seconds: float = 60.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._seconds = seconds
        self._chance = chance

    def due(self, *, limit: int = 500) -> Sequence[Due]:
        """Return the channels of active tenants that something can be sent to now."""
        now = self._clock.now()
        own = and_(Delivery.tenant_id == Channel.tenant_id, Delivery.channel_id == Channel.id)
        query = (
            select(Channel.tenant_id, Channel.id, Channel.failures)
            .join(Tenant, Tenant.id == Channel.tenant_id)
            .where(Tenant.state == "active", _open(now), exists().where(own, self._ready(now)))
            .order_by(Channel.failures, Channel.id)
            .limit(limit)
        )
        with self._storage.read(SYSTEM) as session:
            return [Due(*row) for row in session.execute(query)]

    def claim(self, tenant: str, channel_id: str) -> Claim | None:
        """Take the delivery of a channel that waits longest; None where there is none, or not now."""
        return self._storage.write(tenant, lambda session: self._take(session, tenant, channel_id))

    def _take(self, session: Session, tenant: str, channel_id: str) -> Claim | None:
        now = self._clock.now()
        query = select(Channel).where(Channel.tenant_id == tenant, Channel.id == channel_id, _open(now))
        channel = session.scalar(query)
        if channel is None:
            return None
        mine = (Delivery.tenant_id == tenant, Delivery.channel_id == channel_id, self._ready(now))
        row = session.scalar(select(Delivery).where(*mine).order_by(Delivery.next_at, Delivery.id).limit(1))
        if row is None or not _within_rate(channel, now):
            return None
        if row.state == "sending" and self._lost(session, row, now):
            return None
        row.state, row.tries = "sending", row.tries + 1
        row.lease_until = later(now, self._seconds)
        channel.sent = [*within_minute(channel.sent, now.timestamp()), now.timestamp()]
        secrets = [channel.secret]
        if channel.previous_until is not None and channel.previous_until > now:
            secrets.append(channel.previous_secret)
        return Claim(
            tenant,
            channel_id,
            channel.kind,
            row.id,
            row.tries,
            dict(row.message),
            row.created_at,
            channel.config,
            tuple(secret for secret in secrets if secret is not None),
        )

    def _lost(self, session: Session, row: Delivery, now: datetime) -> bool:
        """Note that a sender vanished; True where it is not tried again."""
        lost = Outcome("retry", None, "the sender vanished before it could tell what became of it")
        session.add(_receipt(row, "lost", lost, now, 0))
        if row.recalled:
            _call_off(row, now)
        elif row.tries < MAX_TRIES:
            return False
        else:
            _give_up(session, row, now)
        return True

    def settle(self, claim: Claim, outcome: Outcome, milliseconds: int) -> bool:
        """Write the receipt and what follows from it; False where it is no longer this claim's to write."""
        held = select(Delivery).where(
            Delivery.tenant_id == claim.tenant,
            Delivery.id == claim.delivery_id,
            Delivery.state == "sending",
            Delivery.tries == claim.number,
        )

        def write(session: Session) -> bool:
            row = session.scalar(held)
            channel = session.get(Channel, (claim.tenant, claim.channel_id))
            if row is None or channel is None:
                return False
            now = self._clock.now()
            session.add(_receipt(row, outcome.kind, outcome, now, milliseconds))
            self._apply(session, row, channel, outcome, now)
            return True

        return self._storage.write(claim.tenant, write)

    def _apply(
        self, session: Session, row: Delivery, channel: Channel, outcome: Outcome, now: datetime
    ) -> None:
        row.lease_until = None
        if outcome.kind == "delivered":
            row.state, row.finished_at = "delivered", now
            channel.failures, channel.paused_until = 0, None
            return
        wait = wait_after(row.tries, outcome.retry_after, self._chance) if outcome.kind == "retry" else None
        if outcome.kind == "retry":
            channel.failures += 1
            channel.paused_until = later(now, pause_after(channel.failures, outcome.retry_after))
        if outcome.kind == "retry" and row.recalled:
            _call_off(row, now)
        elif wait is None:
            _give_up(session, row, now)
        else:
            row.state, row.next_at = "pending", later(now, wait)
        if outcome.kind == "gone":
            disable(session, channel, outcome.error, now)

    def _ready(self, now: datetime) -> ColumnElement[bool]:
        # A clock that was set back must not hold up what was queued to go at once, nor keep a lease alive.
        at_once = and_(
            Delivery.tries == 0, Delivery.created_at > now, Delivery.next_at <= Delivery.created_at
        )
        waiting = and_(
            Delivery.state == "pending", or_(Delivery.next_at <= now, at_once), ~_earlier().exists()
        )
        impossible = Delivery.lease_until > later(now, 2 * self._seconds)
        return or_(waiting, and_(Delivery.state == "sending", or_(Delivery.lease_until <= now, impossible)))


def _earlier() -> Select[str]:
    """Return those of a delivery's thread that go before it."""
    other = aliased(Delivery)
    return select(other.id).where(
        other.tenant_id == Delivery.tenant_id,
        other.thread == Delivery.thread,
        other.channel_id == Delivery.channel_id,
        other.place < Delivery.place,
        other.state.in_(OPEN),
    )


def _open(now: datetime) -> ColumnElement[bool]:
    impossible = Channel.paused_until > later(now, 2 * LONGEST_PAUSE)
    unpaused = or_(Channel.paused_until.is_(None), Channel.paused_until <= now, impossible)
    return and_(Channel.state == "active", unpaused)


def _within_rate(channel: Channel, now: datetime) -> bool:
    free = free_at(channel.kind, channel.rate_per_minute, channel.sent, now.timestamp())
    if free > now.timestamp():
        channel.paused_until = moment(free)
        return False
    return True


def _call_off(row: Delivery, now: datetime) -> None:
    row.state, row.lease_until, row.finished_at = "cancelled", None, now


def _give_up(session: Session, row: Delivery, now: datetime) -> None:
    row.state, row.lease_until, row.finished_at = "failed", None, now
    session.flush()
    told = {"id": row.id, "channel_id": row.channel_id, "tries": row.tries}
    emit(session, "delivery.failed", told)
    audit.record(session, actor="system", action="delivery.failed", subject=row.id, detail=told)


def _receipt(row: Delivery, kind: str, outcome: Outcome, now: datetime, milliseconds: int) -> Receipt:
    return Receipt(
        delivery_id=row.id,
        number=row.tries,
        at=now,
        outcome=kind,
        status=outcome.status,
        error=outcome.error[:_ERROR],
        milliseconds=milliseconds,
    )
