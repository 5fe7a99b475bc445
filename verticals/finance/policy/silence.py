"""Whether a source is silent, by what it usually brings at these hours: a night is no silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

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
_PULL = 0.25
"""Weight of all hours beside those of the same hour: little, or two idle days would add up."""


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
    documents: Mapping[datetime, int], *, since: datetime, heard_at: datetime, now: datetime, at_least: float
) -> Quiet:
    """Tell whether a source is silent.

    Args:
        documents: Beginning of an hour to documents in it; an hour without any may be left out.
        since: When it was first heard.
        heard_at: When it was last heard.
        now: The present.
        at_least: So many documents must be missing.
    """
    gap = now - heard_at
    if gap < SHORTEST or heard_at - since < HISTORY:
        return Quiet(False, 0.0, heard_at)
    known = {at: number for at, number in documents.items() if heard_at - _MEMORY <= at <= heard_at}
    if sum(known.values()) < FEWEST:
        return Quiet(False, 0.0, heard_at)
    missing = _expected(known, since, heard_at, now)
    return Quiet(missing >= at_least or gap >= LONGEST, missing, heard_at)


def _expected(known: Mapping[datetime, int], since: datetime, heard_at: datetime, now: datetime) -> float:
    """Return how many documents usually come between two moments, `LONGEST` at most being looked at."""
    first, last = start_of(heard_at, "1h"), start_of(min(now, heard_at + LONGEST), "1h")
    back, ahead = int(_MEMORY / _HOUR), int((last - first) / _HOUR) + 1
    bins = [Bin(at, number, 0) for at, number in known.items()]
    grid = baseline.grid(Series("", since, bins), first - _MEMORY, back + ahead, _HOUR)
    usual = np.zeros(ahead)
    for place in range(ahead):
        # Learnt from what came before the silence only: the hours of silence must not become usual.
        same = grid.known[:back] & (grid.strata[:back] == grid.strata[back + place])
        heard = max(int(grid.known[:back].sum()), 1)
        overall = float(grid.counts[:back].sum()) / heard
        total = float(grid.counts[:back][same].sum())
        usual[place] = (total + _PULL * overall) / (int(same.sum()) + _PULL)
    # The first hour counts from the moment it was heard, the last up to now.
    usual[0] *= 1.0 - (heard_at - first) / _HOUR
    usual[-1] *= min(1.0, (min(now, heard_at + LONGEST) - last) / _HOUR)
    return float(usual.sum())
