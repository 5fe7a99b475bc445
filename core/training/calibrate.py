"""Makes probabilities mean what they say, on rows that the weights were not fitted to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inference.head import LinearHead, sigmoid, softmax
from core.training.metrics import macro_f1, micro_f1
from core.training.reject import fit_reject

Floats = NDArray[np.floating[Any]]
Vectors = NDArray[np.float32]
Bools = NDArray[np.bool_]
_GRID = np.linspace(0.1, 0.9, 33)
_AS_GOOD = 0.02
"""Of the sum of two F1: over some hundred rows less is a matter of luck."""


def _log_loss(logits: Floats, gold: NDArray[np.bool_], multi: bool, temperature: float) -> float:
    scaled = logits / temperature
    if multi:
        p = np.clip(sigmoid(scaled), 1e-7, 1 - 1e-7)
        return float(-(np.log(p) * gold + np.log(1 - p) * ~gold).mean())
    return float(-np.log(np.clip(softmax(scaled)[gold], 1e-12, 1.0)).mean())


def temperature(logits: Floats, gold: NDArray[np.bool_], multi: bool) -> float:
    """Return the temperature with the least log loss, in [0.05, 20] (Guo et al. 2017, arXiv:1706.04599).

    Args:
        logits: (n, k).
        gold: (n, k); exactly one True a row unless `multi`.
        multi: Sigmoid for each label instead of softmax over all.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: _log_loss(logits, gold, multi, float(np.exp(log_t))),
        bounds=(np.log(0.05), np.log(20.0)),
        method="bounded",
    )
    return float(np.exp(found.x))


def threshold(probabilities: Floats, gold: NDArray[np.bool_]) -> float:
    """Return the one probability above which a label is given that serves micro- and macro-F1 best.

    One for all labels: a threshold for each is fitted to noise where a label has few rows. Of those that are
    about as good as the best, the one in the middle; a dip between them is noise as well.
    """
    scores = [micro_f1(gold, probabilities >= t) + macro_f1(gold, probabilities >= t) for t in _GRID]
    good = np.flatnonzero(np.array(scores) >= max(scores) - _AS_GOOD)
    return float(_GRID[good[len(good) // 2]])


def one_hot(places: NDArray[np.integer[Any]], width: int) -> Bools:
    """Return (n, width) with one True a row, at its place."""
    return np.asarray(np.arange(width)[None, :] == np.asarray(places)[:, None])


def calibrated(
    head: LinearHead,
    vectors: Vectors,
    gold: Bools,
    learnt: NDArray[np.bool_] | None = None,
    reject: str = "",
) -> LinearHead:
    """Return the head with temperature and thresholds fitted to (n, dimension) vectors with (n, k) labels.

    Args:
        head: The head.
        vectors: Of rows that the weights were not fitted to.
        gold: Their true labels.
        learnt: (k,) labels that had rows to learn from; default: all. A row with another label is passed
            over: it would make the head doubt everything it does know.
        reject: Label of texts that are none of the others; "" where there is none.
    """
    if learnt is not None and (usable := ~(gold & ~learnt).any(axis=1)).any():
        vectors, gold = vectors[usable], gold[usable]
    warm = replace(head, temperature=temperature(head.logits(vectors), gold, head.multi))
    if not head.multi:
        return replace(warm, reject=fit_reject(warm, vectors, gold, reject)) if reject else warm
    limit = threshold(warm.probabilities(vectors), gold)
    return replace(warm, thresholds=np.full(len(head.labels), limit, np.float32))


def said(head: LinearHead, vectors: Vectors) -> Bools:
    """Return (n, k): the labels that the head gives to each row."""
    if head.reject is not None:
        return head.decisions(vectors)
    p = head.probabilities(vectors)
    if head.multi:
        assert head.thresholds is not None
        return np.asarray(p >= head.thresholds, np.bool_)
    return one_hot(p.argmax(axis=1), len(head.labels))
