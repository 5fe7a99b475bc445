"""Whether bad news surges: judged anew from the bins each time, so that their order of arrival is nothing.

Two ways. `count` compares what came in a window with what the same sources usually bring, by a negative
binomial with the spread they had: for streams of a few stories a day. `share` runs an e-detector over the
share of bad news, with a promise on false alarms: for streams of a few stories an hour. A source counts only
once it has a history: one that joins raises nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from core.streams import baseline
from core.streams.baseline import Floats, Grid, Series
from core.streams.detect import EDetector, log_e_values
from core.streams.windows import ceiling

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
        sources: Sources that had a history.
    """

    fired: bool
    statistic: float
    limit: float
    expected: float
    observed: int
    since: datetime | None
    sources: tuple[str, ...]


def judge(series: Sequence[Series], *, now: datetime, rule: SurgeRule) -> Verdict:
    """Tell whether there is a surge at a moment; what lies behind it is not looked at.

    Args:
        series: The sources. Bins of another width than `rule.step` are summed or counted where they begin.
        now: End of the window; the bin that it cuts is counted as far as it came.
        rule: See SurgeRule.
    """
    size = int((rule.memory + rule.lag + rule.history + rule.window) / rule.step) + 1
    start = ceiling(now, rule.step) - size * rule.step
    seen = [Series(one.source, one.since, [b for b in one.bins if b.start < now]) for one in series]
    ripe = [one for one in seen if one.since <= now - rule.history]
    grids = [baseline.grid(one, start, size, rule.step) for one in ripe]
    names = tuple(one.source for one in ripe)
    if not grids:
        return Verdict(False, 0.0, 1.0, 0.0, 0, None, ())
    return (_by_count if rule.way == "count" else _by_share)(grids, start, names, rule)


def _bins(length: timedelta, rule: SurgeRule) -> int:
    return max(1, round(length / rule.step))


def _by_count(grids: list[Grid], start: datetime, names: tuple[str, ...], rule: SurgeRule) -> Verdict:
    from scipy.stats import nbinom

    window = _bins(rule.window, rule)
    lag, memory = max(_bins(rule.lag, rule), window), _bins(rule.memory, rule)
    usual, spread, observed = 0.0, 0.0, 0.0
    for one in grids:
        values = one.negatives if rule.measure == "negative" else one.counts
        level, bins = baseline.expected(one, values, window, lag, memory)
        learnt = max(bins / window, 1.0)
        usual += level
        # Usual spread, and that the mean itself is known from so many windows only.
        spread += (level + 0.5) * _dispersion(values[:-window], one, window) * (1.0 + 1.0 / learnt)
        observed += float(values[-window:].sum())
    usual, spread = max(usual, 0.25), max(spread, 1.01 * max(usual, 0.25))
    shape = usual**2 / (spread - usual)
    chance = float(nbinom.sf(observed - 1, shape, shape / (shape + usual)))
    limit = _OVERLAP * (YEAR / rule.window) / rule.false_alarms_per_year
    statistic = 1.0 / max(chance, 1e-300)
    fired = statistic >= limit and observed >= rule.at_least
    since = start + (len(grids[0].counts) - window) * rule.step if fired else None
    return Verdict(fired, statistic, limit, usual, int(observed), since, names)


def _dispersion(values: Floats, one: Grid, window: int) -> float:
    """Return variance over mean of earlier windows side by side, 1 at least."""
    heard = values[one.known[: len(values)]]
    whole = len(heard) // window
    if whole < 3:
        return 1.0
    sums = heard[-whole * window :].reshape(whole, window).sum(axis=1)
    return max(1.0, float(sums.var(ddof=1) / max(sums.mean(), 0.25)))


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
