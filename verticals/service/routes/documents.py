"""Routes of the knowledge base: documents and search."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from core.paging import Cursor, Limit, Page, after, page
from core.retrieval.records import DocumentInfo, Filters, Hit
from core.security.caller import Caller
from core.storage.ids import new_id
from core.vertical import Access
from verticals.service.intake import Upload
from verticals.service.routes.receiving import body_schema, receive
from verticals.service.routes.scopes import PREFIX, READ, WRITE
from verticals.service.schemas.closed import DOCUMENT_ID
from verticals.service.schemas.documents import (
    DocumentIn,
    DocumentOut,
    DocumentPut,
    DocumentWithText,
    HitOut,
    QueuedOut,
    SearchIn,
    SearchOut,
)
from verticals.service.service import HelpDesk, Queued

DocumentId = Annotated[str, Path(pattern=DOCUMENT_ID, max_length=120)]
_QUEUED: dict[int | str, dict[str, Any]] = {
    202: {"model": QueuedOut, "description": "A large document: the job `job_id` reads it."}
}


def mount(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    """Add the routes."""
    _changing(routes, service, access)
    _looking(routes, service, access)


def _changing(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    writer = Depends(access.require(WRITE))

    def keep(caller: Caller, upload: Upload, status: int) -> Response:
        kept = service.knowledge.put(caller.tenant, upload, actor=caller.key_id)
        if isinstance(kept, Queued):
            return _json(202, QueuedOut(id=kept.id, job_id=kept.job_id))
        return _json(status, _document(kept))

    # Bodies are read by hand: a form declared as a parameter would be read before the caller is known.
    @routes.post(
        f"{PREFIX}/documents",
        status_code=201,
        response_model=DocumentOut,
        responses=_QUEUED,
        summary="Add a document",
        openapi_extra=body_schema(DocumentIn),
    )
    async def add(request: Request, caller: Caller = writer) -> Response:
        """Add a document, or put it in the place of the one of its id; small ones are found at once."""
        upload = await receive(request, DocumentIn, fallback_id=new_id())
        return await run_in_threadpool(keep, caller, upload, 201)

    @routes.put(
        f"{PREFIX}/documents/{{document_id}}",
        response_model=DocumentOut,
        responses=_QUEUED,
        summary="Put a document",
        openapi_extra=body_schema(DocumentPut),
    )
    async def put(document_id: DocumentId, request: Request, caller: Caller = writer) -> Response:
        """Put a document in the place of the one of this id; the next question sees the new one only."""
        upload = await receive(request, DocumentPut, fallback_id=document_id)
        return await run_in_threadpool(keep, caller, upload, 200)

    @routes.delete(f"{PREFIX}/documents/{{document_id}}", status_code=204, summary="Delete a document")
    def delete(document_id: str, caller: Caller = writer) -> None:
        """Delete a document; the next question does not find it, and old replies lose its words."""
        service.knowledge.delete(caller.tenant, document_id, actor=caller.key_id)


def _looking(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    reader = Depends(access.require(READ))

    @routes.get(f"{PREFIX}/documents", summary="Documents")
    def list_documents(
        cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[DocumentOut]:
        """List documents in the order of their ids."""
        rows = service.knowledge.list(caller.tenant, after=after(cursor), limit=limit + 1)
        return page(rows, limit, _document, lambda row: row.id)

    @routes.get(f"{PREFIX}/documents/{{document_id}}", summary="A document with its text")
    def get_document(document_id: str, caller: Caller = reader) -> DocumentWithText:
        """Return a document and the text that citations refer to."""
        info, text = service.knowledge.get(caller.tenant, document_id)
        return DocumentWithText(**_document(info).model_dump(), text=text)

    @routes.post(f"{PREFIX}/search", summary="Search the documents")
    def search(body: SearchIn, caller: Caller = reader) -> SearchOut:
        """Find passages by words and meaning; filters are applied before the best are taken."""
        chosen = body.filters.documents
        filters = Filters(None if chosen is None else frozenset(chosen), body.filters.lang, body.filters.meta)
        hits = service.knowledge.search(caller.tenant, body.query, k=body.k, filters=filters, mode=body.mode)
        return SearchOut(data=[_hit(hit) for hit in hits])


def _json(status: int, body: DocumentOut | QueuedOut) -> Response:
    return JSONResponse(body.model_dump(mode="json"), status)


def _document(info: DocumentInfo) -> DocumentOut:
    return DocumentOut.model_validate(
        {
            "id": info.id,
            "version": info.version,
            "title": info.title,
            "media_type": info.media_type,
            "lang": info.lang,
            "sha256": info.sha256,
            "characters": info.characters,
            "passages": info.passages,
            "meta": dict(info.meta),
            "suspicious": [each.as_json() for each in info.suspicious],
            "created_at": info.created_at,
            "updated_at": info.updated_at,
        }
    )


def _hit(hit: Hit) -> HitOut:
    return HitOut(
        document_id=hit.document_id,
        version=hit.version,
        start=hit.start,
        end=hit.end,
        page=hit.page,
        heading=hit.heading,
        title=hit.title,
        text=hit.text,
        lang=hit.lang,
        score=hit.score,
        suspicious=hit.suspicious,
    )
