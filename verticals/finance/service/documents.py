"""The use case: take documents in once each, and list them. What is taken is read by `service.reading`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.jobs.queue import Jobs, submit_in
from core.ports import Clock, Progress
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.outbox import emit
from core.storage.types import canonical_json
from core.text.language import detect
from verticals.finance.intake import Document, Story
from verticals.finance.policy.counting import when
from verticals.finance.service.reading import Reading
from verticals.finance.tables import FinanceDocument

READ = "finance.read"
"""The kind of job that reads what waits."""
_MANY = 500
"""So many ids stand in one statement."""

Status = Literal["accepted", "duplicate", "rejected"]


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one row: accepted, duplicate or rejected; with the reason where there is one."""

    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as it stood when it was read; what was read in it is None while it waits.

    Attributes:
        published_at: When its source says that it appeared.
        received_at: When it was first seen here.
        revised_at: When its source says that this wording replaced an earlier one.
        counted_at: The moment at which it counts in the trends; None where nobody knows.
        dated: How that was told, see `policy.counting.Dated`.
        live: False where it came by a backfill.
    """

    id: str
    source: str
    external_id: str
    text: str
    lang: str
    published_at: datetime | None
    received_at: datetime
    revised_at: datetime | None
    counted_at: datetime | None
    dated: str
    live: bool
    story_id: str | None
    sentiment: str | None
    probabilities: Mapping[str, float] | None
    topics: tuple[str, ...] | None
    entities: tuple[Mapping[str, Any], ...] | None
    risk: str | None
    model: Mapping[str, str] | None


class Documents:
    """A tenant's documents.

    Args:
        storage: Where they are kept.
        jobs: Its worker is woken when there is something to read.
        clock: Tells when they came.
        reading: Reads them.
    """

    def __init__(self, storage: Storage, jobs: Jobs, clock: Clock, reading: Reading) -> None:
        self._storage = storage
        self._jobs = jobs
        self._clock = clock
        self._reading = reading

    def take(
        self,
        tenant: str,
        documents: Sequence[Document],
        *,
        actor: str,
        live: bool = True,
        replayed: bool = False,
    ) -> tuple[list[Intake], str | None]:
        """Store what is new, all in one transaction; it is durable when this returns.

        A document that is known is not stored again, but for one that says that it was revised later than
        what is known: then it takes its place and is read anew.

        Args:
            tenant: Whose documents.
            documents: Valid ones; of several with one identity the first wins.
            actor: Who sent them, for the audit.
            live: False for a backfill: it counts, and nobody is told.
            replayed: Whether the clock is moved by the documents, so that it tells nothing of their times;
                then no job is asked for.

        Returns:
            What became of each, in their order, and the id of the job that reads them, if any is new.
        """
        languages = [each.story.lang or detect(each.story.text) for each in documents]

        def insert(session: Session) -> tuple[list[Intake], str | None]:
            taking = _Taking(session, documents, self._clock.now(), live, live and not replayed)
            taken = [taking.one(each, lang) for each, lang in zip(documents, languages, strict=True)]
            fresh = sum(each.status == "accepted" for each in taken)
            if not fresh:
                return taken, None
            session.flush()
            emit(session, "finance.documents.accepted", {"documents": fresh})
            if replayed:  # who replays reads them too, by the same clock
                return taken, None
            return taken, submit_in(session, tenant, READ, {}, clock=self._clock, actor=actor, key="waiting")

        taken, job_id = self._storage.write(tenant, insert)
        if job_id is not None:
            self._jobs.ring()
        return taken, job_id

    def read(self, tenant: str, progress: Progress, *, replayed: bool = False) -> int:
        """Read every document that waits; done again, it finds none waiting. Return how many were read.

        Args:
            tenant: Whose documents.
            progress: Told of each batch.
            replayed: Whether the caller judges the rules itself.
        """
        return self._reading(tenant, progress, watch=not replayed)

    def list(self, tenant: str, *, before: str | None = None, limit: int = 50) -> Sequence[DocumentView]:
        """Return documents, the last received first.

        Args:
            tenant: Whose documents.
            before: Id of the last one of the page before.
            limit: At most so many.
        """
        query = select(FinanceDocument).order_by(FinanceDocument.id.desc()).limit(limit)
        if before is not None:
            query = query.where(FinanceDocument.id < before)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]

    def get(self, tenant: str, document_id: str) -> DocumentView:
        """Return one document.

        Raises:
            NotFound: this tenant has no such document.
        """
        with self._storage.read(tenant) as session:
            row = session.scalar(select(FinanceDocument).where(FinanceDocument.id == document_id))
            if row is None:
                raise NotFound(
                    f"No document {document_id!r}.", remedy="List them with GET /v1/finance/documents."
                )
            return _view(row)


class _Taking:
    """One transaction that takes documents.

    Args:
        session: Of the write.
        documents: All that it will be given.
        now: When they are seen.
        live: See `Documents.take`.
        arrived: Whether `now` tells something of when they appeared.
    """

    def __init__(
        self, session: Session, documents: Sequence[Document], now: datetime, live: bool, arrived: bool
    ) -> None:
        self._session = session
        self._now = now
        self._live = live
        self._arrived = arrived
        self._known = _known(session, documents)

    def one(self, document: Document, lang: str) -> Intake:
        """Store one document, or tell why not."""
        story, digest = document.story, _digest(document.story)
        known = self._known.get((document.source, document.external_id))
        if known is None:
            row = self._row(document, lang, digest)
            self._session.add(row)
            self._known[document.source, document.external_id] = row
            return Intake("accepted")
        if known.sha256 == digest:
            return Intake("duplicate", "known already")
        told = story.revised_at
        if told is None:
            return Intake("duplicate", "another text is known under this source and external_id")
        if known.revised_at is not None and told <= known.revised_at:
            return Intake("duplicate", "a later revision is known already")
        known.text, known.sha256, known.lang = story.text, digest, lang
        known.revised_at, known.read_at = told, None
        return Intake("accepted", "a revision of what was known")

    def _row(self, document: Document, lang: str, digest: str) -> FinanceDocument:
        story = document.story
        counted_at, dated = when(story.published_at, story.day, self._now, arrived=self._arrived)
        return FinanceDocument(
            id=new_id(),
            source=document.source,
            external_id=document.external_id,
            text=story.text,
            sha256=digest,
            lang=lang,
            published_at=story.published_at,
            first_seen_at=self._now,
            revised_at=story.revised_at,
            counted_at=counted_at,
            dated=dated,
            live=self._live,
        )


def _known(session: Session, documents: Sequence[Document]) -> dict[tuple[str, str], FinanceDocument]:
    wanted: dict[str, set[str]] = defaultdict(set)
    for each in documents:
        wanted[each.source].add(each.external_id)
    found: dict[tuple[str, str], FinanceDocument] = {}
    for source, ids in wanted.items():
        ordered = sorted(ids)
        for start in range(0, len(ordered), _MANY):
            query = select(FinanceDocument).where(
                FinanceDocument.source == source,
                FinanceDocument.external_id.in_(ordered[start : start + _MANY]),
            )
            found.update(((row.source, row.external_id), row) for row in session.scalars(query))
    return found


def _digest(story: Story) -> str:
    published = story.published_at.isoformat() if story.published_at else story.day and story.day.isoformat()
    return sha256(canonical_json([story.text, story.lang, published]).encode()).hexdigest()


def _view(row: FinanceDocument) -> DocumentView:
    return DocumentView(
        id=row.id,
        source=row.source,
        external_id=row.external_id,
        text=row.text,
        lang=row.lang,
        published_at=row.published_at,
        received_at=row.first_seen_at,
        revised_at=row.revised_at,
        counted_at=row.counted_at,
        dated=row.dated,
        live=row.live,
        story_id=row.story_id,
        sentiment=row.sentiment,
        probabilities=row.probabilities,
        topics=None if row.topics is None else tuple(row.topics),
        entities=None if row.entities is None else tuple(row.entities),
        risk=row.risk,
        model=row.model,
    )
