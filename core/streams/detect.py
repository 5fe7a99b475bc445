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
        values = np.zeros(len(logs))
        alarms: list[int] = []
        begun: list[int] = []
        while len(busy):
            sums = np.cumsum(logs[busy], axis=0)
            # state[t] = (state[t - 1] + 1) * e[t], all at once and without overflow.
            start = np.zeros((1, logs.shape[1]))
            behind = np.logaddexp.accumulate(-np.concatenate([start, sums[:-1]]), axis=0)
            state = np.exp(np.minimum(sums + behind, 600.0))
            mean = state.mean(axis=1)
            crossed = np.flatnonzero(mean >= self.threshold)
            end = int(crossed[0]) if len(crossed) else len(busy) - 1
            values[busy[: end + 1]] = mean[: end + 1]
            if not len(crossed):
                break
            alarms.append(int(busy[end]))
            best = sums[: end + 1, int(state[end].argmax())]
            # The likeliest beginning lies behind the lowest point of the cumulative sum.
            begun.append(int(busy[int(np.concatenate([[0.0], best[:-1]]).argmin())]))
            busy = busy[end + 1 :]
        return Trace(values, tuple(alarms), tuple(begun))
