"""The use case: who is told of which alerts, where, and when not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.delivery.tables import Channel
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.ports import Clock
from core.storage import audit
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.tenancy import tenant_of
from verticals.finance.policy.quiet import QuietHours
from verticals.finance.tables import FinanceNotice, FinanceSubscriber

MOST = 500
"""Subscribers of one tenant."""


@dataclass(frozen=True, slots=True)
class SubscriberView:
    """A subscriber; see tables.alerts for `match`, `quiet` and `escalate`."""

    id: str
    name: str
    channel_id: str
    lang: str
    enabled: bool
    match: Mapping[str, Any]
    quiet: Mapping[str, Any] | None
    escalate: Mapping[str, Any] | None
    created_at: datetime
    updated_at: datetime


class Subscribers:
    """A tenant's subscribers.

    Args:
        storage: Where they are kept.
        clock: Tells when they were changed.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def create(self, tenant: str, values: Mapping[str, Any], *, actor: str) -> SubscriberView:
        """Add a subscriber.

        Args:
            tenant: Whose.
            values: The fields of SubscriberView that a person gives; name and channel_id are needed.
            actor: Who, for the audit.

        Raises:
            InvalidInput: no such channel, or a zone that nobody knows.
            Conflict: the name is taken, or there are too many.
        """
        now = self._clock.now()
        blank: dict[str, Any] = {"lang": "en", "enabled": True, "match": {}, "quiet": None, "escalate": None}

        def insert(session: Session) -> SubscriberView:
            if (session.scalar(select(func.count()).select_from(FinanceSubscriber)) or 0) >= MOST:
                raise Conflict(f"There are {MOST} subscribers already.", remedy="Delete one first.")
            row = FinanceSubscriber(id=f"sub_{new_id()}", created_at=now, **blank)
            return _set(session, row, values, now, "created", actor)

        return self._storage.write(tenant, insert)

    def change(
        self, tenant: str, subscriber_id: str, values: Mapping[str, Any], *, actor: str
    ) -> SubscriberView:
        """Change the fields that are given.

        Raises:
            NotFound: the tenant has no such subscriber.
            InvalidInput, Conflict: see `create`.
        """
        now = self._clock.now()
        return self._storage.write(
            tenant,
            lambda session: _set(session, _find(session, subscriber_id), values, now, "changed", actor),
        )

    def get(self, tenant: str, subscriber_id: str) -> SubscriberView:
        """Return one subscriber.

        Raises:
            NotFound: the tenant has no such subscriber.
        """
        with self._storage.read(tenant) as session:
            return _view(_find(session, subscriber_id))

    def list(self, tenant: str, *, behind: str | None = None, limit: int = MOST) -> Sequence[SubscriberView]:
        """Return subscribers, oldest first, from behind an id."""
        query = select(FinanceSubscriber).order_by(FinanceSubscriber.id).limit(limit)
        if behind is not None:
            query = query.where(FinanceSubscriber.id > behind)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]

    def delete(self, tenant: str, subscriber_id: str, *, actor: str) -> None:
        """Remove a subscriber, and what it was not told yet.

        Raises:
            NotFound: the tenant has no such subscriber.
        """

        def remove(session: Session) -> None:
            row = _find(session, subscriber_id)
            session.execute(delete(FinanceNotice).where(FinanceNotice.subscriber_id == subscriber_id))
            session.delete(row)
            session.flush()
            audit.record(
                session,
                actor=actor,
                action="finance.subscriber.deleted",
                subject=subscriber_id,
                at=self._clock.now(),
            )

        self._storage.write(tenant, remove)


def check_channel(session: Session, channel_id: str, pointer: str) -> None:
    """Refuse the id of a channel that the tenant does not have.

    Raises:
        InvalidInput: there is none.
    """
    if session.get(Channel, (tenant_of(session), channel_id)) is None:
        raise InvalidInput(
            f"There is no channel {channel_id!r}.",
            remedy="Make it with POST /v1/channels or POST /v1/webhook-endpoints.",
            errors=[FieldError(pointer, "no such channel")],
        )


def quiet_hours(quiet: Mapping[str, Any]) -> QuietHours:
    """Return stored quiet hours as they are asked.

    Raises:
        InvalidInput: nobody knows the zone, or they have no length.
    """
    begin, end = time.fromisoformat(quiet["from"]), time.fromisoformat(quiet["to"])
    if begin == end:
        fault = FieldError("/quiet_hours/to", "equals `from`")
        raise InvalidInput("Quiet hours that end when they begin.", errors=[fault])
    try:
        zone = ZoneInfo(quiet["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(
            f"Nobody knows the zone {quiet['zone']!r}.",
            remedy="Use a name such as Asia/Shanghai.",
            errors=[FieldError("/quiet_hours/zone", "unknown zone")],
        ) from error
    return QuietHours(begin, end, zone, tuple(quiet.get("days") or ()), quiet.get("except_severity"))


def _set(
    session: Session,
    row: FinanceSubscriber,
    values: Mapping[str, Any],
    now: datetime,
    step: str,
    actor: str,
) -> SubscriberView:
    name = values.get("name", row.name)
    taken = select(FinanceSubscriber.id).where(FinanceSubscriber.name == name, FinanceSubscriber.id != row.id)
    with session.no_autoflush:
        if session.scalar(taken) is not None:
            raise Conflict(f"There is a subscriber {name!r} already.", remedy="Take another name.")
    for field, value in values.items():
        setattr(row, field, value)
    check_channel(session, row.channel_id, "/channel_id")
    if row.escalate is not None:
        check_channel(session, row.escalate["channel_id"], "/escalate/channel_id")
    if row.quiet is not None:
        quiet_hours(row.quiet)
    row.updated_at = now
    session.add(row)
    session.flush()
    audit.record(session, actor=actor, action=f"finance.subscriber.{step}", subject=row.id, at=now)
    return _view(row)


def _find(session: Session, subscriber_id: str) -> FinanceSubscriber:
    row = session.get(FinanceSubscriber, (tenant_of(session), subscriber_id))
    if row is None:
        raise NotFound(f"There is no subscriber {subscriber_id!r}.", remedy="List those there are.")
    return row


def _view(row: FinanceSubscriber) -> SubscriberView:
    return SubscriberView(
        row.id,
        row.name,
        row.channel_id,
        row.lang,
        row.enabled,
        dict(row.match),
        row.quiet,
        row.escalate,
        row.created_at,
        row.updated_at,
    )
