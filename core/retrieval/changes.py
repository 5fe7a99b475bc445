"""What has changed in a collection since a generation, read from the database in the caller's snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.retrieval.dense import Halves
from core.retrieval.lexical import Ids
from core.retrieval.tables import Collection, Document, Passage, Removal

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Added:
    """A batch of passages that came.

    Attributes:
        ids: Of all of them.
        texts: What the words are taken from: title, headings and the passage itself.
        encoded: The ids of those that have a vector of the encoder in use.
        vectors: Shape (len(encoded), dimension).
    """

    ids: Ids
    texts: list[str]
    encoded: Ids
    vectors: Halves


@dataclass(frozen=True, slots=True)
class Census:
    """Numbers that an index and the database agree on as long as nothing went wrong."""

    passages: int
    ids_sum: int
    encoded: int


def generation_of(session: Session, collection: str) -> int | None:
    """Return the collection's generation; None where there is no such collection."""
    return session.scalar(select(Collection.generation).where(Collection.collection == collection))


def removed_since(session: Session, collection: str, generation: int) -> Ids:
    """Return the ids of passages that went after `generation`."""
    query = select(Removal.passage_id).where(
        Removal.collection == collection, Removal.generation > generation
    )
    return np.array(session.scalars(query).all(), np.int64)


def added_since(
    session: Session, collection: str, generation: int, encoder: str, dimension: int
) -> Iterator[Added]:
    """Yield the passages that came after `generation` and are still there, in batches."""
    query = (
        select(Passage.id, Document.title, Passage.heading, Passage.text, Passage.encoder, Passage.vector)
        .outerjoin(
            Document, (Document.collection == Passage.collection) & (Document.id == Passage.document_id)
        )
        .where(Passage.collection == collection, Passage.generation > generation)
        .order_by(Passage.id)
        .execution_options(yield_per=_BATCH)
    )
    for rows in session.execute(query).partitions():
        known = [row for row in rows if row.encoder == encoder]
        vectors = np.frombuffer(b"".join(row.vector for row in known), "<f2").astype(np.float16)
        yield Added(
            np.array([row.id for row in rows], np.int64),
            [f"{row.title or ''}\n{row.heading}\n{row.text}" for row in rows],
            np.array([row.id for row in known], np.int64),
            vectors.reshape(len(known), dimension),
        )


def census(session: Session, collection: str, encoder: str) -> Census:
    """Count the passages."""
    own = Passage.collection == collection
    count, total = session.execute(select(func.count(Passage.id), func.sum(Passage.id)).where(own)).one()
    encoded = session.scalar(select(func.count(Passage.id)).where(own, Passage.encoder == encoder))
    return Census(int(count), int(total or 0), int(encoded or 0))
