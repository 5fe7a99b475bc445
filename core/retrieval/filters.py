"""From filters to the ids that a search may find, read in the search's own snapshot."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.retrieval.lexical import Ids
from core.retrieval.records import Filters
from core.retrieval.tables import Document, Passage

_NAMED = 500
"""So many documents are named in the statement; more are sorted out here."""


def allowed_ids(session: Session, collection: str, filters: Filters | None) -> Ids | None:
    """Return the passages that fulfil the filters; None where nothing is filtered."""
    if filters is None or filters == Filters():
        return None
    documents = _documents(session, collection, filters)
    query = select(Passage.id, Passage.document_id).where(Passage.collection == collection)
    if filters.lang is not None:
        query = query.where(Passage.lang == filters.lang)
    if documents is not None and len(documents) <= _NAMED:
        query = query.where(Passage.document_id.in_(sorted(documents)))
    rows = session.execute(query)
    return np.array([row.id for row in rows if documents is None or row.document_id in documents], np.int64)


def _documents(session: Session, collection: str, filters: Filters) -> frozenset[str] | None:
    if not filters.meta:
        return filters.documents
    rows = session.execute(select(Document.id, Document.meta).where(Document.collection == collection))
    wanted = filters.meta.items()
    fitting = frozenset(row.id for row in rows if wanted <= row.meta.items())
    return fitting if filters.documents is None else fitting & filters.documents
