"""The form in which item-to-item models serve: for each item its strongest targets, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import NotFound
from core.ranking.interactions import DECAY, History, decayed, freshness

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ItemModel:
    """Sparse weights from each item of a history to each item that might be shown (CSR, rows sorted).

    Attributes:
        kind: `ease`, `item-knn`, `transitions` or `blend`.
        items: Ids, sorted.
        indptr: (items + 1,) where each source item's targets begin.
        targets: Index of each target item.
        weights: Weight of each target.
        bias: (items,) what each item scores without any history: its prior.
        decay: How much less each step back in a history counts, see `weigh`.
        fresh_days: Age at which a history counts half against the prior; None: its age does not matter.
        parameters: What it was fitted with, as JSON values.
    """

    kind: str
    items: tuple[str, ...]
    indptr: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: Floats
    bias: Floats
    decay: float = DECAY
    fresh_days: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    _place: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Number the items."""
        object.__setattr__(self, "_place", {item: index for index, item in enumerate(self.items)})

    def __contains__(self, item: object) -> bool:
        """Tell whether the model was fitted with this item."""
        return item in self._place

    def weigh(self, items: Sequence[str], *, age_days: float = 0.0) -> list[tuple[str, float]]:
        """Return the history to ask this model with.

        Args:
            items: What the user took, oldest first.
            age_days: Days since the last take, at least 0.
        """
        fresh = float(freshness(age_days, self.fresh_days))
        return [(item, weight * fresh) for item, weight in decayed(items, self.decay)]

    def scores(self, history: History) -> Floats:
        """Return (items,) scores; an item's prior where nothing of the history speaks for or against it.

        Items that the model does not know are passed over; of a repeated item the largest weight counts.
        """
        out = self.spoken(history)
        out += self.bias
        return out

    def spoken(self, history: History) -> Floats:
        """Return (items,) what the history alone adds to the scores; 0 where it says nothing."""
        out = np.zeros(len(self.items), np.float32)
        for source, weight in sorted(self._weighed(history).items()):
            row = slice(self.indptr[source], self.indptr[source + 1])
            out[self.targets[row]] += np.float32(weight) * self.weights[row]
        return out

    def block(self, histories: Any) -> Floats:
        """Return (rows, items) scores of a CSR matrix of histories, equal to `scores` of each row."""
        out = np.asarray((histories @ self.matrix()).toarray(), np.float32)
        out += self.bias
        return out

    def matrix(self) -> Any:
        """Return the weights as a scipy CSR matrix (items, items)."""
        from scipy.sparse import csr_matrix

        shape = (len(self.items), len(self.items))
        return csr_matrix((self.weights, self.targets, self.indptr), shape=shape)

    def top(self, history: History, k: int, *, exclude: Collection[str] = ()) -> list[tuple[str, float]]:
        """Return up to k items with a score above 0, best first; ties in the order of their ids.

        Args:
            history: As `scores`. Its items may be returned: hand them in as `exclude` to leave them out.
            k: How many.
            exclude: Ids that are not wanted.
        """
        return self._best(self.scores(history), k, exclude)

    def similar(self, item: str, k: int) -> list[tuple[str, float]]:
        """Return up to k items that go with one item, best first.

        Raises:
            NotFound: the model does not know the item.
        """
        if item not in self._place:
            raise NotFound(
                f"The model knows no item {item!r}.", remedy="Fit it again with this item's events."
            )
        return self._best(self.spoken([(item, 1.0)]), k, {item})

    def reasons(self, history: History, item: str, k: int = 3) -> list[tuple[str, float]]:
        """Return up to k items of the history that spoke for `item`, with what each added to its score."""
        target = self._place.get(item)
        found = []
        for source, weight in self._weighed(history).items():
            row = slice(self.indptr[source], self.indptr[source + 1])
            added = float((self.weights[row] * weight)[self.targets[row] == target].sum())
            if added > 0:
                found.append((self.items[source], added))
        return sorted(found, key=lambda each: (-each[1], each[0]))[:k]

    def _weighed(self, history: History) -> dict[int, float]:
        found: dict[int, float] = {}
        for item, weight in history:
            place = self._place.get(item)
            if place is not None:
                found[place] = max(weight, found.get(place, weight))
        return found

    def _best(self, scores: Floats, k: int, exclude: Collection[str]) -> list[tuple[str, float]]:
        scores[[self._place[item] for item in exclude if item in self._place]] = 0
        above = np.flatnonzero(scores > 0)
        order = above[np.lexsort((above, -scores[above]))][:k]
        return [(self.items[index], float(scores[index])) for index in order]
