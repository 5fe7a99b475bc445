"""The use case: take documents in once each, and list them. What is taken is read by `service.reading`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.jobs.queue import Jobs, submit_in
from core.ports import Clock, Progress
from core.storage.engine import Storage
from core.storage.outbox import emit_all
from core.storage.together import Together
from verticals.finance.intake import Document
from verticals.finance.service.reading import Reading
from verticals.finance.service.taking import Given, Intake, Taking
from verticals.finance.tables import FinanceDocument

READ = "finance.read"
"""The kind of job that reads what waits."""

Taken = tuple[list[Intake], str | None]
"""What became of each document, and the id of the job that reads them."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One call of `Documents.take`."""

    given: tuple[Given, ...]
    actor: str
    live: bool
    replayed: bool
    observed: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as it stood when it was read; what was read in it is None while it waits.

    Attributes:
        published_at: When its source says that it appeared.
        received_at: When it was first seen here.
        revised_at: When its source says that this wording replaced an earlier one, or when a connection saw
            that it did.
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
        self._together = Together[_Asked, Taken](storage, self._take)

    def take(
        self,
        tenant: str,
        documents: Sequence[Document],
        *,
        actor: str,
        live: bool = True,
        replayed: bool = False,
        observed: bool = False,
    ) -> Taken:
        """Store what is new, all in one transaction; it is durable when this returns.

        Calls that come at once share a transaction; none fails for what another one brought.

        A document that is known is not stored again, but for one that says that it was revised later than
        what is known: then it takes its place and is read anew.

        Args:
            tenant: Whose documents.
            documents: Valid ones; of several with one identity the first wins.
            actor: Who sent them, for the audit.
            live: False for a backfill: it counts, and nobody is told.
            replayed: Whether the clock is moved by the documents, so that it tells nothing of their times;
                then no job is asked for.
            observed: Whether they are what a connector found in its system: then another text is a revision
                without saying so, see `policy.revising`.

        Returns:
            What became of each, in their order, and the id of the job that reads them, if any is new.
        """
        asked = _Asked(tuple(map(Given.of, documents)), actor, live, replayed, observed)
        taken, job_id = self._together.write(tenant, asked, size=len(documents))
        if job_id is not None:
            self._jobs.ring()
        return taken, job_id

    def _take(self, session: Session, tenant: str, asked: Sequence[_Asked]) -> list[Taken]:
        taking = Taking(session, tenant, [each for one in asked for each in one.given], self._clock.now())
        taken = [[_took(taking, one, each) for each in one.given] for one in asked]
        taking.store()
        fresh = [sum(each.status == "accepted" for each in row) for row in taken]
        events = [("finance.documents.accepted", {"documents": count}) for count in fresh if count]
        if events:
            emit_all(session, events)
        # Who replays reads them too, by the same clock.
        waits = [count > 0 and not one.replayed for one, count in zip(asked, fresh, strict=True)]
        job_id = None
        if any(waits):
            actor = asked[waits.index(True)].actor
            job_id = submit_in(session, tenant, READ, {}, clock=self._clock, actor=actor, key="waiting")
        return [(row, job_id if wait else None) for row, wait in zip(taken, waits, strict=True)]

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


def _took(taking: Taking, asked: _Asked, given: Given) -> Intake:
    arrived = asked.live and not asked.replayed
    return taking.one(given, live=asked.live, arrived=arrived, observed=asked.observed)


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
