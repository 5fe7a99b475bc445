"""Reads and swaps the rows of a document, inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session, defer

from core.errors import Conflict, NotFound
from core.retrieval.records import DocumentInfo, Suspicion
from core.retrieval.tables import Collection, Document, Passage, Removal
from core.storage import audit, outbox
from core.storage.types import now


@dataclass(frozen=True, slots=True)
class Address:
    """Which document is meant."""

    tenant: str
    collection: str
    id: str

    def absent(self) -> NotFound:
        """Return the error for a document that is not there, or is another tenant's."""
        return NotFound(
            f"No document {self.id!r} in the collection {self.collection!r}.", remedy="List its documents."
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a version consists of; made before the transaction begins.

    Attributes:
        columns: Of the documents table, without keys, version and times.
        passages: Of the passages table, without keys, version, ordinal and generation; never empty.
    """

    columns: Mapping[str, Any]
    passages: Sequence[Mapping[str, Any]]


def find(session: Session, at: Address) -> DocumentInfo | None:
    """Return what is known of a document, or None."""
    row = session.execute(_query(at.tenant, at.collection).where(Document.id == at.id)).one_or_none()
    return None if row is None else _info(*row)


def page_of(
    session: Session, tenant: str, collection: str, after: str | None, limit: int
) -> list[DocumentInfo]:
    """Return up to `limit` documents in the order of their ids, those after the id `after`."""
    query = _query(tenant, collection).order_by(Document.id).limit(limit)
    if after is not None:
        query = query.where(Document.id > after)
    return [_info(*row) for row in session.execute(query)]


def request_of(session: Session, at: Address) -> str | None:
    """Return the digest of what the current version was made from, or None."""
    return session.scalar(select(Document.request).where(*_is(Document, at), Document.id == at.id))


def last_version(session: Session, at: Address) -> tuple[int, bool]:
    """Return the number of the last version there was (0: none), and whether it is still there."""
    current = session.scalar(select(Document.version).where(*_is(Document, at), Document.id == at.id))
    if current is not None:
        return current, True
    gone = select(func.max(Removal.version)).where(*_is(Removal, at), Removal.document_id == at.id)
    return session.scalar(gone) or 0, False


def swap(
    session: Session, at: Address, prepared: Prepared, standing: tuple[int, bool], actor: str
) -> DocumentInfo:
    """Put a version in the place of the last, if `standing` (of `last_version`) still holds.

    Raises:
        Conflict: the document was replaced or deleted in between.
    """
    if request_of(session, at) == prepared.columns["request"]:
        return _known(session, at)
    if last_version(session, at) != standing:
        raise Conflict(
            f"The document {at.id!r} was replaced or deleted while this was being read.",
            remedy="Nothing was changed. Send it again if it is still wanted.",
        )
    version = standing[0] + 1
    collection = _raised(session, at)
    _remove_passages(session, at, collection.generation)
    _write_document(session, at, version, prepared.columns)
    _write_passages(session, at, version, collection, prepared.passages)
    _tell(session, at, "stored", actor, {"version": version, "generation": collection.generation})
    return _known(session, at)


def remove(session: Session, at: Address, actor: str) -> None:
    """Delete a document with its passages.

    Raises:
        NotFound: it is not there.
    """
    version, present = last_version(session, at)
    if not present:
        raise at.absent()
    collection = _raised(session, at)
    _remove_passages(session, at, collection.generation)
    session.execute(delete(Document).where(*_is(Document, at), Document.id == at.id))
    _tell(session, at, "deleted", actor, {"version": version, "generation": collection.generation})


def _is(table: Any, at: Address) -> tuple[Any, Any]:
    return table.tenant_id == at.tenant, table.collection == at.collection


def _query(tenant: str, collection: str) -> Select[Any]:
    """Ask for documents without their texts, each with its length and its number of passages."""
    passages = (
        select(func.count())
        .where(Passage.tenant_id == tenant, Passage.collection == collection)
        .where(Passage.document_id == Document.id)
        .correlate(Document)
        .scalar_subquery()
    )
    return (
        select(Document, func.length(Document.text), passages)
        .options(defer(Document.text))
        .where(Document.tenant_id == tenant, Document.collection == collection)
    )


def _info(row: Document, characters: int, passages: int) -> DocumentInfo:
    return DocumentInfo(
        collection=row.collection,
        id=row.id,
        version=row.version,
        title=row.title,
        media_type=row.media_type,
        lang=row.lang,
        sha256=row.sha256,
        characters=characters,
        passages=passages,
        meta=dict(row.meta),
        suspicious=tuple(Suspicion(**found) for found in row.suspicious),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _known(session: Session, at: Address) -> DocumentInfo:
    found = find(session, at)
    if found is None:
        raise at.absent()
    return found


def _raised(session: Session, at: Address) -> Collection:
    row = session.get(Collection, (at.tenant, at.collection))
    if row is None:
        row = Collection(tenant_id=at.tenant, collection=at.collection, generation=0, next_passage=1)
        session.add(row)
    row.generation += 1
    return row


def _remove_passages(session: Session, at: Address, generation: int) -> None:
    mine = (*_is(Passage, at), Passage.document_id == at.id)
    gone = [
        {
            "tenant_id": at.tenant,
            "collection": at.collection,
            "passage_id": passage,
            "generation": generation,
            "document_id": at.id,
            "version": version,
        }
        for passage, version in session.execute(select(Passage.id, Passage.version).where(*mine))
    ]
    if gone:
        session.execute(insert(Removal), gone)
        session.execute(delete(Passage).where(*mine))


def _write_document(session: Session, at: Address, version: int, columns: Mapping[str, Any]) -> None:
    row = session.get(Document, (at.tenant, at.collection, at.id))
    if row is None:
        row = Document(tenant_id=at.tenant, collection=at.collection, id=at.id, created_at=now())
        session.add(row)
    row.version, row.updated_at = version, now()
    for name, value in columns.items():
        setattr(row, name, value)
    session.flush()


def _write_passages(
    session: Session, at: Address, version: int, collection: Collection, passages: Sequence[Mapping[str, Any]]
) -> None:
    first = collection.next_passage
    collection.next_passage = first + len(passages)
    rows = [
        {
            "tenant_id": at.tenant,
            "collection": at.collection,
            "id": first + ordinal,
            "document_id": at.id,
            "version": version,
            "ordinal": ordinal,
            "generation": collection.generation,
            **passage,
        }
        for ordinal, passage in enumerate(passages)
    ]
    session.execute(insert(Passage), rows)


def _tell(session: Session, at: Address, what: str, actor: str, detail: dict[str, Any]) -> None:
    place = {"collection": at.collection, "id": at.id}
    outbox.emit(session, f"retrieval.document.{what}", {**place, **detail})
    audit.record(
        session, actor=actor, action=f"document.{what}", subject=f"{at.collection}/{at.id}", detail=detail
    )
