"""A Shiryaev–Roberts e-detector for the share of bad news.

Shin, Ramdas and Rinaldo (2023), "E-detectors: a nonparametric framework for sequential change detection"
(arXiv 2203.03532). While each story is bad news with a probability of at most `bound`, given all before it,
the mean time to a false alarm is at least the threshold, in bins that hold stories, whatever the volume does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ODDS = (1.5, 2.0, 3.0, 6.0)
"""How much higher the odds of bad news may have become; the detector is a mixture over these."""
_BLOCK = 32
"""Bins that are looked at first behind an alarm."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a detector said.

    Attributes:
        statistic: (t,) the detector, before it was set back.
        alarms: Bins in which it crossed the threshold; it begins anew behind each.
        begun: For each alarm the bin where the change most likely began.
    """

    statistic: Floats
    alarms: tuple[int, ...]
    begun: tuple[int, ...]


def log_e_values(counts: Floats, negatives: Floats, bound: Floats, temper: Floats) -> Floats:
    """Return the log of an e-value for each bin and each of ODDS: shape (t, 4).

    A likelihood ratio of Bernoulli trials against `bound` has a mean of at most 1 for every share below it.
    To the power `temper` ≤ 1, for news that comes in clusters, its mean is smaller still.

    Args:
        counts: (t,) stories.
        negatives: (t,) bad news.
        bound: (t,) upper bound on the usual share, in (0, 1).
        temper: (t,) in [0, 1]; 0 where there is no baseline yet.
    """
    odds = np.asarray(ODDS)
    usual = bound[:, None]
    raised = odds * usual / (1.0 - usual + odds * usual)
    ratio = negatives[:, None] * np.log(raised / usual) + (counts - negatives)[:, None] * np.log(
        (1.0 - raised) / (1.0 - usual)
    )
    return np.asarray(temper[:, None] * ratio)


class EDetector:
    """The detector over a whole series at once.

    Args:
        threshold: Mean bins to a false alarm at least, the average run length.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def trace(self, logs: Floats) -> Trace:
        """Run over log e-values of shape (t, m).

        Returns:
            The trace; a bin without stories (zeros only) leaves the statistic as it was.
        """
        busy = np.flatnonzero(logs.any(axis=1))
        rows = logs[busy]
        means = np.zeros(len(rows))
        alarms: list[int] = []
        begun: list[int] = []
        start = 0
        while start < len(rows):
            end, first = self._run(rows[start:], means[start:])
            if end is None:
                break
            alarms.append(int(busy[start + end]))
            begun.append(int(busy[start + first]))
            start += end + 1
        values = np.zeros(len(logs))
        values[busy] = means
        return Trace(values, tuple(alarms), tuple(begun))

    def _run(self, rows: Floats, means: Floats) -> tuple[int | None, int]:
        """Run up to the first alarm and fill `means` so far; return its row, and where the change began.

        In blocks that grow: what lies behind an alarm is looked at again, but never much more than what lay
        before it, so that a series full of alarms costs no more than a quiet one.
        """
        sums = [np.zeros((1, rows.shape[1]))]
        behind = np.full((1, rows.shape[1]), -np.inf)
        start, size = 0, _BLOCK
        while start < len(rows):
            # state[t] = (state[t - 1] + 1) * e[t], a block at once and without overflow.
            before = np.cumsum(np.concatenate([sums[-1][-1:], rows[start : start + size]]), axis=0)
            after = before[1:]
            behind = np.logaddexp.accumulate(np.concatenate([behind[-1:], -before[:-1]]), axis=0)[1:]
            state = np.exp(np.minimum(after + behind, 600.0))
            mean = state.mean(axis=1)
            crossed = np.flatnonzero(mean >= self.threshold)
            upto = int(crossed[0]) + 1 if len(crossed) else len(mean)
            means[start : start + upto] = mean[:upto]
            sums.append(after[:upto])
            if len(crossed):
                best = np.concatenate(sums)[:-1, int(state[upto - 1].argmax())]
                # The likeliest beginning lies behind the lowest point of the cumulative sum.
                return start + upto - 1, int(best.argmin())
            start, size = start + size, 2 * size
        return None, 0
