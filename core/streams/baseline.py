"""What a source usually brings: seasonal counts, and the share of bad news with headroom.

Everything is estimated from bins that lie wholly before the one that is judged, by a `lag` at least, so that
a slow rise does not become its own baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.streams.windows import start_of

Floats = NDArray[np.float64]
_PULL = 2.0


@dataclass(frozen=True, slots=True)
class Bin:
    """What one source brought in [start, start + width): `negative` of `count` stories were bad news."""

    start: datetime
    count: int
    negative: int


@dataclass(frozen=True, slots=True)
class Series:
    """The bins of one source.

    Attributes:
        since: When the source was first heard, on any subject; before it there is no baseline.
        bins: In any order; where there is none, nothing came.
    """

    source: str
    since: datetime
    bins: Sequence[Bin]


@dataclass(frozen=True, eq=False)
class Grid:
    """One source on a regular grid of t bins.

    Attributes:
        counts: (t,) stories.
        negatives: (t,) bad news among them.
        known: (t,) whether the source was heard before the bin ended.
        strata: (t,) number of the bin's stratum: the hour in UTC, of a working day or of a weekend.
        width: Of a bin.
    """

    counts: Floats
    negatives: Floats
    known: NDArray[np.bool_]
    strata: NDArray[np.int64]
    width: timedelta


def grid(series: Series, start: datetime, size: int, width: timedelta) -> Grid:
    """Lay a source's bins on a grid of `size` bins from `start`; what lies outside is left out."""
    counts, negatives = np.zeros(size), np.zeros(size)
    for each in series.bins:
        place = (each.start - start) // width
        if 0 <= place < size:
            counts[place] += each.count
            negatives[place] += each.negative
    begins: Floats = np.arange(size, dtype=np.float64) * width.total_seconds()
    known = begins >= (series.since - width - start).total_seconds()
    return Grid(counts, negatives, known, _strata(begins, start, width), width)


def _strata(begins: Floats, start: datetime, width: timedelta) -> NDArray[np.int64]:
    """Return the stratum of each bin that begins so many seconds behind `start`, in UTC."""
    if width >= timedelta(days=7):
        return np.zeros(len(begins), dtype=np.int64)
    since_monday = (start - start_of(start, "7d")).total_seconds() + begins
    days, seconds = np.divmod(since_monday, 86_400.0)
    hours = seconds // 3_600 if width < timedelta(days=1) else np.zeros(len(begins))
    return np.asarray(24 * (days % 7 >= 5) + hours, dtype=np.int64)


def before(values: Floats, lag: int, memory: int) -> Floats:
    """Return for each bin the sum over the `memory` bins that end `lag` bins before it."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.maximum(np.arange(len(values)) - lag, 0)
    return np.asarray(total[ends] - total[np.maximum(ends - memory, 0)])


def expected(one: Grid, values: Floats, window: int, lag: int, memory: int) -> tuple[float, int]:
    """Return what the last `window` bins together usually bring, and the bins that was learnt from.

    For each bin the mean of earlier bins of its stratum, pulled towards the mean of all by two bins' weight.
    """
    past = slice(max(0, len(values) - lag - memory), max(0, len(values) - lag))
    heard = one.known[past].astype(float)
    strata, size = one.strata[past], int(one.strata.max()) + 1
    overall = float((values[past] * heard).sum() / max(heard.sum(), 1.0))
    total = np.bincount(strata, values[past] * heard, size) + _PULL * overall
    mean = total / (np.bincount(strata, heard, size) + _PULL)
    return float(mean[one.strata[-window:]].sum()), int(heard.sum())


def share_bound(one: Grid, lag: int, memory: int, *, headroom: float, sure: float) -> tuple[Floats, Floats]:
    """Return an upper bound on the usual share of bad news a bin, and the stories it was learnt from.

    The bound is the share before, plus `sure` standard errors of it and `headroom` of its value: a detector's
    promise holds where the true share stays below it.
    """
    stories = before(one.counts * one.known, lag, memory)
    bad = before(one.negatives * one.known, lag, memory)
    share = (bad + 1.0) / (stories + 4.0)
    error = np.sqrt(share * (1.0 - share) / (stories + 4.0))
    return np.clip(share * (1.0 + headroom) + sure * error, 0.02, 0.9), stories
