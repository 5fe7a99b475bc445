"""Full ranking: every item is a candidate, and a tie is never a hit.

An item's rank is the number of other items that score as high or higher. So the list of an evaluation is the
items that surely are among the first k: one constant score gives an empty list and no hit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.ranking.item_model import Floats

_CELLS = 4_000_000


def hide(
    scores: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64], absent: NDArray[np.bool_]
) -> None:
    """Take out of the running, in place, what users have already and what is not in the catalogue.

    Args:
        scores: (users, items).
        rows: User of each pair that is had already.
        columns: Item of each such pair.
        absent: (items,) true where an item may not be shown to anybody.

    Raises:
        InvalidInput: a score is NaN, or plus infinity.
    """
    if not (scores < np.inf).all():  # false for NaN as well
        raise InvalidInput("A model gave a score that is NaN or infinite.", remedy="Look into its weights.")
    scores[rows, columns] = -np.inf
    scores[:, absent] = -np.inf


def ranks(scores: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (pairs,): how many other items score at least as high; the number of items for hidden ones.

    Args:
        scores: (users, items), hidden ones at minus infinity.
        rows: User of each pair.
        columns: Item of each pair.
    """
    n = scores.shape[1]
    out = np.empty(len(rows), np.int64)
    step = max(1, _CELLS // max(n, 1))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        own = scores[rows[part], columns[part]]
        above = (scores[rows[part]] >= own[:, None]).sum(axis=1) - 1
        out[part] = np.where(np.isneginf(own), n, above)
    return out


def lists(scores: Floats, k: int) -> NDArray[np.int64]:
    """Return (users, k) items that surely rank among the first k, in no order; -1 where there are fewer."""
    users, n = scores.shape
    depth = min(k + 1, n)
    found = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    values = np.take_along_axis(scores, found, axis=1)
    limit = values.min(axis=1, keepdims=True) if n > k else np.full((users, 1), -np.inf, np.float32)
    sure = np.where(values > limit, found, -1)
    out = np.full((users, k), -1, np.int64)
    ordered = -np.sort(-sure, axis=1)[:, :k]
    out[:, : ordered.shape[1]] = ordered
    return out
