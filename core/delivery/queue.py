"""Queues deliveries in the caller's transaction, and tells what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.delivery.message import Message, packed
from core.delivery.tables import Channel, Delivery, Receipt
from core.errors import InvalidInput, NotFound
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.tenancy import tenant_of
from core.storage.types import now as utc_now

_LONGEST_KEY = 200
OPEN = ("pending", "sending")


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """One try; see core.delivery.tables."""

    number: int
    at: datetime
    outcome: str
    status: int | None
    error: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery and its tries, oldest first."""

    id: str
    channel_id: str
    key: str
    topic: str
    state: str
    tries: int
    next_at: datetime
    created_at: datetime
    finished_at: datetime | None
    receipts: tuple[ReceiptView, ...]


def enqueue(
    session: Session,
    channel_id: str,
    message: Message,
    *,
    key: str,
    thread: str | None = None,
    replaces: bool = False,
    not_before: datetime | None = None,
    now: datetime | None = None,
) -> str:
    """Queue a message in the session's transaction: it is sent if and only if the state is kept.

    Args:
        session: From storage.write, of the channel's tenant.
        channel_id: Where to.
        message: What.
        key: What it is about, at most 200 characters; the same key again is the same delivery.
        thread: What it is one of several notices about, at most 200 characters: on a channel none of them is
            sent before those that were queued earlier have arrived or were given up.
        replaces: Whether those of its thread that have not arrived on this channel are called off.
        not_before: For quiet hours; default: at once.
        now: From the clock; default: the machine's.

    Returns:
        The delivery's id, `msg_…`. On a disabled channel it is cancelled from the start.

    Raises:
        NotFound: the tenant has no such channel.
        InvalidInput: no key, too long a thread, or a message without a JSON form.
        PayloadTooLarge: a message over the cap.
    """
    _check_length("key", key)
    if thread is not None:
        _check_length("thread", thread)
    tenant = tenant_of(session)
    same = (Delivery.tenant_id == tenant, Delivery.channel_id == channel_id, Delivery.key == key)
    known = session.scalar(select(Delivery.id).where(*same))
    if known is not None:
        return known
    channel = session.get(Channel, (tenant, channel_id))
    if channel is None:
        raise NotFound(f"There is no channel {channel_id!r}.", remedy="Make it first.")
    moment = now or utc_now()
    if thread is not None and replaces:
        withdraw(session, thread, channel_id=channel_id, now=moment)
    row = Delivery(
        id=f"msg_{new_id()}",
        channel_id=channel_id,
        key=key,
        thread=thread,
        place=_next_place(session, channel_id, thread),
        message=packed(message),
        state="pending" if channel.state == "active" else "cancelled",
        tries=0,
        next_at=not_before or moment,
        created_at=moment,
    )
    session.add(row)
    session.flush()
    return row.id


def _check_length(name: str, value: str) -> None:
    if not 0 < len(value) <= _LONGEST_KEY:
        raise InvalidInput(f"A delivery's {name} has 1 to {_LONGEST_KEY} characters.", remedy="Use an id.")


def withdraw(
    session: Session, thread: str, *, channel_id: str | None = None, now: datetime | None = None
) -> None:
    """Call off what has not arrived of a thread, in the session's transaction.

    What is on its way cannot be caught up with; it is not tried again if it fails.

    Args:
        session: From storage.write, of the channel's tenant.
        thread: See `enqueue`.
        channel_id: Only on this channel; default: on all.
        now: From the clock; default: the machine's.
    """
    query = select(Delivery).where(
        Delivery.tenant_id == tenant_of(session), Delivery.thread == thread, Delivery.state.in_(OPEN)
    )
    if channel_id is not None:
        query = query.where(Delivery.channel_id == channel_id)
    for row in session.scalars(query):
        if row.state == "sending":
            row.recalled = True
        else:
            row.state, row.finished_at = "cancelled", now or utc_now()
    session.flush()


def _next_place(session: Session, channel_id: str, thread: str | None) -> int:
    """Return a place behind all that are not finished; ids and clocks of two hosts need not agree."""
    if thread is None:
        return 0
    last = select(func.max(Delivery.place)).where(
        Delivery.tenant_id == tenant_of(session),
        Delivery.thread == thread,
        Delivery.channel_id == channel_id,
        Delivery.state.in_(OPEN),
    )
    return (session.scalar(last) or 0) + 1


class Deliveries:
    """What became of messages, for people who ask."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def get(self, tenant: str, delivery_id: str) -> DeliveryView:
        """Return one delivery.

        Raises:
            NotFound: the tenant has no such delivery.
        """
        with self._storage.read(tenant) as session:
            row = session.get(Delivery, (tenant, delivery_id))
            if row is None:
                raise NotFound(f"There is no delivery {delivery_id!r}.", remedy="Look at its channel.")
            return _view(session, row)

    def list(self, tenant: str, channel_id: str, *, limit: int = 20) -> Sequence[DeliveryView]:
        """Return the deliveries of a channel, newest first."""
        query = select(Delivery).where(Delivery.tenant_id == tenant, Delivery.channel_id == channel_id)
        with self._storage.read(tenant) as session:
            rows = session.scalars(query.order_by(Delivery.id.desc()).limit(limit)).all()
            return [_view(session, row) for row in rows]


def _view(session: Session, row: Delivery) -> DeliveryView:
    tries = select(Receipt).where(Receipt.tenant_id == row.tenant_id, Receipt.delivery_id == row.id)
    receipts = tuple(
        ReceiptView(one.number, one.at, one.outcome, one.status, one.error, one.milliseconds)
        for one in session.scalars(tries.order_by(Receipt.number))
    )
    return DeliveryView(
        row.id,
        row.channel_id,
        row.key,
        str(row.message.get("topic", "")),
        row.state,
        row.tries,
        row.next_at,
        row.created_at,
        row.finished_at,
        receipts,
    )
