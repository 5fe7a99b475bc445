"""The use case: the documents of the knowledge base; small ones are read at once, large ones by a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from core.jobs.queue import Jobs
from core.ports import Clock
from core.retrieval.library import Library
from core.retrieval.parse import format_of
from core.retrieval.records import DocumentInfo, Filters, Hit
from core.retrieval.search import Mode, Searcher
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.ids import new_id
from verticals.service.intake import Upload
from verticals.service.policy.caps import check_text
from verticals.service.tables import Waiting

HELP = "help"
"""The collection that customers' questions are answered from."""
INGEST = "service.ingest"
"""The kind of job that reads a large document."""
SMALL_BYTES = 200_000
"""Documents up to this size are read before the request is answered."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A document that waits to be read, and the job that will."""

    id: str
    job_id: str


class Knowledge:
    """A tenant's documents.

    Args:
        storage: Where large documents wait.
        library: Keeps and reads documents.
        searcher: Finds passages.
        jobs: Where the reading of large documents is queued.
        clock: Tells when they came.
        settings: For the caps.
    """

    def __init__(
        self,
        storage: Storage,
        library: Library,
        searcher: Searcher,
        jobs: Jobs,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._storage = storage
        self._library = library
        self._searcher = searcher
        self._jobs = jobs
        self._clock = clock
        self._settings = settings

    def put(
        self, tenant: str, upload: Upload, *, actor: str, collection: str = HELP, now: bool = False
    ) -> DocumentInfo | Queued:
        """Keep a document in the place of the one of its id.

        Args:
            tenant: Whose.
            upload: The document.
            actor: Who sent it, for the audit.
            collection: Where to.
            now: Read it before returning, however large it is.

        Returns:
            The document, or the job that will read it. A PDF is large from a quarter of the size on: its
            pages cost more than its bytes tell.

        Raises:
            InvalidInput, PayloadTooLarge, Conflict: see `core.retrieval.library.Library.put`.
        """
        kind = format_of(upload.data, upload.filename, upload.media_type)
        cost = len(upload.data) * (4 if kind == "pdf" else 1)
        if now or cost <= SMALL_BYTES:
            self._forget_waiting(tenant, collection, upload.id)
            return self._read(tenant, collection, upload, actor)
        waiting = self._wait(tenant, collection, upload)
        return Queued(upload.id, self._jobs.submit(tenant, INGEST, {"waiting": waiting}, actor=actor))

    def _read(self, tenant: str, collection: str, upload: Upload, actor: str) -> DocumentInfo:
        return self._library.put(
            tenant,
            collection,
            upload.id,
            upload.data,
            filename=upload.filename,
            media_type=upload.media_type,
            title=upload.title,
            meta=upload.meta,
            actor=actor,
        )

    def _wait(self, tenant: str, collection: str, upload: Upload) -> str:
        number = new_id()

        def insert(session: Session) -> None:
            _forget(session, collection, upload.id)
            row = Waiting(
                id=number,
                collection=collection,
                document_id=upload.id,
                data=upload.data,
                filename=upload.filename,
                media_type=upload.media_type,
                title=upload.title,
                meta=dict(upload.meta),
                created_at=self._clock.now(),
            )
            session.add(row)

        self._storage.write(tenant, insert)
        return number

    def _forget_waiting(self, tenant: str, collection: str, document_id: str) -> bool:
        return self._storage.write(tenant, lambda session: _forget(session, collection, document_id))

    def read_waiting(self, tenant: str, number: str) -> DocumentInfo | None:
        """Read a document that waits; None where it was deleted or replaced meanwhile.

        Raises:
            InvalidInput, PayloadTooLarge: it cannot be read; it waits no longer.
        """
        with self._storage.read(tenant) as session:
            row = session.get(Waiting, (tenant, number))
            if row is None:
                return None
            collection, meta = row.collection, {str(k): str(v) for k, v in row.meta.items()}
            upload = Upload(row.document_id, row.data, row.filename, row.media_type, row.title, meta)
        try:
            info = self._read(tenant, collection, upload, "worker")
        except Conflict:
            info = None  # something newer is there
        except InvalidInput:
            self._storage.write(tenant, lambda session: _done(session, tenant, number))
            raise
        if self._storage.write(tenant, lambda session: _done(session, tenant, number)):
            return info
        if info is not None:  # it was deleted while it was being read
            self._library.delete(tenant, collection, upload.id, actor="worker")
        return None

    def get(self, tenant: str, document_id: str, *, collection: str = HELP) -> tuple[DocumentInfo, str]:
        """Return a document and its text.

        Raises:
            NotFound: this tenant has none of this id.
        """
        info = self._library.get(tenant, collection, document_id)
        return info, self._library.text(tenant, collection, document_id)

    def delete(self, tenant: str, document_id: str, *, actor: str, collection: str = HELP) -> None:
        """Delete a document, or one that waits to be read; the next question does not find it.

        Raises:
            NotFound: this tenant has none of this id.
        """
        waited = self._forget_waiting(tenant, collection, document_id)
        try:
            self._library.delete(tenant, collection, document_id, actor=actor)
        except NotFound:
            if not waited:
                raise

    def search(
        self,
        tenant: str,
        query: str,
        *,
        k: int,
        filters: Filters | None = None,
        mode: Mode = "hybrid",
        collection: str = HELP,
    ) -> list[Hit]:
        """Return passages, the best first.

        Raises:
            InvalidInput, PayloadTooLarge: see `policy.caps.check_text`.
        """
        check_text(query, self._settings, "/query")
        return self._searcher.search(tenant, collection, query, k=k, filters=filters, mode=mode)

    def list(
        self, tenant: str, *, after: str | None = None, limit: int = 50, collection: str = HELP
    ) -> Sequence[DocumentInfo]:
        """Return documents in the order of their ids, those behind the id `after`."""
        return self._library.list(tenant, collection, cursor=after, limit=limit)


def _forget(session: Session, collection: str, document_id: str) -> bool:
    mine = (Waiting.collection == collection, Waiting.document_id == document_id)
    found = session.scalars(select(Waiting.id).where(*mine)).all()
    if found:
        session.execute(delete(Waiting).where(*mine))
    return bool(found)


def _done(session: Session, tenant: str, number: str) -> bool:
    row = session.get(Waiting, (tenant, number))
    if row is not None:
        session.delete(row)
    return row is not None
