"""Neighbours by text: unit vectors of the items, so that a new item without a single event can be found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput, NotFound
from core.ranking.interactions import DECAY, History
from core.ranking.item_model import Floats

_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class TextNeighbours:
    """Cosines between what a user took and every item; exact, one product of a matrix and a vector.

    Attributes:
        items: Ids, in the order of the rows of `vectors`, each once.
        vectors: (items, dimension) float32 unit vectors.
        decay: How histories are to be weighed, see `interactions.decayed`.

    Raises:
        InvalidInput: ids and vectors do not match, or a vector is not of length 1.
    """

    items: Sequence[str]
    vectors: NDArray[np.float32]
    decay: float = DECAY
    _place: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check ids and vectors."""
        place = {item: index for index, item in enumerate(self.items)}
        shape = np.shape(self.vectors)
        if len(place) != len(self.items) or len(shape) != 2 or shape[0] != len(self.items):
            raise InvalidInput(
                f"{len(place)} different items, vectors of shape {shape}.", remedy="Give one vector an item."
            )
        lengths = np.linalg.norm(self.vectors, axis=1)
        if len(lengths) and not np.allclose(lengths, 1.0, atol=_TOLERANCE):
            raise InvalidInput("A vector is not of length 1.", remedy="Give an encoder's unit vectors.")
        object.__setattr__(self, "_place", place)

    def __contains__(self, item: object) -> bool:
        """Tell whether there is a vector for this item."""
        return item in self._place

    def scores(self, history: History) -> Floats:
        """Return (items,) cosines, in [-1, 1], with the weighted mean of the history; zeros without one."""
        known = sorted((self._place[item], weight) for item, weight in history if item in self._place)
        if not known:
            return np.zeros(len(self.items), np.float32)
        rows, weights = zip(*known, strict=True)
        return self.near(np.asarray(weights, np.float32) @ self.vectors[list(rows)])

    def near(self, vector: NDArray[np.float32]) -> Floats:
        """Return (items,) cosines with any vector, such as a query's; zeros for the zero vector."""
        length = float(np.linalg.norm(vector))
        return np.asarray(self.vectors @ (vector / (length or 1.0)), np.float32)

    def top(self, history: History, k: int, *, exclude: Collection[str] = ()) -> list[tuple[str, float]]:
        """Return up to k items with a cosine above 0, best first; ties in the order of `items`.

        Args:
            history: Items with their weights; may be returned unless they are excluded.
            k: How many.
            exclude: Ids that are not wanted.
        """
        cosines = self.scores(history)
        cosines[[self._place[item] for item in exclude if item in self._place]] = 0
        above = np.flatnonzero(cosines > 0)
        order = above[np.lexsort((above, -cosines[above]))][:k]
        return [(self.items[index], float(cosines[index])) for index in order]

    def similar(self, item: str, k: int) -> list[tuple[str, float]]:
        """Return up to k items whose text is near one item's.

        Raises:
            NotFound: there is no vector for the item.
        """
        if item not in self._place:
            raise NotFound(
                f"There is no vector for item {item!r}.", remedy="Give the item a title or a text."
            )
        return self.top([(item, 1.0)], k, exclude={item})
