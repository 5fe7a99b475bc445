"""Joins what the words and what the vectors say of the same passages into one ranking.

Both rankings come with a score for every passage that either of them proposed (core.retrieval.propose asks
for those that are missing). BM25 and cosine have no common scale, so each is first measured in standard
deviations from its own mean over these candidates; the sum is weighted. A passage that stands far out in one
opinion, such as the only one with the product's name, then stands far out in the sum, which ranks alone
would forget.

Source: a convex combination of normalised scores; Bruch, Gai & Ingber 2023, "An Analysis of Fusion Functions
for Hybrid Retrieval" (arXiv:2210.11934), found it better than reciprocal ranks and easy to choose. How much
the vectors weigh depends on how good they are, so it goes with the encoder; it was chosen on sets and
questions that are not reported (python -m benchmarks.retrieval --tune).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.retrieval.lexical import Ranking

_SHARES = {"e5": 0.7, "use": 0.4}
_UNKNOWN_SHARE = 0.5


def dense_share(encoder: str) -> float:
    """Return how much the vectors of an encoder weigh, from 0 to 1; the words have the rest.

    Args:
        encoder: Its catalogue name; another one weighs as much as the words.
    """
    return _SHARES.get(encoder, _UNKNOWN_SHARE)


@dataclass(frozen=True, slots=True)
class Fused:
    """A passage with both opinions.

    Attributes:
        score: What is sorted by; in standard deviations of the candidates.
        lexical: BM25; None where no term is shared or words were not asked.
        dense: Cosine; None where there is no vector or vectors were not asked.
    """

    id: int
    score: float
    lexical: float | None
    dense: float | None


def fuse(words: Ranking, near: Ranking, share: float = _UNKNOWN_SHARE) -> list[Fused]:
    """Return all passages of both rankings, the best first; equal scores by id.

    Args:
        words: BM25; a passage that is not in it shares no term with the question and counts as 0.
        near: Cosines; a passage that is not in it has no vector and counts as the mean: nothing is known.
        share: Of the vectors, from 0 (words only) to 1 (vectors only), see `dense_share`; where only one
            ranking has anything, the other changes no order.
    """
    lexical, dense = dict(words), dict(near)
    ids = sorted(lexical.keys() | dense.keys())
    said = np.array([lexical.get(number, 0.0) for number in ids])
    known = np.array([dense.get(number, np.nan) for number in ids])
    scores = (1.0 - share) * _spread(said) + share * _spread(known)
    fused = [
        Fused(number, float(score), lexical.get(number), dense.get(number))
        for number, score in zip(ids, scores, strict=True)
    ]
    return sorted(fused, key=lambda each: (-each.score, each.id))


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values in standard deviations from their mean; unknown ones (NaN) and equal ones are 0."""
    if np.isnan(values).all():
        return np.zeros(len(values))
    deviation = float(np.nanstd(values))
    if deviation < 1e-9:
        return np.zeros(len(values))
    return np.nan_to_num((values - np.nanmean(values)) / deviation)


def reciprocal_ranks(
    rankings: Sequence[Ranking], weights: Sequence[float], constant: float = 60.0
) -> Ranking:
    """Return the sum over rankings of weight / (constant + rank), rank counted from 1; for comparison.

    Source: Cormack, Clarke & Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual rank
    learning methods".
    """
    sums: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, (number, _) in enumerate(ranking, 1):
            sums[number] = sums.get(number, 0.0) + weight / (constant + rank)
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
