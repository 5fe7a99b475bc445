"""What is taken after what: directed item neighbours, so that a refill follows its first purchase.

weight(i → j) = Σ over users of gap_decay ** (steps from i to j - 1), over users(i)^a · users(j)^b + shrink:
the sequential neighbours of Ludewig and Jannach 2018 ("Evaluation of session-based recommendation
algorithms") and the "sequential rules" there, with a damped norm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.ranking.interactions import DECAY, Interactions
from core.ranking.item_model import ItemModel
from core.ranking.weights import TOP, check, model, strongest

GAP_DECAY = 0.9
FARTHEST = 50
SOURCE_POWER, TARGET_POWER = 0.5, 0.25
SHRINK = 1.0


def fit_transitions(
    interactions: Interactions,
    *,
    gap_decay: float = GAP_DECAY,
    shrink: float = SHRINK,
    decay: float = DECAY,
    top: int = TOP,
) -> ItemModel:
    """Fit the weights of what follows what.

    Args:
        interactions: The order in time matters, weights of rows do not.
        gap_decay: How much less a step further apart counts.
        shrink: How much a pair must outweigh before it counts in full.
        decay: Written into the model for those who ask it.
        top: Successors kept an item.

    Raises:
        InvalidInput: a parameter is not above 0.
    """
    check(gap_decay=gap_decay, shrink=shrink, top=top)
    follows = _follows(interactions.first_takes(), gap_decay).tocoo()
    users = np.maximum(interactions.counts(), 1).astype(np.float32)
    norm = users[follows.row] ** SOURCE_POWER * users[follows.col] ** TARGET_POWER + np.float32(shrink)
    follows.data = (follows.data / norm).astype(np.float32)
    parameters = {"gap_decay": gap_decay, "shrink": shrink, "top": top}
    return model("transitions", interactions.items, strongest(follows.tocsr(), top), decay, parameters)


def _follows(takes: Interactions, gap_decay: float) -> Any:
    """Return (items, items) CSR: how often, damped by distance, the column was taken after the row."""
    from scipy.sparse import csr_matrix

    n = len(takes.items)
    total = csr_matrix((n, n), dtype=np.float32)
    for gap in range(1, min(FARTHEST, len(takes) - 1) + 1):
        same = takes.user[gap:] == takes.user[:-gap]
        if not same.any():
            break
        pairs = (takes.item[:-gap][same], takes.item[gap:][same])
        values = np.full(int(same.sum()), gap_decay ** (gap - 1), np.float32)
        total = total + csr_matrix((values, pairs), shape=(n, n))
    return total
