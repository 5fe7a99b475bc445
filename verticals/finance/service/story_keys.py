"""Under which keys and in which days a text is looked for, and how long its keys are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from verticals.finance.policy.joining import DAYS, REMARK_DAYS, Text, keys
from verticals.finance.policy.remarks import voids
from verticals.finance.tables import FinanceStory, FinanceStoryBand

WEEK = 7
"""Keys lie together by so many days: new ones are written near each other, old ones go at one stroke."""


@dataclass(frozen=True, slots=True)
class Span:
    """Keys to look for in the days from `first` to `last`, both included."""

    bands: Sequence[int]
    first: int
    last: int


_NOTHING = Span((), 0, -1)


@lru_cache(maxsize=1_024)
def searches(text: Text) -> tuple[Span, Span, Span]:
    """Return where texts that tell the same are found, reports it takes back, remarks that take it back."""
    known = keys(text)
    reports, remarks = _NOTHING, _NOTHING
    if text.kind != "report":
        reports = Span(known.said, text.day - REMARK_DAYS, text.day + 1)
    if not voids(text.kind):
        remarks = Span(known.asked, text.day - 1, text.day + REMARK_DAYS)
    return Span(known.alike, text.day - DAYS, text.day + DAYS), reports, remarks


def stored(text: Text) -> list[int]:
    """Return the keys under which a text is found, each once: reports by remarks, remarks by reports."""
    known = keys(text)
    said = known.said if not voids(text.kind) else ()
    asked = known.asked if text.kind != "report" else ()
    return sorted({*known.alike, *said, *asked})


def prune(session: Session, before: datetime) -> int:
    """Delete the keys that no document of event time `before` or later looks at; return how many these were.

    Documents look back `REMARK_DAYS`, so of older weeks only those that end before that go.
    """
    first = int(before.timestamp() // 86_400) - REMARK_DAYS
    gone = session.execute(delete(FinanceStoryBand).where(FinanceStoryBand.week < first // WEEK))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def newest(session: Session) -> datetime | None:
    """Return the event time of the newest story."""
    return session.scalar(select(func.max(FinanceStory.event_at)))
