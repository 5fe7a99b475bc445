"""The use case: take events in, each once; join a session to its user at login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.ports import Clock
from core.storage.engine import Storage
from core.storage.outbox import emit
from verticals.recommend.policy.events import kind
from verticals.recommend.recipe import SKEW_SECONDS, WITHOUT_ITEM
from verticals.recommend.schemas.events import EventIn
from verticals.recommend.service.items import state_of
from verticals.recommend.tables import RecommendEvent, RecommendItem, RecommendSession, RecommendState

Status = Literal["accepted", "duplicate", "rejected"]
UNKNOWN_ITEM = "the item is not in the catalogue yet; the event counts when it comes"


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one event.

    Attributes:
        field: Name of the field at fault.
    """

    status: Status
    reason: str | None = None
    field: str | None = None


class Events:
    """A tenant's events.

    Args:
        storage: Where they are kept.
        clock: Tells when they came, and what is in the future.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def take(self, tenant: str, events: Sequence[EventIn]) -> list[Intake]:
        """Store what is new, all in one transaction; it is durable, and counts, when this returns.

        Returns:
            What became of each, in their order; of several with one id the first wins.
        """
        now = self._clock.now()
        faults = [self._fault(event, now) for event in events]
        good = [event for event, fault in zip(events, faults, strict=True) if fault is None]
        taken = iter(
            self._storage.write(tenant, lambda session: _insert(session, tenant, good, now)) if good else []
        )
        return [fault if fault is not None else next(taken) for fault in faults]

    @staticmethod
    def _fault(event: EventIn, now: datetime) -> Intake | None:
        known = kind(event.type)
        if known is None:
            return Intake("rejected", f"no event type is called {event.type[:60]!r}", "type")
        if event.user_id is None and event.session_id is None:
            return Intake("rejected", "give a user_id or a session_id", "user_id")
        if event.item_id is None and known not in WITHOUT_ITEM:
            return Intake("rejected", f"an event of type {event.type} needs an item_id", "item_id")
        if known == "login" and (event.user_id is None or event.session_id is None):
            return Intake("rejected", "a login needs session_id and user_id", "session_id")
        if known == "rating" and event.value is None:
            return Intake("rejected", "a rating needs its stars as value", "value")
        if event.timestamp is not None and event.timestamp > now + timedelta(seconds=SKEW_SECONDS):
            return Intake("rejected", f"lies more than {SKEW_SECONDS:.0f} s in the future", "timestamp")
        return None


def _insert(session: Session, tenant: str, events: Sequence[EventIn], now: datetime) -> list[Intake]:
    state = state_of(session, tenant)
    known_items = _known(session, RecommendItem.id, {event.item_id for event in events if event.item_id})
    known_ids = _known(session, RecommendEvent.event_id, {event.event_id for event in events})
    taken = []
    for event in events:
        if event.event_id in known_ids:
            taken.append(Intake("duplicate", "an event of this id is known already"))
            continue
        known_ids.add(event.event_id)
        state.events += 1
        joined = _join(session, tenant, event, state, now)
        session.add(_row(event, state.events, event.user_id or joined, now))
        unknown = event.item_id is not None and event.item_id not in known_items
        taken.append(Intake("accepted", UNKNOWN_ITEM if unknown else None))
    fresh = sum(each.status == "accepted" for each in taken)
    if fresh:
        session.flush()
        emit(session, "recommend.events.accepted", {"events": fresh})
    return taken


def _known(session: Session, column: InstrumentedAttribute[str], ids: set[str]) -> set[str]:
    found: set[str] = set()
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        found.update(session.scalars(select(column).where(column.in_(wanted[start : start + 500]))))
    return found


def _row(event: EventIn, sequence: int, user_id: str | None, now: datetime) -> RecommendEvent:
    return RecommendEvent(
        event_id=event.event_id,
        sequence=sequence,
        user_id=user_id,
        session_id=event.session_id,
        item_id=event.item_id,
        kind=str(kind(event.type)),
        value=event.value,
        at=event.timestamp or now,
        received_at=now,
        recommendation_id=event.recommendation_id,
        impression=list(event.impression) if event.impression is not None else None,
    )


def _join(session: Session, tenant: str, event: EventIn, state: RecommendState, now: datetime) -> str | None:
    """Join a session to the user that an event names with it; return whose an anonymous event is.

    What the session did before without a user becomes the user's, each event once, because it is the same
    row. A session that another user takes over belongs to that user from then on.
    """
    if event.session_id is None:
        return None
    link = session.get(RecommendSession, (tenant, event.session_id))
    if event.user_id is None:
        return link.user_id if link is not None else None
    if link is None:
        link = RecommendSession(session_id=event.session_id, user_id=event.user_id, sequence=0, joined_at=now)
        session.add(link)
    elif link.user_id == event.user_id:
        return None
    link.user_id, link.sequence, link.joined_at = event.user_id, state.events, now
    session.flush()
    session.execute(
        update(RecommendEvent)
        .where(
            RecommendEvent.tenant_id == tenant,
            RecommendEvent.session_id == event.session_id,
            RecommendEvent.user_id.is_(None),
        )
        .values(user_id=event.user_id)
    )
    return None
