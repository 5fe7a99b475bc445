"""The use case: what happens to a tenant, event after event, out of the outbox."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.errors import FieldError, InvalidInput
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent

_AT_ONCE = 200
_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}\Z")
_START = "0" * 26
_ALERT = "finance.alert."
_NAMES = {"finance.document.read": "document.read", "finance.story.changed": "story"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        id: Sorts by time; a stream is resumed behind it.
        name: `document.read`, `story`, or `alert.<what happened>`.
        data: JSON values; ids, no texts.
    """

    id: str
    name: str
    at: datetime
    data: Mapping[str, Any]


class Stream:
    """A tenant's events.

    Args:
        storage: Where the outbox is.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def end(self, tenant: str) -> str:
        """Return the id behind which what comes from now on stands."""
        query = select(OutboxEvent.id).order_by(OutboxEvent.id.desc()).limit(1)
        with self._storage.read(tenant) as session:
            return session.scalar(query) or _START

    def after(self, tenant: str, last: str) -> tuple[Sequence[Event], str]:
        """Return the next events behind an id, in order, and the id to go on behind.

        The second moves on over events of other parts as well, so that they are looked at once.
        """
        query = select(OutboxEvent).where(OutboxEvent.id > last).order_by(OutboxEvent.id).limit(_AT_ONCE)
        with self._storage.read(tenant) as session:
            rows = session.scalars(query).all()
        named = ((row, _name(row.topic)) for row in rows)
        events = [Event(row.id, name, row.created_at, row.payload) for row, name in named if name is not None]
        return events, rows[-1].id if rows else last


def checked(last: str) -> str:
    """Return the id that a client says it saw last.

    Raises:
        InvalidInput: it is none of ours.
    """
    if not _ID.match(last):
        raise InvalidInput(
            "Last-Event-ID is none of ours.",
            remedy="Send the id of the last event, or no such header.",
            errors=[FieldError("header:Last-Event-ID", "not the id of an event")],
        )
    return last


def _name(topic: str) -> str | None:
    if topic.startswith(_ALERT):
        return topic.removeprefix("finance.")
    return _NAMES.get(topic)
