"""Whether a source is silent, by what it usually brings at these hours: a night is no silence.

Hours are those of UTC, but people's clocks are put forward and back: while what was learnt reaches over such
a change, where a silence begins and where it ends no more is missed than the hours before and behind usually
bring. Holidays are told by the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.streams import baseline
from core.streams.baseline import Bin, Series
from core.streams.windows import start_of
from verticals.finance.policy.rules import HISTORY

SHORTEST = timedelta(hours=1)
"""A source that was heard so lately is not silent, however busy it is."""
LONGEST = timedelta(days=7)
"""A source that was not heard for so long is silent, however rare its documents are ..."""
FEWEST = 20
"""... if it brought so many before; of fewer nobody knows what is usual."""
_MEMORY = timedelta(days=28)
_HOUR = timedelta(hours=1)
_EDGE = timedelta(hours=2)
"""So near to its beginning and end a silence may be one of an office that opens an hour later now."""
_ZONES = ("America/New_York", "America/Santiago", "Europe/London", "Australia/Sydney", "Pacific/Auckland")
_CLOCKS = tuple(ZoneInfo(name) for name in _ZONES)
"""Whoever changes clocks does it on the day of one of these, or within days."""

Span = tuple[datetime, datetime]
"""From, and to exclusive."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """How quiet a source is.

    Attributes:
        silent: Whether it is silent.
        missing: Documents that should have come since it was last heard.
        heard_at: When that was.
    """

    silent: bool
    missing: float
    heard_at: datetime


def listen(
    documents: Mapping[datetime, int],
    *,
    since: datetime,
    heard_at: datetime,
    now: datetime,
    at_least: float,
    spared: Sequence[Span] = (),
) -> Quiet:
    """Tell whether a source is silent.

    Args:
        documents: Beginning of an hour to documents in it; an hour without any may be left out.
        since: When it was first heard.
        heard_at: When it was last heard.
        now: The present.
        at_least: So many documents must be missing.
        spared: Spans in which nothing is missed, apart from each other.
    """
    gap = now - heard_at
    if gap < SHORTEST or heard_at - since < HISTORY:
        return Quiet(False, 0.0, heard_at)
    known = {at: number for at, number in documents.items() if heard_at - _MEMORY <= at <= heard_at}
    if sum(known.values()) < FEWEST:
        return Quiet(False, 0.0, heard_at)
    idle = sum((_common(heard_at, now, span) for span in spared), timedelta(0))
    until = min(now, heard_at + LONGEST + idle)
    missing = _expected(known, since, heard_at, until, spared)
    return Quiet(missing >= at_least or gap - idle >= LONGEST, missing, heard_at)


def _expected(
    known: Mapping[datetime, int],
    since: datetime,
    heard_at: datetime,
    until: datetime,
    spared: Sequence[Span],
) -> float:
    """Return how many documents usually come between two moments."""
    first, last = start_of(heard_at, "1h"), start_of(until, "1h")
    back, ahead = int(_MEMORY / _HOUR), int((last - first) / _HOUR) + 1
    start = first - _MEMORY
    grid = baseline.grid(
        Series("", since, [Bin(at, number, 0) for at, number in known.items()]),
        start,
        back + ahead + 1,
        _HOUR,
    )
    counts = _counting(start, back + ahead, spared)
    # Learnt from what came before the silence only: the hours of silence must not become usual.
    heard, strata = counts[:back] * grid.known[:back], grid.strata[:back]
    hours = np.bincount(strata, heard, minlength=48)
    usual = np.bincount(strata, grid.counts[:back] * heard, minlength=48) / np.maximum(hours, 1.0)
    # The first hour counts from the moment it was heard, the last up to now.
    counts[back] *= 1.0 - (heard_at - first) / _HOUR
    counts[-1] *= (until - last) / _HOUR
    edge = _EDGE if _clocks_changed(start, until) else timedelta(0)
    inner = 1.0 - _counting(first, ahead, [(heard_at + edge, until - edge)])
    inner = np.minimum(inner, counts[back:])
    around = usual[grid.strata[back - 1 :]]
    least = np.minimum(np.minimum(around[:-2], around[2:]), around[1:-1])
    return float(around[1:-1] @ inner + least @ (counts[back:] - inner))


def _clocks_changed(start: datetime, end: datetime) -> bool:
    return any(start.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset() for zone in _CLOCKS)


def _counting(start: datetime, size: int, spared: Sequence[Span]) -> NDArray[np.float64]:
    """Return how much of each hour is not spared, (size,) in [0, 1]."""
    counts = np.ones(size)
    for begin, end in spared:
        low, high = max(0, (begin - start) // _HOUR), min(size, -((start - end) // _HOUR))
        for place in range(low, high):
            hour = start + place * _HOUR
            counts[place] -= _common(hour, hour + _HOUR, (begin, end)) / _HOUR
    return counts


def _common(start: datetime, end: datetime, span: Span) -> timedelta:
    return max(min(end, span[1]) - max(start, span[0]), timedelta(0))
