"""Popularity as a model: the baseline that personal rankings must beat, and what unknown users are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.ranking.interactions import DAY, Interactions
from core.ranking.item_model import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Popularity:
    """One score an item, the same for everybody.

    Attributes:
        items: Ids, sorted.
        score: (items,) users in the window, and as a fraction below 1 the users of all time.
        decay: Histories do not matter.
        fresh_days: Nor does their age.
    """

    items: tuple[str, ...]
    score: Floats
    decay: float = 1.0
    fresh_days: float | None = None

    def block(self, histories: Any) -> Floats:
        """Return (rows, items): the same row for each history."""
        return np.repeat(self.score[None, :], histories.shape[0], axis=0)

    def top(self, k: int) -> list[tuple[str, float]]:
        """Return up to k items that somebody took, most taken first, ties in the order of their ids."""
        order = np.lexsort((np.arange(len(self.items)), -self.score))[:k]
        return [(self.items[index], float(self.score[index])) for index in order if self.score[index] > 0]


def fit_popularity(
    interactions: Interactions, *, days: float | None = 7.0, now: float | None = None
) -> Popularity:
    """Count the different users of each item, so that one user's thousand clicks are one.

    Args:
        interactions: Rows later than `now` are passed over.
        days: Length of the window that ends now; None: all time.
        now: Seconds since 1970; default: the last row.
    """
    if not len(interactions):
        return Popularity(interactions.items, np.zeros(len(interactions.items), np.float32))
    end = float(interactions.time.max()) if now is None else now
    past = interactions.time <= end
    ever = interactions.select(past).counts()
    if days is None:
        return Popularity(interactions.items, ever.astype(np.float32))
    recent = interactions.select(past & (interactions.time > end - days * DAY)).counts()
    score = recent + ever / (ever.max(initial=0) + 1.0)
    return Popularity(interactions.items, score.astype(np.float32))
