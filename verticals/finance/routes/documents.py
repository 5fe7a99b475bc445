"""/v1/finance/documents: take documents in, and list them with what was read in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError

from core.errors import InvalidInput, PayloadTooLarge
from core.paging import Cursor, Limit, Page, after, page
from core.records import Record
from core.security.caller import Caller
from core.vertical import Access
from verticals.finance.intake import Document, document
from verticals.finance.routes.scopes import READ, WRITE
from verticals.finance.schemas.documents import (
    DocumentIn,
    DocumentOut,
    DocumentsIn,
    DocumentsOut,
    EntityOut,
    IntakeOut,
    SentimentOut,
)
from verticals.finance.service import DocumentView, Finance


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    @routes.post("/documents", status_code=202, summary="Take documents in")
    def take(body: DocumentsIn, caller: Caller = writer) -> DocumentsOut:
        """Store what is new, once per (source, external_id), for a job to read; a bad row is left out."""
        return _taken(service, caller, body.documents, live=body.live)

    @routes.get("/documents", summary="Documents and what was read in them")
    def documents(cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader) -> Page[DocumentOut]:
        """List documents, the last received first."""
        rows = service.documents.list(caller.tenant, before=after(cursor), limit=limit + 1)
        return page(rows, limit, _shown, lambda row: row.id)

    @routes.get("/documents/{document_id}", summary="One document")
    def one(document_id: str, caller: Caller = reader) -> DocumentOut:
        """Return a document with what was read in it."""
        return _shown(service.documents.get(caller.tenant, document_id))


def _taken(service: Finance, caller: Caller, rows: Sequence[dict[str, Any]], *, live: bool) -> DocumentsOut:
    service.analyze.check_size(len(rows), "/documents")
    read = [_document(service, index, row) for index, row in enumerate(rows)]
    good = [each for each in read if isinstance(each, Document)]
    taken, job_id = (
        service.documents.take(caller.tenant, good, actor=caller.key_id, live=live) if good else ([], None)
    )
    rest = iter(taken)
    said = []
    for index, each in enumerate(read):
        if isinstance(each, IntakeOut):
            said.append(each)
            continue
        became = next(rest)
        said.append(
            IntakeOut(
                index=index,
                source=each.source,
                external_id=each.external_id,
                status=became.status,
                reason=became.reason,
            )
        )
    counts = {
        status: sum(row.status == status for row in said) for status in ("accepted", "duplicate", "rejected")
    }
    return DocumentsOut(data=said, job_id=job_id, **counts)


def _document(service: Finance, index: int, row: dict[str, Any]) -> Document | IntakeOut:
    try:
        given = DocumentIn.model_validate(row)
        record = Record(given.source, given.external_id, given.model_dump(), given.published_at)
        found = document(record)
        service.analyze.check([found.story])
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        return _rejected(index, row, said, f"/documents/{index}/{where}")
    except (InvalidInput, PayloadTooLarge) as error:
        return _rejected(index, row, str(error), f"/documents/{index}/text")
    return found


def _rejected(index: int, row: dict[str, Any], reason: str, pointer: str) -> IntakeOut:
    def shown(name: str) -> str | None:
        value = row.get(name)
        return value if isinstance(value, str) and len(value) <= 400 else None

    return IntakeOut(
        index=index,
        source=shown("source"),
        external_id=shown("external_id"),
        status="rejected",
        reason=reason,
        pointer=pointer,
    )


def _shown(row: DocumentView) -> DocumentOut:
    said = None
    if row.sentiment is not None:
        said = SentimentOut.model_validate({"label": row.sentiment, "probabilities": row.probabilities})
    return DocumentOut(
        id=row.id,
        source=row.source,
        external_id=row.external_id,
        text=row.text,
        lang=row.lang,
        published_at=row.published_at,
        received_at=row.received_at,
        revised_at=row.revised_at,
        counted_at=row.counted_at,
        dated=row.dated,
        live=row.live,
        story_id=row.story_id,
        sentiment=said,
        topics=None if row.topics is None else list(row.topics),
        entities=None if row.entities is None else [EntityOut.model_validate(e) for e in row.entities],
        risk=row.risk,
        model=None if row.model is None else dict(row.model),
    )
