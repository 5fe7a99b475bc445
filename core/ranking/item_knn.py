"""Item neighbours by the cosine of who took both (Sarwar et al. 2001), damped for rare pairs."""

from __future__ import annotations

import numpy as np

from core.ranking.interactions import DECAY, Interactions
from core.ranking.item_model import ItemModel
from core.ranking.weights import TOP, check, model, strongest

SHRINK = 10.0
_ROWS = 2048


def fit_item_knn(
    interactions: Interactions, *, shrink: float = SHRINK, decay: float = DECAY, top: int = TOP
) -> ItemModel:
    """Fit weight(i, j) = both(i, j) / (sqrt(users(i) · users(j)) + shrink).

    Args:
        interactions: Weights of rows do not matter here, only who took what.
        shrink: How many users a pair must outweigh before it counts in full.
        decay: Written into the model for those who ask it.
        top: Neighbours kept an item.

    Raises:
        InvalidInput: a parameter is not above 0.
    """
    from scipy.sparse import csr_matrix, vstack

    check(shrink=shrink, top=top)
    n = len(interactions.items)
    taken = interactions.first_takes().histories()
    taken.data[:] = 1
    by_item, root = taken.T.tocsr(), np.sqrt(interactions.counts()).astype(np.float32)
    parts = [csr_matrix((0, n), dtype=np.float32)]
    for start in range(0, n, _ROWS):  # all pairs at once would not fit into memory for a large shop
        both = (by_item[start : start + _ROWS] @ taken).tocoo()
        rows, both.data = both.row + start, both.data * (both.row + start != both.col)
        both.data = both.data / (root[rows] * root[both.col] + np.float32(shrink))
        parts.append(strongest(both.tocsr(), top))
    return model(
        "item-knn", interactions.items, vstack(parts, format="csr"), decay, {"shrink": shrink, "top": top}
    )
