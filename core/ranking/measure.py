"""Measures one fitted model on the test part of a split, a block of users at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.ranking import metrics
from core.ranking.interactions import Interactions, freshness
from core.ranking.item_model import Floats
from core.ranking.metrics import Numbers
from core.ranking.ranks import hide, lists, ranks
from core.ranking.split import Split

CELLS = 8_000_000
"""Users × items that are scored at once: 32 MB of float32, and a few times that while they are ranked."""


class Scorer(Protocol):
    """A fitted model, as the evaluation sees it."""

    @property
    def decay(self) -> float:
        """How much less each step back in a history counts."""
        ...

    @property
    def fresh_days(self) -> float | None:
        """Age in days at which a history counts half; None: its age does not matter."""
        ...

    def block(self, histories: Any) -> Floats:
        """Return finite scores (rows, items) for a scipy CSR matrix of histories (rows, items)."""
        ...


Fit = Callable[[Interactions], Scorer]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Sums a user, in the order of the users asked about, and what concerns all lists at once.

    Attributes:
        sums: As `metrics.Sums`.
        coverage: Share of the catalogue that is on at least one list.
    """

    sums: dict[str, tuple[Numbers, Numbers]]
    coverage: float


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What all models of one run are measured on.

    Attributes:
        split: Learned from and asked for.
        users: Users to ask about, sorted numbers; each has a pair in the test part.
        counts: (items,) users of each item in the training part; one that nobody took is on no list.
        vectors: (items, dimension) for the similarity inside lists.
        k: Length of a list.
        cells: Users × items to score at once.
    """

    split: Split
    users: NDArray[np.int64]
    counts: NDArray[np.int64]
    vectors: Any
    k: int
    cells: int = CELLS

    def measure(self, scorer: Scorer) -> Measured:
        """Ask a model about every user, with all items as candidates, and count."""
        histories = self._histories(scorer)
        step = max(1, self.cells // max(1, len(self.counts)))
        parts = [
            self._part(scorer, histories, self.users[at : at + step])
            for at in range(0, len(self.users), step)
        ]
        sums = {
            name: tuple(np.concatenate([part[0][name][side] for part in parts]) for side in (0, 1))
            for name in parts[0][0]
        }
        shown = np.unique(np.concatenate([part[1] for part in parts]))
        catalogue = max(1, int((self.counts > 0).sum()))
        return Measured({name: (both[0], both[1]) for name, both in sums.items()}, len(shown) / catalogue)

    def _histories(self, scorer: Scorer) -> Any:
        """Return the histories as of the cutoff; without one, as of right after each user's last take."""
        from scipy.sparse import diags

        train = self.split.train
        ages = np.zeros(len(train.users)) if self.split.cutoff is None else train.ages(self.split.cutoff)
        fresh = freshness(ages, scorer.fresh_days).astype(np.float32)
        return (diags(fresh) @ train.histories(scorer.decay)).tocsr()

    def _part(
        self, scorer: Scorer, histories: Any, users: NDArray[np.int64]
    ) -> tuple[dict[str, tuple[Numbers, Numbers]], NDArray[np.int64]]:
        past = histories[users]
        scores = np.array(scorer.block(past), np.float32)
        had, items = past.nonzero()
        hide(scores, had, items, self.counts == 0)
        test = self.split.test
        asked = np.isin(test.user, users)
        row, item = np.searchsorted(users, test.user[asked]), test.item[asked]
        inverse = 1.0 / (self.counts[item] + np.float64(1.0))
        found = lists(scores, self.k)
        sums = metrics.user_sums(ranks(scores, row, item), row, len(users), inverse, self.k)
        sums[f"intra_list_similarity@{self.k}"] = metrics.similarity(found, self.vectors)
        return sums, np.unique(found[found >= 0])


def taker_vectors(train: Interactions) -> Any:
    """Return (items, users) CSR rows of length 1: who took an item; zeros where nobody did."""
    taken = train.first_takes().histories().T.tocsr()
    taken.data[:] = 1
    lengths = np.sqrt(np.diff(taken.indptr))
    taken.data /= np.repeat(lengths, np.diff(taken.indptr)).astype(np.float32)
    return taken
