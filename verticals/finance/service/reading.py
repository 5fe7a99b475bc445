"""What waits is read: one encoder pass, then story, books and document in one transaction a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.jobs.queue import SCHEDULE, Jobs, submit_in
from core.ports import Clock, Progress
from core.storage.engine import Storage
from core.storage.outbox import emit_all
from verticals.finance.intake import Story
from verticals.finance.service.analyze import Analysis, Analyze
from verticals.finance.service.entities import known
from verticals.finance.service.ledger import book
from verticals.finance.service.stories import Joined, Stories
from verticals.finance.tables import FinanceDocument

WATCH = "finance.watch"
"""The kind of job that judges the rules; it is asked for after live documents were read."""
_BATCH = 64


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: str
    sha256: str
    story: Story


class Reading:
    """Reads a tenant's waiting documents.

    Args:
        storage: Where they are kept.
        jobs: Its worker is woken when the rules are to be judged.
        clock: Tells when they were read.
        analyze: Tells what they say.
        stories: Joins them.
    """

    def __init__(
        self, storage: Storage, jobs: Jobs, clock: Clock, analyze: Analyze, stories: Stories
    ) -> None:
        self._storage = storage
        self._jobs = jobs
        self._clock = clock
        self._analyze = analyze
        self._stories = stories

    def __call__(self, tenant: str, progress: Progress, *, watch: bool = True) -> int:
        """Read every document that waits; done again, it finds none waiting. Return how many were read.

        Killed at any moment it loses nothing and counts nothing twice: a batch is noted whole or not at all,
        and a document that another reader noted meanwhile is passed over.

        Args:
            tenant: Whose documents.
            progress: Told of each batch.
            watch: Whether the rules are to be judged after live documents.
        """
        done = 0
        while batch := self._waiting(tenant):
            analyses = self._analyze(tenant, [each.story for each in batch])
            found = {each.id: (each.sha256, analysis) for each, analysis in zip(batch, analyses, strict=True)}
            self._stories.prepare(each.story.text for each in batch)
            self._storage.write(tenant, partial(self._note, tenant=tenant, found=found, watch=watch))
            self._jobs.ring()
            done += len(batch)
            progress(0.99 * done / (done + _BATCH), f"{done} documents read")
        return done

    def _waiting(self, tenant: str) -> list[_Waiting]:
        columns = (
            FinanceDocument.id,
            FinanceDocument.sha256,
            FinanceDocument.text,
            FinanceDocument.lang,
        )
        query = select(*columns).where(FinanceDocument.read_at.is_(None))
        with self._storage.read(tenant) as session:
            rows = session.execute(query.order_by(FinanceDocument.id).limit(_BATCH)).all()
        return [_Waiting(row.id, row.sha256, Story(row.text, row.lang)) for row in rows]

    def _note(
        self, session: Session, tenant: str, found: Mapping[str, tuple[str, Analysis]], watch: bool
    ) -> None:
        """Write down what was read, with all that follows from it."""
        rows = self._unread(session, found)
        stories: set[str] = set()
        events: list[tuple[str, dict[str, Any]]] = []
        for row in rows:
            _fill(row, found[row.id][1])
        if not rows:
            return
        for row, joined in zip(rows, self._stories.join_all(session, tenant, _named(rows)), strict=True):
            stories.update({joined.story_id, *joined.changed})
            events += _events(row, joined)
        session.flush()
        known_at = book(session, rows, stories, self._clock.now())
        for row in rows:
            row.read_at = known_at
        session.flush()
        emit_all(session, events)
        if watch and any(row.live for row in rows):
            submit_in(session, tenant, WATCH, {}, clock=self._clock, actor=SCHEDULE, key="watch")

    @staticmethod
    def _unread(session: Session, found: Mapping[str, tuple[str, Analysis]]) -> Sequence[FinanceDocument]:
        # Deleted, revised or read by another meanwhile: then what was found is of no use.
        query = select(FinanceDocument).where(
            FinanceDocument.id.in_(sorted(found)), FinanceDocument.read_at.is_(None)
        )
        rows = session.scalars(query.order_by(FinanceDocument.id)).all()
        return [row for row in rows if row.sha256 == found[row.id][0]]


def _fill(row: FinanceDocument, analysis: Analysis) -> None:
    row.sentiment = analysis.sentiment.labels[0]
    row.probabilities = dict(analysis.sentiment.probabilities)
    row.topics = list(analysis.ranked_topics)
    row.entities = list(known(analysis.entities))
    row.risk = analysis.risk.labels[0]
    row.model = analysis.models


def _named(rows: Sequence[FinanceDocument]) -> list[tuple[FinanceDocument, frozenset[str]]]:
    """Return the documents with the ids of the companies that they name."""
    return [(row, frozenset(each["id"] for each in row.entities or () if each["id"])) for row in rows]


def _events(row: FinanceDocument, joined: Joined) -> list[tuple[str, dict[str, Any]]]:
    read = {
        "id": row.id,
        "source": row.source,
        "story_id": joined.story_id,
        "sentiment": row.sentiment,
        "topics": list(row.topics or ()),
        "entities": [
            {"id": each["id"], "sentiment": each["sentiment"]} for each in row.entities or () if each["id"]
        ],
        "live": row.live,
    }
    events: list[tuple[str, dict[str, Any]]] = [("finance.document.read", read)]
    if joined.created or joined.absorbed or joined.corrected:
        story = {
            "id": joined.story_id,
            "created": joined.created,
            "absorbed": list(joined.absorbed),
            "corrected": list(joined.corrected),
        }
        events.append(("finance.story.changed", story))
    return events
