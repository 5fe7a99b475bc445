"""Maximal marginal relevance (Carbonell and Goldstein 1998): the next is good and unlike those before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def diversify(
    pool: Sequence[tuple[str, float]], k: int, diversity: float, vectors: Callable[[Sequence[str]], Floats]
) -> list[tuple[str, float]]:
    """Choose up to k of the pool.

    Args:
        pool: Items with scores, best first.
        k: How many.
        diversity: 0 keeps the order; 1 looks at likeness alone, after the first item.
        vectors: Gives (items, dimension) unit vectors; zeros where an item has none.
    """
    if diversity == 0 or len(pool) < 2:
        return list(pool[:k])
    scores = np.array([score for _, score in pool], np.float64)
    span = float(scores.max() - scores.min())
    worth = (scores - scores.min()) / span if span else np.ones(len(pool))
    rows = vectors([item for item, _ in pool])
    # Encoders put all texts close together; the spread within the pool is what tells likeness.
    likeness = _spread(rows @ rows.T)
    chosen: list[int] = [0]
    nearest = likeness[0].copy()
    while len(chosen) < min(k, len(pool)):
        gain = (1.0 - diversity) * worth - diversity * nearest
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
        nearest = np.maximum(nearest, likeness[chosen[-1]])
    return [pool[index] for index in chosen]


def _spread(likeness: NDArray[np.float32]) -> NDArray[np.float64]:
    off = likeness[~np.eye(len(likeness), dtype=bool)]
    low, high = float(off.min()), float(off.max())
    return np.asarray((likeness - low) / ((high - low) or 1.0), np.float64)


def list_similarity(items: Sequence[str], vectors: Callable[[Sequence[str]], Floats]) -> float:
    """Return the mean cosine between two items of a list; 0 where there are not two."""
    if len(items) < 2:
        return 0.0
    rows = vectors(items)
    likeness = rows @ rows.T
    return float(likeness[~np.eye(len(items), dtype=bool)].mean())
