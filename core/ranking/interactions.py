"""Who took which item, when, and how strongly: the input of every ranking model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput

Row = tuple[str, str, float, float | datetime]
"""User, item, weight (finite, above 0), time (seconds since 1970 or a datetime with a zone)."""
History = Sequence[tuple[str, float]]
"""Items a user took, each with its weight; the order does not matter."""
DAY = 86_400.0
DECAY = 0.8
"""How much less each step back in a history counts; chosen on validation parts (benchmarks/recommend.py)."""


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """Rows in the order of (user, time, item, weight), whatever order they came in.

    Attributes:
        users: Ids, sorted.
        items: Ids, sorted; may hold items that nobody took.
        user: (rows,) index into `users`.
        item: (rows,) index into `items`.
        weight: (rows,) float32, above 0.
        time: (rows,) seconds since 1970.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    user: NDArray[np.int64]
    item: NDArray[np.int64]
    weight: NDArray[np.float32]
    time: NDArray[np.float64]

    @classmethod
    def from_rows(cls, rows: Iterable[Row], *, items: Iterable[str] = ()) -> Interactions:
        """Sort and number the rows.

        Args:
            rows: User, item, weight, time.
            items: The catalogue, for items without a row; those of the rows are added.

        Raises:
            InvalidInput: a weight is not above 0, a weight or time is not finite; the message has the row.
        """
        checked = [_checked(number, row) for number, row in enumerate(rows)]
        users = tuple(sorted({row[0] for row in checked}))
        known = tuple(sorted({*items, *(row[1] for row in checked)}))
        place_of = {name: index for index, name in enumerate(users)}
        item_at = {name: index for index, name in enumerate(known)}
        user = np.array([place_of[row[0]] for row in checked], np.int64)
        item = np.array([item_at[row[1]] for row in checked], np.int64)
        weight = np.array([row[2] for row in checked], np.float32)
        time = np.array([row[3] for row in checked], np.float64)
        order = np.lexsort((weight, item, time, user))
        return cls(users, known, user[order], item[order], weight[order], time[order])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.user)

    def select(self, keep: NDArray[np.bool_]) -> Interactions:
        """Return the rows where `keep` is true; users and items keep their numbers."""
        return Interactions(
            self.users, self.items, self.user[keep], self.item[keep], self.weight[keep], self.time[keep]
        )

    def first_takes(self) -> Interactions:
        """Return one row a (user, item): the first in time."""
        _, first = np.unique(self.pairs(), return_index=True)
        keep = np.zeros(len(self), np.bool_)
        keep[first] = True
        return self.select(keep)

    def last_takes(self) -> Interactions:
        """Return one row a (user, item): the last in time."""
        _, from_end = np.unique(self.pairs()[::-1], return_index=True)
        keep = np.zeros(len(self), np.bool_)
        keep[len(self) - 1 - from_end] = True
        return self.select(keep)

    def counts(self) -> NDArray[np.int64]:
        """Return (items,): how many different users took each item."""
        return np.bincount(self.first_takes().item, minlength=len(self.items))

    def ages(self, now: float) -> NDArray[np.float64]:
        """Return (users,): days from each user's last row to `now`, at least 0; 0 for users without a row."""
        last = np.full(len(self.users), -np.inf)
        np.maximum.at(last, self.user, self.time)
        return np.where(np.isfinite(last), np.maximum(now - last, 0.0) / DAY, 0.0)

    def histories(self, decay: float = 1.0) -> Any:
        """Return a scipy CSR matrix (users, items), float32: weight × decay ** (newer items of that user).

        An item taken repeatedly stands where it was taken last, with its last weight.
        """
        from scipy.sparse import csr_matrix

        last = self.last_takes()
        ends = np.cumsum(np.bincount(last.user, minlength=len(self.users)))
        newer = ends[last.user] - 1 - np.arange(len(last))
        values = (last.weight * np.power(decay, newer)).astype(np.float32)
        shape = (len(self.users), len(self.items))
        matrix = csr_matrix((values, (last.user, last.item)), shape=shape)
        matrix.sort_indices()
        return matrix

    def pairs(self) -> NDArray[np.int64]:
        """Return (rows,): one number that stands for the row's user and item."""
        return self.user * len(self.items) + self.item


def decayed(items: Sequence[str], decay: float = DECAY) -> list[tuple[str, float]]:
    """Weigh a history as the models were fitted to be asked: the newest item 1, each step back × `decay`.

    Args:
        items: A user's items, oldest first; of a repeated item the last take counts.
        decay: The model's `decay`.
    """
    newest_first = dict.fromkeys(reversed(items))
    return [(item, decay**step) for step, item in enumerate(newest_first)]


def freshness(age_days: Any, fresh_days: float | None) -> Any:
    """Return how much a history counts `age_days` after its last take: 1 at once, half after `fresh_days`.

    Who was here a minute ago goes on with what they were at; who returns after a month looks at what is new.

    Args:
        age_days: A number or an array, at least 0.
        fresh_days: None: the age does not matter.
    """
    return 1.0 + 0.0 * age_days if fresh_days is None else 1.0 / (1.0 + age_days / fresh_days)


def _checked(number: int, row: Row) -> tuple[str, str, float, float]:
    user, item, weight, time = row
    seconds = time.timestamp() if isinstance(time, datetime) else float(time)
    if not (math.isfinite(weight) and weight > 0 and math.isfinite(seconds)):
        raise InvalidInput(
            f"Interaction {number}: weight {weight!r} and time {time!r}.",
            remedy="Give a weight above 0 and a finite time; leave refunds and cancelled events out.",
        )
    return user, item, float(weight), seconds
