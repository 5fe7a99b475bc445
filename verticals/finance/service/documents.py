"""The use case: take documents in once each, read them in the background, list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.jobs.queue import Jobs
from core.ports import Clock, Progress
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.storage.outbox import emit
from core.storage.types import canonical_json
from core.text.language import detect
from verticals.finance.intake import Document, Story
from verticals.finance.recipe import SENTIMENT, TOPIC
from verticals.finance.service.analyze import Analysis, Analyze
from verticals.finance.tables import FinanceDocument

READ = "finance.read"
"""The kind of job that reads what waits."""
_BATCH = 32

Status = Literal["accepted", "duplicate", "rejected"]


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one row: accepted, duplicate, or rejected; with the reason where it was not taken."""

    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as it stood when it was read; sentiment and topics are None while it waits."""

    id: str
    source: str
    external_id: str
    text: str
    lang: str
    published_at: datetime | None
    received_at: datetime
    sentiment: str | None
    probabilities: Mapping[str, float] | None
    topics: tuple[str, ...] | None
    model: Mapping[str, str] | None


class Documents:
    """A tenant's documents.

    Args:
        storage: Where they are kept.
        jobs: Where their reading is queued.
        clock: Tells when they came.
        analyze: Reads them.
    """

    def __init__(self, storage: Storage, jobs: Jobs, clock: Clock, analyze: Analyze) -> None:
        self._storage = storage
        self._jobs = jobs
        self._clock = clock
        self._analyze = analyze

    def take(
        self, tenant: str, documents: Sequence[Document], *, actor: str
    ) -> tuple[list[Intake], str | None]:
        """Store the documents that are new, all in one transaction; it is durable when this returns.

        Args:
            tenant: Whose documents.
            documents: Valid ones; of several with one identity the first wins.
            actor: Who sent them, for the audit.

        Returns:
            What became of each, in their order, and the id of the job that reads them, if any is new.
        """
        languages = [each.story.lang or detect(each.story.text) for each in documents]

        def insert(session: Session) -> list[Intake]:
            pairs = zip(documents, languages, strict=True)
            return [self._insert(session, tenant, each, lang) for each, lang in pairs]

        taken = self._storage.write(tenant, insert)
        fresh = any(each.status == "accepted" for each in taken)
        return taken, self._jobs.submit(tenant, READ, {}, actor=actor) if fresh else None

    def _insert(self, session: Session, tenant: str, document: Document, lang: str) -> Intake:
        story, digest = document.story, _digest(document.story)
        known = session.get(FinanceDocument, (tenant, document.source, document.external_id))
        if known is not None:
            same = known.sha256 == digest
            reason = "known already" if same else "another text is known under this source and external_id"
            return Intake("duplicate", reason)
        row = FinanceDocument(
            id=new_id(),
            source=document.source,
            external_id=document.external_id,
            text=story.text,
            sha256=digest,
            lang=lang,
            published_at=story.published_at,
            received_at=self._clock.now(),
        )
        session.add(row)
        session.flush()
        emit(session, "finance.document.accepted", {"id": row.id, "source": row.source})
        return Intake("accepted")

    def read(self, tenant: str, progress: Progress) -> int:
        """Tell topic and sentiment of every document that waits; done again, it finds none waiting.

        Returns:
            How many were read.
        """
        done = 0
        while batch := self._waiting(tenant):
            stories = [Story(text, lang) for _, text, lang in batch]
            analyses = self._analyze(tenant, stories)
            found = {key: analysis for (key, _, _), analysis in zip(batch, analyses, strict=True)}
            self._storage.write(tenant, partial(self._note, tenant=tenant, found=found))
            done += len(batch)
            progress(0.99 * done / (done + _BATCH), f"{done} documents read")
        return done

    def _waiting(self, tenant: str) -> list[tuple[tuple[str, str], str, str]]:
        query = (
            select(FinanceDocument)
            .where(FinanceDocument.read_at.is_(None))
            .order_by(FinanceDocument.id)
            .limit(_BATCH)
        )
        with self._storage.read(tenant) as session:
            rows = session.scalars(query).all()
            return [((row.source, row.external_id), row.text, row.lang) for row in rows]

    def _note(self, session: Session, tenant: str, found: Mapping[tuple[str, str], Analysis]) -> None:
        for key, analysis in found.items():
            row = session.get(FinanceDocument, (tenant, *key))
            if row is None or row.read_at is not None:
                continue  # deleted meanwhile, or read by another worker
            row.sentiment = analysis.sentiment.labels[0]
            row.probabilities = dict(analysis.sentiment.probabilities)
            row.topics = list(analysis.ranked_topics)
            row.model = {SENTIMENT.name: analysis.sentiment.model, TOPIC.name: analysis.topics.model}
            row.read_at = self._clock.now()
            emit(session, "finance.document.read", {"id": row.id, "sentiment": row.sentiment})

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


def _digest(story: Story) -> str:
    published = story.published_at.isoformat() if story.published_at else None
    return sha256(canonical_json([story.text, story.lang, published]).encode()).hexdigest()


def _view(row: FinanceDocument) -> DocumentView:
    return DocumentView(
        id=row.id,
        source=row.source,
        external_id=row.external_id,
        text=row.text,
        lang=row.lang,
        published_at=row.published_at,
        received_at=row.received_at,
        sentiment=row.sentiment,
        probabilities=row.probabilities,
        topics=None if row.topics is None else tuple(row.topics),
        model=row.model,
    )
