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


def between(values: Floats, ends: NDArray[np.int64], size: int) -> Floats:
    """Return the sum over the `size` bins before each of some bins.

    Args:
        values: (..., t) by bin.
        ends: (n,) numbers of bins, -t to t; before the first bin there is nothing.
        size: Bins.

    Returns:
        (..., n)
    """
    total = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values, axis=-1, out=total[..., 1:])
    ends = np.maximum(ends, 0)
    return np.asarray(total[..., ends] - total[..., np.maximum(ends - size, 0)])


def in_strata(one: Grid, values: Floats) -> Floats:
    """Return (k, t): what is counted in each bin, in the row of its stratum."""
    rows = np.zeros((int(one.strata.max()) + 1, len(values)))
    rows[one.strata, np.arange(len(values))] = values
    return rows


def expected(one: Grid, values: Floats, ends: NDArray[np.int64], memory: int) -> tuple[Floats, Floats]:
    """Return what a bin of each stratum usually brings, as known at the beginning of each of some bins.

    The mean of earlier bins of the stratum, pulled towards the mean of all by two bins' weight.

    Args:
        one: Where `values` were counted.
        values: (t,) by bin.
        ends: (n,) what comes in these bins or later is not looked at.
        memory: Bins that are looked at.

    Returns:
        (k, n) by stratum, and (n,) the bins that was learnt from.
    """
    heard = between(in_strata(one, one.known.astype(float)), ends, memory)
    sums = between(in_strata(one, values * one.known), ends, memory)
    overall = sums.sum(axis=0) / np.maximum(heard.sum(axis=0), 1.0)
    return (sums + _PULL * overall) / (heard + _PULL), heard.sum(axis=0)


def share_bound(one: Grid, lag: int, memory: int, *, headroom: float, sure: float) -> tuple[Floats, Floats]:
    """Return an upper bound on the usual share of bad news a bin, and the stories it was learnt from.

    The bound is the share before, plus `sure` standard errors of it and `headroom` of its value: a detector's
    promise holds where the true share stays below it.
    """
    ends = np.arange(len(one.counts)) - lag
    stories = between(one.counts * one.known, ends, memory)
    bad = between(one.negatives * one.known, ends, memory)
    share = (bad + 1.0) / (stories + 4.0)
    error = np.sqrt(share * (1.0 - share) / (stories + 4.0))
    return np.clip(share * (1.0 + headroom) + sure * error, 0.02, 0.9), stories
