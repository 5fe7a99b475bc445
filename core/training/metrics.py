"""Figures of a classifier with bootstrap intervals: overall, per class, per language, and of calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
RESAMPLES = 1000
_BLOCK = 4_000_000


def indicator(rows: Sequence[Sequence[str]], labels: Sequence[str]) -> Bools:
    """Return (n, k): whether row n has label k; labels that are not listed are passed over."""
    place = {label: index for index, label in enumerate(labels)}
    out = np.zeros((len(rows), len(labels)), np.bool_)
    for index, row in enumerate(rows):
        for label in row:
            if label in place:
                out[index, place[label]] = True
    return out


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def _counts(gold: Bools, said: Bools, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return true positives and the sum of gold and said, (resamples, k) each."""
    both = weights @ (gold & said).astype(np.float64)
    return both, weights @ gold.astype(np.float64) + weights @ said.astype(np.float64)


def _figures(gold: Bools, said: Bools, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Compute every metric for each row of resampling weights (r, n)."""
    both, either = _counts(gold, said, weights)
    exact = (gold == said).all(axis=1).astype(np.float64)
    # A class with neither gold nor predicted rows in a resample says nothing, so it is not averaged.
    seen = either > 0
    per_class = _ratio(2 * both, either)
    return {
        "accuracy": weights @ exact / weights.sum(axis=1),
        "macro_f1": _ratio((per_class * seen).sum(axis=1), seen.sum(axis=1).astype(np.float64)),
        "micro_f1": _ratio(2 * both.sum(axis=1), either.sum(axis=1)),
    }


def summary(gold: Bools, said: Bools, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return accuracy (exact match for multi-label), macro-F1 and micro-F1 with 95 % percentile intervals.

    Args:
        gold: (n, k) true labels.
        said: (n, k) predicted labels.
        seed: Of the 1,000 bootstrap resamples of rows.
    """
    n = len(gold)
    point = _figures(gold, said, np.ones((1, n)))
    spread = _resampled(gold, said, np.random.default_rng(seed))
    return {
        name: {
            "value": round(float(value[0]), 4),
            "low": round(float(np.quantile(spread[name], 0.025)), 4),
            "high": round(float(np.quantile(spread[name], 0.975)), 4),
        }
        for name, value in point.items()
    }


def _resampled(gold: Bools, said: Bools, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Compute every metric for each resample, some at a time: the weights of all are too large for memory."""
    n = len(gold)
    block = max(1, min(RESAMPLES, _BLOCK // n))
    parts = []
    for start in range(0, RESAMPLES, block):
        draws = rng.multinomial(n, np.full(n, 1.0 / n), size=min(block, RESAMPLES - start))
        parts.append(_figures(gold, said, draws.astype(np.float64)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def per_class(gold: Bools, said: Bools, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and support of every label."""
    both = (gold & said).sum(axis=0).astype(np.float64)
    precision = _ratio(both, said.sum(axis=0).astype(np.float64))
    recall = _ratio(both, gold.sum(axis=0).astype(np.float64))
    f1 = _ratio(2 * precision * recall, precision + recall)
    return {
        label: {
            "precision": round(float(precision[i]), 4),
            "recall": round(float(recall[i]), 4),
            "f1": round(float(f1[i]), 4),
            "support": int(gold[:, i].sum()),
        }
        for i, label in enumerate(labels)
    }


def calibration_error(correct: Bools, confidence: Floats, bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins (Naeini et al. 2015), in [0, 1]."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for index in range(bins):
        members = place == index
        if members.any():
            error += members.mean() * abs(float(correct[members].mean()) - float(confidence[members].mean()))
    return round(error, 4)


def slices(
    gold: Bools, said: Bools, keys: Mapping[str, Sequence[str | None]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the summary of each slice with at least 20 rows, per slicing (e.g. `lang`)."""
    out: dict[str, dict[str, dict[str, Any]]] = {}
    for name, values in keys.items():
        column = np.array([value or "" for value in values])
        for value in sorted(set(column.tolist())):
            members = column == value
            if value and members.sum() >= 20:
                part: dict[str, Any] = {"rows": int(members.sum()), **summary(gold[members], said[members])}
                out.setdefault(name, {})[value] = part
    return out


def macro_f1(gold: Bools, said: Bools) -> float:
    """Return macro-F1 over the labels that occur in gold or prediction."""
    return float(_figures(gold, said, np.ones((1, len(gold))))["macro_f1"][0])


def micro_f1(gold: Bools, said: Bools) -> float:
    """Return micro-F1."""
    return float(_figures(gold, said, np.ones((1, len(gold))))["micro_f1"][0])
