"""EASE, a linear item-to-item model in closed form (Steck 2019, "Embarrassingly Shallow Autoencoders").

Minimise |X - XB|² + λ|B|² with diag(B) = 0: B = I - P / diag(P), where P = (XᵀX + λI)⁻¹. Asked with a
history that decays by recency.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.ranking.interactions import DECAY, Interactions
from core.ranking.item_model import Floats, ItemModel
from core.ranking.weights import TOP, check, model, spread, thin

L2 = 50.0
LIMIT = 20_000
"""Items that EASE is fitted for, the most taken ones: n need 4 n² bytes (1.6 GB), n³ operations."""
_STEP = 1024


def fit_ease(
    interactions: Interactions, *, l2: float = L2, decay: float = DECAY, top: int = TOP, limit: int = LIMIT
) -> ItemModel:
    """Fit EASE and keep the strongest weights of each item.

    Args:
        interactions: Weights of rows do not matter here, only who took what.
        l2: λ, above 0: the larger, the more only frequent pairs count.
        decay: Written into the model for those who ask it.
        top: Weights kept an item.
        limit: Items to fit for, the most taken ones; the others get no weights.

    Raises:
        InvalidInput: a parameter is not above 0.
    """
    active, dense = dense_ease(interactions, l2=l2, limit=limit)
    parameters = {"l2": l2, "top": top, "items": len(active)}
    matrix = spread(thin(dense, top), active, len(interactions.items))
    return model("ease", interactions.items, matrix, decay, parameters)


def dense_ease(
    interactions: Interactions, *, l2: float = L2, limit: int = LIMIT
) -> tuple[NDArray[np.int64], Floats]:
    """Return the items fitted for, and their full weights (n, n) with a diagonal of 0.

    Raises:
        InvalidInput: λ is not above 0, or too small for float32 on this data.
    """
    check(l2=l2, limit=limit)
    active = most_taken(interactions, limit)
    taken = interactions.first_takes().histories()[:, active]
    taken.data[:] = 1
    inverse = _inverse(_gram(taken, l2), l2)
    scale = -inverse.diagonal().copy()
    inverse /= scale
    np.fill_diagonal(inverse, 0)
    return active, inverse


def most_taken(interactions: Interactions, limit: int) -> NDArray[np.int64]:
    """Return the sorted indices of the `limit` items with most users; items nobody took are left out."""
    counts = interactions.counts()
    order = np.lexsort((np.arange(len(counts)), -counts))[:limit]
    return np.sort(order[counts[order] > 0])


def _gram(taken: Any, l2: float) -> Floats:
    gram = np.asfortranarray((taken.T @ taken).toarray(), np.float32)
    gram[np.diag_indices(len(gram))] += np.float32(l2)
    return gram


def _inverse(gram: Floats, l2: float) -> Floats:
    """Invert a positive definite matrix in place, by its Cholesky factor."""
    from scipy.linalg.lapack import spotrf, spotri

    if not len(gram):
        return gram
    factor, wrong = spotrf(gram, lower=1, overwrite_a=1)
    if wrong:
        raise InvalidInput(f"EASE cannot be solved with l2={l2} in float32.", remedy="Give a larger l2.")
    inverse, _ = spotri(factor, lower=1, overwrite_c=1)
    _mirror(inverse)
    return np.asarray(inverse, np.float32)


def _mirror(lower: Floats) -> None:
    """Copy the lower triangle over the upper one, some rows at a time: a whole copy would double memory."""
    n = len(lower)
    for start in range(0, n, _STEP):
        stop = min(n, start + _STEP)
        lower[start:stop, stop:] = lower[stop:, start:stop].T
        corner = np.tril(lower[start:stop, start:stop])
        lower[start:stop, start:stop] = corner + np.tril(corner, -1).T
