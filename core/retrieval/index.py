"""The index of one collection: words and vectors at one generation, caught up from the database.

The database is the truth. An index says of which generation and which encoder it is; `catch_up` brings it to
the generation that a snapshot shows: passages that came (their generation is larger than the index's) and
passages that went (the log of removals). Afterwards its numbers must be the database's; where they are not,
it is made again from nothing. Passages whose vector another encoder made are found by their words only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from core.errors import IntegrityFailure
from core.retrieval.changes import Added, Census, added_since, census, generation_of, removed_since
from core.retrieval.dense import FaissIndex
from core.retrieval.dense_pgvector import PgVectorIndex
from core.retrieval.lexical import LexicalIndex

_log = logging.getLogger(__name__)
_TERMS_BYTES = 2048
"""About what the words of one passage take in memory."""


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors that an index holds: whose and how long."""

    encoder: str
    dimension: int


class CollectionIndex:
    """Words and, unless the database keeps them, vectors of a collection.

    Searches may run side by side; `catch_up` must run alone.
    """

    def __init__(self, space: Space, *, vectors: bool = True) -> None:
        self.space = space
        self.generation = 0
        self.lexical = LexicalIndex()
        self.dense = FaissIndex(space.dimension) if vectors else None
        self.changed = 0
        """Passages that came or went since it was published or loaded."""

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        vectors = 4 * self.space.dimension * len(self.dense) if self.dense is not None else 0
        return vectors + _TERMS_BYTES * len(self.lexical)

    def is_at(self, generation: int) -> bool:
        """Tell whether it may answer for a snapshot of that generation."""
        return self.generation == generation

    def catch_up(self, session: Session, collection: str) -> None:
        """Bring it to what the session's snapshot shows.

        Raises:
            IntegrityFailure: even an index made from nothing has not the passages that the database counts.
        """
        wanted = generation_of(session, collection) or 0
        if self.generation > wanted:  # the database went back in time: a restored backup
            self._clear()
        self._follow(session, collection)
        if self.census() != self._expected(session, collection):
            _log.warning(
                "The index of the collection %r is made again: it is not the database's.", collection
            )
            self._clear()
            self._follow(session, collection)
            if self.census() != self._expected(session, collection):
                raise IntegrityFailure(
                    f"The passages of the collection {collection} cannot be indexed: their number changes.",
                    remedy="Put its documents again.",
                )
        self.generation = wanted

    def _follow(self, session: Session, collection: str) -> None:
        removed = removed_since(session, collection, self.generation)
        self.changed += len(removed)
        if self.dense is not None:
            self.dense.remove(removed)
        gone = removed.tolist()
        for part in self._added(session, collection):
            self.changed += len(part.ids)
            self.lexical.change(gone, zip(part.ids.tolist(), part.texts, strict=True))
            gone = []
            if self.dense is not None:
                self.dense.remove(part.ids)
                self.dense.add(part.encoded, part.vectors)
        if gone:
            self.lexical.change(gone, ())

    def _added(self, session: Session, collection: str) -> Iterator[Added]:
        space = self.space
        return added_since(session, collection, self.generation, space.encoder, space.dimension)

    def census(self) -> Census:
        """Return its own numbers; without vectors the count of vectors is left out (0)."""
        return Census(
            len(self.lexical), sum(self.lexical.ids), len(self.dense) if self.dense is not None else 0
        )

    def _expected(self, session: Session, collection: str) -> Census:
        counted = census(session, collection, self.space.encoder)
        return counted if self.dense is not None else Census(counted.passages, counted.ids_sum, 0)

    def _clear(self) -> None:
        empty = CollectionIndex(self.space, vectors=self.dense is not None)
        self.generation, self.lexical, self.dense = 0, empty.lexical, empty.dense


def catch_up_rows(session: Session, collection: str, space: Space) -> None:
    """Bring the vectors that PostgreSQL keeps to the session's generation; needs a session that writes."""
    rows = PgVectorIndex(session, collection)
    wanted = generation_of(session, collection) or 0
    state = rows.state()
    if state is None or state[0] != space.encoder or state[1] > wanted:
        rows.clear()
        state = (space.encoder, 0)
    rows.remove(removed_since(session, collection, state[1]))
    for part in added_since(session, collection, state[1], space.encoder, space.dimension):
        rows.remove(np.setdiff1d(part.ids, part.encoded))
        rows.add(part.encoded, part.vectors)
    rows.set_state(space.encoder, wanted)
