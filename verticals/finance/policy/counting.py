"""When a document counts, and what it adds to the trends; pure, so that it can be counted again at any time.

The moment that counts is never later than the moment it was first seen here. A bare date tells no time of
day: such a document counts in windows of days and weeks only, so that nothing piles up at an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from core.streams.windows import start_of

Dated = Literal["moment", "day", "received", "future", "unknown"]
"""How it was told when a document counts.

`moment`: the source said. `day`: the source gave a date only; it counts at noon UTC, in windows of days.
`received`: the source said nothing (or today's date), so it counts when it came. `future`: the source named a
moment to come; it counts when it came. `unknown`: of a backfill, and nobody said; it counts in no window.
"""

SKEW = timedelta(minutes=5)
"""Clocks differ by so much; a document dated further ahead than this is marked."""
LATENESS = timedelta(hours=1)
"""How much later than its successors a document may come and still find its window not final."""

NEGATIVE = "negative"


def when(
    published_at: datetime | None, day: date | None, seen_at: datetime, *, arrived: bool = True
) -> tuple[datetime | None, Dated]:
    """Return the moment at which a document counts, and how that was told.

    Args:
        published_at: What its source says.
        day: The date, where its source says no more than that.
        seen_at: When it was first seen here.
        arrived: Whether it came as it appeared, so that `seen_at` tells something; False of a backfill and
            of a replay.
    """
    if published_at is not None:
        ahead = published_at > seen_at + SKEW
        return min(published_at, seen_at), "future" if ahead else "moment"
    if day is None:
        return (seen_at, "received") if arrived else (None, "unknown")
    distance = (seen_at.astimezone(UTC).date() - day).days
    # A day's difference is the zone's; it came when it appeared.
    if arrived and abs(distance) <= 1:
        return seen_at, "received"
    if distance < 0 and arrived:
        return seen_at, "future"
    return min(datetime.combine(day, time(12), UTC), seen_at), "day"


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a document counts.

    Attributes:
        at: When; None where nobody knows.
        whole_day: Whether only its day is known.
        live: False for a document of a backfill.
        negative: Whether it is bad news as a whole.
        topics: What it is about.
        entities: Company id to whether it is bad news for that company.
        story: Whether its story counts, and it is the document that stands for it.
    """

    at: datetime | None
    source: str
    whole_day: bool
    live: bool
    negative: bool
    topics: tuple[str, ...]
    entities: Mapping[str, bool]
    story: bool


class Place(NamedTuple):
    """Where something counts; an empty topic or entity stands for any."""

    event_at: datetime
    source: str
    topic: str
    entity: str
    whole_day: bool
    live: bool


class Cell(NamedTuple):
    """A quarter of an hour of one source, topic and entity."""

    topic: str
    entity: str
    start: datetime
    source: str
    whole_day: bool
    live: bool


class Amount(NamedTuple):
    """Stories, bad news among them, and documents."""

    stories: int = 0
    negative: int = 0
    reach: int = 0

    def plus(self, other: Amount) -> Amount:
        """Return the sum."""
        return Amount(self.stories + other.stories, self.negative + other.negative, self.reach + other.reach)

    def minus(self, other: Amount) -> Amount:
        """Return the difference."""
        return Amount(self.stories - other.stories, self.negative - other.negative, self.reach - other.reach)


NOTHING = Amount()


def contributions(facts: Facts) -> dict[Place, Amount]:
    """Return what one document adds, once for each topic or any, and each entity or any.

    Every document adds one to the reach at its own moment and source; the document that stands for its story
    adds the story as well. Bad news for an entity is told by that entity's own sentiment.
    """
    if facts.at is None:
        return {}
    judged = {"": facts.negative, **facts.entities}
    count = int(facts.story)
    return {
        Place(facts.at, facts.source, topic, entity, facts.whole_day, facts.live): Amount(
            count, count * int(negative), 1
        )
        for topic in ("", *dict.fromkeys(facts.topics))
        for entity, negative in judged.items()
    }


def difference(
    wanted: Mapping[Place, Amount], booked: Mapping[Place, Amount]
) -> Iterable[tuple[Place, Amount]]:
    """Yield what must be added to what is booked, so that it becomes what is wanted."""
    for place in {**booked, **wanted}:
        delta = wanted.get(place, NOTHING).minus(booked.get(place, NOTHING))
        if any(delta):
            yield place, delta


def cell_of(place: Place) -> Cell:
    """Return the cell that a place lies in."""
    start = start_of(place.event_at, "15m")
    return Cell(place.topic, place.entity, start, place.source, place.whole_day, place.live)
