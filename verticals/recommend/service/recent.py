"""The last weeks' interactions in memory: trending and live neighbours, caught up at each call.

A model is as old as its last fit; these count an event at the next call. Event time decides, not the time at
which an event came, so that late ones take their place.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ranking.interactions import History, Row
from core.ranking.trending import trending
from verticals.recommend.policy.events import weight
from verticals.recommend.recipe import DEPTH, WEIGHTS, WINDOW_DAYS, WINDOW_EVENTS
from verticals.recommend.service.person import actor
from verticals.recommend.tables import RecommendEvent, RecommendSession, RecommendState

_TENANTS = 64
_DAY = 86_400.0
_SHRINK = 3.0
_SOURCES, _TAKERS, _TAKES = 20, 200, 50
"""Items of a history, people of an item and items of a person that the live neighbours look at."""
_PATIENCE = 20.0
"""Trending is made anew for each change as long as that takes less than a twentieth of the time."""

Ranking = list[tuple[str, float]]


class Recent:
    """One tenant's window; safe to use from any thread."""

    def __init__(self) -> None:
        self.sequence = 0
        self.lock = threading.RLock()
        self.added = 0
        self._takes: defaultdict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        self._takers: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._newest = -math.inf
        self._trending: Ranking = []
        self._made_at, self._cost, self._stale = -math.inf, 0.0, True

    def add(self, who: str, item: str, worth: float, at: float) -> None:
        """Note that somebody took an item; of several takes the strongest, then the latest, counts."""
        self.added += 1
        self._newest = max(self._newest, at)
        held = self._takes[who].get(item)
        self._takes[who][item] = max((worth, at), held) if held is not None else (worth, at)
        self._takers[item][who] = None
        self._stale = True

    def join(self, session_id: str, user_id: str) -> None:
        """Give a session's takes to its user, none of them twice."""
        anonymous, user = actor(None, session_id), actor(user_id, None)
        for item, (worth, at) in self._takes.pop(anonymous, {}).items():
            self._takers[item].pop(anonymous, None)
            self.add(user, item, worth, at)

    def trending(self) -> Ranking:
        """Return items by who took them lately, as of the newest event."""
        with self.lock:
            return self._trend()

    def taken(self, item: str) -> bool:
        """Tell whether anybody took the item in the window."""
        return bool(self._takers.get(item))

    def _trend(self) -> Ranking:
        patient = time.monotonic() - self._made_at < _PATIENCE * self._cost
        if self._stale and not (patient and self._cost > 0.05):
            started = time.monotonic()
            since = self._newest - WINDOW_DAYS * _DAY
            self._trending = trending(self._rows(since), self._newest) if self._takes else []
            self._made_at, self._stale = time.monotonic(), False
            self._cost = self._made_at - started
        return self._trending

    def _rows(self, since: float) -> Iterable[Row]:
        for who, takes in self._takes.items():
            for item, (worth, at) in takes.items():
                if at >= since:
                    yield who, item, worth, at

    def neighbours(self, history: History, without: frozenset[str]) -> Ranking:
        """Return items that others took together with those of a history, damped for rare pairs.

        Args:
            history: Items with weights, the newest first.
            without: The person's own names: nobody is their own neighbour.
        """
        with self.lock:
            return self._neighbours(history, without)

    def _neighbours(self, history: History, without: frozenset[str]) -> Ranking:
        scores: defaultdict[str, float] = defaultdict(float)
        for source, weight_ in history[:_SOURCES]:
            takers = [who for who in list(self._takers.get(source, ()))[-_TAKERS:] if who not in without]
            both: defaultdict[str, int] = defaultdict(int)
            for who in takers:
                for item in list(self._takes[who])[-_TAKES:]:
                    both[item] += item != source
            own = math.sqrt(len(self._takers.get(source, ())))
            for item, count in both.items():
                if count:
                    scores[item] += weight_ * count / (own * math.sqrt(len(self._takers[item])) + _SHRINK)
        return sorted(scores.items(), key=lambda each: (-each[1], each[0]))[:DEPTH]

    def because(self, history: History, item: str, without: frozenset[str]) -> list[str]:
        """Return items of a history whose takers took `item` too."""
        with self.lock:
            takers = set(self._takers.get(item, ())) - without
            return [
                source
                for source, _ in history[:_SOURCES]
                if source != item and takers & set(self._takers.get(source, ()))
            ]


class Recents:
    """The windows of the tenants that were served last."""

    def __init__(self, tenants: int = _TENANTS) -> None:
        self._tenants = tenants
        self._known: OrderedDict[str, Recent] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, session: Session, tenant: str) -> Recent:
        """Return the window with all that this snapshot has in it."""
        with self._lock:
            found = self._known.setdefault(tenant, Recent())
            self._known.move_to_end(tenant)
            while len(self._known) > self._tenants:
                self._known.popitem(last=False)
        state = session.get(RecommendState, tenant)
        events = state.events if state is not None else 0
        with found.lock:
            if found.added > 2 * WINDOW_EVENTS:  # what is too old by now is let go
                found = self._known[tenant] = Recent()
            if events > found.sequence:
                _catch_up(session, tenant, found)
                found.sequence = events
        return found


def _catch_up(session: Session, tenant: str, recent: Recent) -> None:
    newest = session.scalar(select(func.max(RecommendEvent.at)).where(RecommendEvent.tenant_id == tenant))
    if newest is None:
        return
    since = newest - timedelta(days=WINDOW_DAYS)
    for item, kind, value, at, user_id, session_id in _events(session, tenant, recent.sequence, since):
        worth = weight(kind, value)
        if item is not None and worth > 0:
            recent.add(actor(user_id, session_id), item, worth, at.timestamp())
    if recent.sequence:
        links = select(RecommendSession).where(
            RecommendSession.tenant_id == tenant, RecommendSession.sequence > recent.sequence
        )
        for link in session.scalars(links):
            recent.join(link.session_id, link.user_id)


def _events(session: Session, tenant: str, after: int, since: object) -> list[tuple[Any, ...]]:
    columns = (
        RecommendEvent.item_id,
        RecommendEvent.kind,
        RecommendEvent.value,
        RecommendEvent.at,
        RecommendEvent.user_id,
        RecommendEvent.session_id,
    )
    query = (
        select(*columns)
        .where(
            RecommendEvent.tenant_id == tenant,
            RecommendEvent.sequence > after,
            RecommendEvent.at >= since,
            RecommendEvent.kind.in_(sorted(WEIGHTS)),
        )
        .order_by(RecommendEvent.at.desc())
        .limit(WINDOW_EVENTS)
    )
    return [tuple(row) for row in session.execute(query)][::-1]
