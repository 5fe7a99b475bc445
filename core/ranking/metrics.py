"""How good ranked lists are, user by user, and the same with intervals over users.

HR@k: share of users with at least one hit. Recall@k: hits over what was asked for. nDCG@k: gain
1/log2(rank + 2) over that of the best list of min(k, asked for) hits (Järvelin and Kekäläinen 2002).
Debiased HR@k: Σ hit/p over Σ 1/p of all pairs asked for, p of an item in proportion to its users in training
+ 1: the self-normalised inverse-propensity estimate of Yang et al. 2018 ("Unbiased offline recommender
evaluation for missing-not-at-random implicit feedback", RecSys; γ = 1):
a hit on what everybody takes counts little.
Coverage@k: share of the catalogue on anybody's list. Intra-list similarity@k: mean cosine between two items
of a list (Ziegler et al. 2005), over vectors, or over who took the items.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Sums = Mapping[str, tuple[Numbers, Numbers]]
"""By metric: (users,) numerators and denominators; the metric is the ratio of their sums."""
RESAMPLES = 1000
_BLOCK = 4_000_000


def user_sums(
    rank: NDArray[np.int64], user: NDArray[np.int64], users: int, inverse: Numbers, k: int
) -> dict[str, tuple[Numbers, Numbers]]:
    """Return the sums of every accuracy metric.

    Args:
        rank: (pairs,) of each pair asked for, 0 the best.
        user: (pairs,) its user, in [0, users), each of whom has a pair.
        users: How many.
        inverse: (pairs,) 1/p.
        k: Length of the lists.
    """

    def total(values: NDArray[Any]) -> Numbers:
        return np.bincount(user, weights=values, minlength=users).astype(np.float64)

    hit = (rank < k).astype(np.float64)
    asked, hits, ones = total(np.ones(len(rank))), total(hit), np.ones(users)
    ideal = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))])
    gain = total(hit / np.log2(rank + 2.0))
    return {
        f"hr@{k}": ((hits > 0).astype(np.float64), ones),
        f"recall@{k}": (hits / asked, ones),
        f"ndcg@{k}": (gain / ideal[np.minimum(asked, k).astype(int)], ones),
        f"debiased_hr@{k}": (total(hit * inverse), total(inverse)),
    }


def similarity(lists: NDArray[np.int64], vectors: Any) -> tuple[Numbers, Numbers]:
    """Return per list the mean cosine between two of its items, and 1 where it has two, else 0 and 0.

    Args:
        lists: (users, k) items; -1 for none.
        vectors: (items, dimension) of length 1 or 0, a numpy array or a scipy CSR matrix.
    """
    from scipy.sparse import csr_matrix

    rows, places = np.nonzero(lists >= 0)
    ones = np.ones(len(rows), np.float32)
    members = csr_matrix((ones, (rows, lists[rows, places])), shape=(len(lists), vectors.shape[0]))
    total = members @ vectors
    squared, own = _squares(total), members @ _squares(vectors)
    size = (lists >= 0).sum(axis=1)
    several = size > 1
    pairs = np.maximum(size * (size - 1), 1)
    return np.where(several, (squared - own) / pairs, 0.0), several.astype(np.float64)


def summary(sums: Sums, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return each metric with its 95 % percentile interval from 1,000 bootstrap resamples of the users."""
    spread = _resampled(sums, seed)
    return {name: _figure(_ratio(*map(np.sum, sums[name])), spread[name]) for name in sums}


def difference(
    own: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers], seed: int = 0
) -> dict[str, float]:
    """Return own - other with its 95 % interval; both are resampled with the same users."""
    spread = _resampled({"own": own, "other": other}, seed)
    value = _ratio(*map(np.sum, own)) - _ratio(*map(np.sum, other))
    return _figure(value, spread["own"] - spread["other"])


def _resampled(sums: Sums, seed: int) -> dict[str, Numbers]:
    users = len(next(iter(sums.values()))[0])
    rng, step = np.random.default_rng(seed), max(1, min(RESAMPLES, _BLOCK // max(users, 1)))
    parts: dict[str, list[Numbers]] = {name: [] for name in sums}
    for start in range(0, RESAMPLES, step):
        size = min(step, RESAMPLES - start)
        draws = rng.multinomial(users, np.full(users, 1.0 / users), size=size).astype(np.float64)
        for name, (top, bottom) in sums.items():
            parts[name].append(_ratio(draws @ top, draws @ bottom))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _ratio(top: Any, bottom: Any) -> Any:
    return np.divide(
        top, bottom, out=np.zeros_like(np.asarray(top, np.float64)), where=np.asarray(bottom) > 0
    )


def _figure(value: Any, spread: Numbers) -> dict[str, float]:
    low, high = np.quantile(spread, [0.025, 0.975])
    return {"value": round(float(value), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _squares(matrix: Any) -> Numbers:
    """Return the squared length of each row."""
    if hasattr(matrix, "multiply"):
        return np.asarray(matrix.multiply(matrix).sum(axis=1), np.float64).ravel()
    return np.asarray((matrix.astype(np.float64) ** 2).sum(axis=1))
