"""The default model: what goes together (EASE), what follows (transitions) and what is taken these days.

All three are added into one ItemModel; a user without a history gets the popular items of the last days.
"""

from __future__ import annotations

import numpy as np

from core.ranking.ease import L2, LIMIT, dense_ease
from core.ranking.interactions import DECAY, Interactions
from core.ranking.item_model import ItemModel
from core.ranking.popularity import fit_popularity
from core.ranking.transitions import fit_transitions
from core.ranking.weights import TOP, check, model, spread, thin

FOLLOWS = 0.5
"""Weight of the transitions beside EASE; chosen on validation parts (benchmarks/recommend.py)."""

PRIOR = 0.1
"""Score of the most popular item of the last days; chosen likewise."""

FRESH_DAYS = 2.0
"""Age of a history at which it counts half against the prior; chosen likewise."""


def fit_blend(
    interactions: Interactions,
    *,
    follows: float = FOLLOWS,
    prior: float = PRIOR,
    l2: float = L2,
    decay: float = DECAY,
    fresh_days: float = FRESH_DAYS,
    top: int = TOP,
    limit: int = LIMIT,
) -> ItemModel:
    """Fit EASE + `follows` × transitions + `prior` × popularity of the last 7 days.

    Args:
        interactions: The order in time matters, weights of rows do not.
        follows: Weight of the transitions.
        prior: Score of the most popular item, without any history.
        l2: λ of EASE.
        decay: Written into the model for those who ask it.
        fresh_days: Age of a history at which it counts half against the prior.
        top: Weights kept an item, of each of the two.
        limit: Items EASE is fitted for, the most taken ones; the others are served by transitions alone.

    Raises:
        InvalidInput: a parameter is not above 0.
    """
    check(follows=follows, prior=prior, fresh_days=fresh_days)
    active, dense = dense_ease(interactions, l2=l2, limit=limit)
    together = spread(thin(dense, top), active, len(interactions.items))
    after = fit_transitions(interactions, top=top).matrix() * np.float32(follows)
    popular = fit_popularity(interactions).score
    bias = popular / (popular.max(initial=0) or 1) * np.float32(prior)
    parameters = {
        "l2": l2,
        "follows": follows,
        "prior": prior,
        "fresh_days": fresh_days,
        "top": top,
        "items": len(active),
    }
    return model("blend", interactions.items, (together + after).tocsr(), decay, parameters, bias, fresh_days)
