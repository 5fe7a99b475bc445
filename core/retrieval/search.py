"""Finds passages: words and vectors, filters inside, all of one snapshot of the database.

A search holds the collection's lock, opens a snapshot, and compares generations. Where the index is at the
snapshot's generation it answers together with others. Where it is behind, the search takes the lock alone,
opens a new snapshot, catches up and answers: it never has to try a third time, however fast documents change.
The passages that are returned are read in the same snapshot, so what was replaced or deleted is not among
them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput, StorageFull, Unavailable
from core.inference.reading import as_text
from core.ports import Encoder
from core.records import Example
from core.retrieval.changes import generation_of
from core.retrieval.dense import DenseIndex, Floats
from core.retrieval.dense_pgvector import PgVectorIndex, prepare
from core.retrieval.filters import allowed_ids
from core.retrieval.fuse import Fused, dense_share, fuse
from core.retrieval.index import CollectionIndex, Space, catch_up_rows
from core.retrieval.lexical import Ids, LexicalIndex
from core.retrieval.propose import DEPTH, propose
from core.retrieval.records import Filters, Hit
from core.retrieval.shelf import Entry, Shelf
from core.retrieval.tables import Document, Passage
from core.settings import Settings
from core.storage.engine import Storage

_log = logging.getLogger(__name__)
Mode = Literal["hybrid", "lexical", "dense"]
MOST = 1000
"""The largest k."""


@dataclass(frozen=True, slots=True)
class _Question:
    collection: str
    text: str
    vector: Floats
    k: int
    filters: Filters | None
    mode: Mode
    share: float


class Searcher:
    """Searches the collections of all tenants. One object a process; safe to use from any thread.

    Args:
        storage: Where documents are.
        encoder: Of the questions; passages that another encoder read are found by their words only.
        settings: Where indexes are kept, and whether vectors are searched by FAISS or by the database.
        shelf: The indexes in memory; tests give one with other limits.
    """

    def __init__(
        self, storage: Storage, encoder: Encoder, settings: Settings, *, shelf: Shelf | None = None
    ) -> None:
        self._storage = storage
        self._encoder = encoder
        self._shelf = Shelf(settings.data) if shelf is None else shelf
        self._in_memory = settings.vectors == "faiss"
        self._prepared = self._in_memory

    def search(
        self,
        tenant: str,
        collection: str,
        query: str,
        *,
        k: int = 10,
        filters: Filters | None = None,
        mode: Mode = "hybrid",
    ) -> list[Hit]:
        """Return at most `k` passages, the best first; none where the collection is empty or unknown.

        Args:
            tenant: Whose collection.
            collection: Its name.
            query: Any text; one without words or known signs finds what its vector finds, if anything.
            k: From 1 to 1000.
            filters: What hits must fulfil; looked at before the best k are taken.
            mode: `lexical` asks the words alone, `dense` the vectors alone.

        Raises:
            InvalidInput: k or mode is not one of those above.
            Unavailable: the database does not answer.
        """
        _check(k, mode)
        vector = self._encoder.encode([as_text(Example(query))], role="query")[0]
        question = _Question(collection, query, vector, k, filters, mode, dense_share(self._encoder.name))
        space = Space(self._encoder.fingerprint, self._encoder.dimension)
        entry = self._shelf.entry(tenant, collection)
        hits = self._together(entry, tenant, question, space)
        if hits is None:
            hits = self._alone(entry, tenant, question, space)
            self._keep(entry, tenant, collection)
        return hits

    def _together(self, entry: Entry, tenant: str, question: _Question, space: Space) -> list[Hit] | None:
        with entry.lock.shared(), self._storage.read(tenant) as session:
            generation = generation_of(session, question.collection)
            if generation is None:
                self._shelf.forget(tenant, question.collection)
                return []
            index = entry.index
            if index is None or index.space != space or not index.is_at(generation):
                return None
            if not self._in_memory:
                rows = PgVectorIndex(session, question.collection) if self._prepared else None
                if rows is None or rows.state() != (space.encoder, generation):
                    return None
            return _answer(session, index, question)

    def _alone(self, entry: Entry, tenant: str, question: _Question, space: Space) -> list[Hit]:
        with entry.lock.alone():
            index = self._shelf.opened(entry, tenant, question.collection, space, vectors=self._in_memory)
            if self._in_memory:
                with self._storage.read(tenant) as session:
                    index.catch_up(session, question.collection)
                    return _answer(session, index, question)
            if not self._prepared:
                prepare(self._storage)
                self._prepared = True

            def follow_and_answer(session: Session) -> list[Hit]:
                # No other write of the tenant runs meanwhile, so this is one snapshot too.
                catch_up_rows(session, question.collection, space)
                index.catch_up(session, question.collection)
                return _answer(session, index, question)

            return self._storage.write(tenant, follow_and_answer)

    def _keep(self, entry: Entry, tenant: str, collection: str) -> None:
        try:
            with entry.lock.shared():
                self._shelf.publish(entry, tenant, collection)
        except (StorageFull, Unavailable) as error:
            _log.warning("The index was not written to the disk: %s", error)
        self._shelf.put_away()


def _check(k: int, mode: str) -> None:
    if not 1 <= k <= MOST:
        raise InvalidInput(f"k is {k}.", remedy=f"Ask for 1 to {MOST} passages.")
    if mode not in get_args(Mode):
        raise InvalidInput(f"There is no mode {mode!r}.", remedy=f"Use one of {', '.join(get_args(Mode))}.")


def _answer(session: Session, index: CollectionIndex, question: _Question) -> list[Hit]:
    allowed = allowed_ids(session, question.collection, question.filters)
    rows = PgVectorIndex(session, question.collection)
    found = _rank(index.lexical, rows if index.dense is None else index.dense, question, allowed)
    return _hits(session, question.collection, found[: question.k])


def _rank(lexical: LexicalIndex, dense: DenseIndex, question: _Question, allowed: Ids | None) -> list[Fused]:
    depth = max(DEPTH, question.k)
    match question.mode:
        case "lexical":
            return fuse(lexical.search(question.text, depth, allowed), [], 0.0)
        case "dense":
            return fuse([], dense.search(question.vector, depth, allowed), 1.0)
        case _:
            both = propose(lexical, dense, question.text, question.vector, depth=depth, allowed=allowed)
            return fuse(*both, question.share)


def _hits(session: Session, collection: str, found: Sequence[Fused]) -> list[Hit]:
    query = (
        select(Passage, Document.title, Document.suspicious)
        .join(Document, (Document.collection == Passage.collection) & (Document.id == Passage.document_id))
        .where(Passage.collection == collection, Passage.id.in_([each.id for each in found]))
    )
    rows = {row.Passage.id: row for row in session.execute(query)}
    return [_hit(rows[each.id], each) for each in found if each.id in rows]


def _hit(row: Any, fused: Fused) -> Hit:
    passage = row.Passage
    return Hit(
        passage_id=passage.id,
        document_id=passage.document_id,
        version=passage.version,
        start=passage.start,
        end=passage.end,
        page=passage.page,
        heading=passage.heading,
        title=row.title,
        text=passage.text,
        lang=passage.lang,
        score=fused.score,
        dense=fused.dense,
        lexical=fused.lexical,
        suspicious=any(_touches(mark, passage.start, passage.end) for mark in row.suspicious),
    )


def _touches(mark: dict[str, Any], start: int, end: int) -> bool:
    return "start" in mark and mark["start"] < end and mark["end"] > start
