"""What a person did: read from the database at each request, by an index, so that the last event counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from core.ranking.interactions import decayed
from verticals.recommend.policy.events import disliked, weight
from verticals.recommend.recipe import HISTORY
from verticals.recommend.tables import RecommendEvent, RecommendSession

_PURCHASES = ("purchase", "refund")


@dataclass(frozen=True, slots=True)
class Person:
    """A user, a session, or nobody.

    Attributes:
        history: Item and weight, the newest first, decayed step by step; each item once.
        bought: Item to its last purchase; refunded ones are not in it.
        disliked: Items the person said no to.
    """

    user_id: str | None = None
    session_id: str | None = None
    history: tuple[tuple[str, float], ...] = ()
    bought: Mapping[str, datetime] = field(default_factory=dict)
    disliked: frozenset[str] = frozenset()

    @property
    def actors(self) -> frozenset[str]:
        """The names under which the live methods know the person."""
        named = ((actor(self.user_id, None),) if self.user_id else ()) + (
            (actor(None, self.session_id),) if self.session_id else ()
        )
        return frozenset(named)


NOBODY = Person()


def actor(user_id: str | None, session_id: str | None) -> str:
    """Return one name for who did it: the user where known, else the session."""
    return f"u:{user_id}" if user_id is not None else f"s:{session_id}"


def person(
    session: Session, tenant: str, user_id: str | None, session_id: str | None, now: Sequence[str] = ()
) -> Person:
    """Read a person.

    Args:
        session: From storage.read.
        tenant: Whose people.
        user_id: As given with the events.
        session_id: A session that joined a user stands for that user, unless another one is named.
        now: Items at hand (the page, the cart), the newest last; counted as viewed this moment.
    """
    if user_id is None and session_id is not None:
        link = session.get(RecommendSession, (tenant, session_id))
        user_id = link.user_id if link is not None else None
    whose = _whose(user_id, session_id)
    if whose is None:
        return Person(history=_history([], now))
    own = and_(RecommendEvent.tenant_id == tenant, whose)
    newest = _columns(own).order_by(RecommendEvent.at.desc(), RecommendEvent.sequence.desc()).limit(HISTORY)
    rows = [tuple(row) for row in session.execute(newest)]
    bought = _bought(session, own)
    return Person(user_id, session_id, _history(rows, now, set(bought)), bought, _disliked(rows))


def _whose(user_id: str | None, session_id: str | None) -> ColumnElement[bool] | None:
    parts: list[ColumnElement[bool]] = []
    if user_id is not None:
        parts.append(RecommendEvent.user_id == user_id)
    if session_id is not None:
        parts.append(and_(RecommendEvent.session_id == session_id, RecommendEvent.user_id.is_(None)))
    return or_(*parts) if parts else None


def _columns(own: ColumnElement[bool]) -> Any:
    return select(RecommendEvent.item_id, RecommendEvent.kind, RecommendEvent.value, RecommendEvent.at).where(
        own
    )


def _bought(session: Session, own: ColumnElement[bool]) -> dict[str, datetime]:
    """Return what was bought more often than given back; in whatever order the events came."""
    count: dict[str, int] = {}
    last: dict[str, datetime] = {}
    for item, kind, _, at in session.execute(_columns(own).where(RecommendEvent.kind.in_(_PURCHASES))):
        if item is None:
            continue
        count[item] = count.get(item, 0) + (1 if kind == "purchase" else -1)
        if kind == "purchase":
            last[item] = max(at, last.get(item, at))
    return {item: at for item, at in last.items() if count[item] > 0}


def _history(
    rows: Sequence[tuple[Any, ...]], now: Sequence[str], bought: set[str] | None = None
) -> tuple[tuple[str, float], ...]:
    strength: dict[str, float] = {}
    order: list[str] = []
    for item, kind, value, _ in rows:
        worth = weight(kind, value)
        if kind == "purchase" and bought is not None and item not in bought:
            worth = 0.0  # given back: it says nothing good
        if item is None or worth <= 0:
            continue
        order.append(item)
        strength[item] = max(worth, strength.get(item, 0.0))
    order = [*reversed(now), *order]
    strength |= {item: max(1.0, strength.get(item, 0.0)) for item in now}
    return tuple((item, step * math.sqrt(strength[item])) for item, step in decayed(order[::-1]))


def _disliked(rows: Sequence[tuple[Any, ...]]) -> frozenset[str]:
    """Return items whose newest opinion is a no; a later like takes it back."""
    said: dict[str, bool] = {}
    for item, kind, value, _ in rows:
        if item is not None and kind in {"dislike", "rating", "like", "purchase"}:
            said.setdefault(item, disliked(kind, value))
    return frozenset(item for item, no in said.items() if no)
