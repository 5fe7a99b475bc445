"""Finds the limit below which a text is said to be none of the known labels.

The score is the largest logit over the known labels: on CLINC150's development rows it told out-of-scope
texts apart (AUROC .990) better than the largest probability (.988), the distance to the nearest training text
(.988) or the Mahalanobis distance (.986) did, and it needs nothing that a head does not have already.
Out-of-scope rows, where there are any, teach the weights, and their label may win like any other; the limit
is set by in-scope rows alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.inference.head import LinearHead, Reject, sigmoid

LOSS = 0.01
"""Share of the right answers on development rows that may be lost to rejection."""


def fit_reject(head: LinearHead, vectors: NDArray[np.float32], gold: NDArray[np.bool_], label: str) -> Reject:
    """Return the rejection of a single-label head.

    Args:
        head: The head; `label` may be one of its labels or not.
        vectors: (n, dimension), of rows that the weights were not fitted to.
        gold: (n, k) their true labels.
        label: The label of texts that are none of the others.
    """
    known = np.array([name != label for name in head.labels])
    logits = head.logits(vectors)
    best = logits[:, known].max(axis=1).astype(np.float64)
    inside = np.asarray(gold[:, known].any(axis=1), np.bool_)
    right = inside & gold[np.arange(len(logits)), logits.argmax(axis=1)]
    if not right.any():
        return Reject(label, float(best.min()), 1.0)  # nothing was learnt that a limit could protect
    ranked = np.sort(best[right])
    limit = float(ranked[int(LOSS * len(ranked))])
    return Reject(label, limit, _scale(limit - best, ~inside, float(ranked.std()) or 1.0))


def _scale(below: NDArray[np.float64], outside: NDArray[np.bool_], spread: float) -> float:
    """Return the width over which the confidence goes from 0 to 1, by maximum likelihood where it can be."""
    from scipy.optimize import minimize_scalar

    if not outside.any():
        return spread

    def log_loss(log_scale: float) -> float:
        p = np.clip(sigmoid(below / np.exp(log_scale)), 1e-7, 1 - 1e-7)
        return float(-np.where(outside, np.log(p), np.log(1 - p)).mean())

    bounds = (np.log(spread / 100), np.log(spread * 100))
    return float(np.exp(minimize_scalar(log_loss, bounds=bounds, method="bounded").x))
