"""Whether bad news surges: judged anew from the bins each time, so that their order of arrival is nothing.

Two ways. `count` compares what came in a window with what the same sources usually bring, by a negative
binomial with the spread they had: for streams of a few stories a day. While a surge goes on, what is usual
stays what it was before it, or its own beginning would end it; after `lasts` it is usual. `share` runs an
e-detector over the share of bad news, with a promise on false alarms: for streams of a few stories an hour. A
source counts only once it has a history: one that joins raises nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.streams import baseline
from core.streams.baseline import Floats, Grid, Series
from core.streams.detect import EDetector, log_e_values
from core.streams.windows import ceiling

Ints = NDArray[np.int64]
YEAR = timedelta(days=365.25)
_OVERLAP = 3.0
"""Windows that slide are looked at more often than windows side by side; measured on simulated years."""


@dataclass(frozen=True, slots=True)
class SurgeRule:
    """What is watched and how strictly.

    Attributes:
        way: `count` or `share`, see the module.
        measure: What `count` counts: bad news, or all stories.
        window: Over which `count` sums, and for which an alarm of `share` lasts.
        step: Width of the bins.
        memory: How far back a baseline reaches.
        lag: How long before a bin its baseline ends.
        history: How long a source must have been heard before it counts.
        false_alarms_per_year: The budget.
        at_least: Fewer bad news (stories) in the window are never a surge.
        headroom: By how much of itself the usual share may be exceeded without being a change.
        lasts: How long a surge that `count` tells is held against what was usual before it; one that goes on
            for longer is the new level, and is over when `lag` and `window` have passed too, at the latest.
    """

    way: Literal["count", "share"] = "share"
    measure: Literal["negative", "count"] = "negative"
    window: timedelta = timedelta(days=1)
    step: timedelta = timedelta(hours=1)
    memory: timedelta = timedelta(days=56)
    lag: timedelta = timedelta(days=1)
    history: timedelta = timedelta(days=28)
    false_alarms_per_year: float = 1.0
    at_least: int = 5
    headroom: float = 0.1
    lasts: timedelta = timedelta(days=14)

    @property
    def back(self) -> timedelta:
        """How far back bins are looked at."""
        return self.memory + self.lag + max(self.history, self.lasts) + self.window


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        fired: Whether there is a surge.
        statistic: The detector's value; for `count`, one over the chance of as much.
        limit: What it has to reach.
        expected: Usual bad news (stories) in the window.
        observed: Bad news (stories) in the window, of sources with a history.
        since: Where it began; None without a surge.
        sources: Sources that had a history, of `count` when the surge began.
        usual_until: Of `count`: where that ended from which was learnt what is usual.
    """

    fired: bool
    statistic: float
    limit: float
    expected: float
    observed: int
    since: datetime | None
    sources: tuple[str, ...]
    usual_until: datetime | None = None


def judge(
    series: Sequence[Series], *, now: datetime, rule: SurgeRule, usual_until: datetime | None = None
) -> Verdict:
    """Tell whether there is a surge at a moment; what lies behind it is not looked at.

    Args:
        series: The sources. Bins of another width than `rule.step` are summed or counted where they begin.
        now: End of the window; the bin that it cuts is counted as far as it came.
        rule: See SurgeRule.
        usual_until: Of `count`: learn what is usual from before this moment, whatever came between. As a
            verdict on the same `now` has it: whether that surge were one with other news in its window.
    """
    size = int(rule.back / rule.step) + 1
    start = ceiling(now, rule.step) - size * rule.step
    seen = [Series(one.source, one.since, [b for b in one.bins if b.start < now]) for one in series]
    ripe = [one for one in seen if one.since <= now - rule.history]
    grids = [baseline.grid(one, start, size, rule.step) for one in ripe]
    names = tuple(one.source for one in ripe)
    if not grids:
        return Verdict(False, 0.0, 1.0, 0.0, 0, None, ())
    if rule.way == "share":
        return _by_share(grids, start, names, rule)
    end = None if usual_until is None else round((usual_until - start) / rule.step)
    return _by_count(grids, start, names, rule, end)


def _bins(length: timedelta, rule: SurgeRule) -> int:
    return max(1, round(length / rule.step))


def _by_count(
    grids: list[Grid], start: datetime, names: tuple[str, ...], rule: SurgeRule, end: int | None
) -> Verdict:
    looks = _Looks(grids, rule, end)
    last = len(looks.ends) - 1
    first = looks.running()
    began = last if first is None else first
    said = looks.judged(np.array([last]), np.array([began]))
    return Verdict(
        fired=bool(said.fired[0]),
        statistic=float(said.statistic[0]),
        limit=looks.limit,
        expected=float(said.usual[0]),
        observed=int(said.observed[0]),
        since=start + int(looks.ends[began] - looks.window) * rule.step if said.fired[0] else None,
        sources=tuple(name for name, ripe in zip(names, looks.ripe[:, began], strict=True) if ripe),
        usual_until=start + int(looks.learnt[began]) * rule.step,
    )


class _Said(NamedTuple):
    """What n looks say; each is (n,)."""

    usual: Floats
    observed: Floats
    statistic: Floats
    fired: NDArray[np.bool_]


class _Looks:
    """A look at the end of each bin of the last `lasts`, up to now: n looks at s sources.

    Args:
        grids: The sources.
        rule: What is watched.
        end: Only the last look, by what came before this bin.
    """

    def __init__(self, grids: list[Grid], rule: SurgeRule, end: int | None) -> None:
        size, self._rule = len(grids[0].counts), rule
        self.window = _bins(rule.window, rule)
        self.limit = _OVERLAP * (YEAR / rule.window) / rule.false_alarms_per_year
        self.ends = np.arange(size - _bins(rule.lasts, rule), size + 1)
        self.learnt = self.ends - max(_bins(rule.lag, rule), self.window)
        if end is not None:
            self.ends, self.learnt = self.ends[-1:], np.array([end])
        every = baseline.in_strata(grids[0], np.ones(size))
        self._strata = baseline.between(every, self.ends, self.window)
        first = np.array([[int(one.known.argmax())] for one in grids])
        self.ripe = self.ends - first >= _bins(rule.history, rule)
        self._observed = np.stack(
            [baseline.between(self._values(one), self.ends, self.window) for one in grids]
        )
        usual = [self._usual(one) for one in grids]
        level = np.stack([each[0] for each in usual])
        scatter = np.stack([each[1] for each in usual]) * self.ripe
        self._level = (level * self.ripe[:, None]).sum(axis=0)
        self._spread = (level * scatter[:, None]).sum(axis=0)
        self._least_spread = 0.5 * scatter.sum(axis=0)

    def _values(self, one: Grid) -> Floats:
        return one.negatives if self._rule.measure == "negative" else one.counts

    def _usual(self, one: Grid) -> tuple[Floats, Floats]:
        """Return the level of each stratum, (k, n), and variance over mean of a window, (n,)."""
        values = self._values(one)
        level, bins = baseline.expected(one, values, self.learnt, _bins(self._rule.memory, self._rule))
        # Usual spread, and that the mean itself is known from so many windows only.
        learnt = np.maximum(bins / self.window, 1.0)
        return level, _dispersion(values, one, self.learnt, self.window) * (1.0 + 1.0 / learnt)

    def judged(self, looks: Ints, began: Ints) -> _Said:
        """Judge looks by what was usual, and by the sources that had a history, at other looks."""
        from scipy.stats import nbinom

        strata = self._strata[:, looks]
        level = (strata * self._level[:, began]).sum(axis=0)
        spread = (strata * self._spread[:, began]).sum(axis=0) + self._least_spread[began]
        usual = np.maximum(level, 0.25)
        shape = usual**2 / (np.maximum(spread, 1.01 * usual) - usual)
        observed = (self._observed[:, looks] * self.ripe[:, began]).sum(axis=0)
        chance = nbinom.sf(observed - 1, shape, shape / (shape + usual))
        statistic = 1.0 / np.maximum(chance, 1e-300)
        return _Said(
            usual, observed, statistic, (statistic >= self.limit) & (observed >= self._rule.at_least)
        )

    def running(self) -> int | None:
        """Return the look at which the surge began that goes on at the last one; None where there is none."""
        every = np.arange(len(self.ends))
        alone, first = self.judged(every, every).fired, 0
        while alone[first:].any():
            first += int(alone[first:].argmax())
            over = ~self.judged(every[first:], np.full(len(every) - first, first)).fired
            if not over.any():
                return first
            first += int(over.argmax())
        return None


def _dispersion(values: Floats, one: Grid, ends: Ints, window: int) -> Floats:
    """Return variance over mean of the windows side by side before each of some bins, 1 at least."""
    places = np.arange(len(values) + 1)
    sums = baseline.between(values, places, window)
    whole = (places - window >= int(one.known.argmax())).astype(float)
    parts = (whole, whole * sums, whole * sums**2)
    number, total, squares = (_side_by_side(each, window)[np.maximum(ends, 0)] for each in parts)
    many = np.maximum(number, 3.0)
    variance = np.maximum(squares - total**2 / many, 0.0) / (many - 1.0)
    return np.where(number < 3, 1.0, np.maximum(1.0, variance / np.maximum(total / many, 0.25)))


def _side_by_side(values: Floats, window: int) -> Floats:
    """Return for each place the sum over it and all that lie whole windows before it."""
    pad = -len(values) % window
    rows = np.concatenate([np.zeros(pad), values]).reshape(-1, window)
    return np.asarray(np.cumsum(rows, axis=0).ravel()[pad:])


def _by_share(grids: list[Grid], start: datetime, names: tuple[str, ...], rule: SurgeRule) -> Verdict:
    window, lag = _bins(rule.window, rule), _bins(rule.lag, rule)
    memory, history = _bins(rule.memory, rule), _bins(rule.history, rule)
    logs = np.zeros((len(grids[0].counts), 4))
    usual = 0.0
    for one in grids:
        bound, stories = baseline.share_bound(one, lag, memory, headroom=rule.headroom, sure=1.0)
        ready = (np.cumsum(one.known) > history) & (stories >= 30) & (one.counts > 0)
        temper = np.where(ready, 1.0 / _clustering(one), 0.0)
        logs += log_e_values(one.counts, one.negatives, bound, temper)
        usual += float((bound * one.counts)[-window:].sum())
    limit = (YEAR / rule.step) / rule.false_alarms_per_year
    trace = EDetector(limit).trace(logs)
    observed = int(sum(one.negatives[-window:].sum() for one in grids))
    recent = [number for number, place in enumerate(trace.alarms) if place >= len(logs) - window]
    fired = bool(recent) and observed >= rule.at_least
    since = start + trace.begun[recent[0]] * rule.step if fired else None
    statistic = float(trace.statistic[-window:].max())
    return Verdict(fired, statistic, limit, usual, observed, since, names)


def _clustering(one: Grid) -> float:
    """Return how much more the share of bad news scatters over bins than chance would, 1 at least."""
    busy = (one.counts > 1) & one.known
    if busy.sum() < 20:
        return 1.0
    share = one.negatives[busy].sum() / one.counts[busy].sum()
    variance = max(share * (1.0 - share), 1e-3) * one.counts[busy]
    scatter = (one.negatives[busy] - share * one.counts[busy]) ** 2 / variance
    # A surge itself scatters: the upper tail must not blunt the detector that is to find it.
    return max(1.0, float(np.minimum(scatter, 4.0).mean() * 1.05))
